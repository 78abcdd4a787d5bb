"""Compares a model with PyTorch's outputs in the .npz beside it: all programs.

usage: reference.py MODEL.onnx...
"""

import sys

import numpy as np

from common import Comparison, Workspace


def starts_flag(starts):
    return "--blocks=" + ",".join(str(s) for s in starts)


def check(model, compare):
    name = model.rsplit("/", 1)[-1]
    data = np.load(model[: -len(".onnx")] + ".npz")
    work = Workspace()
    artifact, attentions = work.compile_explained(model)
    compare.true(f"{name}: every attention raised",
                 attentions and all(a["raised"] for a in attentions))
    if "last_hidden_state" in data:
        inputs = {k: data[k] for k in ("input_ids", "attention_mask")}
        got = work.infer(artifact, inputs, ["last_hidden_state"])
        compare.close(f"{name}: last_hidden_state", got["last_hidden_state"],
                      data["last_hidden_state"],
                      where=data["attention_mask"] == 1)
        return
    results = [k for k in data.files if k == "logits" or k.startswith("present.")]
    inputs = {k: data[k] for k in data.files
              if k in ("input_ids", "position_ids", "attention_mask")
              or k.startswith("past_key_values.")}
    got = work.infer(artifact, inputs, results)
    for key in results:
        compare.close(f"{name}: full {key}", got[key], data[key])
    if "block_logits" not in data:
        return
    starts = data["block_starts"]
    inputs = {k: data[k] for k in ("input_ids", "position_ids")}
    block = work.infer(artifact, inputs, ["logits"], starts_flag(starts))
    compare.close(f"{name}: block logits", block["logits"], data["block_logits"])
    reuse = work.infer(artifact, inputs, ["logits"], starts_flag(starts), "--reuse")
    compare.close(f"{name}: reuse logits", reuse["logits"],
                  data["block_logits"][:, starts[-1]:])
    # What a program can derive may be left out.
    inputs = {"input_ids": data["input_ids"]}
    if np.array_equal(data["position_ids"][0],
                      np.arange(data["position_ids"].shape[1])):
        got = work.infer(artifact, inputs, ["logits"])
        compare.close(f"{name}: positions derived", got["logits"], data["logits"])


def main():
    compare = Comparison()
    for model in sys.argv[1:]:
        check(model, compare)
    compare.exit()


if __name__ == "__main__":
    main()
