"""Runs exported models and compares with the outputs that their exporter's
framework gave.

    exported_models.py [--through=evaluator|compile] MODEL.onnx...

Beside each model lies MODEL.npz with its inputs and outputs by name, and, for
decoders, `block_starts` and `block_logits`: the blocks of one prompt, and the
logits under block attention. Through the compiler these are compared as well,
with the blocks read in one run and with their keys and values reused.
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

ATOL = 1e-4


def load(path):
    model = onnx.load(path)
    data = np.load(os.path.splitext(path)[0] + ".npz")
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [data[value.name] for value in model.graph.input if value.name not in weights]
    outputs = {value.name: data[value.name] for value in model.graph.output if value.name in data}
    name = os.path.splitext(os.path.basename(path))[0]
    return Case(name, "", model, inputs, list(outputs.values()), 0, ATOL), outputs, data


def difference(got, want):
    """The greatest difference, as text, and whether it is within bounds."""
    if got.shape != want.shape:
        return f"shape {got.shape}, {want.shape} expected", False
    if not want.size:
        return "empty", True
    worst = np.max(np.abs(got.astype(np.float64) - want.astype(np.float64)))
    return f"{worst:.2e}", bool(worst <= ATOL)


def check_blocks(build, folder, number, case, data):
    """The lines for block attention: (what, text, whether it is right)."""
    prefix = os.path.join(folder, f"{number}-{case.name}")
    starts = data["block_starts"]
    command = [os.path.join(build, "bin", "blockattn-run"), "infer", prefix + ".ba",
               "--blocks=" + ",".join(str(start) for start in starts)]
    for i, value in enumerate(case.model.graph.input[:len(case.inputs)]):
        command += ["--input", f"{value.name}={prefix}.in{i}.npy"]
    for what, options, want in (
            ("blocks", [], data["block_logits"]),
            ("reuse", ["--reuse"], data["block_logits"][:, starts[-1]:])):
        path = f"{prefix}.{what}.npy"
        problem = through_compile.call(command + options + ["--output", f"logits={path}"])
        if problem:
            yield what, problem, False
        else:
            yield (what, *difference(np.load(path), want))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--through", choices=["evaluator", "compile"], default="evaluator")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    args = parser.parse_args()

    cases = [load(path) for path in args.models]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        if args.through == "evaluator":
            results = through_evaluator.run(args.build, folder, [case for case, _, _ in cases])
        else:
            programs = lambda data: ("full,block,encode,extend" if "block_starts" in data
                                     else "full")
            results = [through_compile.run_case(args.build, folder, i, case, programs(data))
                       for i, (case, _, data) in enumerate(cases)]
        for i, ((case, outputs, data), (got, reason)) in enumerate(zip(cases, results)):
            lines = [("", reason, False)] if reason else [
                (name, *difference(array, want))
                for array, (name, want) in zip(got, outputs.items())]
            if args.through == "compile" and not reason and "block_starts" in data:
                lines += check_blocks(args.build, folder, i, case, data)
            for name, text, good in lines:
                failed += not good
                print(f"{'ok   ' if good else 'WRONG'} {case.name} {name}: {text}", flush=True)
    print(f"{len(cases)} models, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
