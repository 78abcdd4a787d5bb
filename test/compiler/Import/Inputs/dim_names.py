"""Models whose mask is declared one longer than the past. usage: FOLDER"""

import sys

from onnx import TensorProto, helper, save


def model(path, tokens, past):
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", tokens]),
        helper.make_tensor_value_info("mask", TensorProto.INT64, ["batch", "past + 1"]),
        helper.make_tensor_value_info("key", TensorProto.FLOAT, ["batch", 2, past, 8])]
    output = helper.make_tensor_value_info("out", TensorProto.INT64, ["batch", "past + 1"])
    graph = helper.make_graph([helper.make_node("Identity", ["mask"], ["out"])], "g", inputs, [output])
    save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)


model(sys.argv[1] + "/any.onnx", "sequence", "past")
model(sys.argv[1] + "/one.onnx", 1, "past")
model(sys.argv[1] + "/other.onnx", "sequence", "length")
