"""Writes models of the operators whose loops threads share.

    loop_models.py FOLDER
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(folder, name, nodes, inputs, outputs, constants=None):
    def values(table):
        return [helper.make_tensor_value_info(key, *what) for key, what in table.items()]
    weights = [numpy_helper.from_array(np.array(value), key)
               for key, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, name, values(inputs), values(outputs), weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save(model, os.path.join(folder, name + ".onnx"))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    f32, i64 = TensorProto.FLOAT, TensorProto.INT64
    save(folder, "positions", [helper.make_node("CumSum", ["mask", "axis"], ["sum"], name="sum")],
         {"mask": (i64, ["b", "n"])}, {"sum": (i64, ["b", "n"])}, {"axis": np.int64(1)})
    save(folder, "sums",
         [helper.make_node("CumSum", ["x", "axis"], ["y"], name="sum", exclusive=1, reverse=1)],
         {"x": (f32, ["b", "n", "k"])}, {"y": (f32, ["b", "n", "k"])}, {"axis": np.int64(1)})
    for reduction in ("none", "add"):
        save(folder, "elements_" + reduction,
             [helper.make_node("ScatterElements", ["data", "indices", "updates"], ["y"],
                               name="scatter", axis=0, reduction=reduction)],
             {"data": (f32, ["n", "m"]), "indices": (i64, ["k", "l"]), "updates": (f32, ["k", "l"])},
             {"y": (f32, ["n", "m"])})
        save(folder, "rows_" + reduction,
             [helper.make_node("ScatterND", ["data", "indices", "updates"], ["y"],
                               name="scatter", reduction=reduction)],
             {"data": (f32, ["n", "m", "p"]), "indices": (i64, ["k", 2]), "updates": (f32, ["k", "p"])},
             {"y": (f32, ["n", "m", "p"])})
    save(folder, "best", [helper.make_node("TopK", ["x", "k"], ["values", "indices"], name="top")],
         {"x": (f32, ["n", 64])}, {"values": (f32, ["n", 8]), "indices": (i64, ["n", 8])},
         {"k": np.array([8], np.int64)})


main(sys.argv[1])
