"""Runs a program for CUDA without a GPU.

The kernels, as LLVM IR, are compiled for the CPU and linked with the program's
host code and with device.c, which does what the runtime and the hardware do, matrix
products among it. That shows whether kernels compute what they should; not how fast,
and not what several threads or blocks at once would do: a thread runs alone until it
waits for others, and blocks run one after the other. Attention and bf16 are left out.
"""

import ctypes
import json
import os
import re
import subprocess

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, *[".."] * 5, "runtime", "include")
C_TYPES = {"i64": "int64_t", "i32": "int32_t", "i16": "int16_t", "i8": "int8_t", "i1": "_Bool",
           "ptr": "void *", "float": "float", "double": "double", "half": "_Float16"}
DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "i64": np.int64,
          "i32": np.int32, "bool": np.bool_}


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def split(text):
    """The host's functions and the kernels of a module, each as one of its own."""
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if line.startswith("  gpu.module")), None)
    # A program may be made of products alone.
    begin, end = (len(lines), len(lines)) if begin is None else (begin, lines.index("  }", begin))
    first = next(i for i, line in enumerate(lines) if line.startswith("module"))
    module = lambda body: "\n".join(["module {"] + body + ["}"])
    bare = lambda line: re.sub(r" attributes \{.*\} \{$", " {", line)
    host = [line for line in lines[first + 1:begin] + lines[end + 1:] if line != "}"]
    return module(host), module([bare(line) for line in lines[begin + 1:end]])


def for_cpu(code):
    """LLVM IR of kernels without what a CPU does not have."""
    code = code.replace(" addrspace(3)", "").replace("ptx_kernel ", "")
    return re.sub(r"@llvm\.nvvm\.([\w.]+)",
                  lambda match: "@nvvm_" + match[1].replace(".", "_"), code)


def entries(code):
    """Functions that take the addresses of a kernel's parameters, and their table."""
    lines, names = ["#include <stdint.h>"], []
    for name, parameters in re.findall(r"^define .*?@(\w+)\((.*?)\)", code, re.M):
        types = [C_TYPES[parameter.split()[0]] for parameter in parameters.split(", ")]
        values = [f"*({c_type} *)params[{i}]" for i, c_type in enumerate(types)]
        lines += [f"void {name}({', '.join(types)});",
                  f"static void enter_{name}(void **params) {{ {name}({', '.join(values)}); }}"]
        names.append(name)
    lines += ["void (*const device_kernels[])(void **) = {",
              ", ".join(f"enter_{name}" for name in names), "};",
              "const char *const device_names[] = {",
              ", ".join(f'"{name}"' for name in names), "};"]
    return "\n".join(lines)


class Program:
    """The program `full` of a model without weights."""

    def __init__(self, model, folder):
        os.makedirs(folder, exist_ok=True)
        path = lambda name: os.path.join(folder, name)

        def write(name, text):
            with open(path(name), "w") as file:
                file.write(text)
            return path(name)

        options = [model, "--target=cuda", "--programs=full"]
        run("blockattn-compile", *options, "--compile-to=codegen", "-o", path("code.mlir"))
        parts = split(run("blockattn-opt", path("code.mlir")))
        host, kernels = (run("mlir-translate", "--mlir-to-llvmir", write(name, part))
                         for name, part in zip(("host.mlir", "kernels.mlir"), parts))
        kernels = for_cpu(kernels)
        run("clang", "-w", "-O1", "-shared", "-fPIC", "-I", INCLUDE, "-o", path("code.so"),
            write("host.ll", host), write("kernels.ll", kernels),
            write("entries.c", entries(kernels)), os.path.join(HERE, "device.c"), "-lm")
        run("blockattn-compile", *options, "--ptxas=none", "-o", path("model.ba"))
        manifest = json.loads(run("blockattn-inspect", "--json", path("model.ba")))["manifest"]
        self.program = manifest["programs"][0]
        assert not self.program["weights"], "weights are not emulated"
        self.code = ctypes.CDLL(path("code.so"))
        self.code.device_failure.restype = self.code.device_launches.restype = ctypes.c_char_p
        assert self.code.device_start() == 0

    def failure(self):
        text = self.code.device_failure()
        return text and text.decode()

    def launches(self):
        """The names of the kernels that ran last."""
        return self.code.device_launches().decode().split()

    def run(self, *inputs):
        """The outputs, or why there are none."""
        # Makes no scalar a vector, as ascontiguousarray does.
        arrays = [np.array(value, order="C") for value in inputs]
        describe = lambda array: (ctypes.c_int64 * (3 + 2 * array.ndim))(
            array.ctypes.data, array.ctypes.data, 0, *array.shape,
            *[stride // array.itemsize for stride in array.strides])
        given = [describe(array) for array in arrays]
        pointers = lambda *values: (ctypes.c_void_p * len(values))(
            *[value and ctypes.addressof(value) for value in values])
        outputs, buffers = self.program["outputs"], len(self.program["buffers"])
        ranks = [len(entry["shape"]) for entry in outputs]
        sizes = (ctypes.c_int64 * (buffers + sum(ranks)))()
        self.code.device_reset()
        self.code.ba_plan_full(pointers(None, *given, sizes))
        if self.failure():
            return self.failure()
        # Nothing may rely on what memory holds before it is written.
        memory = [np.full(size + 128, 0xa5, np.uint8) for size in sizes[:buffers]]
        addresses = (ctypes.c_void_p * (buffers + 1))(
            *[(array.ctypes.data + 63) // 64 * 64 for array in memory])
        results, place = [], buffers
        for entry, rank in zip(outputs, ranks):
            # Where only the data tells a size, memory comes from the program.
            shape = np.maximum(sizes[place:place + rank], 0)
            results.append(np.full(shape, 77).astype(DTYPES[entry["dtype"]]))
            place += rank
        made = [describe(array) for array in results]
        self.code.ba_run_full(pointers(None, *given, *made, addresses))
        return self.failure() or [self.result(*what) for what in zip(results, made)]

    @staticmethod
    def result(given, made):
        """What a descriptor tells, where it is not what it was."""
        address, shape = made[1], made[3:3 + given.ndim]
        if address == given.ctypes.data:
            return given
        count = int(np.prod(shape))
        data = ctypes.string_at(address, count * given.itemsize)
        return np.frombuffer(data, given.dtype).reshape(shape)
