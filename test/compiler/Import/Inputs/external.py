"""A model with external data: CASE FOLDER. The weight w has 2x512 floats in
weights.bin, at offset 4096."""

import os
import sys

from onnx import TensorProto, helper

case, folder = sys.argv[1], sys.argv[2]
model_path = os.path.join(folder, "model.onnx")
data_path = os.path.join(folder, "weights.bin")
os.makedirs(folder, exist_ok=True)
for path in (model_path, data_path):
    if os.path.lexists(path):
        os.remove(path)


def external(name, dims, **entries):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def write_data(path, size=4096 + 4096):
    with open(path, "wb") as file:
        file.write(b"\x00\x00\x80\x3f" * (size // 4))


place = dict(location="weights.bin", offset=4096, length=4096)
tensors = [external("w", [2, 512], **place)]
if case == "good":
    write_data(data_path)
    # No length, no offset; small ones are read.
    tensors.append(external("v", [2048], location="weights.bin"))
    tensors.append(external("small", [2], location="./weights.bin", offset=8))
    tensors.append(external("empty", [0], location="weights.bin", length=0))
elif case == "missing":
    tensors.append(external("v", [2, 512], **place))
elif case == "short":
    write_data(data_path, 6000)
elif case == "link":
    outside = os.path.join(os.path.dirname(folder), "outside.bin")
    write_data(outside)
    os.symlink(outside, data_path)
elif case == "inside-link":
    write_data(os.path.join(folder, "real.bin"))
    os.symlink("real.bin", data_path)
elif case == "pipe":
    os.mkfifo(data_path)
elif case == "entries":
    write_data(data_path)
    tensors = [
        external("nolocation", [2, 512], offset=0),
        external("emptylocation", [2, 512], location=""),
        external("length", [2, 512], location="weights.bin", length=4000),
        external("number", [2, 512], location="weights.bin", offset="1e3"),
        external("negative", [2, 512], location="weights.bin", offset=-4),
        external("far", [2, 512], location="weights.bin", offset=2**63 - 1),
        external("beyond", [2, 512], location="weights.bin", offset=4100),
        external("parent", [2, 512], location="../outside.bin"),
        external("dots", [2, 512], location="a/../../outside.bin"),
        external("absolute", [2, 512], location="/etc/passwd"),
        external("folder", [2, 512], location="."),
        external("nul", [2, 512], location="weights.bin\0x"),
        external("other", [2, 512], **place),
    ]
    tensors[-1].data_location = TensorProto.DEFAULT

value = helper.make_tensor_value_info
graph = helper.make_graph(
    [helper.make_node("Abs", ["x"], ["y"])],
    "g",
    [value("x", TensorProto.FLOAT, [2])],
    [value("y", TensorProto.FLOAT, [2])],
    tensors,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
with open(model_path, "wb") as file:
    file.write(model.SerializeToString())
