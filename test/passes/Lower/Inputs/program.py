# Compiles programs on planned memory and runs them against a stub runtime.
import ctypes
import os
import subprocess

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", "..", ".."))


def function(name, inputs, outputs, body):
    """A program function and its (empty) plan. Types are 'memref<...>'."""
    ins = [f"%i{n}: {t}" for n, t in enumerate(inputs)]
    outs = [f"%o{n}: {t} {{blockattn.output = {n} : i64}}" for n, t in enumerate(outputs)]
    return f"""func.func @{name}({", ".join(ins + outs)}) attributes {{blockattn.program = "{name}"}} {{
{body}
  return
}}
func.func @plan_{name}({", ".join(ins)}) {{
  return
}}
"""


def descriptor(array):
    """The memref descriptor of a contiguous array."""
    strides, step = [], 1
    for size in reversed(array.shape):
        strides.insert(0, step)
        step *= size
    fields = [array.ctypes.data, array.ctypes.data, 0, *array.shape, *strides]
    return (ctypes.c_int64 * len(fields))(*fields)


class Library:
    """Code of one processor level."""

    def __init__(self, text, folder, name, level):
        base = os.path.join(folder, f"{name}-{level}")
        with open(base + ".mlir", "w") as file:
            file.write(text)
        run = lambda *command: subprocess.run(command, check=True)
        run("blockattn-opt", "--blockattn-memory-to-llvm", base + ".mlir", "-o", base + ".llvm.mlir")
        run("mlir-translate", "--mlir-to-llvmir", base + ".llvm.mlir", "-o", base + ".ll")
        run("clang", "-O2", f"-march={level}", "-w", "-shared", "-fPIC", "-x", "ir", base + ".ll",
            "-o", base + ".so", "-lm")
        stub = os.path.join(folder, "stub.so")
        if not os.path.exists(stub):
            run("clang", "-O1", "-shared", "-fPIC", "-I", os.path.join(ROOT, "runtime", "include"),
                os.path.join(HERE, "runtime_stub.c"), "-o", stub)
        self.stub = ctypes.CDLL(stub)
        self.code = ctypes.CDLL(base + ".so")
        api = ctypes.byref(ctypes.c_char.in_dll(self.stub, "stub_api"))
        assert self.code.ba_init(99, api) != 0, "another version must be refused"
        assert self.code.ba_init(3, api) == 0

    def run(self, program, inputs, outputs):
        descriptors = [descriptor(a) for a in [*inputs, *outputs]]
        arguments = (ctypes.c_void_p * (2 + len(descriptors)))(
            None, *[ctypes.addressof(d) for d in descriptors], None)
        status = getattr(self.code, "ba_run_" + program)(arguments)
        assert status == 0, status

    def failures(self):
        """How often the code reported a failure since the last call; the last message."""
        count = ctypes.c_int.in_dll(self.stub, "stub_failures")
        message = (ctypes.c_char * 256).in_dll(self.stub, "stub_message").value.decode()
        result, count.value = count.value, 0
        return result, message


def levels():
    """The lowest and the highest processor level that this machine can run."""
    flags = open("/proc/cpuinfo").read().split() if os.path.exists("/proc/cpuinfo") else []
    found = []
    for level, flag in (("x86-64-v2", "sse4_2"), ("x86-64-v3", "fma"), ("x86-64-v4", "avx512vl")):
        if flag in flags:
            found.append(level)
    return [found[0], found[-1]] if len(found) > 1 else found or ["native"]


def difference(got, wanted):
    """The largest absolute difference; equal infinities differ by nothing."""
    got, wanted = got.astype(np.float64), np.asarray(wanted, np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.where(got == wanted, 0, np.abs(got - wanted))
    return float(gap.max(initial=0)) if not np.isnan(gap).any() else float("inf")
