# Loops and matrix products against numpy: tails, reductions, gathers, booleans.
import math
import sys

import numpy as np

from program import Library, difference, function, levels

rng = np.random.default_rng(1)
CASES = []


def case(name, inputs, outputs, body, reference, *shapes):
    """`shapes`: for each run, the shapes of the inputs and those of the outputs."""
    CASES.append((name, inputs, outputs, body, reference, shapes))


def generic(maps, iterators, ins, outs, body):
    maps = ", ".join(f"affine_map<{m}>" for m in maps)
    kinds = ", ".join(f'"{"parallel" if i == "p" else "reduction"}"' for i in iterators)
    side = lambda names: (", ".join(n for n, _ in names) + " : " + ", ".join(t for _, t in names))
    return f"""
  linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}
      ins({side(ins)}) outs({side(outs)}) {{
  {body}
  }}"""


def fill(value, output, type):
    element = type[len("memref<"):-1].split("x")[-1]
    return f"""
  %fill{output[1:]} = arith.constant {value} : {element}
  linalg.fill ins(%fill{output[1:]} : {element}) outs({output} : {type})"""


V, M, T3 = "memref<?xf32>", "memref<?x?xf32>", "memref<?x?x?xf32>"
case("bias", [T3, V], [T3],
     generic(["(a, b, c) -> (a, b, c)", "(a, b, c) -> (c)", "(a, b, c) -> (a, b, c)"], "ppp",
             [("%i0", T3), ("%i1", V)], [("%o0", T3)], """^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.addf %a, %b : f32
    %1 = math.exp %0 : f32
    %2 = math.tanh %1 : f32
    linalg.yield %2 : f32"""),
     lambda x, y: [np.tanh(np.exp(x + y))],
     ([(2, 3, 5), (5,)], [(2, 3, 5)]), ([(1, 70, 129), (129,)], [(1, 70, 129)]),
     ([(3, 0, 4), (4,)], [(3, 0, 4)]), ([(2, 300, 64), (64,)], [(2, 300, 64)]))
case("swish", [M], [M],
     generic(["(a, b) -> (a, b)"] * 2, "pp", [("%i0", M)], [("%o0", M)],
             """^bb0(%a: f32, %c: f32):
    %one = arith.constant 1.0 : f32
    %0 = arith.negf %a : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %one, %1 : f32
    %3 = arith.divf %a, %2 : f32
    %4 = math.erf %3 : f32
    linalg.yield %4 : f32"""),
     lambda x: [np.vectorize(math.erf, otypes=[float])(x / (1 + np.exp(-x)))],
     ([(1, 1)], [(1, 1)]), ([(33, 1000)], [(33, 1000)]), ([(0, 4)], [(0, 4)]))
case("transpose", [T3], [T3],
     generic(["(a, b, c) -> (a, c, b)", "(a, b, c) -> (a, b, c)"], "ppp", [("%i0", T3)],
             [("%o0", T3)], "^bb0(%a: f32, %c: f32):\n    linalg.yield %a : f32"),
     lambda x: [x.transpose(0, 2, 1)],
     ([(2, 33, 47)], [(2, 47, 33)]), ([(1, 500, 64)], [(1, 64, 500)]))
case("row_sum_and_maximum", [M], [V, V],
     fill("0.0", "%o0", V) + fill("0xFF800000", "%o1", V) +
     generic(["(a, b) -> (a, b)", "(a, b) -> (a)", "(a, b) -> (a)"], "pr", [("%i0", M)],
             [("%o0", V), ("%o1", V)], """^bb0(%a: f32, %c: f32, %d: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %c, %0 : f32
    %2 = arith.maximumf %d, %a : f32
    linalg.yield %1, %2 : f32, f32"""),
     lambda x: [(x ** 2).sum(1), x.max(1, initial=-np.inf)],
     ([(5, 7)], [(5,), (5,)]), ([(70, 513)], [(70,), (70,)]), ([(3, 0)], [(3,), (3,)]))
