"""Programs with ONNX's Loop against ONNX Runtime: values that are swapped,
stacked, of dynamic shape, loops in loops, none or many iterations."""

import subprocess

import numpy as np
import onnx
import onnxruntime
from onnx import parser

from common import Comparison, Workspace

MODELS = {
    # Each of the carried values becomes what another was.
    "swap": """
      <ir_version: 8, opset_import: ["" : 17]>
      g (int64 m, bool c, float[n] x, float[n] y) => (float[n] a, float[n] b, float[t, n] all)
      {
        a, b, all = Loop (m, c, x, y) <
          body = step (int64 i, bool go, float[n] u, float[n] v) => (bool again, float[n] v1, float[n] s, float[n] u1) {
            again = Identity(go)
            v1 = Identity(v)
            u1 = Identity(u)
            s = Add(u, v)
          }>
      }""",
    # What is stacked depends on the number of the iteration and on values
    # around the loop; scalars are carried.
    "scalars": """
      <ir_version: 8, opset_import: ["" : 17]>
      g (int64 m, bool c, float[n] x, float[n] y) => (float a, float[t] all, int64[t] numbers)
      {
        zero = Constant <value_int = 0> ()
        one = Constant <value_float = 1.0> ()
        f = Gather <axis = 0> (y, zero)
        a, all, numbers = Loop (m, c, one) <
          body = step (int64 i, bool go, float u) => (bool go, float s, float u, int64 k) {
            p = Mul(u, f)
            s = Add(p, one)
            k = Mul(i, i)
          }>
      }""",
    # A loop in a branch in a loop.
    "nested": """
      <ir_version: 8, opset_import: ["" : 17]>
      g (int64 m, bool c, float[n] x, float[n] y) => (float[n] a)
      {
        two = Constant <value_int = 2> ()
        one = Constant <value_int = 1> ()
        a = Loop (m, c, x) <
          body = step (int64 i, bool go, float[n] u) => (bool go, float[n] w) {
            r = Mod(i, two)
            odd = Equal(r, one)
            w = If (odd) <
              then_branch = yes () => (float[n] d) {
                d = Loop (two, go, u) <
                  body = inner (int64 j, bool on, float[n] e) => (bool on, float[n] h) { h = Add(e, y) }>
              },
              else_branch = no () => (float[n] l) { l = Neg(u) }>
          }>
      }""",
}


# What is carried gets longer: an error of the run.
GROWING = """
      <ir_version: 8, opset_import: ["" : 17]>
      g (int64 m, bool c, float[n] x) => (float[k] a)
      {
        a = Loop (m, c, x) <
          body = step (int64 i, bool go, float[l] u) => (bool go, float[o] w) { w = Concat <axis = 0> (u, x) }>
      }"""


def check_growing(work, compare):
    path = work.path("growing.onnx")
    onnx.save(parser.parse_model(GROWING), path)
    artifact = work.compile(path, "--programs=full")
    command = ["blockattn-run", "infer", artifact, "--output", "a=" + work.path("a.npy")]
    for name, value in [("m", np.int64(3)), ("c", np.bool_(True)), ("x", np.ones(100, np.float32))]:
        np.save(work.path(name + ".npy"), value)
        command += ["--input", f"{name}={work.path(name + '.npy')}"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    compare.true("growing: refused", done.returncode == 1 and "changes its shape" in done.stderr)


def main():
    compare, work = Comparison(), Workspace()
    check_growing(work, compare)
    for name, text in MODELS.items():
        model = parser.parse_model(text)
        path = work.path(name + ".onnx")
        onnx.save(model, path)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        outputs = [value.name for value in model.graph.output]
        artifact = work.compile(path, "--programs=full")
        for trips, goes_on, length in [(0, True, 3), (1, True, 3), (7, True, 5), (7, False, 5)]:
            inputs = {"m": np.int64(trips), "c": np.bool_(goes_on),
                      "x": np.arange(length, dtype=np.float32),
                      "y": np.arange(length, dtype=np.float32) - 1.5}
            taken = {value.name for value in session.get_inputs()}
            feeds = {key: np.asarray(x) for key, x in inputs.items() if key in taken}
            want = session.run(outputs, feeds)
            got = work.infer(artifact, {key: np.asarray(x) for key, x in inputs.items()}, outputs)
            for key, value in zip(outputs, want):
                if not value.size:
                    continue
                compare.close(f"{name} {trips} {goes_on} {key}", got[key], value, 1e-5)
    compare.exit()


if __name__ == "__main__":
    main()
