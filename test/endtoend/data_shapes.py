"""Programs whose shapes, axes and branches depend on data: compiled and run, and
compared with ONNX's reference implementation. What can't be computed from the
data must end in an error of the run.
"""

import warnings

import numpy as np

from programs import Referenced

rng = np.random.default_rng(7)
f32 = lambda *shape: rng.standard_normal(shape).astype(np.float32)
i64 = lambda *values: np.array(values, np.int64)

IF = """
agraph (bool c, float[n, 3] x, float[m] w) => (float[a, 3] y, float[b] z) {
  p = Mul(x, x)
  y, z = If(c) <
    then_branch = t () => (float[n, 3] ty, float[k] tz) {
      ty = Add(p, x)
      tw = Add(w, w)
      tz = Concat<axis = 0>(tw, w) },
    else_branch = e () => (float[k, 3] ey, float[m] ez) {
      ey = Concat<axis = 0>(x, p)
      ez = Identity(w) }>
}"""
NESTED_IF = """
agraph (bool c, bool d, float[n] x) => (float[k] y) {
  h = If(c) <
    then_branch = t () => (float[n] ty) {
      ty = If(d) <
        then_branch = tt () => (float[n] tty) { tty = Neg(x) },
        else_branch = te () => (float[n] tey) { tey = Identity(x) }> },
    else_branch = e () => (float[k] ey) { ey = Concat<axis = 0>(x, x) }>
  y = Mul(h, h)
}"""
SLICE = """
agraph (float[a, b, c] x, int64[k] starts, int64[k] ends, int64[k] axes, int64[k] steps)
    => (float[p, q, r] y) {
  s = Slice(x, starts, ends, axes, steps)
  y = Neg(s)
}"""
COLUMNS = """
agraph (float[a, b] x, int64[1] n) => (float[a, c] y, float[a, c, 1] z) {
  first = Constant<value = int64[1] {0}>()
  axis = Constant<value = int64[1] {1}>()
  two = Constant<value = int64[1] {2}>()
  y = Slice(x, first, n, axis)
  z = Unsqueeze(y, two)
}"""
CUT = """
agraph (float[a, b] x) => (float[a, 3] y) {
  first = Constant<value = int64[1] {2}>()
  last = Constant<value = int64[1] {6}>()
  axis = Constant<value = int64[1] {1}>()
  weight = Constant<value = float[4, 3] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}>()
  cut = Slice(x, first, last, axis)
  y = MatMul(cut, weight)
}"""
REDUCE = """
agraph (float[a, b, c] x, int64[k] axes) => (float[p, q, r] y, float[p, q, r] z, float[p, q, r] u) {
  y = ReduceSum(x, axes)
  z = ReduceMean(x, axes)
  u = ReduceMax(x, axes)
}"""
REDUCE_TO_ROWS = """
agraph (float[a, b, c] x, int64[1] axes) => (float[p, q] y) {
  y = ReduceL2<keepdims = 0>(x, axes)
}"""
PAD = """
agraph (float[a, b] x, int64[p] pads, float v, int64[k] axes) => (float[r, s] y) {
  y = Pad(x, pads, v, axes)
}"""
PAD_REFLECT = """
agraph (float[a, b] x, int64[p] pads) => (float[r, s] y) {
  y = Pad<mode = "reflect">(x, pads)
}"""
CUMSUM = """
agraph (float[a, b, c] x, int64 axis) => (float[a, b, c] y, float[a, b, c] z) {
  y = CumSum(x, axis)
  z = CumSum<exclusive = 1, reverse = 1>(x, axis)
}"""
NONZERO = """
agraph (float[a, b] x) => (int64[2, k] y, float[k] z) {
  y = NonZero(x)
  t = Transpose<perm = [1, 0]>(y)
  z = GatherND(x, t)
}"""
TOPK = """
agraph (float[a, b] x, int64[1] k) => (float[a, p] y, int64[a, p] i, float[q, b] z, int64[q, b] j) {
  y, i = TopK(x, k)
  z, j = TopK<axis = 0, largest = 0>(x, k)
}"""
SCATTER = """
agraph (float[b, n, 4] past, float[b, m, 4] new, int64[b] at) => (float[b, n, 4] y) {
  y = TensorScatter<axis = 1>(past, new, at)
}"""
CIRCULAR = SCATTER.replace("axis = 1", 'axis = 1, mode = "circular"')
DEQUANTIZE = """
agraph (uint8[a, 8] x, float[a, 2] s, uint8[a, 2] z) => (float[a, 8] y) {
  y = DequantizeLinear<axis = 1, block_size = 4>(x, s, z)
}"""
# Dimensions that only the operations say to be equal, and to be what a weight has.
PRODUCT = """
agraph (float[a, b] x, float[c, d] y) => (float[a, d] z) {
  z = MatMul(x, y)
}"""
JOIN = """
agraph (float[a, b] x, float[c, d] y) => (float[n, b] z) {
  z = Concat<axis = 0>(x, y)
}"""
WEIGHTED = """
agraph (float[a, b] x) => (float[a, 2] y) <float[3, 2] w = {1, 2, 3, 4, 5, 6}> {
  y = MatMul(x, w)
}"""
DIVIDE = """
agraph (int64[n] x, int64[n] d) => (int64[n] y, int64[n] r) {
  y = Div(x, d)
  r = Mod(x, d)
}"""
DECLARED = """
agraph (float[n] x) => (int64[1, 3] y) {
  y = NonZero(x)
}"""
SPLIT = """
agraph (float[n, 3] x, int64[2] s) => (float[p, 3] y, float[q, 3] z) {
  y, z = Split<axis = 0>(x, s)
}"""

