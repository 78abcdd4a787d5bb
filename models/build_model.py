#!/usr/bin/env python3
"""Builds Llama-like decoders and BERT-like encoders as ONNX.

Any size, with random weights (seeded) or given ones, so that tests and
benchmarks need no network. Examples:

    build_model.py decoder tiny.onnx
    build_model.py decoder llama-1b.onnx --preset=llama-3.2-1b --external-data
    build_model.py decoder shape.onnx --preset=llama-3.2-1b --external-data \
        --weights=zeros
    build_model.py decoder past.onnx --past --attention=op --layers=4
    build_model.py encoder bert.onnx --hidden=128

Inputs of a decoder: input_ids and position_ids (int64, [batch, sequence]),
with --past past_key_values.I.key|value ([batch, kv_heads, past, head_size]), and
with --mask attention_mask (int64, [batch, past + sequence]).
Outputs: logits, and with --past present.I.key|value. An encoder takes input_ids
and attention_mask and returns last_hidden_state.
"""

import argparse
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

PRESETS = {
    "tiny": dict(vocab=256, hidden=64, layers=2, heads=4, kv_heads=2,
                 head_size=16, intermediate=128, theta=10000.0),
    "llama-3.2-1b": dict(vocab=128256, hidden=2048, layers=16, heads=32,
                         kv_heads=8, head_size=64, intermediate=8192,
                         theta=500000.0),
}


