# Compiles conversions for the lowest level of processor and runs them.
import ctypes
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "passes", "Lower", "Inputs"))
from program import descriptor

MODEL = """<ir_version: 10, opset_import: ["" : 20]>
agraph (float[n] x, double[n] d, float16[n] h, bfloat16[n] b)
    => (float16[n] xh, bfloat16[n] xb, float16[n] dh, bfloat16[n] db, float[n] hx, float[n] bx) {
  xh = Cast<to = 10>(x)
  xb = Cast<to = 16>(x)
  dh = Cast<to = 10>(d)
  db = Cast<to = 16>(d)
  hx = Cast<to = 1>(h)
  bx = Cast<to = 1>(b)
}
"""


def compiled(folder):
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    with open(path("half.onnxtxt"), "w") as file:
        file.write(MODEL)
    subprocess.run(["blockattn-compile", path("half.onnxtxt"), "--programs=full", "--emit=object",
                    "-o", path("half.so")], check=True)
    subprocess.run(["clang", "-O1", "-shared", "-fPIC", "-I",
                    os.path.join(ROOT, "runtime", "include"),
                    os.path.join(ROOT, "test", "passes", "Lower", "Inputs", "runtime_stub.c"),
                    "-o", path("stub.so")], check=True)
    stub, code = ctypes.CDLL(path("stub.so")), ctypes.CDLL(path("half.so"))
    assert code.ba_init(3, ctypes.byref(ctypes.c_char.in_dll(stub, "stub_api"))) == 0
    return code, stub


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def nearest_bf16(got, value):
    """Whether no neighbour is nearer, and a tie goes to the even one."""
    below, above = from_bf16(got - np.uint16(1)), from_bf16(got + np.uint16(1))
    here = from_bf16(got)
    distance = np.abs(here - value)
    other = np.fmin(np.abs(below - value), np.abs(above - value))
    return (distance < other) | ((distance == other) & (got % 2 == 0))


def main():
    code, stub = compiled(sys.argv[1])
    rng = np.random.default_rng(3)
    n = 65536
    scale = 10.0 ** rng.uniform(-9, 6, n)
    d = rng.standard_normal(n) * scale
    # Just beside the middle between two neighbours, where rounding twice fails.
    d[:n // 4] = (1 + (2 * rng.integers(0, 1024, n // 4) + 1) / 2048) * (1 + 2.0 ** -40)
    x = d.astype(np.float32)
    x[:8] = [0, -0.0, np.inf, -np.inf, np.nan, 65504, 65520, 6e-8]
    h = np.arange(n, dtype=np.uint16)
    xh, dh = np.zeros(n, np.float16), np.zeros(n, np.float16)
    xb, db = np.zeros(n, np.uint16), np.zeros(n, np.uint16)
    hx, bx = np.zeros(n, np.float32), np.zeros(n, np.float32)
    tensors = [descriptor(a) for a in (x, d, h, h, xh, xb, dh, db, hx, bx)]
    buffers = [np.zeros(8 * n + 64, np.uint8) for _ in range(8)]
    table = (ctypes.c_void_p * 8)(*[(b.ctypes.data + 63) // 64 * 64 for b in buffers])
    arguments = (ctypes.c_void_p * (2 + len(tensors)))(
        None, *[ctypes.addressof(t) for t in tensors], ctypes.addressof(table))
    assert code.ba_run_full(arguments) == 0

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(xh, x.astype(np.float16))
        np.testing.assert_array_equal(dh, d.astype(np.float16))
        np.testing.assert_array_equal(hx, h.view(np.float16).astype(np.float32))
        np.testing.assert_array_equal(bx, from_bf16(h).astype(np.float32))
        finite = np.isfinite(x)
        assert np.all(nearest_bf16(xb, x.astype(np.float64))[finite])
        assert np.all(nearest_bf16(db, d))
    print("agrees")


main()