RESHAPE = """
agraph (float[n] x, int64[2] s) => (float[p, q] y) {
  r = Reshape(x, s)
  y = Neg(r)
}"""
EXPAND = """
agraph (float[n, 1] x, int64[2] s) => (float[p, q] y) {
  e = Expand(x, s)
  y = Neg(e)
}"""
FILL = """
agraph (int64[2] s) => (float[p, q] y) {
  z = ConstantOfShape(s)
  y = Exp(z)
}"""
GATHER = """
agraph (float[n, 2] x, int64[k] i) => (float[k, 2] y) {
  g = Gather(x, i)
  y = Neg(g)
}"""
ONEHOT = """
agraph (float[n] i, float depth, float[2] v) => (float[n, k] y) {
  y = OneHot(i, depth, v)
}"""


def main():
    warnings.simplefilter("ignore")
    p = Referenced()
    yes, no = np.array(True), np.array(False)
    p.agrees("If", IF, (yes, f32(2, 3), f32(5)), (no, f32(4, 3), f32(1)), (no, f32(0, 3), f32(0)))
    p.agrees("nested If", NESTED_IF, *[(c, d, f32(n)) for c in (yes, no) for d in (yes, no)
                                       for n in (1, 6)])
    p.agrees("Slice", SLICE,
             (f32(3, 4, 5), i64(1), i64(100), i64(-1), i64(2)),
             (f32(3, 4, 5), i64(-1, 0), i64(-100, 2), i64(0, 2), i64(-2, 1)),
             (f32(3, 4, 5), i64(2, 3, 4), i64(2, 0, -6), i64(0, 1, 2), i64(1, -1, -3)),
             (f32(0, 4, 5), i64(0, 1), i64(9, 9), i64(0, 1), i64(1, 1)))
    p.refuses("Slice", SLICE, "the step of a slice is 0",
              (f32(3, 4, 5), i64(1), i64(3), i64(0), i64(0)))
    p.refuses("Slice", SLICE, "an axis is no dimension",
              (f32(3, 4, 5), i64(1), i64(3), i64(3), i64(1)))
    # Columns of a tensor lie apart; as a result they are next to each other.
    p.agrees("columns", COLUMNS, (f32(2, 5), i64(2)), (f32(3, 4), i64(1)), (f32(3, 4), i64(9)))
    p.refuses("columns that do not fit", CUT, "the slice has another length", (f32(2, 5),))
    p.agrees("columns that fit", CUT, (f32(2, 6),))
    p.agrees("product", PRODUCT, (f32(2, 3), f32(3, 5)), (f32(1, 1), f32(1, 1)))
    p.refuses("product", PRODUCT, "dimension 0 of input 'y' does not go with",
              (f32(2, 4), f32(3, 2)), (f32(2, 3), f32(4, 2)), (f32(1, 1 << 22), f32(2, 2)))
    p.agrees("join", JOIN, (f32(2, 3), f32(4, 3)))
    p.refuses("join", JOIN, "dimension 1 of input 'y' does not go with",
              (f32(2, 3), f32(4, 2)), (f32(2, 1 << 22), f32(4, 1)))
    p.agrees("weight", WEIGHTED, (f32(4, 3),))
    p.refuses("weight", WEIGHTED, "dimension 1 of input 'x' must be 3", (f32(4, 2),))
    p.agrees("Reduce", REDUCE, (f32(3, 4, 5), i64(1)), (f32(3, 4, 5), i64(-1, 0)),
             (f32(3, 4, 5), i64()), (f32(1, 40, 65), i64(0, 1, 2)))
    p.agrees("Reduce to rows", REDUCE_TO_ROWS,
             *[(f32(3, 4, 5), i64(axis)) for axis in (-1, 0, 1)])
    p.refuses("Reduce", REDUCE_TO_ROWS, "an axis is no dimension", (f32(3, 4, 5), i64(7)))
    value = np.float32(2.5)
    p.agrees("Pad", PAD, (f32(2, 3), i64(1, 2), value, i64(1)),
             (f32(2, 3), i64(0, 1, 2, 3), value, i64(1, 0)),
             (f32(2, 3), i64(2, 1), value, i64(-1)))
    p.refuses("Pad", PAD, "two pads for each axis", (f32(2, 3), i64(1, 2, 3), value, i64(1)))
    p.agrees("Pad reflect", PAD_REFLECT, (f32(3, 4), i64(1, 2, 0, 3)))
    p.agrees("CumSum", CUMSUM, *[(f32(3, 4, 5), np.array(axis)) for axis in (0, 1, -1)])
    p.refuses("CumSum", CUMSUM, "an axis is no dimension", (f32(3, 4, 5), np.array(3)))
    p.agrees("NonZero", NONZERO, (np.array([[0, 1, 0], [2, 0, 5]], np.float32),),
             (np.zeros((2, 2), np.float32),), (f32(30, 40),))
    ties = np.array([[1, 3, 3, 0], [5, 5, 5, 5]], np.float32)
    p.agrees("TopK", TOPK, (f32(4, 7), i64(2)), (f32(3, 3), i64(3)), (ties, i64(2)),
             (f32(2, 4), i64(0)))
    p.refuses("TopK", TOPK, "K is negative, or greater", (f32(4, 7), i64(5)), (f32(4, 7), i64(-1)))
    p.agrees("TensorScatter", SCATTER, (f32(2, 6, 4), f32(2, 2, 4), i64(0, 4)))
    p.agrees("TensorScatter circular", CIRCULAR, (f32(2, 6, 4), f32(2, 3, 4), i64(5, 2)))
    p.refuses("TensorScatter", SCATTER, "does not fit in the cache",
              (f32(2, 6, 4), f32(2, 3, 4), i64(0, 4)), (f32(2, 6, 4), f32(2, 3, 4), i64(-1, 0)))
    bytes_of = lambda *shape: rng.integers(0, 256, shape).astype(np.uint8)
    p.agrees("DequantizeLinear", DEQUANTIZE, (bytes_of(3, 8), f32(3, 2), bytes_of(3, 2)))
    p.agrees("Div", DIVIDE, (i64(7, -7, 8), i64(2, 2, -3)))
    p.refuses("Div", DIVIDE, "an integer is divided by 0", (i64(7, 8), i64(1, 0)))
    p.refuses("NonZero", DECLARED, "another shape than the model declares",
              (np.array([1, 0, 1, 0, 0], np.float32),))
    p.agrees("Split", SPLIT, (f32(5, 3), i64(2, 3)), (f32(5, 3), i64(0, 5)))
    p.refuses("Split", SPLIT, "has parts that do not make the whole", (f32(5, 3), i64(2, 9)),
              (f32(5, 3), i64(-4, 9)))
    p.agrees("Reshape", RESHAPE, (f32(6), i64(2, 3)), (f32(6), i64(-1, 2)), (f32(0), i64(0, 5)))
    p.refuses("Reshape", RESHAPE, "a reshape would change the number of elements",
              (f32(6), i64(100000, 10000)), (f32(6), i64(2, 2)))
    p.agrees("Expand", EXPAND, (f32(3, 1), i64(1, 4)), (f32(1, 1), i64(2, 2)))
    p.refuses("ConstantOfShape", FILL, "memory", (i64(2 ** 40, 2 ** 10),))
    p.agrees("ConstantOfShape", FILL, (i64(2, 3),), (i64(0, 3),))
    p.agrees("Gather", GATHER, (f32(5, 2), i64(4, -5, 0)))
    p.refuses("Gather", GATHER, "index out of range", (f32(5, 2), i64(5)), (f32(5, 2), i64(-6)),
              (f32(5, 2), i64(2 ** 62)))
    p.agrees("OneHot", ONEHOT, (np.array([0, -1, 7], np.float32), np.array(4, np.float32),
                                np.array([0.5, 2], np.float32)))
    p.compare.exit()


main()