case("column_sum", [M], [V],
     fill("0.0", "%o0", V) +
     generic(["(a, b) -> (b, a)", "(a, b) -> (a)"], "pr", [("%i0", M)], [("%o0", V)],
             """^bb0(%a: f32, %c: f32):
    %0 = arith.addf %c, %a : f32
    linalg.yield %0 : f32"""),
     lambda x: [x.sum(0)], ([(50, 37)], [(37,)]), ([(20, 600)], [(600,)]))
case("sum", [M], ["memref<f32>"],
     fill("0.0", "%o0", "memref<f32>") +
     generic(["(a, b) -> (a, b)", "(a, b) -> ()"], "rr", [("%i0", M)], [("%o0", "memref<f32>")],
             """^bb0(%a: f32, %c: f32):
    %0 = arith.addf %c, %a : f32
    linalg.yield %0 : f32"""),
     lambda x: [x.sum()], ([(50, 37)], [()]))
case("gather", [M, "memref<?x?xi64>"], [T3], """
  %c0 = arith.constant 0 : index
  %n = memref.dim %i0, %c0 : memref<?x?xf32>""" +
     generic(["(a, b, c) -> (a, b)", "(a, b, c) -> (a, b, c)"], "ppp",
             [("%i1", "memref<?x?xi64>")], [("%o0", T3)], """^bb0(%a: i64, %c: f32):
    %0 = arith.index_cast %a : i64 to index
    %ok = arith.cmpi ult, %0, %n : index
    blockattn.check %ok, "gather: index out of range" code 1
    %1 = arith.select %ok, %0, %c0 : index
    %2 = linalg.index 2 : index
    %3 = memref.load %i0[%1, %2] : memref<?x?xf32>
    linalg.yield %3 : f32"""),
     lambda table, i: [table[i]],
     ([(10, 8), (2, 5)], [(2, 5, 8)]), ([(100, 130), (1, 50)], [(1, 50, 130)]))
B = "memref<?x?xi1>"
case("booleans", [M, B], [B],
     generic(["(a, b) -> (a, b)"] * 3, "pp", [("%i0", M), ("%i1", B)], [("%o0", B)],
             """^bb0(%a: f32, %b: i1, %c: i1):
    %zero = arith.constant 0.0 : f32
    %0 = arith.cmpf ogt, %a, %zero : f32
    %1 = arith.xori %0, %b : i1
    linalg.yield %1 : i1"""),
     lambda x, y: [(x > 0) ^ y], ([(3, 5), (3, 5)], [(3, 5)]), ([(7, 100), (7, 100)], [(7, 100)]))
case("any", [B], ["memref<?xi1>"],
     fill("0", "%o0", "memref<?xi1>") +
     generic(["(a, b) -> (a, b)", "(a, b) -> (a)"], "pr", [("%i0", B)], [("%o0", "memref<?xi1>")],
             """^bb0(%a: i1, %c: i1):
    %0 = arith.ori %c, %a : i1
    linalg.yield %0 : i1"""),
     lambda x: [x.any(1)], ([(5, 7)], [(5,)]), ([(5, 70)], [(5,)]))
case("index", [M], [M],
     generic(["(a, b) -> (a, b)"] * 2, "pp", [("%i0", M)], [("%o0", M)],
             """^bb0(%a: f32, %c: f32):
    %0 = linalg.index 1 : index
    %1 = linalg.index 0 : index
    %2 = arith.muli %0, %1 : index
    %3 = arith.index_cast %2 : index to i64
    %4 = arith.sitofp %3 : i64 to f32
    %5 = arith.addf %4, %a : f32
    linalg.yield %5 : f32"""),
     lambda x: [x + np.arange(x.shape[1]) * np.arange(x.shape[0])[:, None]],
     ([(3, 5)], [(3, 5)]), ([(7, 100)], [(7, 100)]))
