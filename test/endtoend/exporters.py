"""Runs models of many exporters with everything that their .npz says.

usage: exporters.py [--table] MODEL.onnx...

Beside each MODEL.onnx lies MODEL.npz:
  inputs by name, logits or last_hidden_state   program `full`
  block_starts, block_logits                    program `block`, and with KV reuse
  pad_*                                         a batch of which rows are padded
  in0_*, out0_*, in1_*, ...                     steps with past keys and values
`--table` prints a line for each model in place of a line for each check.
"""

import re
import sys

import numpy as np

from common import TOLERANCE, Comparison, Workspace
from reference import starts_flag

RESULTS = ("logits", "last_hidden_state")
KINDS = ("full", "padding", "step", "block", "reuse")


class Table(Comparison):
    """Keeps the worst difference of each kind of check, and what failed."""

    def __init__(self, quiet=True):
        super().__init__()
        self.quiet = quiet
        self.worst = {}
        self.failures = []

    def close(self, what, got, want, tolerance=TOLERANCE, where=None):
        kind = what.split(": ")[1].split()[0]
        if got.shape == want.shape:
            difference = np.abs(got.astype(np.float64) - want.astype(np.float64))
            if where is not None:
                difference = difference[where]
            worst = difference.max() if difference.size else 0.0
            self.worst[kind] = max(self.worst.get(kind, 0.0), worst)
        if not self.quiet:
            super().close(what, got, want, tolerance, where)
        elif got.shape != want.shape:
            self.fail(what, f"shape {got.shape}, expected {want.shape}")
        elif not worst <= tolerance:
            self.fail(what, f"off by {worst:.2e}")

    def fail(self, what, why):
        self.failures.append(f"{what}: {why}")
        if self.quiet:
            self.bad += 1
        else:
            super().fail(what, why)


def widened(array):
    """numpy has no bfloat16: such arrays come as two bytes without a type."""
    if array.dtype.kind != "V" or array.dtype.itemsize != 2:
        return array
    return (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)


def tolerance_of(half, want, own=0):
    """Half precision is compared relative to the size of the results, or to how
    far PyTorch's own results in that type are off."""
    if half:
        return max(2e-2 * float(np.abs(want.astype(np.float64)).max()), 1.5 * own)
    return TOLERANCE


def computes_in_half(path):
    """Whether the weights are of 16 bits."""
    import onnx
    model = onnx.load(path, load_external_data=False)
    halves = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    return any(tensor.data_type in halves and len(tensor.dims) == 2
               for tensor in model.graph.initializer)


class Sample:
    """A model with its reference."""

    def __init__(self, model, compare, info=None):
        self.name = model.rsplit("/", 1)[-1][: -len(".onnx")]
        self.data = np.load(model[: -len(".onnx")] + ".npz")
        self.compare = compare
        self.half = computes_in_half(model)
        self.own_error = float(self.data.get("own_error", 0))
        self.work = Workspace()
        if info:
            self.artifact = self.work.compile(model)
            self.attentions = info["attentions"]
        else:
            self.artifact, self.attentions = self.work.compile_explained(model)
        for argument in self.attentions:
            if not argument["raised"]:
                compare.fail(f"{self.name}: raised", argument["reasons"][0])

    def part(self, prefix):
        """The arrays whose names begin with `prefix`, which is cut off."""
        return {key[len(prefix):]: self.data[key] for key in self.data.files
                if key.startswith(prefix)}

    def close(self, what, got, want, where=None):
        self.compare.close(f"{self.name}: {what}", got, want,
                           tolerance_of(self.half, want, self.own_error), where)

    def infer(self, what, inputs, wanted, *flags, where=None):
        got = self.work.infer(self.artifact, inputs, list(wanted), *flags)
        for name, want in wanted.items():
            self.close(f"{what} {name}", widened(got[name]), want,
                       where if name in RESULTS else None)

    def check(self, with_blocks=True):
        skipped = ("block_starts", "block_logits", "logits_all", "ids_all",
                   "own_error")
        plain = {key: self.data[key] for key in self.data.files
                 if key not in skipped
                 and not re.match(r"pad_|in\d+_|out\d+_", key)}
        wanted = {key: plain.pop(key) for key in RESULTS if key in plain}
        if plain:
            where = None
            if "last_hidden_state" in wanted and "attention_mask" in plain:
                where = plain["attention_mask"] == 1
            self.infer("full", plain, wanted, where=where)
        self.check_padding()
        step = 0
        while self.part(f"in{step}_") and "int4" not in self.name:
            self.infer(f"step {step}", self.part(f"in{step}_"),
                       self.part(f"out{step}_"))
            step += 1
        if "int4" in self.name:
            self.check_chain()
        if with_blocks and "block_logits" in self.data:
            self.check_blocks(plain or self.part("in0_"))

    def check_chain(self):
        """Steps of which each takes the keys and values of the one before. The
        outputs of models with weights of few bits are ONNX Runtime's, which
        rounds activations, too; only the logits are PyTorch's."""
        past, step, first = {}, 0, 0
        while inputs := self.part(f"in{step}_"):
            inputs |= past
            last = first + inputs["input_ids"].shape[1]
            names = ["logits", *(key.replace("past_key_values", "present")
                                 for key in inputs if key.startswith("past_"))]
            got = self.work.infer(self.artifact, inputs, names)
            self.close(f"step {step} logits", got.pop("logits"),
                       self.data["logits_all"][:, first:last])
            past = {key.replace("present", "past_key_values"): value
                    for key, value in got.items()}
            step, first = step + 1, last

    def check_padding(self):
        padded = self.part("pad_")
        if "logits" in padded:
            wanted = padded.pop("logits")
            self.infer("padding", padded, {"logits": wanted},
                       where=padded["attention_mask"] == 1)

    def check_blocks(self, inputs):
        # Keys and values of the past have no place among packed blocks.
        inputs = {key: inputs[key] for key in ("input_ids", "position_ids")
                  if key in inputs}
        starts, want = self.data["block_starts"], self.data["block_logits"]
        flag = starts_flag(starts)
        self.infer("block", inputs, {"logits": want}, flag)
        self.infer("reuse", inputs, {"logits": want[:, starts[-1]:]}, flag,
                   "--reuse")


def main():
    arguments = sys.argv[1:]
    table = "--table" in arguments
    models = [argument for argument in arguments if argument != "--table"]
    if table:
        print(f"{'model':48} raised  " + " ".join(f"{k:>9}" for k in KINDS))
    bad = 0
    for model in models:
        compare = Table(quiet=table)
        line = f"{model.rsplit('/', 1)[-1]:48} "
        try:
            sample = Sample(model, compare)
            raised = sum(a["raised"] for a in sample.attentions)
            line = f"{sample.name:48} {raised}/{len(sample.attentions)}    "
            sample.check()
        except SystemExit as stop:
            compare.fail(model.rsplit("/", 1)[-1], stop)
        bad += compare.bad
        if table:
            print(line + " ".join(
                f"{compare.worst[k]:9.1e}" if k in compare.worst else " " * 9
                for k in KINDS), flush=True)
            for failure in compare.failures:
                print("  FAIL", failure)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
