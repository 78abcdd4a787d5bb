"""Runs cases through some phases of the compiler, and interprets what they give
(evaluate-model)."""

import json
import os
import subprocess

import ml_dtypes
import numpy as np
import onnx

BATCH = 100
DTYPES = {
    "i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "ui8": np.uint8, "ui16": np.uint16, "ui32": np.uint32, "ui64": np.uint64,
    "f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64,
    # These have a byte each.
    "i2": ml_dtypes.int2, "i4": ml_dtypes.int4, "ui2": ml_dtypes.uint2, "ui4": ml_dtypes.uint4,
    "f4E2M1FN": ml_dtypes.float4_e2m1fn, "f8E8M0FNU": ml_dtypes.float8_e8m0fnu,
    "f8E4M3FN": ml_dtypes.float8_e4m3fn, "f8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "f8E5M2": ml_dtypes.float8_e5m2, "f8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
}
# The phases after which a model can be interpreted.
PHASES = ["import", "normalize", "raise", "blockify"]


def prepare(folder, number, case, phase):
    prefix = os.path.join(folder, f"{number}-{case.name.replace(' ', '-')}")
    onnx.save(case.model, prefix + ".onnx")
    weights = {tensor.name for tensor in case.model.graph.initializer}
    names = [value.name for value in case.model.graph.input if value.name not in weights]
    inputs = []
    for i, (name, array) in enumerate(zip(names, case.inputs)):
        path = f"{prefix}.in{i}"
        with open(path, "wb") as file:
            file.write(np.ascontiguousarray(array).tobytes())
        inputs.append({"name": name, "shape": list(array.shape), "file": path})
    return {"model": prefix + ".onnx", "phase": phase, "inputs": inputs,
            "outputs": prefix + ".out"}


def read(line):
    answer = json.loads(line)
    if "failed" in answer:
        return None, f"{answer['failed']}: {answer['reason']}"
    outputs = []
    for output in answer["outputs"]:
        with open(output["file"], "rb") as file:
            outputs.append(np.frombuffer(file.read(), DTYPES[output["dtype"]])
                           .reshape(output["shape"]))
    return outputs, None


def run_batch(program, folder, jobs):
    """A result for each job. A job that ends the process takes none along."""
    results = []
    while len(results) < len(jobs):
        path = os.path.join(folder, "jobs.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(jobs[len(results):], file)
        try:
            done = subprocess.run([program, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=120, check=False)
            message = done.stderr.decode(errors="replace").strip().splitlines()[:1]
            lines = done.stdout
            status = " ".join([f"ended with status {done.returncode}", *message])
        except subprocess.TimeoutExpired as late:
            lines, status = late.stdout or b"", "took too long"
        results += [read(line) for line in lines.decode().splitlines()]
        if len(results) < len(jobs):
            results.append((None, f"crash: evaluate-model {status}"))
    return results


def run_jobs(build, folder, jobs):
    program = os.path.join(build, "bin", "test", "evaluate-model")
    results = []
    for start in range(0, len(jobs), BATCH):
        results += run_batch(program, folder, jobs[start:start + BATCH])
    return results


def run(build, folder, cases, phase="import"):
    """Outputs, or why there are none, of each case."""
    return run_jobs(build, folder, [prepare(folder, i, case, phase)
                                    for i, case in enumerate(cases)])