case("strided_copy", ["memref<?x64xf32>"], ["memref<?x32xf32>"], """
  %c0 = arith.constant 0 : index
  %n = memref.dim %i0, %c0 : memref<?x64xf32>
  %s = memref.subview %i0[0, 32] [%n, 32] [1, 1]
      : memref<?x64xf32> to memref<?x32xf32, strided<[64, 1], offset: 32>>
  memref.copy %s, %o0 : memref<?x32xf32, strided<[64, 1], offset: 32>> to memref<?x32xf32>""",
     lambda x: [x[:, 32:]], ([(5, 64)], [(5, 32)]), ([(2000, 64)], [(2000, 32)]))
case("product", [M, M], [M],
     fill("0.0", "%o0", M) + f"\n  linalg.matmul ins(%i0, %i1 : {M}, {M}) outs(%o0 : {M})",
     lambda a, b: [a @ b], ([(5, 32), (32, 7)], [(5, 7)]), ([(1, 3), (3, 40)], [(1, 40)]))
case("added_product", [M, M], [M], fill("1.0", "%o0", M) + f"""
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                 affine_map<(m, n, k) -> (m, n)>]
      ins(%i0, %i1 : {M}, {M}) outs(%o0 : {M})""",
     lambda a, b: [a @ b.T + 1], ([(5, 32), (48, 32)], [(5, 48)]))
Q, S = "memref<?x?x4x16xf32>", "memref<?x4x?x?xf32>"
case("scores", [Q, Q], [S],
     fill("0.0", "%o0", S) +
     generic(["(b, h, m, n, k) -> (b, m, h, k)", "(b, h, m, n, k) -> (b, n, h, k)",
              "(b, h, m, n, k) -> (b, h, m, n)"], "ppppr", [("%i0", Q), ("%i1", Q)], [("%o0", S)],
             """^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32"""),
     lambda a, b: [np.einsum("bmhk,bnhk->bhmn", a, b)],
     ([(2, 5, 4, 16), (2, 9, 4, 16)], [(2, 4, 5, 9)]))

DTYPES = {"f32": np.float32, "i64": np.int64, "i1": np.bool_}


def dtype(type):
    return DTYPES[type[len("memref<"):-1].split("x")[-1]]


def sample(type, shape, bound):
    if dtype(type) == np.int64:
        return rng.integers(0, bound, shape)
    if dtype(type) == np.bool_:
        return rng.random(shape) < 0.1
    return rng.standard_normal(shape).astype(np.float32)


text = "".join(function(name, ins, outs, body) for name, ins, outs, body, _, _ in CASES)
for level in levels():
    library = Library(text, sys.argv[1], "loops", level)
    for name, ins, outs, _, reference, shapes in CASES:
        worst = 0
        for in_shapes, out_shapes in shapes:
            xs = [np.ascontiguousarray(sample(t, s, in_shapes[0][0])) for t, s in zip(ins, in_shapes)]
            ys = [np.ones(s, dtype(t)) for t, s in zip(outs, out_shapes)]
            library.run(name, xs, ys)
            wide = [x.astype(np.float64) if x.dtype == np.float32 else x for x in xs]
            for y, wanted in zip(ys, reference(*wide)):
                scale = 1 + np.abs(np.where(np.isinf(wanted), 0, wanted)).max(initial=0)
                worst = max(worst, difference(y, wanted) / scale)
            if name == "gather":
                # Out of range: reported, and row 0 is read instead.
                xs[1][0, 0], xs[1][-1, -1] = 10 ** 12, -1
                library.run(name, xs, ys)
                print("gather:", *library.failures())
                assert (ys[0][0, 0] == xs[0][0]).all() and (ys[0][-1, -1] == xs[0][0]).all()
        print(level, name, "agrees" if worst < 2e-6 else f"differs by {worst}")
print("all levels:", len(levels()))
