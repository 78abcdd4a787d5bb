"""Loops that threads share, against NumPy.

    shared_loops.py FOLDER [--only-models]
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def save(folder, name, op, inputs, outputs, constants=None, **attributes):
    constants = constants or {}
    node = helper.make_node(op, [*inputs, *constants], list(outputs), name=name, **attributes)
    values = lambda table: [helper.make_tensor_value_info(key, *what)
                            for key, what in table.items()]
    graph = helper.make_graph([node], name, values(inputs), values(outputs),
                              [numpy_helper.from_array(np.array(value), key)
                               for key, value in constants.items()])
    path = os.path.join(folder, name + ".onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)],
                                ir_version=9), path)
    return path


def make_models(folder):
    os.makedirs(folder, exist_ok=True)
    axis = {"axis": np.int64(1)}
    models = {
        "positions": save(folder, "positions", "CumSum", {"x": (INT, ["b", "n"])},
                          {"y": (INT, ["b", "n"])}, axis),
        "sums": save(folder, "sums", "CumSum", {"x": (FLOAT, ["b", "n", "k"])},
                     {"y": (FLOAT, ["b", "n", "k"])}, axis, exclusive=1, reverse=1),
        "any_axis": save(folder, "any_axis", "CumSum",
                         {"x": (INT, ["b", "n"]), "axis": (INT, [])}, {"y": (INT, ["b", "n"])}),
        "best": save(folder, "best", "TopK", {"x": (FLOAT, ["n", 64])},
                     {"values": (FLOAT, ["n", 8]), "indices": (INT, ["n", 8])},
                     {"k": np.array([8])})}
    for rank in range(4):
        name = f"places_{rank}"
        models[name] = save(folder, name, "NonZero",
                            {"x": (FLOAT if rank % 2 else INT, ["a", "b", "c"][:rank])},
                            {"y": (INT, [rank, "found"])})
    for reduction in ("none", "add"):
        name = "elements_" + reduction
        models[name] = save(folder, name, "ScatterElements",
                            {"data": (FLOAT, ["n", "m"]), "indices": (INT, ["k", "l"]),
                             "updates": (FLOAT, ["k", "l"])}, {"y": (FLOAT, ["n", "m"])},
                            axis=0, reduction=reduction)
        name = "rows_" + reduction
        models[name] = save(folder, name, "ScatterND",
                            {"data": (FLOAT, ["n", "m", "p"]), "indices": (INT, ["k", 2]),
                             "updates": (FLOAT, ["k", "p"])}, {"y": (FLOAT, ["n", "m", "p"])},
                            reduction=reduction)
    return models


def check(name, program, expected, tolerance=0, launched="", **inputs):
    results = program.run(**inputs)
    assert not isinstance(results, str), f"{name}: {results}"
    for result, wanted in zip(results, expected):
        assert result.shape == wanted.shape, f"{name}: {result.shape}, not {wanted.shape}"
        worst = np.abs(result - wanted).max() if result.size else 0
        assert worst <= tolerance, f"{name}: off by {worst}"
    kernels = program.launches()
    assert not any("_sequence_" in kernel for kernel in kernels) and \
        any(kernel.endswith(launched) for kernel in kernels), f"{name}: {kernels}"
    print(name, *[f"{key}{list(np.shape(value))}" for key, value in inputs.items()],
          kernels[-1] if launched else "")


def check_sums(program, random):
    def both(lines, length):
        return "_sum_scan" if lines < 4096 and length >= 32 else "_sum"

    for b, n in ((1, 1), (1, 31), (1, 32), (2, 33), (1, 1023), (3, 1024), (1, 1025), (2, 5000),
                 (1, 32768), (4096, 3), (4100, 40), (3, 0)):
        x = random.integers(-2**62, 2**62, (b, n))
        check("positions", program["positions"], [np.cumsum(x, 1)], x=x,
              launched=both(b, n).replace("sum", "positions"))
    for b, n, k in ((1, 7, 2), (2, 32, 3), (1, 1500, 5), (1, 33, 4200), (2, 1000, 16)):
        x = random.standard_normal((b, n, k), dtype=np.float32)
        sums = np.cumsum(x[:, ::-1].astype(np.float64), 1)[:, ::-1] - x
        check("sums", program["sums"], [sums], 1e-4, x=x,
              launched=both(b * k, n).replace("sum", "sums"))
    # The threads of a line have the sums that one thread would have.
    x = np.full((1, 2000, 1), 1, np.float32)
    x[0, 1000] = np.inf
    y = program["sums"].run(x=x)[0]
    assert np.isinf(y[0, :1000]).all() and np.isfinite(y[0, 1000:]).all()


def check_scattering(program, random):
    for n, m, k, l in ((5, 4, 3, 4), (300, 70, 200, 65), (10, 600, 40, 300), (4, 3, 0, 3)):
        data, updates = random.random((n, m), np.float32), random.random((k, l), np.float32)
        indices = random.integers(-n, n, (k, l))
        added = data.copy()
        for row, values in zip(indices, updates):
            added[row, np.arange(l)] += values
        check("elements_add", program["elements_add"], [added], data=data, indices=indices,
              updates=updates)
        # Of several updates of an element one stays.
        y = program["elements_none"].run(data=data, indices=indices, updates=updates)[0]
        for i, j in np.ndindex(n, m):
            candidates = updates[:, j][indices[:, j] % n == i] if j < l else []
            assert y[i, j] in candidates if len(candidates) else y[i, j] == data[i, j]
    for n, m, p, k in ((4, 5, 3, 6), (30, 20, 300, 100), (3, 3, 1, 9)):
        data, updates = random.random((n, m, p), np.float32), random.random((k, p), np.float32)
        flat = random.permutation(n * m)[:k]
        written = data.copy()
        written.reshape(-1, p)[flat] = updates
        check("rows_none", program["rows_none"], [written], data=data, updates=updates,
              indices=np.stack([flat // m, flat % m], 1))
        flat = random.integers(0, n * m, k)
        added = data.copy()
        for place, values in zip(flat, updates):
            added.reshape(-1, p)[place] += values
        check("rows_add", program["rows_add"], [added], data=data, updates=updates,
              indices=np.stack([flat // m, flat % m], 1))
    why = program["rows_add"].run(data=data, updates=updates[:1], indices=np.array([[3, 0]]))
    assert why == "rows_add: index out of range", why


def check_places(program, random):
    for shape in ((), (1,), (255,), (256,), (257,), (0,), (3, 200), (1, 5000), (700, 0), (5, 7, 300)):
        for share in (0, 0.3, 1):
            x = (random.random(shape) < share).astype(np.float32 if len(shape) % 2 else np.int64)
            wanted = np.array(np.nonzero(x)) if shape else np.zeros((0, int(x)), np.int64)
            # The shape is the data's to say: what memory was given is left aside.
            y, = program[f"places_{len(shape)}"].run(x=x)
            assert y.shape == wanted.shape and (y == wanted).all(), (shape, share)
    assert program["places_3"].launches()[-1].endswith("_loops_places_3")


def main(folder, *options):
    models = make_models(folder)
    if options:
        return
    import emulate
    program = {name: emulate.Program(model, os.path.join(folder, name))
               for name, model in models.items()}
    random = np.random.default_rng(1)
    check_sums(program, random)
    for axis in (0, 1, -1):
        x = random.integers(0, 9, (50, 70))
        y = program["any_axis"].run(x=x, axis=np.int64(axis))[0]
        assert (y == np.cumsum(x, axis)).all() and \
            program["any_axis"].launches()[-1].endswith("_any_axis_scan")
    check_scattering(program, random)
    check_places(program, random)
    for n in (1, 255, 256, 1000):
        x = random.standard_normal((n, 64)).round(1).astype(np.float32)
        order = np.argsort(-x, 1, kind="stable")[:, :8]
        check("best", program["best"], [np.take_along_axis(x, order, 1), order], x=x)


main(*sys.argv[1:])
