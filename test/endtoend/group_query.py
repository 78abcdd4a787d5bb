"""Rows whose past is of different lengths, in one batch, against ONNX Runtime.

usage: group_query.py MODEL.onnx...

The models are those of onnxruntime-genai, whose GroupQueryAttention counts each
row's tokens in the attention mask: keys are padded on the right.
"""

import sys

import numpy as np
import onnxruntime

from common import Comparison, Workspace

# New tokens, and how many each row has before them.
STEPS = [(1, [5, 5]), (1, [6, 2]), (1, [0, 17, 3]), (3, [9])]

# A window of 6 leaves three places to spare in its buffer.
WINDOW, CAPACITY = 6, 8


def feeds(session, tokens, before):
    random = np.random.default_rng(tokens)
    rows, past = len(before), max(before)
    values = {}
    for given in session.get_inputs():
        if given.name == "input_ids":
            values[given.name] = random.integers(3, 500, (rows, tokens))
        elif given.name == "attention_mask":
            values[given.name] = (np.arange(past + tokens) <
                                  np.array(before)[:, None] + tokens) * 1
        elif given.name == "position_ids":
            values[given.name] = np.array(before)[:, None] + np.arange(tokens)
        else:
            room = CAPACITY if given.shape[2] == "window_capacity" else past
            shape = (rows, given.shape[1], room, head_size(session))
            values[given.name] = random.standard_normal(shape).astype(np.float32)
    return values


def head_size(session):
    """Some exports leave it open in the past, and all have it in the weights."""
    for given in session.get_inputs():
        if given.name.endswith(".key") and isinstance(given.shape[3], int):
            return given.shape[3]
    return 32


def main():
    compare, work = Comparison(), Workspace()
    for model in sys.argv[1:]:
        session = onnxruntime.InferenceSession(
            model, providers=["CPUExecutionProvider"])
        artifact = work.compile(model, "--programs=full")
        names = [given.name for given in session.get_outputs()]
        for tokens, before in STEPS:
            values = feeds(session, tokens, before)
            got = work.infer(artifact, values, names)
            for name, want in zip(names, session.run(names, values)):
                where = None
                if name != "logits":
                    total = np.array(before)[:, None] + tokens
                    if want.shape[2] == CAPACITY:
                        room = CAPACITY - WINDOW + 1
                        over = np.maximum(total - CAPACITY, 0)
                        total = total - room * -(-over // room)
                    there = np.arange(want.shape[2]) < total
                    where = np.broadcast_to(there[:, None, :, None], want.shape)
                compare.close(f"{model} {tokens} after {before}: {name}",
                              got[name], want, where=where)
    compare.exit()


if __name__ == "__main__":
    main()
