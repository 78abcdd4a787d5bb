"""Changes the positions of a model between its input and what uses them, and
compares: `full` with ONNX Runtime, `--reuse` with `--blocks`. Keys and values may
be used anywhere only where the positions are the tokens' plus a constant; blocks
are not encoded on their own where positions depend on other tokens.

usage: position_spellings.py MODEL.onnx [--own]

The model has the inputs input_ids and position_ids, and the output logits. With
--own it makes its positions of the number of tokens.
"""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from common import Comparison, Workspace

BLOCKS = "--blocks=0,5,12,20"
LENGTH = 28
NEW = "positions_used"
GIVEN = "position_ids"

I32, I64 = {"to": TensorProto.INT32}, {"to": TensorProto.INT64}
F32 = {"to": TensorProto.FLOAT}
FIRST = ("Slice", [GIVEN, [0], [1], [1]])
REST = ("Slice", [GIVEN, [0], [-1], [1]])


def in_f32(number):
    """Neighbours are the same where a float has no more digits."""
    number = np.float32(number)
    return [("Cast", [GIVEN], F32), ("Add", ["v0", number]),
            ("Sub", ["v1", number]), ("Cast", ["v2"], I64)]


# What makes the positions of those that are given, and what may be done with
# keys and values then.
SPELLINGS = {
    "moved": ([("Add", [GIVEN, 2])], "anywhere"),
    "moved far": ([("Add", [GIVEN, 1 << 40]), ("Sub", ["v0", 1 << 40])],
                  "anywhere"),
    "moved in f32": (in_f32(1 << 23), "anywhere"),
    "taken apart": ([("Div", [GIVEN, 4]), ("Mul", ["v0", 4]),
                     ("Mod", [GIVEN, 4]), ("Add", ["v1", "v2"])], "anywhere"),
    "bounded": ([("Clip", [GIVEN, 0, 9])], "tied"),
    "divided": ([("Div", [GIVEN, 4])], "tied"),
    "counted anew": ([("Mod", [GIVEN, 12])], "tied"),
    "jumping": ([("Less", [GIVEN, 10]), ("Add", [GIVEN, 5]),
                 ("Where", ["v0", GIVEN, "v1"])], "tied"),
    "rounded": (in_f32(1 << 24), "tied"),
    "overflowing": ([("Cast", [GIVEN], I32), ("Add", ["v0", np.int32(2**31 - 20)]),
                     ("Cast", ["v1"], I64)], "tied"),
    "of the token before": ([FIRST, REST, ("Concat", ["v0", "v1"], {"axis": 1})],
                            "refused"),
    "one less": ([FIRST, ("Sub", ["v0", 1]), REST,
                  ("Concat", ["v1", "v2"], {"axis": 1})], "refused"),
    "sorted": ([("Shape", [GIVEN], {"start": 1}),
                ("TopK", [GIVEN, "v0"], {"axis": 1, "largest": 0})], "refused"),
    "from the first": ([FIRST, ("Sub", [GIVEN, "v0"])], "refused"),
    "from the least": ([("ReduceMin", [GIVEN, [1]]), ("Sub", [GIVEN, "v0"])],
                       "refused"),
    "counted": ([("Mul", [GIVEN, 0]), ("Add", ["v0", 1]), ("CumSum", ["v1", 1]),
                 ("Sub", ["v2", 1])], "refused"),
    "from the end": ([("Slice", [GIVEN, [-1], [-1 << 62], [1], [-1]])],
                     "refused"),
}
OWN = [("Shape", ["input_ids"], {"start": 1}), ("Squeeze", ["v0", [0]]),
       ("Range", [0, "v1", 1]), ("Unsqueeze", ["v2", [0]])]


def spell(model, steps, own):
    graph, nodes = model.graph, []

    def add(steps, result, given, prefix):
        for number, (op, inputs, *attributes) in enumerate(steps):
            names = []
            for value in inputs:
                if isinstance(value, str):
                    value = prefix + value if value[0] == "v" else value
                    names.append(given if value == GIVEN else value)
                else:
                    names.append(f"{prefix}constant_{len(graph.initializer)}")
                    value = np.asarray(value)
                    graph.initializer.append(
                        numpy_helper.from_array(value, names[-1]))
            last = number == len(steps) - 1
            outputs = [result if last else f"{prefix}v{number}"]
            if op == "TopK":
                outputs.append(f"{prefix}which")
            nodes.append(helper.make_node(op, names, outputs,
                                          name=f"{prefix}step{number}",
                                          **(attributes[0] if attributes else {})))

    given = GIVEN
    if own:
        given = "own_positions"
        add(OWN, given, given, "own_")
        graph.input.remove(next(i for i in graph.input if i.name == GIVEN))
    add(steps, NEW, given, "")
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == GIVEN:
                node.input[i] = NEW
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + rest)
    onnx.checker.check_model(model)
    return model


def is_refused(work, artifact):
    """Whether there is no program for blocks on their own, and why is said."""
    ids = work.path("ids.npy")
    np.save(ids, np.zeros((1, LENGTH), np.int64))
    done = subprocess.run(
        ["blockattn-run", "infer", artifact, f"--input=input_ids={ids}",
         "--output=logits=" + work.path("none.npy"), BLOCKS, "--reuse"],
        stderr=subprocess.PIPE, text=True)
    return (done.returncode == 1 and "no program 'encode'" in done.stderr and
            "depends on more than each token's position" in done.stderr)


def main():
    compare, work = Comparison(), Workspace()
    own = "--own" in sys.argv
    ids = np.arange(3, 3 + LENGTH, dtype=np.int64)[None] % 30
    feeds = {"input_ids": ids}
    if not own:
        feeds[GIVEN] = np.arange(LENGTH)[None]
    for name, (steps, use) in SPELLINGS.items():
        path = work.path("spelled.onnx")
        onnx.save(spell(onnx.load(sys.argv[1]), steps, own), path)
        artifact, attentions = work.compile_explained(path)
        compare.true(f"{name}: all raised", attentions and
                     all(a["raised"] for a in attentions))
        want = onnxruntime.InferenceSession(path).run(["logits"], feeds)[0]
        got = work.infer(artifact, feeds, ["logits"])["logits"]
        compare.close(f"{name}: full", got, want)
        block = work.infer(artifact, feeds, ["logits"], BLOCKS)["logits"]
        if use == "refused":
            compare.true(f"{name}: refused", is_refused(work, artifact))
            continue
        compare.true(f"{name}: {use}",
                     all(a["kv_position_independent"] == (use == "anywhere")
                         for a in attentions))
        reuse = work.infer(artifact, feeds, ["logits"], BLOCKS,
                           "--reuse")["logits"]
        compare.close(f"{name}: reuse", reuse, block[:, -reuse.shape[1]:])
    compare.exit()


main()
