"""Functions of f64 that kernels call, computed on the CPU.

    device_functions.py DEVICE_MATH.bc FOLDER

--blockattn-approximate-device-math is run on one function for each operation,
the result is linked with the bitcode that the compiler links into kernels, and
compiled for the processor. Results for special and random numbers are compared
with those of NumPy's 80-bit floats: not more than LIMIT units in the last place
apart, and infinities, signs of zero and what is no number the same.
"""

import ctypes
import math
import os
import re
import subprocess
import sys

import numpy as np

# References of the error function are f64 themselves.
LIMIT = 3
COUNT = 2000
WIDE = np.longdouble
rng = np.random.default_rng(1)
np.seterr(all="ignore")

SPECIAL = [0, 1, math.inf, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-20, 1 - 2**-53,
           1 + 2**-52, 0.1, 0.5, 2, 2.5, 3, math.pi / 2, math.pi, 709.782712893384,
           709.7827128933841, 745.1332191019411, 745.1332191019412, 1023.99, 1024, 1074,
           1075, 1e5, 1e15 + 1, 2**53 - 1, 2**53, 2**53 + 2, 2**64, 2**66, 1e300,
           1.7976931348623157e308]
SPECIAL = np.array(SPECIAL + [-x for x in SPECIAL] + [math.nan])
BITS = rng.integers(0, 2**64, COUNT, dtype=np.uint64).view(np.float64)


def even(low, high):
    return rng.uniform(low, high, COUNT)


def log(low, high, signs=True):
    sizes = np.exp(even(math.log(low), math.log(high)))
    return sizes * rng.choice([-1.0, 1.0], COUNT) if signs else sizes


def bits32():
    return rng.integers(0, 2**32, COUNT, dtype=np.uint32).view(np.float32)


def element(function):
    return lambda *x: np.array([function(*v) for v in zip(*x)], WIDE)


ANGLES = [even(-10, 10), log(1e-10, 1e6), log(1e6, 1e18)]
SMALL = [log(1e-300, 1), even(-1, 1)]
LOGS = [log(1e-307, 1e308, False), even(.5, 2)]
# Of one operand: the reference, numbers.
UNARY = {
    "math.exp": (np.exp, [even(-745, 710), even(-1, 1)]),
    "math.exp2": (np.exp2, [even(-1075, 1024)]),
    "math.expm1": (np.expm1, [even(-40, 710)] + SMALL),
    "math.log": (np.log, LOGS + [1 + log(1e-15, .1)]),
    "math.log2": (np.log2, LOGS),
    "math.log10": (np.log10, LOGS),
    "math.log1p": (np.log1p, SMALL + [log(1e-20, 1e300, False)]),
    "math.cbrt": (np.cbrt, [even(-25, 25), log(1e-300, 1e300)]),
    "math.sin": (np.sin, ANGLES),
    "math.cos": (np.cos, ANGLES),
    "math.tan": (np.tan, ANGLES),
    "math.asin": (np.arcsin, SMALL),
    "math.acos": (np.arccos, SMALL),
    "math.atan": (np.arctan, [even(-10, 10), log(1e-300, 1e300)]),
    "math.sinh": (np.sinh, [even(-711, 711)] + SMALL),
    "math.cosh": (np.cosh, [even(-711, 711)] + SMALL),
    "math.tanh": (np.tanh, [even(-25, 25)] + SMALL),
    "math.asinh": (np.arcsinh, [even(-25, 25), log(1e-300, 1e300)]),
    "math.acosh": (np.arccosh, [even(1, 25), log(1, 1e300, False)]),
    "math.atanh": (np.arctanh, SMALL),
    "math.erf": (element(math.erf), [even(-6, 6)] + SMALL),
    "math.erfc": (element(math.erfc), [even(-6, 27)] + SMALL),
}
# Of two operands, the remainder of f32 among them.
BINARY = {
    "math.powf": (np.power, [
        (log(1e-10, 1e10, False), even(-30, 30)), (even(.5, 2), even(-700, 700)),
        (1 + log(1e-10, 1e-2), log(1e2, 1e9)),
        (-log(1e-5, 1e5, False), rng.integers(-60, 60, COUNT)),
        (1 + 2.0**-52 * rng.integers(-9, 9, COUNT), log(1e10, 1e100))]),
    "math.atan2": (np.arctan2, [
        (log(1e-5, 1e5), log(1e-5, 1e5)), (log(1e-300, 1e300), log(1e-300, 1e300))]),
    "arith.remf": (element(lambda x, y: np.fmod(x, y, dtype=np.float64)), [
        (log(1e-5, 1e5), log(1e-5, 1e5)), (log(1e-300, 1e300), log(1e-300, 1e300)),
        (log(1e-320, 1e-300), log(1e-320, 1e-300)),
        (rng.integers(-1000, 1000, COUNT), rng.integers(-20, 20, COUNT))]),
}
REMAINDER32 = [(bits32(), bits32()), (log(1e-3, 1e30), log(1e-3, 1e3))]


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"error: {command[0]} ended with status {done.returncode}")
    return done.stdout


