"""Lets a model see packed sequences by their positions, as exports without an
attention mask do, in several rows at once, and compares: `full` with ONNX
Runtime, `block` with `full`, `--reuse` with `--blocks`.

usage: packed_batch.py MODEL.onnx

The model has the inputs input_ids and position_ids, both [batch, sequence], and
the output logits.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from common import Comparison, Workspace

GIVEN = "position_ids"
LENGTH = 28
BLOCKS = "--blocks=0,5,12,20"


def spell(model):
    """Adds, before each Softmax, what hides the keys of other runs."""
    graph, nodes = model.graph, []

    def constant(name, value):
        graph.initializer.append(numpy_helper.from_array(np.array(value), name))
        return name

    def op(kind, inputs, **attributes):
        name = f"packed_{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], name=name,
                                      **attributes))
        return name

    zero, one = constant("p0", [0]), constant("p1", [1])
    last = constant("p_last", [-1])
    first = op("Slice", [GIVEN, zero, one, one])
    before = op("Concat", [op("Sub", [first, one]),
                           op("Slice", [GIVEN, zero, last, one])], axis=1)
    follows = op("Equal", [op("Sub", [GIVEN, before]), one])
    starts = op("Cast", [op("Not", [follows])], to=onnx.TensorProto.INT64)
    run = op("CumSum", [starts, constant("p_axis", np.int64(1))])
    same = op("Equal", [op("Unsqueeze", [run, constant("p13", [1, 3])]),
                        op("Unsqueeze", [run, constant("p12", [1, 2])])])
    hidden = op("Where", [same, constant("p_seen", np.float32(0)),
                          constant("p_hidden", np.float32(-1e9))])
    rest = []
    for node in graph.node:
        if node.op_type == "Softmax":
            seen = f"{node.output[0]}_seen"
            rest.append(helper.make_node("Add", [node.input[0], hidden],
                                         [seen], name=seen))
            node.input[0] = seen
        rest.append(node)
    del graph.node[:]
    graph.node.extend(nodes + rest)
    onnx.checker.check_model(model)
    return model


def main():
    compare, work = Comparison(), Workspace()
    path = work.path("packed.onnx")
    onnx.save(spell(onnx.load(sys.argv[1])), path)
    artifact, attentions = work.compile_explained(path)
    compare.true("all raised", attentions and
                 all(a["raised"] for a in attentions))
    compare.true("packed", all(a["mask"] == "causal+packed" for a in attentions))
    session = onnxruntime.InferenceSession(path)

    runs = [[np.arange(12), np.arange(16)], [np.arange(3, 10), np.arange(21)],
            # The next row goes on with this one, and is another one all the same.
            [np.arange(20), np.arange(8)], [np.arange(8, 36)]]
    positions = np.stack([np.concatenate(row) for row in runs])
    ids = np.arange(4 * LENGTH).reshape(4, LENGTH) * 7 % 30
    for rows in (1, 2, 4):
        feeds = {"input_ids": ids[:rows], GIVEN: positions[:rows]}
        got = work.infer(artifact, feeds, ["logits"])["logits"]
        compare.close(f"{rows} rows: full", got,
                      session.run(["logits"], feeds)[0])
    feeds = {"input_ids": ids[:1], GIVEN: np.arange(LENGTH)[None]}
    block = work.infer(artifact, feeds, ["logits"], BLOCKS)["logits"]
    reuse = work.infer(artifact, feeds, ["logits"], BLOCKS,
                       "--reuse")["logits"]
    compare.close("reuse", reuse, block[:, -reuse.shape[1]:])
    # Tokens of the first block see nothing else, as a run of their own does.
    alone = session.run(["logits"], {name: value[:, :5]
                                     for name, value in feeds.items()})[0]
    compare.close("block: the first one", block[:, :5], alone)
    compare.exit()


main()
