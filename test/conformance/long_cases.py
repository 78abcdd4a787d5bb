"""Cases beside ONNX's own: inputs that are long enough for what ONNX's node tests,
with a few elements each, do not reach. On a GPU threads share the loops of these
operators, and how they do so depends on the sizes.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def model(name, op, inputs, outputs, constants=None, **attributes):
    """One node. What is in `constants` are its last inputs."""
    constants = constants or {}
    node = helper.make_node(op, [*inputs, *constants], list(outputs), name=name, **attributes)
    values = lambda table: [helper.make_tensor_value_info(key, *what)
                            for key, what in table.items()]
    graph = helper.make_graph([node], name, values(inputs), values(outputs),
                              [numpy_helper.from_array(np.array(value), key)
                               for key, value in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def models():
    axis = {"axis": np.int64(1)}
    found = {
        "positions": model("positions", "CumSum", {"x": (INT, ["b", "n"])},
                           {"y": (INT, ["b", "n"])}, axis),
        "sums": model("sums", "CumSum", {"x": (FLOAT, ["b", "n", "k"])},
                      {"y": (FLOAT, ["b", "n", "k"])}, axis, exclusive=1, reverse=1),
        "any_axis": model("any_axis", "CumSum", {"x": (INT, ["b", "n"]), "axis": (INT, [])},
                          {"y": (INT, ["b", "n"])}),
        "best": model("best", "TopK", {"x": (FLOAT, ["n", 64])},
                      {"values": (FLOAT, ["n", 8]), "indices": (INT, ["n", 8])},
                      {"k": np.array([8])})}
    for rank in range(4):
        name = f"places_{rank}"
        found[name] = model(name, "NonZero",
                            {"x": (FLOAT if rank % 2 else INT, ["a", "b", "c"][:rank])},
                            {"y": (INT, [rank, "found"])})
    for reduction in ("none", "add"):
        name = "elements_" + reduction
        found[name] = model(name, "ScatterElements",
                            {"data": (FLOAT, ["n", "m"]), "indices": (INT, ["k", "l"]),
                             "updates": (FLOAT, ["k", "l"])}, {"y": (FLOAT, ["n", "m"])},
                            axis=0, reduction=reduction)
        name = "rows_" + reduction
        found[name] = model(name, "ScatterND",
                            {"data": (FLOAT, ["n", "m", "p"]), "indices": (INT, ["k", 2]),
                             "updates": (FLOAT, ["k", "p"])}, {"y": (FLOAT, ["n", "m", "p"])},
                            reduction=reduction)
    return found


def sums(random):
    for b, n in ((1, 31), (1, 32), (2, 33), (1, 1023), (3, 1024), (1, 1025), (2, 5000), (1, 32768),
                 (4096, 3), (4100, 40), (3, 0)):
        x = random.integers(-2**62, 2**62, (b, n))
        yield "positions", [x], [np.cumsum(x, 1)]
    for b, n, k in ((1, 7, 2), (2, 32, 3), (1, 1500, 5), (1, 33, 4200), (2, 1000, 16)):
        x = random.standard_normal((b, n, k), dtype=np.float32)
        wanted = np.cumsum(x[:, ::-1].astype(np.float64), 1)[:, ::-1] - x
        yield "sums", [x], [wanted.astype(np.float32)]
    for axis in (0, 1, -1):
        x = random.integers(0, 9, (50, 70))
        yield "any_axis", [x, np.array(axis)], [np.cumsum(x, axis)]


def scattered(random):
    for n, m, k, l in ((5, 4, 3, 4), (300, 70, 200, 65), (10, 600, 40, 300), (4, 3, 0, 3)):
        data, updates = random.random((n, m), np.float32), random.random((k, l), np.float32)
        indices = random.integers(-n, n, (k, l))
        wanted = data.copy()
        for row, values in zip(indices, updates):
            wanted[row, np.arange(l)] += values
        yield "elements_add", [data, indices, updates], [wanted]
    for n, m, p, k in ((4, 5, 3, 6), (30, 20, 300, 100), (3, 3, 1, 9)):
        data, updates = random.random((n, m, p), np.float32), random.random((k, p), np.float32)
        for name in ("rows_none", "rows_add"):
            # Which of two updates of one place stays is not defined.
            flat = random.permutation(n * m)[:k] if name == "rows_none" else \
                random.integers(0, n * m, k)
            wanted = data.copy().reshape(-1, p)
            for place, values in zip(flat, updates):
                wanted[place] = values + (wanted[place] if name == "rows_add" else 0)
            yield name, [data, np.stack([flat // m, flat % m], 1), updates], \
                [wanted.reshape(data.shape)]


def selected(random):
    for shape in ((), (1,), (255,), (257,), (0,), (3, 200), (1, 5000), (700, 0), (5, 7, 300)):
        for share in (0, 0.3, 1):
            x = (random.random(shape) < share).astype(np.float32 if len(shape) % 2 else np.int64)
            yield f"places_{len(shape)}", [x], [
                np.array(np.nonzero(x)) if shape else np.zeros((0, int(x)), np.int64)]
    for n in (1, 255, 256, 1000):
        x = random.standard_normal((n, 64)).round(1).astype(np.float32)
        order = np.argsort(-x, 1, kind="stable")[:, :8]
        yield "best", [x], [np.take_along_axis(x, order, 1), order]


def collect():
    """Names of models, inputs, outputs."""
    random = np.random.default_rng(1)
    for kind in (sums, scattered, selected):
        yield from kind(random)
