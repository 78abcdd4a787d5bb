"""Runs ONNX's own node tests (a model of one operator, inputs, and the outputs
that ONNX's reference implementation gives) and prints a table: operator,
passed, failed, reasons.

    onnx_node_tests.py [--through=PHASE|compile] [--op NAME] [--expect FILE...]

--through=import (or normalize, raise, blockify) compiles the models that far
and interprets the outcome with the compiler's evaluator. --through=compile makes
an artifact of each and runs that. Cases with operators that the onnx dialect
does not contain, or with elements of types that nothing here computes with, are
left out, and counted.
"""

import argparse
import collections
import json
import os
import re
import sys
import tempfile
import warnings

import numpy as np
import onnx

import through_compile
import through_evaluator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The versions of the operators that the importer takes. A case that was written
# for another one is read as the nearest of these: what it uses is the same.
OPSETS = (11, 25)


class Case:
    """One model and one set of inputs and outputs."""

    def __init__(self, name, op, model, inputs, outputs, rtol, atol):
        self.name, self.op, self.model = name, op, model
        self.inputs, self.outputs = inputs, outputs
        self.rtol, self.atol = rtol, atol


def dialect_ops():
    """The operators of the onnx dialect, as its .td files define them."""
    folder = os.path.join(ROOT, "dialects", "Onnx")
    ops = set()
    for name in os.listdir(folder):
        if name.startswith("Onnx") and name.endswith(".td"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                ops |= set(re.findall(r"^def Onnx_(\w+)Op\b", file.read(), re.M))
    # These have no counterpart in ONNX.
    return ops - {"Foreign", "None", "Weight", "Yield"}


def as_array(value):
    """An array of numbers; None for strings, sequences and absent values, and
    for numbers of 6 bits."""
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        return None
    array = np.asarray(value)
    return array if array.dtype.type in through_evaluator.DTYPES.values() else None


def name_of(node):
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def ops_of(graph):
    for node in graph.node:
        yield name_of(node)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from ops_of(attribute.g)


def all_tests():
    """The tests of the onnx package, and the operator that each is one of."""
    from onnx.backend.test.case.node import collect_testcases
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            tests = collect_testcases(None)
    known, ops = dialect_ops(), {}
    for test in tests:
        # A node, or a few; one that is none of ours tells what they are about.
        nodes = {name_of(node) for node in test.model.graph.node}
        ops[test.name] = min(set(ops_of(test.model.graph)) - known or nodes, default="?")
    for test in tests:
        # An expanded case spells one operator out in others.
        yield test, ops.get(test.name.split("_expanded")[0]) or ops[test.name]


def type_name(value):
    """What the elements of a test's input or output are."""
    if isinstance(value, onnx.TensorProto):
        return onnx.TensorProto.DataType.Name(value.data_type).lower()
    if isinstance(value, (np.ndarray, np.generic)):
        return "string" if value.dtype.kind in "OUS" else str(value.dtype)
    return "sequence" if isinstance(value, list) else "optional"


def why_outside(test, known):
    """Why a test is none of this compiler's; None when it is."""
    foreign = sorted(set(ops_of(test.model.graph)) - known)
    if foreign:
        return "contains " + ", ".join(foreign)
    for inputs, outputs in test.data_sets:
        for value in [*inputs, *outputs]:
            if as_array(value) is not None:
                continue
            if type_name(value) in ("sequence", "optional"):
                return ("a sequence or an optional value: the inputs and outputs of programs are "
                        "tensors, and no model of tokens has others")
            if type_name(value) == "string":
                return "strings: programs compute with numbers, and tokens come as such"
            return f"elements of type {type_name(value)}"
    return None


def collect(only):
    """All cases that the compiler should pass, and the number of others."""
    known = dialect_ops()
    cases, outside = [], 0
    for test, op in all_tests():
        if only and only not in ops_of(test.model.graph):
            continue
        if why_outside(test, known):
            outside += 1
            continue
        name = test.name
        sets = [([as_array(x) for x in inputs], [as_array(y) for y in outputs])
                for inputs, outputs in test.data_sets]
        model = onnx.ModelProto()
        model.CopyFrom(test.model)
        for entry in model.opset_import:
            if entry.domain in ("", "ai.onnx"):
                entry.version = min(max(entry.version, OPSETS[0]), OPSETS[1])
        for i, (inputs, outputs) in enumerate(sets):
            cases.append(Case(name if i == 0 else f"{name}#{i}", op, model, inputs, outputs,
                              test.rtol, test.atol))
    return cases, outside


def compare(case, outputs):
    """Why the outputs are wrong; None when they are right."""
    if len(outputs) != len(case.outputs):
        return f"{len(outputs)} outputs, {len(case.outputs)} expected"
    for i, (got, want) in enumerate(zip(outputs, case.outputs)):
        if got.dtype != want.dtype:
            return f"output {i} is {got.dtype}, {want.dtype} expected"
        if got.shape != want.shape:
            return f"output {i} has shape {got.shape}, {want.shape} expected"
        if want.dtype.kind in "biu":
            wrong = int(np.sum(got != want))
        else:
            a, b = got.astype(np.float64), want.astype(np.float64)
            # Half precision carries fewer digits than the default tolerance.
            rtol = max(case.rtol, 1e-2) if want.dtype.itemsize == 2 else case.rtol
            atol = max(case.atol, 1e-3) if want.dtype.itemsize == 2 else case.atol
            wrong = int(np.sum(~np.isclose(a, b, rtol, atol, equal_nan=True)))
        if wrong:
            return f"output {i}: {wrong} of {want.size} elements differ"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--through", default="import",
                        choices=[*through_evaluator.PHASES, "compile"])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--op", help="only the cases that contain this operator")
    parser.add_argument("--case", help="only the cases whose name contains this")
    parser.add_argument("--per-op", type=int, metavar="N", help="only the first N cases of each")
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts, I from 1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(),
                        help="cases that are compiled and run at a time")
    parser.add_argument("--keep", help="a folder to keep the models and tensors in")
    parser.add_argument("--expect", action="append", default=[], help="a JSON file {case: "
                        "reason} of the failures that are known; others, and expected ones "
                        "that pass, are errors")
    parser.add_argument("--json", help="write the failures to this file")
    args = parser.parse_args()

    cases, outside = collect(args.op)
    if args.case:
        cases = [case for case in cases if args.case in case.name]
    if args.per_op:
        seen = collections.Counter()
        cases = [case for case in cases
                 if seen.update([case.op]) or seen[case.op] <= args.per_op]
    if args.shard:
        part, parts = map(int, args.shard.split("/"))
        cases = cases[part - 1::parts]
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or temporary
        os.makedirs(folder, exist_ok=True)
        if args.through == "compile":
            results = through_compile.run(args.build, folder, cases, args.jobs)
        else:
            results = through_evaluator.run(args.build, folder, cases, args.through)

    passed, failures, table = 0, {}, collections.defaultdict(lambda: [0, []])
    for case, (outputs, reason) in zip(cases, results):
        reason = reason or compare(case, outputs)
        row = table[case.op]
        if reason is None:
            passed += 1
            row[0] += 1
        else:
            failures[case.name] = reason
            row[1].append((case.name, reason))
    width = max([len(op) for op in table] + [8])
    print(f"{'operator':{width}}  passed  failed")
    for op, (good, bad) in sorted(table.items()):
        print(f"{op:{width}}  {good:6}  {len(bad):6}")
        for name, reason in bad:
            print(f"    {name}: {reason}")
    print(f"{passed} passed, {len(failures)} failed, {outside} not for this compiler")

    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(failures, file, indent=1, sort_keys=True)
            file.write("\n")
    if not args.expect:
        return 1 if failures or not cases else 0
    expected = {}
    for path in args.expect:
        with open(path, encoding="utf-8") as file:
            expected.update(json.load(file))
    names = {case.name for case in cases}
    surprises = [name for name in names if (name in failures) != (name in expected)]
    for name in sorted(surprises):
        print(f"error: {name}: " + (failures.get(name) or "passes, though it is listed to fail"))
    return 1 if surprises or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
