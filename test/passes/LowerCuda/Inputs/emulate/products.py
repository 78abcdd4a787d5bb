"""Products with biases, sums and activations, against NumPy.

    products.py FOLDER
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

import emulate

FLOAT, HALF, DOUBLE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE
NUMPY = {FLOAT: np.float32, HALF: np.float16, DOUBLE: np.float64}


def relu(x):
    return np.maximum(x, 0)


def gelu(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


# The nodes of a model as (operator, inputs, output, attributes), the shapes of its inputs,
# and what it computes.
X, W, B = ["n", 24], [24, 16], [16]
PRODUCT = ("MatMul", "xw", "p", {})
MODELS = {
    "bias": ([PRODUCT, ("Add", "pb", "y", {})], {"x": X, "w": W, "b": B},
             lambda x, w, b: x @ w + b),
    "relu": ([PRODUCT, ("Relu", "p", "y", {})], {"x": X, "w": W}, lambda x, w: relu(x @ w)),
    "bias_relu": ([PRODUCT, ("Add", "bp", "q", {}), ("Relu", "q", "y", {})],
                  {"x": X, "w": W, "b": B}, lambda x, w, b: relu(x @ w + b)),
    "bias_gelu": ([PRODUCT, ("Add", "pb", "q", {}), ("Gelu", "q", "y", {"approximate": "tanh"})],
                  {"x": X, "w": W, "b": B}, lambda x, w, b: gelu(x @ w + b)),
    "sum": ([("MatMul", "zu", "r", {}), PRODUCT, ("Add", "pb", "q", {}), ("Add", "qr", "s", {}),
             ("MatMul", "sv", "y", {})],
            {"x": X, "w": W, "b": B, "z": ["n", 8], "u": [8, 16], "v": [16, 8]},
            lambda x, w, b, z, u, v: (z @ u + x @ w + b) @ v),
    "scaled": ([("Gemm", "xwb", "y", {"alpha": 0.5, "beta": 2.0})], {"x": X, "w": W, "b": B},
               lambda x, w, b: x @ w / 2 + 2 * b),
    "late_bias": ([PRODUCT, ("Relu", "p", "q", {}), ("Add", "qb", "y", {})],
                  {"x": X, "w": W, "b": B}, lambda x, w, b: relu(x @ w) + b),
    "column": ([PRODUCT, ("Add", "pb", "y", {})], {"x": X, "w": W, "b": ["n", 1]},
               lambda x, w, b: x @ w + b),
    "gemm": ([("Gemm", "xwb", "q", {"transA": 1, "transB": 1}),
              ("Relu", "q", "y", {})], {"x": [24, "n"], "w": [16, 24], "b": B},
             lambda x, w, b: relu(x.T @ w.T + b)),
    "batch": ([PRODUCT, ("Add", "pb", "y", {})], {"x": [2, "n", 24], "w": [2, 24, 16], "b": B},
              lambda x, w, b: x @ w + b),
    "nothing": ([PRODUCT, ("Add", "pb", "y", {})], {"x": ["n", 0], "w": [0, 16], "b": B},
                lambda x, w, b: x @ w + b),
}


def make_model(folder, name, of_type):
    nodes, shapes, _ = MODELS[name]
    nodes = [helper.make_node(op, list(inputs), [output], name=f"{op.lower()}_{output}", **more)
             for op, inputs, output, more in nodes]
    values = lambda table: [helper.make_tensor_value_info(key, of_type, shape)
                            for key, shape in table.items()]
    graph = helper.make_graph(nodes, name, values(shapes), values({"y": None}))
    path = os.path.join(folder, f"{name}.{TensorProto.DataType.Name(of_type).lower()}.onnx")
    onnx.save(helper.make_model(graph, ir_version=9,
                                opset_imports=[helper.make_opsetid("", 20)]), path)
    return path


def check(program, name, of_type, random, n):
    _, shapes, reference = MODELS[name]
    inputs = [random.standard_normal([n if size == "n" else size for size in shape])
              .astype(NUMPY[of_type]) for shape in shapes.values()]
    result, = program.run(*inputs)
    wanted = reference(*[value.astype(np.float64) for value in inputs])
    assert result.dtype == NUMPY[of_type] and result.shape == wanted.shape
    worst = np.abs(result - wanted).max(initial=0)
    allowed = {FLOAT: 2e-6, HALF: 2e-3, DOUBLE: 1e-14}[of_type]
    assert worst <= allowed * np.abs(wanted).max(initial=1), f"{name}: off by {worst}"


def main(folder):
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(5)
    for of_type, names in ((FLOAT, MODELS), (HALF, ("bias_gelu", "sum")),
                           (DOUBLE, ("bias_relu", "gemm", "batch"))):
        for name in names:
            path = make_model(folder, name, of_type)
            program = emulate.Program(path, os.path.splitext(path)[0])
            for n in (1, 0, 5):
                check(program, name, of_type, random, n)
            print(NUMPY[of_type].__name__, name, *program.launches())


main(*sys.argv[1:])
