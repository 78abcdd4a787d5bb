"""Prefill under full attention against ONNX Runtime, in one run, and what blocks
and reuse make of it. Artifact and model must be of the same graph.

usage: against_onnxruntime.py MODEL.onnx MODEL.ba [--lengths=1024] [--blocks=8] [--threads=2]
"""

import argparse
import json
import subprocess
import time

import numpy as np
import onnxruntime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("artifact")
    parser.add_argument("--lengths", default="1024")
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    a = parser.parse_args()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = a.threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(a.model, options)
    inputs = {i.name: i for i in session.get_inputs()}
    peer = {}
    for length in map(int, a.lengths.split(",")):
        feeds = {"input_ids": np.arange(length)[None] % 251,
                 "position_ids": np.arange(length)[None]}
        feeds = {k: v for k, v in feeds.items() if k in inputs}
        session.run(["logits"], feeds)
        times = []
        for _ in range(a.repeat):
            begin = time.perf_counter()
            session.run(["logits"], feeds)
            times.append(time.perf_counter() - begin)
        peer[length] = min(times)
    del session

    done = subprocess.run(
        ["blockattn-run", "bench", a.artifact, f"--lengths={a.lengths}",
         f"--blocks={a.blocks}", f"--threads={a.threads}",
         f"--repeat={a.repeat}", "--json"],
        stdout=subprocess.PIPE, text=True, check=True)
    result = json.loads(done.stdout)
    print(f"{result['cpu_level']}, {result['threads']} threads, "
          f"ONNX Runtime {onnxruntime.__version__}")
    print(f"{'':28}{'length':>8}{'tokens':>8}{'time':>12}")
    for length, seconds in peer.items():
        print(f"{'ONNX Runtime, full':28}{length:8}{length:8}{seconds*1e3:9.1f} ms")
        for row in result["results"]:
            if row["length"] == length and "seconds" in row:
                print(f"{row['what']:28}{length:8}{row['tokens']:8}"
                      f"{row['seconds']*1e3:9.1f} ms")


main()
