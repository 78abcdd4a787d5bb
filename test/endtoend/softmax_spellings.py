"""Spells the softmax of a model out in several ways, and compares the results
with those of the model as it was.

usage: softmax_spellings.py MODEL.onnx

The model has the inputs input_ids and position_ids, and the output logits.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

from common import Comparison, Workspace, explain

STARTS = "--blocks=0,5,12,20"


def quotient(axis):
    """exp(x - max(x)) / sum"""
    yield "ReduceMax", ["x", axis], "max"
    yield "Sub", ["x", "max"], "z"
    yield "Exp", ["z"], "e"
    yield "ReduceSum", ["e", axis], "sum"
    yield "Div", ["e", "sum"], "y"


def inverse(axis):
    """exp(x) * (1 / sum)"""
    yield "Exp", ["x"], "e"
    yield "ReduceSum", ["e", axis], "sum"
    yield "Reciprocal", ["sum"], "inverse"
    yield "Mul", ["e", "inverse"], "y"


def logarithm(axis):
    """exp(logsoftmax(x))"""
    yield "LogSoftmax", ["x"], "log"
    yield "Exp", ["log"], "y"


def spell(model, spelling, layers=None):
    """Replaces each Softmax, or the first `layers` of them."""
    axis = "softmax_axis"
    model.graph.initializer.append(
        numpy_helper.from_array(np.array([-1], np.int64), axis))
    nodes = []
    for node in model.graph.node:
        if node.op_type != "Softmax" or layers == 0:
            nodes.append(node)
            continue
        layers = layers and layers - 1
        names = {"x": node.input[0], "y": node.output[0], axis: axis}
        for op, inputs, output in spelling(axis):
            nodes.append(helper.make_node(
                op, [names.get(i, f"{node.name}/{i}") for i in inputs],
                [names.get(output, f"{node.name}/{output}")],
                name=f"{node.name}/{op}"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def results(work, path):
    ids = np.arange(3, 31, dtype=np.int64)[None] % 30
    inputs = {"input_ids": ids, "position_ids": np.arange(28)[None]}
    artifact = work.compile(path)
    return {kind: work.infer(artifact, inputs, ["logits"], *flags)["logits"]
            for kind, flags in (("full", ()), ("block", (STARTS,)),
                                ("reuse", (STARTS, "--reuse")))}


def main():
    compare, work = Comparison(), Workspace()
    wanted = results(work, sys.argv[1])
    for spelling in (quotient, inverse, logarithm):
        for layers in (None, 1):
            model = spell(onnx.load(sys.argv[1]), spelling, layers)
            path = work.path("spelled.onnx")
            onnx.save(model, path)
            attentions = explain(path)["attentions"]
            name = f"{spelling.__name__}, {layers or 'all'} layers"
            compare.true(f"{name}: all raised", attentions and
                         all(a["raised"] for a in attentions))
            for kind, got in results(work, path).items():
                compare.close(f"{name}: {kind}", got, wanted[kind])
    compare.exit()


if __name__ == "__main__":
    main()
