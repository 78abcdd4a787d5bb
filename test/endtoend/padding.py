"""Compares models that take an attention mask, with padding on either side and in
the middle: `full` with ONNX Runtime, and where the model has blocks, `block`
with the form whose attention is decomposed to plain ops.

usage: padding.py MODEL.onnx
"""

import sys

import numpy as np
import onnx
import onnxruntime

from common import Comparison, Workspace


def masks(length, random):
    """Rows of ones with padding left, right, in the middle, and without."""
    rows = np.ones((4, length), np.int64)
    rows[1, : length // 3] = 0
    rows[2, length - length // 4 :] = 0
    rows[3, 1 : length - 1] = random.integers(0, 2, max(0, length - 2))
    return rows


def positions(mask):
    """Those of the tokens that are kept, as exporters' generation code has it."""
    return np.maximum(np.cumsum(mask, axis=1) - 1, 0)


def main():
    model = sys.argv[1]
    compare = Comparison()
    work = Workspace()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Its fusion of embeddings makes a Slice that it then can't run.
    options.graph_optimization_level = \
        onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(model, options)
    names = [i.name for i in session.get_inputs()]
    output = session.get_outputs()[0].name
    table = next(t for t in onnx.load(model).graph.initializer if t.name == "embed")
    random = np.random.default_rng(5)
    artifact = work.compile(model)
    for length in (1, 2, 7, 16, 33, 70):
        mask = masks(length, random)
        feeds = {"input_ids": random.integers(0, table.dims[0], mask.shape),
                 "attention_mask": mask, "position_ids": positions(mask)}
        feeds = {k: v for k, v in feeds.items() if k in names}
        want = session.run([output], feeds)[0]
        got = work.infer(artifact, feeds, [output])[output]
        # What a query that is padding itself gets is nobody's business.
        compare.close(f"length {length}: full", got, want, where=mask == 1)
        compare.true(f"length {length}: no NaN", not np.isnan(got).any())
    if "position_ids" in names:
        blocks(work, compare, artifact, model, output, table.dims[0], random)
    compare.exit()


def blocks(work, compare, artifact, model, output, vocabulary, random):
    plain = work.compile(model, "--decompose-attention", "--programs=full,block")
    for starts, length in (([0], 9), ([0, 4], 11), ([0, 5, 6, 20], 37),
                           ([0, 16, 32, 64], 80)):
        ids = random.integers(0, vocabulary, (1, length))
        for number, row in enumerate(masks(length, random)):
            feeds = {"input_ids": ids, "attention_mask": row[None],
                     "position_ids": np.arange(length)[None]}
            flag = "--blocks=" + ",".join(map(str, starts))
            got = work.infer(artifact, feeds, [output], flag)[output]
            want = work.infer(plain, feeds, [output], flag)[output]
            what = f"length {length}, blocks {len(starts)}, mask {number}: block"
            compare.close(what, got, want, where=row[None] == 1)
            compare.true(f"{what}: no NaN", not np.isnan(got).any())
            if len(starts) == 1:
                full = work.infer(artifact, feeds, [output])[output]
                compare.close(f"{what} is full", got, full, where=row[None] == 1)


main()
