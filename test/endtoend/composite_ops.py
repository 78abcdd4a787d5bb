"""Ops that the compiler makes of others, compiled and run on data of several
shapes, and compared with NumPy's answers. What does not fit must end in an error
of the run.
"""

import numpy as np

from programs import Programs

rng = np.random.default_rng(11)
inf = np.inf


def f32(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


#===----------------------------------------------------------------------===#
# Reductions
#===----------------------------------------------------------------------===#

def log_sum_exp(x, axes, keepdims):
    axes = tuple(int(axis) for axis in axes) or None
    with np.errstate(divide="ignore"):
        return np.logaddexp.reduce(x.astype(np.float64), axis=axes,
                                   keepdims=keepdims).astype(x.dtype)


def log_sum(x, axes):
    axes = tuple(int(axis) for axis in axes) or None
    return np.log(x.astype(np.float64).sum(axis=axes, keepdims=True)).astype(x.dtype)


def reductions(p):
    # Sums of exponentials that overflow, infinite elements, and both.
    hard = f32(2, 3, 4)
    hard[0] *= 1000
    hard[1, 0] = -inf
    hard[1, 1, 2] = inf
    p.agrees("LogSumExp", """
agraph (float[a, b, c] x, int64[k] axes) => (float[p, q, r] y, float[p, q, r] z, float[a, b, c] w) {
  y = ReduceLogSumExp(x, axes)
  a = Abs(x)
  z = ReduceLogSum(a, axes)
  e = Constant<value = int64[0] {}>()
  w = ReduceLogSumExp<noop_with_empty_axes = 1>(x, e)
}""", *[((x, axes), (log_sum_exp(x, axes, True), log_sum(np.abs(x), axes), x))
        for x in (hard, f32(3, 1, 5)) for axes in (i64(-1), i64(2, 0), i64(1), i64())])
    p.agrees("LogSumExp, dropped", """
agraph (float[a, b, c] x, int64[2] axes) => (float[p] y) {
  y = ReduceLogSumExp<keepdims = 0>(x, axes)
}""", *[((hard, axes), [log_sum_exp(hard, axes, False)])
        for axes in (i64(-1, 0), i64(0, 1), i64(1, 2))])
    half = (f32(4, 300) * 3).astype(np.float16)
    p.agrees("LogSumExp, older", """
agraph (float16[a, b] x) => (float16[a] y, float16 z) {
  y = ReduceLogSumExp<axes = [-1], keepdims = 0>(x)
  z = ReduceLogSumExp<keepdims = 0>(x)
}""", ((half,), (log_sum_exp(half, [1], False), log_sum_exp(half, [], False))), opset=11,
             tolerance=1e-2)


#===----------------------------------------------------------------------===#
# Einsum
#===----------------------------------------------------------------------===#

# As models have them: scores, values, projections, relative positions, rotary
# frequencies, mixtures; then what the letters allow.
EQUATIONS = [
    ("bthd,bshd->bhts", (2, 5, 3, 4), (2, 7, 3, 4)),
    ("bhts,bshd->bthd", (2, 3, 5, 7), (2, 7, 3, 4)),
    ("bnqd,bnkd->bnqk", (2, 3, 5, 4), (2, 3, 7, 4)),
    ("ibnd,jbnd->bnij", (5, 2, 3, 4), (7, 2, 3, 4)),
    ("ijbn,jbnd->ibnd", (5, 7, 2, 3), (7, 2, 3, 4)),
    ("ibh,hnd->ibnd", (5, 2, 6), (6, 3, 4)),
    ("ibnd,hnd->ibh", (5, 2, 3, 4), (6, 3, 4)),
    ("i,j->ij", (5,), (4,)),
    ("i , j -> i j", (5,), (4,)),
    ("bsd,dhk->bshk", (2, 5, 6), (6, 3, 4)),
    ("bshk,hkd->bsd", (2, 5, 3, 4), (3, 4, 6)),
    ("nd,ed->ne", (5, 6), (3, 6)),
    ("ecd,edf->ecf", (3, 5, 6), (3, 6, 4)),
    ("bhld,lrd->bhlr", (2, 3, 5, 4), (5, 7, 4)),
    ("bhqk,bhk->bhq", (2, 3, 5, 4), (2, 3, 4)),
    ("bij,bij->b", (2, 3, 4), (2, 3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("ij,kj", (2, 3), (4, 3)),
    ("i,i", (5,), (5,)),
    ("i,->i", (5,), ()),
    ("ij,kl->ljki", (2, 3), (4, 5)),
    ("ab,cd,bc->ad", (2, 3), (4, 5), (3, 4)),
    ("ij,jk,kl,i->l", (2, 3), (3, 4), (4, 5), (2,)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (6, 4, 5)),
    ("...d,hd->...h", (2, 5, 4), (3, 4)),
    ("b...,...->...b", (2, 3, 4), (3, 1)),
    ("...ii->...i", (2, 3, 3)),
    ("iij,j->i", (3, 3, 4), (4,)),
    ("ijj->", (2, 3, 3)),
    ("zyx", (2, 3, 4)),
    ("abc->b", (2, 3, 4)),
]


def einsum(p):
    for equation, *shapes in EQUATIONS:
        names = "xyzw"[:len(shapes)]
        inputs = ", ".join(f"float[{', '.join(f'{n}{i}' for i in range(len(s)))}] {n}"
                           if s else f"float {n}" for n, s in zip(names, shapes))
        first = [f32(*shape) for shape in shapes]
        want = np.einsum(equation, *first)
        dims = ", ".join(f"r{i}" for i in range(want.ndim))
        output = f"float[{dims}]" if want.ndim else "float"
        # The same program for lengths that differ.
        letters = sorted({c for c in equation if c.isalpha()})
        cases = [(first, [want])]
        if "." not in equation:
            terms = equation.replace(" ", "").split("->")[0].split(",")
            sizes = {letter: 1 + number % 3 for number, letter in enumerate(letters)}
            others = [f32(*[sizes[letter] for letter in term]) for term in terms]
            cases.append((others, [np.einsum(equation, *others)]))
        p.agrees(f"Einsum {equation}", f"""
agraph ({inputs}) => ({output} out) {{
  out = Einsum<equation = "{equation}">({', '.join(names)})
}}""", *cases)
    # Sizes of 1 are as long as others; what has other sizes is an error.
    wide = """
agraph (float[a, b, c] x, float[d, e, f] y) => (float[g] z) {
  z = Einsum<equation = "bij,bij->b">(x, y)
}"""
    p.agrees("Einsum of sizes 1", wide, *[
        ((x, y), [np.sum(x * y, axis=(1, 2))])
        for x, y in ((f32(3, 2, 1), f32(3, 1, 2)), (f32(3, 2, 4), f32(3, 2, 4)),
                     (f32(3, 1, 4), f32(3, 2, 4)))])
    p.refuses("Einsum of other sizes", wide, "do not broadcast", (f32(3, 2, 6), f32(3, 3, 4)))
    x, y = f32(2, 1), f32(3, 4)
    p.agrees("Einsum of fixed sizes 1", """
agraph (float[2, 1] x, float[3, 4] y) => (float[2, 4] z) {
  z = Einsum<equation = "ij,jk->ik">(x, y)
}""", ((x, y), [x @ y.sum(0, keepdims=True)]))
    a, b = rng.integers(-9, 9, (3, 4)).astype(np.int32), rng.integers(-9, 9, (4, 5)).astype(np.int32)
    p.agrees("Einsum of integers", """
agraph (int32[a, b] x, int32[b, c] y) => (int32[a, c] z) {
  z = Einsum<equation = "ij,jk->ik">(x, y)
}""", ((a, b), [a @ b]), tolerance=0)


#===----------------------------------------------------------------------===#
# Quantized products
#===----------------------------------------------------------------------===#

def dynamic_quantize(x):
    low, high = min(x.min(), np.float32(0)), max(x.max(), np.float32(0))
    scale = np.float32((high - low) if high != low else 1) / np.float32(255)
    zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
    y = np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8)
    return y, scale, zero


def quantized(p):
    x = f32(3, 7) * 4
    p.agrees("DynamicQuantizeLinear", """
agraph (float[a, b] x) => (uint8[a, b] y, float s, uint8 z) {
  y, s, z = DynamicQuantizeLinear(x)
}""", *[((v,), dynamic_quantize(v)) for v in (x, np.abs(x), -np.abs(x), x * 0)], tolerance=1e-6)

    def bytes_of(dtype, *shape):
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, endpoint=True).astype(dtype)

    def product(a, za, b, zb):
        return np.matmul(a.astype(np.int32) - za, b.astype(np.int32) - zb)

    # 30 000 products of 255 * 255 are more than a float's digits: each counts.
    long = 30000
    extreme = np.full((2, long), 255, np.uint8), np.full((long, 3), -128, np.int8)
    extreme[0][0, 0] = 254
    za, zb = np.uint8(0), np.array([127, 0, -128], np.int8)
    a, b = bytes_of(np.uint8, 5, 33), bytes_of(np.int8, 33, 3)
    p.agrees("MatMulInteger", """
agraph (uint8[m, k] a, int8[k, 3] b, uint8 za, int8[3] zb) => (int32[m, 3] y) {
  y = MatMulInteger(a, b, za, zb)
}""", ((a, b, np.uint8(117), zb), [product(a, 117, b, zb.astype(np.int32))]),
             ((*extreme, za, zb), [product(extreme[0], 0, extreme[1], zb.astype(np.int32))]),
             tolerance=0)
    # The same in parts that floats hold.
    extreme = np.full((2, 600), 255, np.uint8), np.full((600, 3), -128, np.int8)
    extreme[0][0, 0] = 254
    mixed = bytes_of(np.uint8, 7, 600), bytes_of(np.int8, 600, 3)
    p.agrees("MatMulInteger in parts", """
agraph (uint8[m, 600] a, int8[600, 3] b, uint8 za, int8[3] zb) => (int32[m, 3] y) {
  y = MatMulInteger(a, b, za, zb)
}""", *[((*pair, za, zb), [product(pair[0], 0, pair[1], zb.astype(np.int32))])
        for pair in (extreme, mixed)], tolerance=0)
    a, b = bytes_of(np.int8, 2, 4, 6), bytes_of(np.uint8, 6, 5)
    rows = bytes_of(np.int8, 4)
    p.agrees("MatMulInteger by rows", """
agraph (int8[n, 4, k] a, uint8[k, m] b, int8[4] za) => (int32[n, 4, m] y, int32[n, 4, m] z) {
  y = MatMulInteger(a, b, za)
  z = MatMulInteger(a, b)
}""", ((a, b, rows), (product(a, rows.astype(np.int32)[:, None], b, 0), product(a, 0, b, 0))),
             tolerance=0)

    sa, sb, sy = np.float32(0.02), np.array([0.01, 0.003, 0.05], np.float32), np.float32(0.2)
    a, b = bytes_of(np.uint8, 5, 33), bytes_of(np.int8, 33, 3)
    zb, zy = np.array([1, -5, 0], np.int8), np.uint8(101)
    want = product(a, 100, b, zb.astype(np.int32)) * (sa * sb / sy)
    p.agrees("QLinearMatMul", """
agraph (uint8[m, k] a, float sa, uint8 za, int8[k, 3] b, float[3] sb, int8[3] zb, float[1] sy,
        uint8[1] zy) => (uint8[m, 3] y) {
  y = QLinearMatMul(a, sa, za, b, sb, zb, sy, zy)
}""", ((a, sa, np.uint8(100), b, sb, zb, sy.reshape(1), zy.reshape(1)),
       [np.clip(np.rint(want) + zy, 0, 255).astype(np.uint8)]), tolerance=0)
    # What ONNX Runtime's dynamic quantization writes.
    weight, scale = bytes_of(np.int8, 16, 8), np.float32(0.013)
    x = f32(2, 3, 16)
    q, sx, zx = dynamic_quantize(x)
    p.agrees("dynamic quantization", """
agraph (float[n, m, 16] x, int8[16, 8] w, float s) => (float[n, m, 8] y) {
  q, sx, zx = DynamicQuantizeLinear(x)
  i = MatMulInteger(q, w, zx)
  f = Cast<to = 1>(i)
  t = Mul(sx, s)
  y = Mul(f, t)
}""", ((x, weight, scale), [(product(q, zx.astype(np.int32), weight, 0) * (sx * scale)).astype(
        np.float32)]))


#===----------------------------------------------------------------------===#
# Selections
#===----------------------------------------------------------------------===#

def selections(p):
    x = f32(4, 6, 2)
    lengths = i64(0, 1, 6, 3)
    want = x.copy()
    for row, length in enumerate(lengths):
        want[row, :length] = x[row, :length][::-1]
    reverse = """
agraph (float[b, t, c] x, int64[b] n) => (float[b, t, c] y) {
  y = ReverseSequence<batch_axis = 0, time_axis = 1>(x, n)
}"""
    p.agrees("ReverseSequence", reverse, ((x, lengths), [want]))
    p.refuses("ReverseSequence", reverse, "index", (x, i64(0, 1, 7, 3)))
    compress = """
agraph (float[a, b] x, bool[n] c) => (float[a, k] y, float[m] z) {
  y = Compress<axis = 1>(x, c)
  z = Compress(x, c)
}"""
    x = f32(3, 5)
    p.agrees("Compress", compress, *[
        ((x, np.array(c)), (np.compress(c, x, axis=1), np.compress(c, x.reshape(-1))))
        for c in ([True, False, True], [False] * 5)])
    p.agrees("Hardmax of a matrix", """
agraph (float[a, 2, 3] x) => (float[a, 2, 3] y) {
  y = Hardmax(x)
}""", ((f32(4, 2, 3) * 0,), [np.eye(6, dtype=np.float32)[[0] * 4].reshape(4, 2, 3)]), opset=11)
    dropout = """
agraph (float[n] x, float ratio, bool training) => (float[n] y, bool[n] m) {
  y, m = Dropout(x, ratio, training)
}"""
    x, kept = f32(9), np.full(9, True)
    half, none = np.float32(0.5), np.float32(0)
    p.agrees("Dropout", dropout, ((x, half, np.array(False)), (x, kept)),
             ((x, none, np.array(True)), (x, kept)))
    p.refuses("Dropout", dropout, "draws random numbers", (x, half, np.array(True)))


#===----------------------------------------------------------------------===#
# Lists of tensors
#===----------------------------------------------------------------------===#

def sequences(p):
    """What is cut and joined by way of sequences."""
    x = f32(3, 10)
    p.agrees("SplitToSequence", """
agraph (float[n, 10] x) => (float[n, 3] a, float[n, 7] b, float[n, 4] c, float[n, 2] d, float[n] e,
                            float[1, 10] f, int64 l)
<int64[2] parts = {3, 7}, int64 four = {4}, int64 zero = {0}, int64 one = {1}, int64 last = {-1}> {
  s = SplitToSequence<axis = 1>(x, parts)
  a = SequenceAt(s, zero)
  b = SequenceAt(s, one)
  t = SplitToSequence<axis = -1>(x, four)
  c = SequenceAt(t, one)
  d = SequenceAt(t, last)
  u = SplitToSequence<axis = 1, keepdims = 0>(x)
  e = SequenceAt(u, last)
  v = SplitToSequence(x)
  f = SequenceAt(v, last)
  l = SequenceLength(t)
}""", ((x,), (x[:, :3], x[:, 3:], x[:, 4:8], x[:, 8:], x[:, 9], x[2:], np.int64(3))))
    x, y = f32(3, 4), f32(3, 4)
    p.agrees("SequenceConstruct", """
agraph (float[n, 4] x, float[n, 4] y) => (float[m, 4] a, float[n, 3, 4] b, float[n, 4] c)
<int64 zero = {0}, int64 one = {1}> {
  s = SequenceConstruct(x, y)
  a = ConcatFromSequence<axis = 0>(s)
  e = SequenceEmpty()
  e1 = SequenceInsert(e, x)
  e2 = SequenceInsert(e1, y, zero)
  e3 = SequenceInsert(e2, x)
  b = ConcatFromSequence<axis = 1, new_axis = 1>(e3)
  e4 = SequenceErase(e3, one)
  c = SequenceAt(e4, zero)
}""", ((x, y), (np.concatenate([x, y]), np.stack([y, x, x], 1), y)))


def not_numbers(p):
    """The first of a row stands, even if it is no number; another is never chosen."""
    nan = np.nan
    x = np.array([[1, nan, 3], [nan, nan, 2], [3, 1, nan], [1, 2, 2]], np.float32)
    hot = np.zeros((4, 3), np.float32)
    hot[range(4), [2, 0, 0, 1]] = 1
    p.agrees("NaN", """
agraph (float[n, 3] x) => (int64[n] a, int64[n] b, int64[n] c, float[n, 3] d) {
  a = ArgMax<axis = 1, keepdims = 0>(x)
  b = ArgMax<axis = 1, keepdims = 0, select_last_index = 1>(x)
  c = ArgMin<axis = 1, keepdims = 0>(x)
  d = Hardmax<axis = 1>(x)
}""", ((x,), (np.array([2, 0, 0, 1]), np.array([2, 0, 0, 2]), np.array([0, 0, 1, 0]), hot)))


def main():
    p = Programs()
    not_numbers(p)
    sequences(p)
    reductions(p)
    einsum(p)
    quantized(p)
    selections(p)
    p.compare.exit()


if __name__ == "__main__":
    main()
