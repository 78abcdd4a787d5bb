"""Writes inputs and ONNX Runtime's outputs of a decoder into the .npz beside it,
under the names that reference.py and mismatch.py read. Past keys and values are
those of a first run over the tokens before, left padding included.

usage: make_reference.py MODEL.onnx (of models/build_model.py)
"""

import sys

import numpy as np
import onnx
import onnxruntime

PAST, LENGTH = 7, 9


def main():
    model = sys.argv[1]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options)
    names = {i.name: i for i in session.get_inputs()}
    embed = next(t for t in onnx.load(model).graph.initializer if t.name == "embed")
    random = np.random.default_rng(11)
    has_past = "past_key_values.0.key" in names
    past = PAST if has_past else 0
    ids = random.integers(0, embed.dims[0], (1, past + LENGTH))
    mask = np.ones_like(ids)
    if "attention_mask" in names:
        mask[0, :2] = 0
    positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)

    def run(begin, end, cache):
        feeds = {"input_ids": ids[:, begin:end],
                 "position_ids": positions[:, begin:end],
                 "attention_mask": mask[:, :end], **cache}
        feeds = {k: v for k, v in feeds.items() if k in names}
        outputs = [o.name for o in session.get_outputs()]
        return feeds, dict(zip(outputs, session.run(None, feeds)))

    cache = {name: np.zeros([1, i.shape[1], 0, i.shape[3]], np.float32)
             for name, i in names.items() if name.startswith("past_key_values.")}
    if has_past:
        _, first = run(0, past, cache)
        cache = {name: first[name.replace("past_key_values.", "present.")]
                 for name in cache}
    feeds, results = run(past, past + LENGTH, cache)
    np.savez(model[: -len(".onnx")] + ".npz", **feeds, **results)


main()
