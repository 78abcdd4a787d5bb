"""Sizes that only a run knows and that have to be equal: those of operands that
meet, and those that data tell. Where they are, the results are those of ONNX's
reference implementation; where not, the run ends in an error.
"""

import warnings

import numpy as np

from programs import Referenced

rng = np.random.default_rng(11)
f32 = lambda *shape: rng.standard_normal(shape).astype(np.float32)
u8 = lambda *shape: rng.integers(0, 256, shape).astype(np.uint8)
i64 = lambda *values: np.array(values, np.int64)
first = lambda count, of: np.arange(of) < count

WEIGHT = "float[4, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}"
# z is made of the inputs and then multiplied with a matrix of 4 rows.
PRODUCT = """
agraph (%s) => (float[p, 3] y) <""" + WEIGHT + """> {
  zero = Constant<value = int64 {0}>()
  one = Constant<value = int64 {1}>()
  axis = Constant<value = int64[1] {0}>()
  %s
  y = MatMul(z, w)
}"""
# What makes z, inputs with which it has 4 columns, and others.
MAKERS = {
    "MatMul": ("float[a, b] x", "z = Identity(x)", [(f32(2, 4),)], [(f32(2, 3),), (f32(2, 5),)]),
    "Trilu": ("float[a, b] x", "z = Trilu(x)", [(f32(4, 4),)], [(f32(2, 1),), (f32(2, 5),)]),
    "Reshape": ("float[a] x, int64[2] s", "z = Reshape(x, s)",
                [(f32(8), i64(2, 4)), (f32(8), i64(2, -1))],
                [(f32(8), i64(4, 2)), (f32(10), i64(-1, 5)), (f32(8), i64(5, 4))]),
    "Expand": ("float[1, 1] x, int64[2] s", "z = Expand(x, s)",
               [(f32(1, 1), i64(2, 4))], [(f32(1, 1), i64(2, 3)), (f32(1, 1), i64(2, 500))]),
    "ConstantOfShape": ("int64[2] s", "z = ConstantOfShape(s)", [(i64(2, 4),)],
                        [(i64(2, 3),), (i64(2, 5),)]),
    "Range": ("int64 n",
              "r = Range(zero, n, one) f = Cast<to = 1>(r) z = Unsqueeze(f, axis)",
              [(np.array(4),)], [(np.array(3),), (np.array(5),), (np.array(-1),)]),
    "Split": ("float[a, b] x, int64[2] s", "z, rest = Split<axis = 1>(x, s)",
              [(f32(2, 6), i64(4, 2))], [(f32(2, 6), i64(3, 3)), (f32(2, 6), i64(6, 0))]),
    "Compress": ("float[a, b] x, bool[b] c", "z = Compress<axis = 1>(x, c)",
                 [(f32(2, 6), first(4, 6))], [(f32(2, 6), first(3, 6)), (f32(2, 6), first(6, 6))]),
    "Add": ("float[a, b] x, float[c, d] u", "z = Add(x, u)", [(f32(2, 4), f32(2, 1))],
            [(f32(2, 3), f32(2, 3)), (f32(2, 5), f32(1, 1)), (f32(2, 1), f32(2, 1))]),
    "Compress, Add": ("float[a, b] x, bool[b] c, float[a, d] u",
                      "t = Compress<axis = 1>(x, c) z = Add(t, u)",
                      [(f32(2, 6), first(4, 6), f32(2, 4))],
                      [(f32(2, 6), first(4, 6), f32(2, 3)), (f32(2, 6), first(3, 6), f32(2, 3))]),
}

NORM = """
agraph (float[a, b] x, float[c] s, float[d] t) => (float[a, b] y) {
  y = %s(x, s%s)
}"""
INTEGERS = """
agraph (uint8[a, b] x, uint8[c, 2] w) => (int32[a, 2] y) {
  y = MatMulInteger(x, w)
}"""
DIAGONAL = """
agraph (float[a, b] x) => (float[a] y) {
  y = Einsum<equation = "ii->i">(x)
}"""
GROUPS = """
agraph (float[a, b, c] x, float[d] s, float[e] t) => (float[a, b, c] y) {
  y = GroupNormalization<num_groups = 3>(x, s, t)
}"""
REVERSE = """
agraph (float[a, b] x, int64[c] l) => (float[a, b] y) {
  y = ReverseSequence<batch_axis = 0, time_axis = 1>(x, l)
}"""


def main():
    warnings.simplefilter("ignore")
    p = Referenced()
    for what, (inputs, made, fitting, others) in MAKERS.items():
        text = PRODUCT % (inputs, made.replace(") ", ")\n  "))
        p.agrees(what, text, *fitting)
        p.refuses(what, text, "", *others)
    deep = PRODUCT.replace(WEIGHT, "uint8[600, 2] w = {%s}" % ", ".join(["3"] * 1200))
    deep = deep.replace("float[p, 3]", "int32[p, 2]").replace("MatMul", "MatMulInteger")
    deep = deep % ("uint8[a, b] x", "z = Identity(x)")
    p.agrees("MatMulInteger", deep, (u8(2, 600),))
    p.refuses("MatMulInteger", deep, "", (u8(2, 700),), (u8(2, 500),), (u8(2, 1),))
    p.refuses("MatMulInteger", INTEGERS, "dimension 0 of input 'w' does not go with",
              (u8(2, 3), u8(4, 2)))
    for op, bias in (("LayerNormalization", ", t"), ("RMSNormalization", "")):
        text = NORM % (op, bias)
        p.agrees(op, text, (f32(3, 8), f32(8), f32(8)), (f32(3, 8), f32(1), f32(1)))
        p.refuses(op, text, "neither 1 nor that of the operand", (f32(3, 8), f32(7), f32(8)),
                  (f32(3, 8), f32(9), f32(8)))
    p.agrees("diagonal", DIAGONAL, (f32(4, 4),))
    p.refuses("diagonal", DIAGONAL, "does not have the size that goes with the others",
              (f32(3, 4),), (f32(4, 3),), (f32(1, 3),), (f32(3, 1),))
    p.agrees("GroupNormalization", GROUPS, (f32(2, 6, 5), f32(6), f32(6)))
    p.refuses("GroupNormalization", GROUPS, "", (f32(2, 6, 5), f32(3), f32(6)),
              (f32(2, 7, 3), f32(7), f32(7)), (f32(2, 2, 3), f32(2), f32(2)))
    p.agrees("ReverseSequence", REVERSE, (f32(3, 4), i64(0, 2, 4)))
    p.refuses("ReverseSequence", REVERSE, "index out of range", (f32(3, 4), i64(1, 2, -1)),
              (f32(3, 4), i64(1, 2, 5)), (f32(3, 4), i64(-100, 2, 4)))
    p.compare.exit()


main()
