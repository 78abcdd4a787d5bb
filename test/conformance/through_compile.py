"""Runs cases as compiled programs (blockattn-compile, blockattn-run infer)."""

import concurrent.futures
import os
import subprocess

import ml_dtypes
import numpy as np
import onnx

# Programs take and give these as bytes: integers as such, floats as their bits.
SMALL_INTEGERS = {
    ml_dtypes.int2: np.int8, ml_dtypes.int4: np.int8,
    ml_dtypes.uint2: np.uint8, ml_dtypes.uint4: np.uint8,
}
SMALL_FLOATS = {
    ml_dtypes.float4_e2m1fn, ml_dtypes.float8_e8m0fnu, ml_dtypes.float8_e4m3fn,
    ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e5m2, ml_dtypes.float8_e5m2fnuz,
}


def to_bytes(array):
    """An array of a type that a program takes, from one of those of ONNX."""
    if array.dtype.type in SMALL_INTEGERS:
        return array.astype(SMALL_INTEGERS[array.dtype.type])
    return array.view(np.uint8) if array.dtype.type in SMALL_FLOATS else array


def from_bytes(array, dtype):
    """The reverse, where `dtype` is expected."""
    if dtype.type in SMALL_INTEGERS and array.dtype == SMALL_INTEGERS[dtype.type]:
        return array.astype(dtype)
    # NumPy has no bfloat16 of its own: its files hold plain bytes.
    if array.dtype.kind == "V" or (array.dtype == np.uint8 and dtype.type in SMALL_FLOATS):
        return array.view(dtype)
    return array


def call(command):
    """The error message of a command, None if it went well."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return f"{os.path.basename(command[0])} took too long"
    if done.returncode == 0:
        return None
    text = done.stderr.decode(errors="replace").strip().splitlines()
    errors = [line for line in text if "error:" in line] or text[-1:] or ["no message"]
    end = f" (signal {-done.returncode})" if done.returncode < 0 else ""
    return f"{os.path.basename(command[0])}{end}: {errors[0]}"


def prefix(folder, number, case):
    """Where the files of a case lie."""
    return os.path.join(folder, f"{number}-{case.name.replace(' ', '-')}")


def run_case(build, folder, number, case, programs="full"):
    path = prefix(folder, number, case)
    onnx.save(case.model, path + ".onnx")
    tool = os.path.join(build, "bin", "blockattn-")
    problem = call([tool + "compile", path + ".onnx", "-o", path + ".ba",
                    f"--programs={programs}"])
    if problem:
        return None, problem
    command = [tool + "run", "infer", path + ".ba"]
    for i, (value, array) in enumerate(zip(case.model.graph.input, case.inputs)):
        np.save(f"{path}.in{i}.npy", to_bytes(array))
        command += ["--input", f"{value.name}={path}.in{i}.npy"]
    for i, value in enumerate(case.model.graph.output):
        command += ["--output", f"{value.name}={path}.out{i}.npy"]
    problem = call(command)
    if problem:
        return None, problem
    outputs = []
    for i, want in enumerate(case.outputs):
        array = np.load(f"{path}.out{i}.npy")
        outputs.append(from_bytes(array, want.dtype))
    return outputs, None


def run(build, folder, cases, jobs):
    """All cases, `jobs` at a time."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(run_case, build, folder, i, case)
                   for i, case in enumerate(cases)]
        return [job.result() for job in running]
