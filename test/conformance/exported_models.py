"""Runs exported models and compares with the outputs that their exporter's
framework gave.

    exported_models.py [--through=PHASE|compile] MODEL.onnx...

Beside each model lies MODEL.npz: the model's inputs and outputs by name; or, for
models with keys and values as inputs, inI_NAME and outI_NAME for some steps I;
also pad_NAME, a padded batch, compared where pad_attention_mask is 1; and, for
decoders, `block_starts` and `block_logits`: the blocks of the first prompt, and
the logits under block attention. These are compared as well, after blockify or
compiled, with the blocks read in one run and with their keys and values reused.

--through=import (or normalize, raise, blockify) compiles the models that far
and interprets the outcome. --through=compile makes artifacts and runs those.
"""

import argparse
import os
import sys
import tempfile

import numpy as np
import onnx

import through_compile
import through_evaluator
from onnx_node_tests import ROOT, Case

ATOL = {False: 1e-4, True: 1e-2}  # By whether the model computes in f16.


class Step:
    """A case, with the names of its outputs and the rows that count."""

    def __init__(self, name, model, inputs, outputs, mask=None, blocks=None):
        self.names, self.mask, self.blocks = list(outputs), mask, blocks
        half = any(tensor.data_type == onnx.TensorProto.FLOAT16
                   for tensor in model.graph.initializer)
        self.case = Case(name, "", model, inputs, list(outputs.values()), 0, ATOL[half])


def load(path):
    """The steps that MODEL.npz has data for."""
    model = onnx.load(path)
    data = np.load(os.path.splitext(path)[0] + ".npz")
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in weights]
    outputs = [value.name for value in model.graph.output]
    name = os.path.splitext(os.path.basename(path))[0]
    blocks = (data["block_starts"], data["block_logits"]) if "block_starts" in data else None
    prefixes = {"": ("", ""), "pad": ("pad_", "pad_")}
    prefixes.update({str(i): (f"in{i}_", f"out{i}_") for i in range(3)})
    for label, (before, after) in prefixes.items():
        if any(before + key not in data for key in inputs):
            continue
        yield Step(f"{name}{label and ' '}{label}", model, [data[before + key] for key in inputs],
                   {key: data[after + key] for key in outputs if after + key in data},
                   data["pad_attention_mask"] == 1 if label == "pad" else None,
                   blocks if label in ("", "0") else None)


def difference(got, want, atol, mask=None):
    """The greatest difference, as text, and whether it is within bounds."""
    if got.shape != want.shape:
        return f"shape {got.shape}, {want.shape} expected", False
    if mask is not None:
        got, want = got[mask], want[mask]
    if not want.size:
        return "empty", True
    worst = np.max(np.abs(got.astype(np.float64) - want.astype(np.float64)))
    return f"{worst:.2e}", bool(worst <= atol)


def run_compiled(build, folder, number, step):
    """Runs one step as a program: [(what, outputs or None, reason)]."""
    runs = [("", *through_compile.run_case(build, folder, number, step.case,
                                           "full,block,encode,extend" if step.blocks else "full"))]
    if not step.blocks or runs[0][2]:
        return runs
    prefix = through_compile.prefix(folder, number, step.case)
    command = [os.path.join(build, "bin", "blockattn-run"), "infer", prefix + ".ba",
               "--blocks=" + ",".join(str(start) for start in step.blocks[0])]
    # The mask and an empty past follow from the tokens.
    for i, value in enumerate(step.case.model.graph.input[:len(step.case.inputs)]):
        if value.name in ("input_ids", "position_ids"):
            command += ["--input", f"{value.name}={prefix}.in{i}.npy"]
    for what, options in (("blocks", []), ("reuse", ["--reuse"])):
        path = f"{prefix}.{what}.npy"
        problem = through_compile.call(command + options + ["--output", f"logits={path}"])
        runs.append((what, None if problem else [np.load(path)], problem))
    return runs


def run_interpreted(build, folder, steps, phase):
    """The same for all steps, after a phase of the compiler."""
    jobs, owners = [], []
    for number, step in enumerate(steps):
        job = through_evaluator.prepare(folder, number, step.case, phase)
        variants = [("", {})]
        if phase == "blockify" and step.blocks:
            blocks = [int(start) for start in step.blocks[0]]
            variants += [("blocks", {"blocks": blocks}),
                         ("reuse", {"blocks": blocks, "reuse": True})]
        for what, more in variants:
            jobs.append({**job, **more, "outputs": job["outputs"] + what})
            owners.append((number, what))
    runs = [[] for _ in steps]
    for (number, what), result in zip(owners, through_evaluator.run_jobs(build, folder, jobs)):
        runs[number].append((what, *result))
    return runs


def report(step, what, outputs, reason):
    """The lines for one run: (name, text, whether it is right)."""
    if reason:
        yield what, reason, False
    elif what == "":
        for array, name, want in zip(outputs, step.names, step.case.outputs):
            yield (name, *difference(array, want, step.case.atol, step.mask))
    else:
        starts, logits = step.blocks
        want = logits if what == "blocks" else logits[:, starts[-1]:]
        yield (what, *difference(outputs[0], want, step.case.atol))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--through", default="import",
                        choices=[*through_evaluator.PHASES, "compile"])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    args = parser.parse_args()

    steps = [step for path in args.models for step in load(path)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        if args.through == "compile":
            runs = (run_compiled(args.build, folder, i, step) for i, step in enumerate(steps))
        else:
            runs = run_interpreted(args.build, folder, steps, args.through)
        for step, of_step in zip(steps, runs):
            for what, outputs, reason in of_step:
                for name, text, good in report(step, what, outputs, reason):
                    failed += not good
                    print(f"{'ok   ' if good else 'WRONG'} {step.case.name} {name}: {text}",
                          flush=True)
    print(f"{len(args.models)} models, {len(steps)} steps, {failed} wrong")
    return 1 if failed or not steps else 0


if __name__ == "__main__":
    sys.exit(main())