def symbol(operation):
    return "test_" + operation.split(".")[1]


def make_function(operation, operands, name, dtype="f64"):
    names = ["%x", "%y"][:operands]
    arguments = ", ".join(f"{n}: {dtype}" for n in names)
    return (f"func.func @{name}({arguments}) -> {dtype} {{\n"
            f"  %r = {operation} {', '.join(names)} : {dtype}\n"
            f"  return %r : {dtype}\n}}\n")


def build(bitcode, folder):
    """The functions as a library of the processor's."""
    os.makedirs(folder, exist_ok=True)
    functions = [make_function(op, 1, symbol(op)) for op in UNARY]
    functions += [make_function(op, 2, symbol(op)) for op in BINARY]
    functions.append(make_function("arith.remf", 2, "test_remf32", "f32"))
    text = run("blockattn-opt", "--pass-pipeline=builtin.module(gpu.module("
               "blockattn-approximate-device-math))",
               stdin=f"gpu.module @kernels {{\n{''.join(functions)}}}\n")
    # What is in the inner module, in the outer one alone.
    text = text.replace("gpu.module @kernels {", "", 1).rstrip()[:-1]
    text = run("mlir-opt", "--convert-arith-to-llvm", "--convert-func-to-llvm",
               "--reconcile-unrealized-casts", stdin=text)
    path = os.path.join(folder, "functions")
    with open(path + ".ll", "w", encoding="utf-8") as file:
        file.write(run("mlir-translate", "--mlir-to-llvmir", stdin=text))
    linked = run("llvm-link", "-S", path + ".ll", bitcode)
    linked = re.sub(r"^target .*\n", "", linked, flags=re.M)
    run("clang", "-x", "ir", "-Wno-override-module", "--target=x86_64-linux-gnu",
        "-march=native", "-O2", "-fPIC", "-shared", "-", "-o", path + ".so", "-lm",
        stdin=linked)
    return ctypes.CDLL(os.path.abspath(path + ".so"))


def compare(name, function, operands, wanted, ctype=ctypes.c_double):
    """Prints the largest error; whether it is small enough."""
    function.argtypes, function.restype = [ctype] * len(operands), ctype
    dtype = np.dtype(ctype)
    got = np.array([function(*map(float, x)) for x in zip(*operands)], dtype)
    narrow = wanted.astype(dtype)
    same = (np.isnan(got) & np.isnan(narrow)
            | (got == narrow) & (np.signbit(got) == np.signbit(narrow)))
    units = np.abs(got.astype(WIDE) - wanted) / np.spacing(np.abs(narrow)).astype(WIDE)
    # Also where one alone is infinite, no number, or a zero of another sign.
    finite = np.isfinite(got) & np.isfinite(units) & ((got != 0) | (narrow != 0))
    error = np.where(same & ~finite, 0, np.where(finite, units, np.inf))
    worst = int(np.argmax(error))
    limit = 0 if "remf" in name else LIMIT
    fine = error[worst] <= limit
    print(f"{name}: {float(error[worst]):.2f} units in the last place")
    if not fine:
        print("  of", [float(x[worst]) for x in operands], "got", got[worst],
              "wanted", narrow[worst])
    return fine


def main(bitcode, folder):
    library = build(bitcode, folder)
    fine = True
    for op, (reference, numbers) in UNARY.items():
        x = np.concatenate(numbers + [SPECIAL, BITS])
        fine &= compare(op, getattr(library, symbol(op)), [x], reference(x.astype(WIDE)))
    special = [x.ravel() for x in np.meshgrid(SPECIAL, SPECIAL)]
    for op, (reference, pairs) in BINARY.items():
        pairs = pairs + [special, (BITS, rng.permutation(BITS)),
                         (log(1e-300, 1e300, False), log(1e-3, 1e300))]
        x, y = (np.concatenate([pair[i] for pair in pairs]).astype(float)
                for i in range(2))
        wanted = reference(x.astype(WIDE), y.astype(WIDE))
        fine &= compare(op, getattr(library, symbol(op)), [x, y], wanted)
    pairs = REMAINDER32 + [special]
    x, y = (np.concatenate([pair[i] for pair in pairs]).astype(np.float32)
            for i in range(2))
    fine &= compare("arith.remf of f32", library.test_remf32, [x, y],
                    np.fmod(x, y).astype(WIDE), ctypes.c_float)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
