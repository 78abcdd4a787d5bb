"""Sinks that are copies of words' embeddings must do what those words, put where
the sinks are, do; and no sinks must change nothing.

usage: sinks.py MODEL.onnx [EMBEDDING [block|prefix ...]]

EMBEDDING is the initializer with the words' embeddings (default: embed).
"""

import sys

import numpy as np
import onnx

from common import Comparison, Workspace, run

WORDS = [7, 9]
STARTS, LENGTH = [0, 5, 6, 20], 31


def starts_flag(starts):
    return "--blocks=" + ",".join(map(str, starts))


class Sinks:
    def __init__(self, model, embedding, placement, compare):
        self.what, self.compare = f"{placement}:", compare
        self.work = Workspace()
        self.plain = self.work.compile(model)
        self.artifact = self.work.compile(model, "--sinks=2",
                                          f"--sink-placement={placement}")
        self.embed = next(onnx.numpy_helper.to_array(t)
                          for t in onnx.load(model).graph.initializer
                          if t.name == embedding)
        self.table = self.embed[WORDS]
        self.ids = np.random.default_rng(3).integers(
            0, self.embed.shape[0], (1, LENGTH))

    def words(self, ids, *flags):
        """Logits of the model without sinks."""
        return self.work.infer(self.plain, {"input_ids": np.array(ids)},
                               ["logits"], *flags)["logits"]

    def logits(self, ids, table, *flags):
        return self.work.infer(self.artifact,
                               {"input_ids": ids, "sinks": table}, ["logits"],
                               *flags)["logits"]

    def close(self, what, got, want, tolerance=1e-4):
        self.compare.close(f"{self.what} {what}", got, want, tolerance)

    def check(self):
        flag = starts_flag(STARTS)
        last = STARTS[-1]
        self.close("no sinks", self.logits(self.ids, self.embed[:0], flag),
                   self.words(self.ids, flag), 0.0)
        self.close("no sinks, reuse",
                   self.logits(self.ids, self.embed[:0], flag, "--reuse"),
                   self.words(self.ids, flag, "--reuse"), 0.0)
        one = self.words([WORDS + list(self.ids[0])])[:, len(WORDS):]
        self.close("one block", self.logits(self.ids, self.table, "--blocks=0"),
                   one)
        got = self.logits(self.ids, self.table, flag)
        self.close("reuse",
                   self.logits(self.ids, self.table, flag, "--reuse"),
                   got[:, last:])
        self.generate()
        return got

    def generate(self):
        """Cached blocks and a tail, beside the whole prompt for every token."""
        np.save(self.work.path("ids.npy"), self.ids)
        np.save(self.work.path("sinks.npy"), self.table)
        inputs = [f"--input={self.work.path('ids.npy')}", "--max-new-tokens=6",
                  f"--input=sinks={self.work.path('sinks.npy')}"]
        for blocks in ([starts_flag(STARTS)], []):
            reused, again = (
                run("blockattn-run", "generate", self.artifact, *inputs, *blocks,
                    *how) for how in ([], ["--recompute"]))
            self.compare.true(f"{self.what} generate {blocks}", reused == again)
        run("blockattn-run", "bench", self.artifact, "--lengths=24",
            "--blocks=3", "--repeat=1", "--decode=2", inputs[2])
        run("blockattn-run", "encode", self.artifact, starts_flag(STARTS),
            inputs[0], inputs[2], "--output",
            f"kv.0.key={self.work.path('key{}.npy')}")
        keys = np.load(self.work.path("key1.npy"))
        self.compare.true(f"{self.what} keys of sinks, too",
                          keys.shape[1] == len(WORDS) + 1)


def check_block(sinks):
    got = sinks.check()
    longer, rows = [], []
    for begin, end in zip(STARTS, STARTS[1:] + [LENGTH]):
        longer += WORDS
        rows += range(len(longer), len(longer) + end - begin)
        longer += list(sinks.ids[0, begin:end])
    shifted = [s + len(WORDS) * i for i, s in enumerate(STARTS)]
    sinks.close("words", got, sinks.words([longer], starts_flag(shifted))[:, rows])


def check_prefix(sinks, tied):
    got = sinks.check()
    for begin, end in zip(STARTS, STARTS[1:]):
        if tied and begin:
            continue
        # A local block is itself behind the words.
        alone = WORDS + list(sinks.ids[0, begin:end])
        sinks.close(f"words, block at {begin}", got[:, begin:end],
                    sinks.words([alone])[:, len(WORDS):])
    # Of two blocks the second is global, and the first sees the words as
    # a part of it.
    starts = starts_flag([0, STARTS[2]])
    longer = WORDS + list(sinks.ids[0])
    sinks.close("words, two blocks", sinks.logits(sinks.ids, sinks.table, starts),
                sinks.words([longer],
                            starts_flag([0, STARTS[2] + len(WORDS)]))
                [:, len(WORDS):])


def main():
    model = sys.argv[1]
    embedding = sys.argv[2] if len(sys.argv) > 2 else "embed"
    compare = Comparison()
    for placement in sys.argv[3:] or ["block", "prefix"]:
        sinks = Sinks(model, embedding, placement, compare)
        if placement == "block":
            check_block(sinks)
        else:
            check_prefix(sinks, "gpt2" in model)
    compare.exit()


main()
