"""Changes the positions of a model between its input and what uses them, and
compares: `full` with ONNX Runtime, `--reuse` with `--blocks`. Keys and values may
be used anywhere only where the positions are the tokens' plus a constant.

usage: position_spellings.py MODEL.onnx

The model has the inputs input_ids and position_ids, and the output logits.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from common import Comparison, Workspace, explain

BLOCKS = "--blocks=0,5,12,20"
LENGTH = 28
NEW = "positions_used"
GIVEN = "position_ids"

# What makes the positions of those that are given, and whether these are the
# tokens' plus a constant.
SPELLINGS = {
    "moved": ([("Add", [GIVEN, 2])], True),
    "taken apart": ([("Div", [GIVEN, 4]), ("Mul", ["v0", 4]),
                     ("Mod", [GIVEN, 4]), ("Add", ["v1", "v2"])], True),
    "bounded": ([("Clip", [GIVEN, 0, 9])], False),
    "divided": ([("Div", [GIVEN, 4])], False),
    "counted anew": ([("Mod", [GIVEN, 12])], False),
    "jumping": ([("Less", [GIVEN, 10]), ("Add", [GIVEN, 5]),
                 ("Where", ["v0", GIVEN, "v1"])], False),
}


def spell(model, steps):
    graph, nodes = model.graph, []
    for number, (op, inputs) in enumerate(steps):
        names = []
        for value in inputs:
            if not isinstance(value, str):
                name = f"position_constant_{value}"
                if all(t.name != name for t in graph.initializer):
                    graph.initializer.append(
                        numpy_helper.from_array(np.int64(value), name))
                value = name
            names.append(value)
        result = NEW if number == len(steps) - 1 else f"v{number}"
        nodes.append(helper.make_node(op, names, [result], name=f"step{number}"))
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == GIVEN:
                node.input[i] = NEW
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + rest)
    onnx.checker.check_model(model)
    return model


def main():
    compare, work = Comparison(), Workspace()
    ids = np.arange(3, 3 + LENGTH, dtype=np.int64)[None] % 30
    feeds = {"input_ids": ids, GIVEN: np.arange(LENGTH)[None]}
    for name, (steps, anywhere) in SPELLINGS.items():
        path = work.path("spelled.onnx")
        onnx.save(spell(onnx.load(sys.argv[1]), steps), path)
        attentions = explain(path)["attentions"]
        compare.true(f"{name}: all raised", attentions and
                     all(a["raised"] for a in attentions))
        compare.true(f"{name}: {'anywhere' if anywhere else 'tied'}",
                     all(a["kv_position_independent"] == anywhere
                         for a in attentions))
        artifact = work.compile(path)
        want = onnxruntime.InferenceSession(path).run(["logits"], feeds)[0]
        got = work.infer(artifact, feeds, ["logits"])["logits"]
        compare.close(f"{name}: full", got, want)
        block = work.infer(artifact, feeds, ["logits"], BLOCKS)["logits"]
        reuse = work.infer(artifact, feeds, ["logits"], BLOCKS,
                           "--reuse")["logits"]
        compare.close(f"{name}: reuse", reuse, block[:, -reuse.shape[1]:])
    compare.exit()


main()
