"""Compares a decoder at many lengths and block splits: `full` with ONNX Runtime,
`block` with the form whose attention is decomposed to plain ops, `--reuse` with
`block`.

usage: lengths.py MODEL.onnx
"""

import sys

import numpy as np
import onnx
import onnxruntime

from common import Comparison, Workspace

SPLITS = [[0], [0, 1], [0, 1, 2], [0, 4], [0, 3, 4, 9], [0, 7, 8, 15, 16],
          list(range(17)), [0, 31, 32, 33, 63], [0, 64, 100, 128]]


def main():
    model = sys.argv[1]
    compare = Comparison()
    work = Workspace()
    artifact = work.compile(model)
    plain = work.compile(model, "--decompose-attention", "--programs=full,block")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options)
    names = [i.name for i in session.get_inputs()]
    vocabulary = onnx.load(model, load_external_data=False).graph.output[0] \
        .type.tensor_type.shape.dim[-1].dim_value
    random = np.random.default_rng(1)
    for starts in SPLITS:
        length = starts[-1] + int(random.integers(1, 40))
        ids = random.integers(0, vocabulary, (1, length))
        feeds = {"input_ids": ids, "position_ids": np.arange(length)[None],
                 "attention_mask": np.ones_like(ids)}
        for i in session.get_inputs():
            if i.name.startswith("past"):
                # Buffers for a window are never smaller than it.
                past = 16 if i.shape[2] == "window_capacity" else 0
                shape = [d if isinstance(d, int) else past if n == 2 else 1
                         for n, d in enumerate(i.shape)]
                feeds[i.name] = np.zeros(shape, np.float32)
        feeds = {k: v for k, v in feeds.items() if k in names}
        want = session.run(["logits"], feeds)[0]
        what = f"length {length}, blocks {len(starts)}"
        given = {k: feeds[k] for k in ("input_ids", "position_ids") if k in feeds}
        got = work.infer(artifact, given, ["logits"])["logits"]
        compare.close(f"{what}: full", got, want)
        flag = "--blocks=" + ",".join(map(str, starts))
        block = work.infer(artifact, given, ["logits"], flag)["logits"]
        if len(starts) == 1:
            compare.close(f"{what}: one block is full", block, want)
        reference = work.infer(plain, given, ["logits"], flag)["logits"]
        compare.close(f"{what}: block", block, reference)
        reuse = work.infer(artifact, given, ["logits"], flag, "--reuse")["logits"]
        compare.close(f"{what}: reuse", reuse, block[:, starts[-1]:])
    compare.exit()


main()
