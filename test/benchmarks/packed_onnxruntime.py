"""ONNX Runtime's MatMulNBits, to be put beside what benchmark-gemm prints for
packed weights: the best of many runs of one node.

usage: packed_onnxruntime.py [--threads=2]
"""

import argparse
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

BLOCK = 32


def session(n, k, bits, accuracy, threads):
    draw = np.random.default_rng(0)
    packed = draw.integers(0, 256, (n, k // BLOCK, BLOCK * bits // 8)).astype(np.uint8)
    scales = np.full((n, k // BLOCK), 0.01, np.float32)
    node = helper.make_node("MatMulNBits", ["a", "b", "s"], ["y"], domain="com.microsoft", N=n,
                            K=k, bits=bits, block_size=BLOCK, accuracy_level=accuracy)
    graph = helper.make_graph(
        [node], "product", [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["m", k])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["m", n])],
        [numpy_helper.from_array(packed, "b"), numpy_helper.from_array(scales, "s")])
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def best(run, seconds=0.33):
    run()
    end, least = time.perf_counter() + seconds, 1e9
    while time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - begin)
    return least


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    print(f"ONNX Runtime {onnxruntime.__version__}, {args.threads} threads\n"
          f"{'m':>6} {'n':>7} {'k':>6} {'bits':6} {'level 0':>10} {'level 4':>10}  ms")
    for n, k in [(2048, 8192), (8192, 2048)]:
        for bits in (4, 8):
            sessions = [session(n, k, bits, level, args.threads) for level in (0, 4)]
            for m in (1, 4, 16, 50, 512):
                a = np.full((m, k), 0.5, np.float32)
                times = [best(lambda s=s: s.run(None, {"a": a})) for s in sessions]
                print(f"{m:6} {n:7} {k:6} {bits:<6} {times[0]*1e3:10.3f} {times[1]*1e3:10.3f}",
                      flush=True)


if __name__ == "__main__":
    main()