class Weights:
    """Initializers, in the model or streamed to a file beside it."""

    def __init__(self, model_path, external, seed, given, zeros=False):
        self.random = np.random.default_rng(seed)
        self.given = given
        self.zeros = zeros
        self.tensors = []
        self.file = None
        if external:
            self.location = os.path.basename(model_path) + ".data"
            self.file = open(model_path + ".data", "wb")

    def add(self, name, shape, scale=None):
        """A float32 tensor: given under its name, or random with a standard
        deviation of `scale` (1 for ones, as norms have)."""
        if self.zeros:
            # No memory is used for pages that are never written.
            data = np.zeros(shape, np.float32)
        elif self.given is not None:
            if name not in self.given:
                sys.exit(f"error: the given weights have no tensor '{name}'")
            data = self.given[name].astype(np.float32)
            if data.shape != tuple(shape):
                sys.exit(f"error: weight '{name}' has shape {data.shape}, "
                         f"but the model needs {tuple(shape)}")
        elif scale is None:
            data = 1 + 0.1 * self.random.standard_normal(shape, dtype=np.float32)
        else:
            data = scale * self.random.standard_normal(shape, dtype=np.float32)
        self.put(name, data)
        return name

    def put(self, name, data):
        data = np.ascontiguousarray(data)
        if self.file is None or data.nbytes < 1024:
            self.tensors.append(onnx.numpy_helper.from_array(data, name))
            return name
        self.file.seek(-self.file.tell() % 4096, os.SEEK_CUR)
        tensor = TensorProto(name=name, dims=data.shape,
                             data_type=helper.np_dtype_to_tensor_dtype(data.dtype),
                             data_location=TensorProto.EXTERNAL)
        for key, value in (("location", self.location),
                           ("offset", self.file.tell()),
                           ("length", data.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        if self.zeros and not data.any():
            # A hole: it takes no space on file systems with sparse files.
            self.file.seek(data.nbytes, os.SEEK_CUR)
        else:
            data.tofile(self.file)
        self.tensors.append(tensor)
        return name


class Graph:
    """Nodes with names made from a prefix, one output each."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.constants = {}

    def op(self, kind, *inputs, name, outputs=None, **attributes):
        outputs = outputs or [name]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs,
                                           name=name, **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def const(self, value, dtype=np.int64):
        array = np.asarray(value, dtype=dtype)
        key = (array.tobytes(), array.shape, array.dtype.str)
        if key not in self.constants:
            name = f"const_{len(self.constants)}"
            self.constants[key] = self.weights.put(name, array)
        return self.constants[key]


def rotary(g, x, cos, sin, half, p):
    """x*cos + rotate_half(x)*sin on [batch, heads, tokens, head_size]."""
    lo = g.op("Slice", x, g.const([0]), g.const([half]), g.const([3]),
              name=p + "/lo")
    hi = g.op("Slice", x, g.const([half]), g.const([2 * half]), g.const([3]),
              name=p + "/hi")
    turned = g.op("Concat", g.op("Neg", hi, name=p + "/neg"), lo,
                  name=p + "/rotate_half", axis=-1)
    return g.op("Add", g.op("Mul", x, cos, name=p + "/cos"),
                g.op("Mul", turned, sin, name=p + "/sin"), name=p)


def rms_norm(g, x, weight, eps, p):
    square = g.op("Mul", x, x, name=p + "/square")
    mean = g.op("ReduceMean", square, g.const([-1]), name=p + "/mean")
    root = g.op("Sqrt", g.op("Add", mean, g.const(eps, np.float32),
                             name=p + "/eps"), name=p + "/sqrt")
    return g.op("Mul", g.op("Div", x, root, name=p + "/div"), weight, name=p)


def build_decoder(a, weights):
    g = Graph(weights)
    w = weights.add
    hidden, heads, kv, d = a.hidden, a.heads, a.kv_heads, a.head_size
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64,
                                            ["batch", "sequence"])
              for n in ("input_ids", "position_ids")]
    outputs = [helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, ["batch", "sequence", a.vocab])]

    x = g.op("Gather", w("embed", (a.vocab, hidden), 1.0), "input_ids",
             name="embed_tokens")
    inv_freq = a.theta ** (-np.arange(0, d, 2, dtype=np.float64) / d)
    position = g.op("Cast", g.op("Unsqueeze", "position_ids", g.const([1, 3]),
                                 name="positions/unsqueeze"),
                    name="positions", to=TensorProto.FLOAT)
    angle = g.op("Mul", position, g.const(inv_freq, np.float32), name="angles")
    angles = g.op("Concat", angle, angle, name="angles/twice", axis=-1)
    cos, sin = g.op("Cos", angles, name="cos"), g.op("Sin", angles, name="sin")

    bias = None
    if a.mask and a.attention != "eager":
        sys.exit("error: --mask with --attention=op is not supported; use "
                 "--attention=eager")
    if a.attention == "eager":
        length = g.op("Gather", g.op("Shape", "input_ids", name="shape"),
                      g.const(1), name="length", axis=0)
        total = length
        if a.past:
            past = g.op("Gather", g.op("Shape", "past_key_values.0.key",
                                       name="past/shape"),
                        g.const(2), name="past/length", axis=0)
            total = g.op("Add", past, length, name="total")
        keys = g.op("Range", g.const(0), total, g.const(1), name="keys")
        first = g.op("Sub", total, length, name="first")
        queries = g.op("Range", first, total, g.const(1), name="queries")
        visible = g.op("LessOrEqual",
                       g.op("Unsqueeze", keys, g.const([0]), name="keys/row"),
                       g.op("Unsqueeze", queries, g.const([1]),
                            name="queries/column"), name="visible")
        if a.mask:
            inputs.append(helper.make_tensor_value_info(
                "attention_mask", TensorProto.INT64,
                ["batch", "past + sequence" if a.past else "sequence"]))
            keep = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.const([1, 2]),
                                     name="mask/unsqueeze"), name="mask/keep",
                        to=TensorProto.BOOL)
            visible = g.op("And", visible, keep, name="visible/kept")
        bias = g.op("Where", visible, g.const(0, np.float32),
                    g.const(np.finfo(np.float32).min, np.float32), name="mask")

    def split_heads(x, n, p):
        x = g.op("Reshape", x, g.const([0, 0, n, d]), name=p + "/split")
        return g.op("Transpose", x, name=p + "/transpose", perm=[0, 2, 1, 3])

    std = hidden ** -0.5
    for i in range(a.layers):
        p = f"layers.{i}"
        h = rms_norm(g, x, w(f"{p}.input_norm", (hidden,)), a.eps, p + "/input_norm")
        q = g.op("MatMul", h, w(f"{p}.q", (hidden, heads * d), std), name=p + "/q")
        k = g.op("MatMul", h, w(f"{p}.k", (hidden, kv * d), std), name=p + "/k")
        v = g.op("MatMul", h, w(f"{p}.v", (hidden, kv * d), std), name=p + "/v")
        q = rotary(g, split_heads(q, heads, p + "/q"), cos, sin, d // 2, p + "/q/rotary")
        k = rotary(g, split_heads(k, kv, p + "/k"), cos, sin, d // 2, p + "/k/rotary")
        v = split_heads(v, kv, p + "/v")
        if a.past:
            for kind, new in (("key", k), ("value", v)):
                inputs.append(helper.make_tensor_value_info(
                    f"past_key_values.{i}.{kind}", TensorProto.FLOAT,
                    ["batch", kv, "past", d]))
                outputs.append(helper.make_tensor_value_info(
                    f"present.{i}.{kind}", TensorProto.FLOAT,
                    ["batch", kv, "past + sequence", d]))
                present = g.op("Concat", f"past_key_values.{i}.{kind}", new,
                               name=f"present.{i}.{kind}", axis=2)
                k, v = (present, v) if kind == "key" else (k, present)
        if a.attention == "op":
            if a.past:
                sys.exit("error: --attention=op with --past is not supported; "
                         "use --attention=eager")
            o = g.op("Attention", q, k, v, name=p + "/attention", is_causal=1)
        else:
            if heads != kv:
                k, v = (g.op("Reshape", g.op(
                    "Tile", g.op("Unsqueeze", t, g.const([2]), name=f"{p}/{n}/unsqueeze"),
                    g.const([1, 1, heads // kv, 1, 1]), name=f"{p}/{n}/repeat"),
                    g.const([0, heads, -1, d]), name=f"{p}/{n}/heads")
                    for n, t in (("k", k), ("v", v)))
            kt = g.op("Transpose", k, name=p + "/kt", perm=[0, 1, 3, 2])
            s = g.op("Mul", g.op("MatMul", q, kt, name=p + "/scores"),
                     g.const(d ** -0.5, np.float32), name=p + "/scale")
            s = g.op("Softmax", g.op("Add", s, bias, name=p + "/masked"),
                     name=p + "/softmax", axis=-1)
            o = g.op("MatMul", s, v, name=p + "/attention")
        o = g.op("Transpose", o, name=p + "/o/transpose", perm=[0, 2, 1, 3])
        o = g.op("Reshape", o, g.const([0, 0, heads * d]), name=p + "/o/merge")
        o = g.op("MatMul", o, w(f"{p}.o", (heads * d, hidden), std), name=p + "/o")
        x = g.op("Add", x, o, name=p + "/attention_residual")
        h = rms_norm(g, x, w(f"{p}.post_norm", (hidden,)), a.eps, p + "/post_norm")
        gate = g.op("MatMul", h, w(f"{p}.gate", (hidden, a.intermediate), std),
                    name=p + "/gate")
        up = g.op("MatMul", h, w(f"{p}.up", (hidden, a.intermediate), std),
                  name=p + "/up")
        silu = g.op("Mul", gate, g.op("Sigmoid", gate, name=p + "/sigmoid"),
                    name=p + "/silu")
        h = g.op("MatMul", g.op("Mul", silu, up, name=p + "/gated"),
                 w(f"{p}.down", (a.intermediate, hidden), a.intermediate ** -0.5),
                 name=p + "/down")
        x = g.op("Add", x, h, name=p + "/mlp_residual")
    x = rms_norm(g, x, w("norm", (hidden,)), a.eps, "norm_out")
    g.op("MatMul", x, w("lm_head", (hidden, a.vocab), std), name="logits")
    return g, inputs, outputs


def build_encoder(a, weights):
    g = Graph(weights)
    w = weights.add
    hidden, heads, d = a.hidden, a.heads, a.hidden // a.heads
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64,
                                            ["batch", "sequence"])
              for n in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info(
        "last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", hidden])]
    norm = lambda x, p: g.op("LayerNormalization", x, w(p + ".weight", (hidden,)),
                             w(p + ".bias", (hidden,), 0.1), name=p, axis=-1,
                             epsilon=1e-12)
    linear = lambda x, n, m, p: g.op(
        "Add", g.op("MatMul", x, w(p + ".weight", (n, m), n ** -0.5), name=p + "/mm"),
        w(p + ".bias", (m,), 0.1), name=p)
    length = g.op("Gather", g.op("Shape", "input_ids", name="shape"), g.const(1),
                  name="length", axis=0)
    positions = g.op("Range", g.const(0), length, g.const(1), name="positions")
    x = g.op("Add",
             g.op("Gather", w("embed", (a.vocab, hidden), 1.0), "input_ids",
                  name="embed_tokens"),
             g.op("Gather", w("embed_positions", (a.max_positions, hidden), 0.2),
                  positions, name="embed_at"), name="embeddings")
    x = norm(x, "embed_norm")
    keep = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.const([1, 2]),
                             name="mask/unsqueeze"), name="mask/float",
                to=TensorProto.FLOAT)
    bias = g.op("Mul", g.op("Sub", g.const(1, np.float32), keep, name="mask/not"),
                g.const(np.finfo(np.float32).min, np.float32), name="mask")
    for i in range(a.layers):
        p = f"layers.{i}"
        q, k, v = (g.op("Transpose", g.op(
            "Reshape", linear(x, hidden, hidden, f"{p}/{n}"),
            g.const([0, 0, heads, d]), name=f"{p}/{n}/split"),
            name=f"{p}/{n}/transpose", perm=[0, 2, 1, 3] if n != "k" else [0, 2, 3, 1])
            for n in "qkv")
        s = g.op("Div", g.op("MatMul", q, k, name=p + "/scores"),
                 g.const(d ** 0.5, np.float32), name=p + "/scale")
        s = g.op("Softmax", g.op("Add", s, bias, name=p + "/masked"),
                 name=p + "/softmax", axis=-1)
        o = g.op("Transpose", g.op("MatMul", s, v, name=p + "/attention"),
                 name=p + "/o/transpose", perm=[0, 2, 1, 3])
        o = linear(g.op("Reshape", o, g.const([0, 0, hidden]), name=p + "/o/merge"),
                   hidden, hidden, p + "/o")
        x = norm(g.op("Add", x, o, name=p + "/residual"), p + "/norm")
        h = g.op("Gelu", linear(x, hidden, a.intermediate, p + "/up"), name=p + "/gelu") \
            if a.opset >= 20 else gelu(g, linear(x, hidden, a.intermediate, p + "/up"), p)
        last = i + 1 == a.layers
        x = g.op("Add", x, linear(h, a.intermediate, hidden, p + "/down"),
                 name=p + "/mlp_residual")
        x = norm(x, p + "/mlp_norm")
        if last:
            g.op("Identity", x, name="last_hidden_state")
    return g, inputs, outputs


def gelu(g, x, p):
    e = g.op("Erf", g.op("Div", x, g.const(2 ** 0.5, np.float32), name=p + "/gelu/div"),
             name=p + "/gelu/erf")
    e = g.op("Add", e, g.const(1, np.float32), name=p + "/gelu/add")
    return g.op("Mul", g.op("Mul", x, e, name=p + "/gelu/mul"),
                g.const(0.5, np.float32), name=p + "/gelu")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=("decoder", "encoder"))
    parser.add_argument("output")
    parser.add_argument("--preset", choices=PRESETS, default="tiny")
    for name in ("vocab", "hidden", "layers", "heads", "kv_heads", "head_size",
                 "intermediate"):
        parser.add_argument("--" + name.replace("_", "-"), type=int)
    parser.add_argument("--theta", type=float)
    parser.add_argument("--max-positions", type=int, default=512)
    parser.add_argument("--eps", type=float, default=1e-6)
    parser.add_argument("--attention", choices=("eager", "op"), default="eager",
                        help="spelled out, or ONNX's Attention op (opset 23)")
    parser.add_argument("--past", action="store_true", help="KV-cache inputs")
    parser.add_argument("--mask", action="store_true",
                        help="an attention_mask input, for padding")
    parser.add_argument("--external-data", action="store_true",
                        help="weights in OUTPUT.data, not in the model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", metavar="FILE.npz|zeros",
                        help="weights by name, in place of random ones; or "
                             "zeros, which with --external-data are a sparse "
                             "file that takes no space")
    a = parser.parse_args()
    zeros = a.weights == "zeros"
    for name, value in PRESETS[a.preset].items():
        if getattr(a, name) is None:
            setattr(a, name, value)
    a.opset = 23 if a.attention == "op" else 18
    given = np.load(a.weights) if a.weights and not zeros else None
    weights = Weights(a.output, a.external_data, a.seed, given, zeros)
    build = build_decoder if a.kind == "decoder" else build_encoder
    g, inputs, outputs = build(a, weights)
    graph = helper.make_graph(g.nodes, a.kind, inputs, outputs, weights.tensors)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", a.opset)],
        producer_name="blockattn-models", ir_version=10)
    if weights.file:
        weights.file.truncate()
        weights.file.close()
    onnx.save(model, a.output)
    if not a.external_data:
        onnx.checker.check_model(model, full_check=True)


if __name__ == "__main__":
    main()
