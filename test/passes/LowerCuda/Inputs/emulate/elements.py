"""Elementwise operations that share a launch, against NumPy.

    elements.py FOLDER [--only-models]
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE
INT, BOOL = TensorProto.INT64, TensorProto.BOOL


def save(folder, name, nodes, inputs, outputs):
    values = lambda table: [helper.make_tensor_value_info(key, *what)
                            for key, what in table.items()]
    graph = helper.make_graph(nodes, name, values(inputs), values(outputs))
    path = os.path.join(folder, name + ".onnx")
    os.makedirs(folder, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)],
                                ir_version=10), path)
    return path


def make_elements(folder):
    """Threads take 4 elements of one, 2 of another one, and 1 of the others."""
    nodes = [("Mul", "xx", "square"), ("Sin", "x", "sine"), ("Neg", "v", "negated"),
             ("Transpose", "z", "turned"), ("Cos", "x", "cosine"), ("Where", "cab", "chosen")]
    types = {"x": (FLOAT, ["n", "m"]), "v": (DOUBLE, ["l"]), "z": (FLOAT, ["p", "q"]),
             "c": (BOOL, ["r"]), "a": (FLOAT, ["r"]), "b": (FLOAT, ["r"])}
    results = {"square": types["x"], "sine": types["x"], "negated": types["v"],
               "turned": (FLOAT, ["q", "p"]), "cosine": types["x"], "chosen": types["a"]}
    return save(folder, "elements", [helper.make_node(op, list(inputs), [output], name=output)
                                     for op, inputs, output in nodes], types, results)


def make_rotations(folder):
    """Queries of 8 heads and keys of 2, each of 16."""
    rotate = lambda x, heads: helper.make_node(
        "RotaryEmbedding", [x, "cos", "sin", "positions"], [x + "_out"], name=x + "/rotary",
        num_heads=heads)
    cache = (FLOAT, ["m", 8])
    return save(folder, "rotations", [rotate("q", 8), rotate("k", 2)],
                {"q": (FLOAT, [1, "n", 128]), "k": (FLOAT, [1, "n", 32]), "cos": cache,
                 "sin": cache, "positions": (INT, [1, "n"])},
                {"q_out": (FLOAT, [1, "n", 128]), "k_out": (FLOAT, [1, "n", 32])})


def check_elements(program, random, n, m, l, p, q, r):
    x, z = (random.standard_normal(shape, np.float32) for shape in ((n, m), (p, q)))
    v, c = random.standard_normal(l), random.random(r) < 0.5
    a, b = random.random((2, r), np.float32)
    results = program.run(x, v, z, c, a, b)
    assert not isinstance(results, str), results
    expected = [x * x, np.sin(x), -v, z.T, np.cos(x), np.where(c, a, b)]
    for i, (result, wanted) in enumerate(zip(results, expected)):
        assert result.shape == wanted.shape
        worst = np.abs(result - wanted).max() if result.size else 0
        # Sines and cosines are approximations.
        assert worst <= (1e-6 if i in (1, 4) else 0), f"output {i} is off by {worst}"
    print(n, m, l, p, q, r, *[name.split("_", 2)[2] for name in program.launches()])


def rotated(x, heads, cos, sin, positions):
    a, b = np.split(x.reshape(*positions.shape, heads, 16), 2, -1)
    cos, sin = cos[positions][:, :, None], sin[positions][:, :, None]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)


def check_rotations(program, random, n):
    q, k = (random.standard_normal((1, n, size), np.float32) for size in (128, 32))
    cos, sin = random.standard_normal((2, 64, 8), np.float32)
    positions = random.integers(0, 64, (1, n))
    results = program.run(q, k, cos, sin, positions)
    assert not isinstance(results, str), results
    for result, x, heads in zip(results, (q, k), (8, 2)):
        wanted = rotated(x, heads, cos, sin, positions)
        assert result.shape == wanted.shape
        worst = np.abs(result - wanted).max() if n else 0
        assert worst <= 1e-6, f"{heads} heads are off by {worst}"
    print("rotated", n, *[name.split("_", 2)[2] for name in program.launches()])
    if n:
        positions[0, -1] = 64
        why = program.run(q, k, cos, sin, positions)
        assert why.endswith("/rotary: a position lies outside of the caches"), why


def main(folder, *options):
    models = [make(folder) for make in (make_elements, make_rotations)]
    if options:
        return
    import emulate
    program, rotations = (emulate.Program(model, os.path.splitext(model)[0])
                          for model in models)
    random = np.random.default_rng(3)
    for sizes in ((1, 4, 2, 1, 1, 1), (1, 1, 1, 1, 1, 1), (64, 64, 2000, 33, 65, 777),
                  (64, 64, 2001, 33, 65, 777), (33, 77, 2000, 256, 1, 256),
                  (16, 16, 512, 257, 1, 255), (1, 1024, 514, 0, 7, 1025), (0, 4, 6, 5, 6, 0),
                  (4, 4, 0, 20, 30, 300), (0, 0, 0, 0, 0, 0)):
        check_elements(program, random, *sizes)
    for n in (1, 2, 3, 33, 500, 0):
        check_rotations(rotations, random, n)


main(*sys.argv[1:])
