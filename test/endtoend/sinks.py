"""Sinks that are copies of words' embeddings must do what those words, put at
the start of every block, do; and no sinks must change nothing.

usage: sinks.py MODEL.onnx (of models/build_model.py)
"""

import sys

import numpy as np
import onnx

from common import Comparison, Workspace


def main():
    model = sys.argv[1]
    compare = Comparison()
    work = Workspace()
    plain = work.compile(model)
    sinks = work.compile(model, "--sinks=2")
    embed = next(onnx.numpy_helper.to_array(t)
                 for t in onnx.load(model).graph.initializer if t.name == "embed")
    random = np.random.default_rng(3)
    starts, length, words = [0, 5, 6, 20], 31, [7, 9]
    ids = random.integers(0, embed.shape[0], (1, length))
    flag = lambda s: "--blocks=" + ",".join(map(str, s))

    none = embed[:0]
    want = work.infer(plain, {"input_ids": ids}, ["logits"], flag(starts))["logits"]
    got = work.infer(sinks, {"input_ids": ids, "sinks": none}, ["logits"],
                     flag(starts))["logits"]
    compare.close("no sinks", got, want, 0.0)

    longer, rows = [], []
    for begin, end in zip(starts, starts[1:] + [length]):
        longer += words
        rows += range(len(longer), len(longer) + end - begin)
        longer += list(ids[0, begin:end])
    shifted = [s + len(words) * i for i, s in enumerate(starts)]
    want = work.infer(plain, {"input_ids": np.array([longer])}, ["logits"],
                      flag(shifted))["logits"][:, rows]
    table = embed[words]
    feeds = {"input_ids": ids, "sinks": table}
    got = work.infer(sinks, feeds, ["logits"], flag(starts))["logits"]
    compare.close("sinks in block", got, want)
    got = work.infer(sinks, feeds, ["logits"], flag(starts), "--reuse")["logits"]
    compare.close("sinks in reuse", got, want[:, starts[-1]:])
    compare.exit()


main()
