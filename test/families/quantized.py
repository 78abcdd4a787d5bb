"""Weights as they are after they were rounded to few bits."""

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper


def unpacked(packed, bits, count):
    """The elements of bytes along the last axis, the lowest bits first."""
    parts = [packed >> shift & (1 << bits) - 1 for shift in range(0, 8, bits)]
    return np.stack(parts, -1).reshape(*packed.shape[:-1], -1)[..., :count]


def rounded(node, tensors):
    """The weight of a MatMulNBits, [rows, columns]."""
    about = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    rows, columns, bits = about["N"], about["K"], about.get("bits", 4)
    size = about["block_size"]
    blocks = -(-columns // size)
    scales = tensors[node.input[2]].reshape(rows, blocks, 1)
    values = unpacked(tensors[node.input[1]].reshape(rows, blocks, -1), bits,
                      size).astype(np.float32)
    zeros = float(1 << bits - 1)
    if len(node.input) > 3 and node.input[3]:
        zeros = unpacked(tensors[node.input[3]].reshape(rows, -1), bits, blocks)
        zeros = zeros.astype(np.float32)[..., None]
    return ((values - zeros) * scales).reshape(rows, -1)[:, :columns]


def parts_of(model, name, weight):
    """The parts of the model's weights that a weight of the export has. Its
    names are the modules', but for attention, and for weights that are one in
    the model alone or in the export alone."""
    modules = dict(model.named_modules())
    name = name.replace(".attn.", ".self_attn.")
    folder, _, last = name.rpartition(".")
    if name in modules:
        return [modules[name].weight]
    if last == "qkv_proj":
        return [modules[f"{folder}.{part}"].weight
                for part in ("q_proj", "k_proj", "v_proj")]
    rows = weight.shape[0]
    begin = {"gate_proj": 0, "up_proj": rows}[last]
    return [modules[f"{folder}.gate_up_proj"].weight[begin:begin + rows]]


def round_weights(model, file):
    """Gives a model the weights that the file of its export has."""
    graph = onnx.load(file).graph
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type != "MatMulNBits":
            continue
        weight, row = torch.from_numpy(rounded(node, tensors)), 0
        with torch.no_grad():
            for part in parts_of(model, node.input[1].split(".MatMul.")[0],
                                 weight):
                part.copy_(weight[row:row + part.shape[0]])
                row += part.shape[0]
