"""ONNX text to a serialized model: FROM TO."""

import sys

import onnx

with open(sys.argv[1]) as file:
    model = onnx.parser.parse_model(file.read())
with open(sys.argv[2], "wb") as file:
    file.write(model.SerializeToString())
