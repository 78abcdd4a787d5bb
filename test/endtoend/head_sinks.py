"""Gives the attentions of a model scores that belong to no key.

usage: head_sinks.py MODEL.onnx OUT.onnx [--smooth] [--window=N] [--cache]

Every GroupQueryAttention gets a `head_sink`, or a smooth softmax, and every other
one a window, as onnxruntime-genai writes gpt-oss. With `--cache` the past of these is
a buffer for the window.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

SINK = 11  # the operand's number


def main():
    source, target, *options = sys.argv[1:]
    model = onnx.load(source)
    random = np.random.default_rng(3)
    window = next((int(o[9:]) for o in options if o.startswith("--window=")), -1)
    nodes = [n for n in model.graph.node if n.op_type == "GroupQueryAttention"]
    for number, node in enumerate(nodes):
        kept = [a for a in node.attribute if a.name != "local_window_size"]
        heads = next(a.i for a in kept if a.name == "num_heads")
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.append(helper.make_attribute(
            "local_window_size", window if number % 2 == 0 else -1))
        if "--cache" in options and number % 2 == 0:
            node.attribute.append(helper.make_attribute(
                "sliding_window_cache", 1))
            for value in [*model.graph.input, *model.graph.output]:
                if value.name in (*node.input[3:5], *node.output[1:3]):
                    value.type.tensor_type.shape.dim[2].dim_param = \
                        "window_capacity"
        if "--smooth" in options:
            node.attribute.append(helper.make_attribute("smooth_softmax", 1))
            continue
        name = f"sinks.{number}"
        values = random.standard_normal(heads).astype(np.float32) * 2
        model.graph.initializer.append(numpy_helper.from_array(values, name))
        node.input.extend([""] * (SINK - len(node.input)) + [name])
    onnx.save(model, target)


main()
