"""Attention whose heads lie in other dimensions than [batch, heads, tokens, size],
and scores with keys as rows: each is found, and its results are those of NumPy.

usage: head_layouts.py
"""

import numpy as np
import onnx
from onnx import numpy_helper, parser

from common import Comparison, Workspace

TOKENS, STARTS = 17, [0, 4, 11]
VOCABULARY, WIDTH, HEADS, SIZE = 24, 32, 4, 8

# From [tokens, batch, WIDTH], as nn.MultiheadAttention has it.
SEQUENCE_FIRST = """
  qs = Transpose <perm = [1, 0, 2]> (xq)
  ks = Transpose <perm = [1, 0, 2]> (xk)
  vs = Transpose <perm = [1, 0, 2]> (xv)
"""
LAYOUTS = {
    "sequence first": (HEADS, SEQUENCE_FIRST + """
  qh = Reshape (qs, heads)
  kh = Reshape (ks, heads)
  vh = Reshape (vs, heads)
  q = Transpose <perm = [1, 2, 0, 3]> (qh)
  k = Transpose <perm = [1, 2, 3, 0]> (kh)
  v = Transpose <perm = [1, 2, 0, 3]> (vh)
  s = MatMul (q, k)
  z = Mul (s, scale)
  m = Where (forbidden, low, z)
  p = Softmax <axis = -1> (m)
  y = MatMul (p, v)
  t = Transpose <perm = [2, 0, 1, 3]> (y)
  f = Reshape (t, flat)
  o = Transpose <perm = [1, 0, 2]> (f)
""", {"heads": [0, 0, HEADS, SIZE], "flat": [0, 0, WIDTH]}),
    "heads joined with the batch": (HEADS, SEQUENCE_FIRST + """
  qh = Reshape (qs, heads)
  kh = Reshape (ks, heads)
  vh = Reshape (vs, heads)
  q = Transpose <perm = [1, 0, 2]> (qh)
  k = Transpose <perm = [1, 2, 0]> (kh)
  v = Transpose <perm = [1, 0, 2]> (vh)
  z = Mul (q, scale)
  s = MatMul (z, k)
  m = Where (forbidden, low, s)
  p = Softmax <axis = -1> (m)
  y = MatMul (p, v)
  t = Transpose <perm = [1, 0, 2]> (y)
  f = Reshape (t, flat)
  o = Transpose <perm = [1, 0, 2]> (f)
""", {"heads": [0, -1, SIZE], "flat": [0, -1, WIDTH]}),
    "groups": (HEADS // 2, """
  q = Reshape (xq, groups)
  k = Reshape (xk, heads)
  v = Reshape (xv, heads)
  s = Einsum <equation = "bqhgd,bkhd->bhgqk"> (q, k)
  z = Mul (s, scale)
  m = Where (forbidden, low, z)
  p = Softmax <axis = -1> (m)
  y = Einsum <equation = "bhgqk,bkhd->bqhgd"> (p, v)
  o = Reshape (y, flat)
""", {"groups": [0, 0, HEADS // 2, 2, SIZE], "heads": [0, 0, HEADS // 2, SIZE],
      "flat": [0, 0, WIDTH]}),
    "keys as rows": (HEADS, """
  qh = Reshape (xq, heads)
  kh = Reshape (xk, heads)
  vh = Reshape (xv, heads)
  q = Transpose <perm = [0, 2, 3, 1]> (qh)
  k = Transpose <perm = [0, 2, 1, 3]> (kh)
  v = Transpose <perm = [0, 2, 1, 3]> (vh)
  s = MatMul (k, q)
  z = Mul (s, scale)
  turned = Transpose <perm = [1, 0]> (forbidden)
  m = Where (turned, low, z)
  c = Softmax <axis = -2> (m)
  p = Transpose <perm = [0, 1, 3, 2]> (c)
  y = MatMul (p, v)
  t = Transpose <perm = [0, 2, 1, 3]> (y)
  o = Reshape (t, flat)
""", {"heads": [0, 0, HEADS, SIZE], "flat": [0, 0, WIDTH]}),
}


def weights(kv_heads):
    random = np.random.default_rng(kv_heads)
    shapes = {"embedding": (VOCABULARY, WIDTH), "wq": (WIDTH, WIDTH),
              "wk": (WIDTH, kv_heads * SIZE), "wv": (WIDTH, kv_heads * SIZE),
              "head": (WIDTH, VOCABULARY)}
    return {name: random.normal(0, 0.3, shape).astype(np.float32)
            for name, shape in shapes.items()}


def build(kv_heads, body, shapes):
    model = parser.parse_model(f"""
<ir_version: 9, opset_import: ["" : 18]>
layouts (int64[batch, tokens] input_ids) => (float[batch, tokens, {VOCABULARY}] logits) {{
  x = Gather <axis = 0> (embedding, input_ids)
  n = Shape <start = 1, end = 2> (input_ids)
  square = Concat <axis = 0> (n, n)
  all = Expand (true, square)
  allowed = Trilu <upper = 0> (all)
  forbidden = Not (allowed)
  xq = MatMul (x, wq)
  xk = MatMul (x, wk)
  xv = MatMul (x, wv)
{body}
  r = Add (x, o)
  logits = MatMul (r, head)
}}""")
    constants = {**weights(kv_heads), "true": np.array(True),
                 "scale": np.array(SIZE ** -0.5, np.float32),
                 "low": np.array(-1e30, np.float32),
                 **{name: np.array(shape) for name, shape in shapes.items()}}
    model.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in constants.items())
    onnx.checker.check_model(model, full_check=True)
    return model


def reference(kv_heads, ids, starts):
    w = weights(kv_heads)
    x = w["embedding"][ids].astype(np.float64)
    batch, tokens = ids.shape

    def heads(matrix):
        y = (x @ w[matrix]).reshape(batch, tokens, -1, SIZE).transpose(0, 2, 1, 3)
        return np.repeat(y, HEADS // y.shape[1], axis=1)

    block = np.searchsorted(starts, np.arange(tokens), "right")
    allowed = np.tri(tokens, dtype=bool) & (
        (block[:, None] == block) | (block == block.max())[:, None])
    scores = heads("wq") @ heads("wk").swapaxes(2, 3) * SIZE ** -0.5
    e = np.where(allowed, np.exp(scores), 0)
    o = e / e.sum(-1, keepdims=True) @ heads("wv")
    return (x + o.transpose(0, 2, 1, 3).reshape(x.shape)) @ w["head"]


def main():
    compare, work = Comparison(), Workspace()
    ids = np.arange(2 * TOKENS).reshape(2, TOKENS) * 7 % VOCABULARY
    flag = "--blocks=" + ",".join(map(str, STARTS))
    for name, (kv_heads, body, shapes) in LAYOUTS.items():
        path = work.path("model.onnx")
        onnx.save(build(kv_heads, body, shapes), path)
        artifact, attentions = work.compile_explained(path)
        compare.true(f"{name}: raised", [
            (a["raised"], a["mask"], a["kv_heads"]) for a in attentions
        ] == [(True, "causal", kv_heads)])

        def infer(rows, *flags):
            return work.infer(artifact, {"input_ids": rows}, ["logits"], *flags)["logits"]

        compare.close(f"{name}: full", infer(ids), reference(kv_heads, ids, [0]))
        want = reference(kv_heads, ids[:1], STARTS)
        compare.close(f"{name}: block", infer(ids[:1], flag), want)
        reused = infer(ids[:1], flag, "--reuse")
        compare.close(f"{name}: reuse", reused, want[:, -reused.shape[1]:])
    compare.exit()


if __name__ == "__main__":
    main()
