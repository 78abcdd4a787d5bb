"""Runs cases through the importer and the evaluator (evaluate-model)."""

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
}


def prepare(folder, number, case):
    prefix = os.path.join(folder, f"{number}-{case.name}")
    onnx.save(case.model, prefix + ".onnx")
    inputs = []
    for i, array in enumerate(case.inputs):
        path = f"{prefix}.in{i}"
        with open(path, "wb") as file:
            file.write(np.ascontiguousarray(array).tobytes())
        inputs.append({"shape": list(array.shape), "file": path})
    return {"model": prefix + ".onnx", "inputs": inputs, "outputs": prefix + ".out"}


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
            lines, status = done.stdout, f"ended with status {done.returncode}"
        except subprocess.TimeoutExpired as late:
            lines, status = late.stdout or b"", "took too long"
        results += [read(line) for line in lines.decode().splitlines()]
        if len(results) < len(jobs):
            results.append((None, f"crash: evaluate-model {status}"))
    return results


def run(build, folder, cases):
    program = os.path.join(build, "bin", "test", "evaluate-model")
    results = []
    for start in range(0, len(cases), BATCH):
        batch = cases[start:start + BATCH]
        jobs = [prepare(folder, start + i, case) for i, case in enumerate(batch)]
        results += run_batch(program, folder, jobs)
    return results
