"""An If within an If within ...: DEPTH FILE."""

import sys

from onnx import TensorProto, helper

depth, path = int(sys.argv[1]), sys.argv[2]
value = helper.make_tensor_value_info


def branch(level):
    name = f"r{level}"
    out = [value(name, TensorProto.FLOAT, [4])]
    node = helper.make_node("Abs", ["x"], [name])
    if level < depth:
        leaf = helper.make_graph([node], "leaf", [], out)
        node = helper.make_node(
            "If", ["c"], [name], then_branch=branch(level + 1), else_branch=leaf
        )
    return helper.make_graph([node], "g", [], out)


sys.setrecursionlimit(10000)
graph = branch(0)
graph.input.extend(
    [value("x", TensorProto.FLOAT, [4]), value("c", TensorProto.BOOL, [])]
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
with open(path, "wb") as file:
    file.write(model.SerializeToString())
