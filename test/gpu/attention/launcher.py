"""Runs the host code of a compiled function for its launches.

The host code of a kernel computes sizes and addresses and launches; this reads
it in MLIR's generic form and does the same in Python.
"""

import re

import cupy
import numpy
import torch

OP = re.compile(r'\s*(?:(%\w+)(?::\d+)? = )?"([\w.]+)"\(([^)]*)\)(.*)')


class Module:
    """Functions of `host` (MLIR, generic form) over the kernels in `code`."""

    def __init__(self, host, code):
        self.functions = {}
        self.code = cupy.cuda.function.Module()
        self.code.load(open(code, "rb").read())
        self.kernels = {}
        lines = iter(open(host).read().split("\n"))
        for line in lines:
            name = re.search(r'"func.func".*sym_name = "(\w+)"', line)
            if not name:
                continue
            arguments = re.findall(r"(%\w+): memref<(.*?)>(?=[,)])", next(lines))
            body = []
            for line in lines:
                if '"func.return"' in line:
                    break
                body.append(OP.match(line).groups())
            self.functions[name.group(1)] = arguments, body
        self.kept = []

    def kernel(self, name):
        if name not in self.kernels:
            self.kernels[name] = self.code.get_function(name)
        return self.kernels[name]

    def launches(self, name, tensors):
        """Calls that `name` makes: (kernel, grid, block, shared, arguments)."""
        arguments, body = self.functions[name]
        values = {a: t for (a, _), t in zip(arguments, tensors)}
        result = []
        for target, op, operands, rest in body:
            names = [o.strip() for o in operands.split(",") if o.strip()]
            v = [values[n] for n in names]
            if op == "arith.constant":
                number, kind = re.search(r"value = (-?\w+)(?: : (\w+))?",
                                         rest).groups()
                number = {"true": 1, "false": 0}.get(number) if number in (
                    "true", "false") else int(number)
                values[target] = (numpy.int32(number) if kind == "i32"
                                  else number)
            elif op == "memref.dim":
                values[target] = v[0].shape[v[1]]
            elif op == "memref.extract_aligned_pointer_as_index":
                values[target] = v[0].data_ptr()
            elif op == "memref.extract_strided_metadata":
                values[target + "#1"] = 0
                rank = v[0].dim()
                for i in range(rank):
                    values["%s#%d" % (target, 2 + i)] = v[0].shape[i]
                    values["%s#%d" % (target, 2 + rank + i)] = v[0].stride(i)
            elif op == "memref.alloc":  # memory for partial results
                values[target] = torch.full((int(v[0]),), float("nan"),
                                            device="cuda")
                self.kept.append(values[target])
            elif op == "arith.index_cast":
                wide = rest.rstrip().endswith("i64")
                values[target] = (numpy.int64 if wide else numpy.int32)(v[0])
            elif op == "llvm.inttoptr":
                values[target] = numpy.uint64(v[0])
            elif op in ("arith.muli", "arith.addi", "arith.subi",
                        "arith.divui", "arith.maxsi", "arith.minsi",
                        "arith.ceildivui"):
                a, b = int(v[0]), int(v[1])
                values[target] = {
                    "muli": a * b, "addi": a + b, "subi": a - b,
                    "divui": a // b if b else 0, "maxsi": max(a, b),
                    "minsi": min(a, b), "ceildivui": -(-a // b) if b else 0,
                }[op[6:]]
            elif op == "gpu.launch_func":
                kernel = re.search(r"kernel = @\w+::@(\w+)", rest).group(1)
                count = list(map(int, re.search(
                    r"operandSegmentSizes = array<i32: ([^>]*)>",
                    rest).group(1).split(",")))
                shared = int(v[6]) if count[10] else 0
                result.append((kernel, tuple(map(int, v[:3])),
                               tuple(map(int, v[3:6])), shared,
                               tuple(v[6 + count[10]:])))
            else:
                raise ValueError("unknown operation of the host: " + op)
        return result

    def prepare(self, name, tensors):
        """The launches of `name`, to be made any number of times."""
        calls = []
        for kernel, grid, block, shared, arguments in self.launches(
                name, tensors):
            if 0 in grid:
                continue
            function = self.kernel(kernel)
            if shared > 48 * 1024:
                attribute = (cupy.cuda.driver.
                             CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
                cupy.cuda.driver.funcSetAttribute(function.ptr, attribute,
                                                  shared)
            calls.append((function, grid, block, arguments, shared))

        def launch():
            for function, grid, block, arguments, shared in calls:
                function(grid, block, arguments, shared_mem=shared)

        return launch

    def run(self, name, tensors):
        self.prepare(name, tensors)()
