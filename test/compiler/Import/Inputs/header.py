"""Models with something special about the file itself: CASE FILE."""

import sys

from onnx import TensorProto, helper

case, path = sys.argv[1], sys.argv[2]
value = helper.make_tensor_value_info
name = {"utf8": b"caf\xc3\xa9 \"x\"\n".decode(), "nul": "a\0b"}.get(case, "x")
node = helper.make_node("Abs", [name], ["y"], name="the node")
graph = helper.make_graph(
    [node],
    "g",
    [value(name, TensorProto.FLOAT, [2])],
    [value("y", TensorProto.FLOAT, [2])],
)
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
)
if case == "metadata":
    model.producer_name = "pytorch"
    model.producer_version = "2.11"
    model.metadata_props.add(key="language", value="en")
    graph = model.graph
    graph.metadata_props.add(key="of the graph", value="yes")
    for key, text in {
        "namespace": "model.layers.0",
        "pkg.torch.onnx.stack_trace": 'File "model.py", line 12, in forward\n',
        "pkg.torch.onnx.name_scopes": "['', 'layers']",
        "pkg.onnxscript.rewriter.rule_name": "rule",
    }.items():
        graph.node[0].metadata_props.add(key=key, value=text)
    other = graph.node.add()
    other.CopyFrom(helper.make_node("Neg", ["y"], ["unnamed"]))
elif case == "node-name":
    model.graph.node[0].name = "red \x1b[31m\n'node'"
    model.graph.node[0].input[0] = "missing"
elif case == "newer":
    model.ir_version = 99
elif case == "training":
    model.training_info.add()
elif case == "initialized-inputs":
    for i in range(5):
        tensor = helper.make_tensor(f"w{i}", TensorProto.FLOAT, [1], [1.0])
        model.graph.initializer.append(tensor)
        model.graph.input.append(value(f"w{i}", TensorProto.FLOAT, [1]))

data = model.SerializeToString()
if case == "unknown-field":
    # Field 77 of ModelProto, twice.
    data += b"\xe8\x04\x05\xe8\x04\x06"
elif case == "bytes":
    data = data.replace(b"\x01x", b"\x01\xff")
with open(path, "wb") as file:
    file.write(data)
