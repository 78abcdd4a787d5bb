"""Elementwise operations that share a launch, against NumPy.

    elements.py FOLDER [--only-models]
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

FLOAT, DOUBLE, BOOL = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.BOOL


def make_model(folder):
    """Threads take 4 elements of one, 2 of another one, and 1 of the others."""
    nodes = [("Mul", "xx", "square"), ("Sin", "x", "sine"), ("Neg", "v", "negated"),
             ("Transpose", "z", "turned"), ("Cos", "x", "cosine"), ("Where", "cab", "chosen")]
    types = {"x": (FLOAT, ["n", "m"]), "v": (DOUBLE, ["l"]), "z": (FLOAT, ["p", "q"]),
             "c": (BOOL, ["r"]), "a": (FLOAT, ["r"]), "b": (FLOAT, ["r"])}
    results = {"square": types["x"], "sine": types["x"], "negated": types["v"],
               "turned": (FLOAT, ["q", "p"]), "cosine": types["x"], "chosen": types["a"]}
    values = lambda table: [helper.make_tensor_value_info(key, *what)
                            for key, what in table.items()]
    graph = helper.make_graph([helper.make_node(op, list(inputs), [output], name=output)
                               for op, inputs, output in nodes], "elements", values(types),
                              values(results))
    path = os.path.join(folder, "elements.onnx")
    os.makedirs(folder, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)],
                                ir_version=9), path)
    return path


def check(program, random, n, m, l, p, q, r):
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


def main(folder, *options):
    model = make_model(folder)
    if options:
        return
    import emulate
    program = emulate.Program(model, os.path.join(folder, "program"))
    random = np.random.default_rng(3)
    for sizes in ((1, 4, 2, 1, 1, 1), (1, 1, 1, 1, 1, 1), (64, 64, 2000, 33, 65, 777),
                  (64, 64, 2001, 33, 65, 777), (33, 77, 2000, 256, 1, 256),
                  (16, 16, 512, 257, 1, 255), (1, 1024, 514, 0, 7, 1025), (0, 4, 6, 5, 6, 0),
                  (4, 4, 0, 20, 30, 300), (0, 0, 0, 0, 0, 0)):
        check(program, random, *sizes)


main(*sys.argv[1:])
