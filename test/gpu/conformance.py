"""ONNX's own tests of its operators, as compiled code on a GPU.

    conformance.py prepare FOLDER [--per-op N]    compile; needs blockattn-compile
    conformance.py run FOLDER --library=...       needs a GPU

The cases, how their results are compared, and which are known to fail are those
of the CPU's tests (test/conformance), and longer ones (long_cases.py). `run` prints
a table: operator, passed, failed, reasons.
"""

import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(os.path.dirname(HERE), "conformance")
sys.path[:0] = [HERE, SHARED]

# Their failures are said, and are right: random numbers, ranks that data tell.
KNOWN = ("known-failures.json", "known-failures-compile.json")


def given(array):
    """As programs take it: types of few bits as bytes."""
    import through_compile
    return through_compile.to_bytes(np.asarray(array))


def plain(array):
    """NumPy's files know no bfloat16."""
    array = given(array)
    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


def prepare(folder, per_op, target, ptxas):
    import long_cases
    import onnx
    import onnx_node_tests
    os.makedirs(folder, exist_ok=True)
    known = {}
    for name in KNOWN:
        with open(os.path.join(SHARED, name), encoding="utf-8") as file:
            known.update(json.load(file))
    cases, seen = [], collections.Counter()
    for case in onnx_node_tests.collect(None)[0]:
        if case.name in known:
            continue
        seen[case.op] += 1
        if not per_op or seen[case.op] <= per_op:
            cases.append(case)

    models = long_cases.models()
    for number, (name, inputs, outputs) in enumerate(long_cases.collect()):
        model = models[name]
        tolerance = 1e-4 if name == "sums" else 0
        cases.append(onnx_node_tests.Case(f"long_{name}_{number}", model.graph.node[0].op_type,
                                          model, inputs, outputs, 0, tolerance))

    def compile(numbered):
        number, case = numbered
        path = os.path.join(folder, str(number))
        onnx.save(case.model, path + ".onnx")
        done = subprocess.run(["blockattn-compile", path + ".onnx", "-o", path + ".ba",
                               f"--target={target}", "--programs=full",
                               f"--ptxas={ptxas}"], stderr=subprocess.PIPE, text=True)
        os.remove(path + ".onnx")
        arrays = {f"in{i}": plain(a) for i, a in enumerate(case.inputs)}
        arrays.update({f"out{i}": plain(a) for i, a in enumerate(case.outputs)})
        np.savez_compressed(path + ".npz", **arrays)
        error = None
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            error = next((line for line in lines if "error:" in line), lines[-1])
        return {"name": case.name, "op": case.op, "rtol": case.rtol, "atol": case.atol,
                "error": error,
                "inputs": [(v.name, given(a).dtype.name)
                           for v, a in zip(case.model.graph.input, case.inputs)],
                "outputs": [(v.name, given(a).dtype.name)
                            for v, a in zip(case.model.graph.output, case.outputs)]}

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        entries = list(pool.map(compile, enumerate(cases)))
    with open(os.path.join(folder, "cases.json"), "w", encoding="utf-8") as file:
        json.dump(entries, file)
    failed = [entry for entry in entries if entry["error"]]
    for entry in failed:
        print(f"FAIL {entry['name']}: {entry['error']}")
    print(f"{len(entries)} cases prepared, {len(failed)} failed to compile")
    return len(failed)


def typed(array, dtype):
    if dtype != "bfloat16":
        return array
    import ml_dtypes
    return array.view(ml_dtypes.bfloat16)


def run_case(loaded, folder, number, entry, device):
    """Why it is wrong; None when it is right."""
    import onnx_node_tests
    import runtime
    path = os.path.join(folder, str(number))
    data = np.load(path + ".npz")
    inputs = {name: typed(data[f"in{i}"], dtype)
              for i, (name, dtype) in enumerate(entry["inputs"])}
    wanted = [typed(data[f"out{i}"], dtype)
              for i, (_, dtype) in enumerate(entry["outputs"])]
    # The runtime's Python side shows bf16 as f32.
    wanted = [w.astype(np.float32) if w.dtype.name == "bfloat16" else w for w in wanted]
    case = onnx_node_tests.Case(entry["name"], entry["op"], None, None, wanted,
                                entry["rtol"], entry["atol"])
    if any(dtype == "bfloat16" for _, dtype in entry["outputs"]):
        case.rtol, case.atol = max(case.rtol, 1e-2), max(case.atol, 1e-3)
    model = runtime.Model(loaded, path + ".ba", device, tuning_file="")
    session = runtime.Session(model)
    # The last time as a recorded graph, where that can be.
    for time in range(4):
        session.run("full", inputs)
        reason = onnx_node_tests.compare(
            case, [session.output(name) for name, _ in entry["outputs"]])
        if reason:
            return reason if time == 0 else f"run {time + 1}: {reason}"
    return None


def run(folder, library, device):
    import runtime
    with open(os.path.join(folder, "cases.json"), encoding="utf-8") as file:
        entries = json.load(file)
    loaded = runtime.Runtime(library)
    table = collections.defaultdict(lambda: [0, []])
    first = next(i for i, entry in enumerate(entries) if not entry["error"])
    # Keeps the GPU's context.
    kept = runtime.Model(loaded, os.path.join(folder, f"{first}.ba"), device,
                         tuning_file="")
    lost = False
    for number, entry in enumerate(entries):
        reason = entry["error"]
        if not reason and not lost:
            try:
                reason = run_case(loaded, folder, number, entry, device)
            except runtime.Error as error:
                reason = str(error)
                lost = "cannot be used by this process" in reason
        elif lost:
            reason = "the GPU was lost before"
        if reason:
            table[entry["op"]][1].append((entry["name"], reason))
            print(f"FAIL {entry['name']}: {reason}", flush=True)
        else:
            table[entry["op"]][0] += 1
    del kept
    print(f"{datetime.date.today()}, {len(entries)} cases of {len(table)} operators")
    for op, (good, bad) in sorted(table.items()):
        print(f"{op:24} {good:4} passed" + (f", {len(bad)} failed" if bad else ""))
    failed = sum(len(bad) for _, bad in table.values())
    print(f"{len(entries) - failed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=("prepare", "run", "all"))
    parser.add_argument("folder")
    parser.add_argument("--per-op", type=int, metavar="N",
                        help="only the first N cases of each operator")
    parser.add_argument("--target", default="cuda")
    parser.add_argument("--ptxas", default="none")
    parser.add_argument("--library", default="libblockattn.so.0")
    parser.add_argument("--device", default="cuda:0")
    options = parser.parse_args()
    failed = 0
    if options.command != "run":
        failed += prepare(options.folder, options.per_op, options.target, options.ptxas)
    if options.command != "prepare":
        failed += run(options.folder, options.library, options.device)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
