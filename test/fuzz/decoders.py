"""Random small decoders in random spellings, for differential.py.

What a decoder computes and how its graph spells it are drawn apart: weights go
by name, so that the same decoder can be written twice.
"""

import dataclasses
import random
import zlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

VOCABULARY = 32
LONGEST = 64
MS = "com.microsoft"
HIDDEN = 24
CHUNK, HOLE = 4, 2  # of the masks of those twists


# What a decoder may do besides, and whether it has block programs:
#   yes     it must have them
#   maybe   with the right numbers, or refused: either is true
#   no      tokens of other blocks reach a token past its attention, or through a
#           mask that says nothing about blocks: it must be refused
TWISTS = {
    "none": "yes",
    # Positions
    "shifted": "yes",  # all by 2, as OPT
    "doubled": "maybe",
    "clipped": "maybe",  # from 5 on they are the same
    "counted": "maybe",  # some tokens don't count, as RoBERTa's padding
    "stretched": "maybe",  # divided where the sequence is longer than 8
    # What is not the same wherever a block stands
    "turned_values": "maybe",
    "gain_after_rotary": "maybe",
    "normed_heads": "yes",  # before the rotation, as Qwen 3
    "temperature": "maybe",  # queries scaled by their position, as Llama 4
    # Scores and masks
    "alibi": "yes",
    "chunks": "maybe",
    "prefix": "no",
    "holes": "maybe",
    # Tokens that reach others past the attention
    "shifted_tokens": "no",
    "sum_of_tokens": "no",
    "highest_token": "no",
    # Of one number of tokens alone, which may be that of a row's features, too
    "fixed": "yes",
    "fixed_turned": "yes",  # tokens along the last dimension, and back
    "fixed_mixed": "no",  # a product with weights along the tokens, as MLP-Mixer
    "fixed_softmax": "no",  # along tokens that are the last dimension
    "fixed_pairs": "no",  # a product in rows of two tokens
}


@dataclasses.dataclass(frozen=True)
class Spelling:
    """One decoder, and how it is written."""
    seed: int
    opset: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    norm: str  # rms, layer
    norm_spelling: str  # plain, pow, op, ms
    rotary: str  # none, half, interleaved
    rotary_spelling: str  # computed, cache, op, ms
    rotary_part: int  # of the head: 1 all of it, 2 a half
    attention: str  # matmul, op, gqa, mha
    three_dims: bool  # of the op: heads merged into the channels
    own_rotary: bool  # of gqa
    mask: str  # compare, tril, arithmetic, causal (of the op), explicit
    masking: str  # add, where
    lowest: str  # min, inf, large
    window: int
    softcap: float
    scaling: str  # mul, div, both
    repeat: str  # expand, tile
    mask_input: bool
    positions: str  # input, range, cumsum
    past: bool
    mlp: str  # gelu, tanh, gelu_op, swiglu
    bias: bool
    tied: bool
    twist: str = "none"  # TWISTS
    tokens: int = 0  # in every prompt; 0: any number

    def __str__(self):
        fields = dataclasses.asdict(self)
        return " ".join(f"{key}={value}" for key, value in fields.items())

    def reference(self):
        """The same decoder in plain ops, with the mask as an input."""
        plain = "layer" if self.norm == "layer" else "pow"
        # Such masks are part of the explicit one.
        twist = "none" if self.twist == "chunks" else self.twist
        return dataclasses.replace(
            self, attention="matmul", mask="explicit", masking="add", mask_input=False,
            positions="input", past=False, norm_spelling=plain, own_rotary=False,
            rotary_spelling="computed" if twist == "stretched" else "cache", twist=twist)


def draw(seed, twists=False):
    """A decoder that its operators allow; with `twists`, one that does something besides."""
    plain = draw_plain(random.Random(seed), seed)
    if not twists:
        return plain
    names = [name for name in TWISTS if name != "none"]
    twist = names[seed % len(names)]
    change = {"twist": twist}
    if twist in ("doubled", "clipped", "counted", "stretched", "shifted", "turned_values",
                 "gain_after_rotary", "temperature"):
        # GroupQueryAttention's own positions can't be changed.
        change.update(own_rotary=False)
    if twist in ("stretched", "turned_values", "gain_after_rotary") and plain.rotary == "none":
        change.update(rotary="half")
    if twist == "stretched":
        change.update(rotary_spelling="computed")
    if twist == "counted":
        change.update(past=False, positions="range")
    if twist.startswith("fixed"):
        change.update(past=False, tokens=random.Random(seed).choice([8, 16, HIDDEN]))
    if twist in ("alibi", "chunks", "prefix", "holes"):
        change.update(attention="matmul", own_rotary=False, window=0,
                      mask="compare" if plain.mask in ("tril", "causal") else plain.mask)
    return dataclasses.replace(plain, **change)


def draw_plain(r, seed):
    opset = r.choice(range(14, 25))
    attention = r.choice(["matmul", "matmul", "op" if opset >= 23 else "matmul", "gqa", "mha"])
    heads = r.choice([2, 4])
    kv_heads = heads if attention == "mha" else r.choice([n for n in (1, 2, 4) if heads % n == 0])
    head_size = 16 if attention == "gqa" else r.choice([8, 16])
    norm = r.choice(["rms", "layer"])
    norm_spellings = ["plain", "pow"]
    if (norm == "rms" and opset >= 23) or (norm == "layer" and opset >= 17):
        norm_spellings.append("op")
    if norm == "rms":
        norm_spellings.append("ms")
    rotary = r.choice(["none", "half", "half", "interleaved"])
    own_rotary = attention == "gqa" and rotary != "none" and r.random() < 0.5
    rotary_spellings = ["computed", "cache", "ms"] + (["op"] if opset >= 23 else [])
    rotary_spelling = "cache" if own_rotary else r.choice(rotary_spellings)
    part = r.choice([1, 1, 2]) if rotary_spelling in ("computed", "cache") and not own_rotary else 1
    mask = r.choice(["compare", "tril", "arithmetic"])
    window = r.choice([0, 0, 0, 3, 6])
    if attention == "op" and not window and r.random() < 0.4:
        mask = "causal"
    mask_input = attention == "gqa" or (mask != "causal" and r.random() < 0.5)
    positions = r.choice(["input", "range"] + (["cumsum"] if mask_input else []))
    if own_rotary:
        positions = "input"
    mlps = ["gelu", "tanh", "swiglu", "swiglu"] + (["gelu_op"] if opset >= 20 else [])
    return Spelling(
        seed=seed, opset=opset, layers=r.choice([1, 2]), heads=heads, kv_heads=kv_heads,
        head_size=head_size, norm=norm, norm_spelling=r.choice(norm_spellings), rotary=rotary,
        rotary_spelling=rotary_spelling, rotary_part=part, attention=attention,
        three_dims=attention == "op" and r.random() < 0.5, own_rotary=own_rotary, mask=mask,
        masking=r.choice(["add", "where"]), lowest=r.choice(["min", "inf", "large"]),
        window=window, softcap=r.choice([0.0, 0.0, 5.0]) if attention != "mha" else 0.0,
        scaling=r.choice(["mul", "div", "both"]), repeat=r.choice(["expand", "tile"]),
        mask_input=mask_input, positions=positions, past=r.random() < 0.5, mlp=r.choice(mlps),
        bias=r.random() < 0.3, tied=r.random() < 0.3)


class Decoder:
    """Writes the graph of one."""

    def __init__(self, spelling):
        self.s = spelling
        self.nodes, self.weights, self.inputs, self.outputs = [], {}, [], []
        self.count = 0

    # Building blocks

    def op(self, kind, *operands, domain="", outputs=1, **attributes):
        self.count += 1
        names = [f"{kind}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(
            kind, [self.value(x) for x in operands], names, name=f"/{kind}_{self.count}",
            domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def value(self, x):
        """A name, or a constant that gets one."""
        if x is None:
            return ""
        if isinstance(x, str):
            return x
        array = np.asarray(x)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"constant_{zlib.crc32(array.tobytes() + str((array.dtype, array.shape)).encode())}"
        self.weights.setdefault(name, array)
        return name

    def weight(self, name, *shape, scale=None):
        random_numbers = np.random.default_rng([self.s.seed, zlib.crc32(name.encode())])
        scale = scale or 1 / np.sqrt(shape[0])
        self.weights[name] = (random_numbers.standard_normal(shape) * scale).astype(np.float32)
        return name

    def around_one(self, name, size):
        self.weight(name, size, scale=0.2)
        self.weights[name] += 1
        return name

    def input(self, name, kind, shape):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value, name, shape):
        self.op_named("Identity", value, name)
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def op_named(self, kind, value, name):
        self.nodes.append(helper.make_node(kind, [value], [name], name=f"/{name}"))

    def reduce_mean(self, x):
        if self.s.opset >= 18:
            return self.op("ReduceMean", x, np.int64([-1]), keepdims=1)
        return self.op("ReduceMean", x, axes=[-1], keepdims=1)

    def dim(self, x, axis):
        """One dimension, a vector of one element."""
        return self.op("Gather", self.op("Shape", x), np.int64([axis]), axis=0)

    def scalar(self, vector):
        return self.op("Squeeze", vector, np.int64([0]))

    def cast(self, x, kind):
        return self.op("Cast", x, to=kind)

    def linear(self, x, name, rows, columns, bias=False):
        y = self.op("MatMul", x, self.weight(name, rows, columns))
        return self.op("Add", y, self.weight(name + ".bias", columns, scale=0.1)) if bias else y

    # Parts of the decoder

    def norm(self, x, name):
        s, hidden = self.s, self.hidden
        gain = self.around_one(name, hidden)
        if s.norm == "rms":
            if s.norm_spelling == "op":
                return self.op("RMSNormalization", x, gain, axis=-1, epsilon=1e-5)
            if s.norm_spelling == "ms":
                return self.op("SimplifiedLayerNormalization", x, gain, axis=-1, epsilon=1e-5)
            centred = x
        else:
            shift = self.weight(name + ".bias", hidden, scale=0.1)
            if s.norm_spelling == "op":
                return self.op("LayerNormalization", x, gain, shift, axis=-1, epsilon=1e-5)
            centred = self.op("Sub", x, self.reduce_mean(x))
        square = (self.op("Pow", centred, 2.0) if s.norm_spelling == "pow"
                  else self.op("Mul", centred, centred))
        root = self.op("Sqrt", self.op("Add", self.reduce_mean(square), 1e-5))
        if s.norm_spelling == "pow":
            y = self.op("Mul", centred, self.op("Div", 1.0, root))
        else:
            y = self.op("Div", centred, root)
        y = self.op("Mul", y, gain)
        return y if s.norm == "rms" else self.op("Add", y, shift)

    def split_heads(self, x, heads):
        shape = np.int64([0, 0, heads, self.s.head_size])
        return self.op("Transpose", self.op("Reshape", x, shape), perm=[0, 2, 1, 3])

    def merge_heads(self, x, heads):
        x = self.op("Transpose", x, perm=[0, 2, 1, 3])
        return self.op("Reshape", x, np.int64([0, 0, heads * self.s.head_size]))

    def part(self, x, begin, end, axis):
        return self.op("Slice", x, np.int64([begin]), np.int64([end]), np.int64([axis]))

    def tables(self):
        """Cosines and sines, for as long as a prompt may be."""
        size = self.s.head_size // self.s.rotary_part
        frequency = 100.0 ** (-np.arange(0, size, 2) / size)
        angle = np.arange(LONGEST)[:, None] * frequency
        return np.float32(np.cos(angle)), np.float32(np.sin(angle))

    def angles(self):
        """Cosines and sines of the positions, [batch, 1, tokens, half]."""
        if self.s.rotary_spelling == "cache":
            both = [self.op("Gather", table, self.position_ids, axis=0)
                    for table in self.tables()]
        else:
            size = self.s.head_size // self.s.rotary_part
            frequency = np.float32(100.0 ** (-np.arange(0, size, 2) / size))
            column = self.op("Unsqueeze", self.cast(self.position_ids, TensorProto.FLOAT),
                             np.int64([-1]))
            angle = self.op("MatMul", column, frequency[None])
            if self.s.twist == "stretched":
                longer = self.op("Greater", self.keys, np.int64([8]))
                angle = self.op("Mul", angle, self.op("Where", longer, 0.5, 1.0))
            both = [self.op("Cos", angle), self.op("Sin", angle)]
        return [self.op("Unsqueeze", x, np.int64([1])) for x in both]

    def rotate(self, x, heads):
        s = self.s
        size = s.head_size // s.rotary_part
        interleaved = int(s.rotary == "interleaved")
        if s.rotary_spelling in ("op", "ms"):
            cos, sin = self.tables()
            if s.rotary_spelling == "op":
                return self.op("RotaryEmbedding", x, cos, sin, self.position_ids,
                               interleaved=interleaved)
            return self.op("RotaryEmbedding", x, self.position_ids, cos, sin, domain=MS,
                           interleaved=interleaved)
        if self.cos_sin is None:
            self.cos_sin = self.angles()
        cos, sin = self.cos_sin
        rest = None
        if s.rotary_part > 1:
            rest, x = self.part(x, size, s.head_size, 3), self.part(x, 0, size, 3)
        if interleaved:
            pairs = self.op("Reshape", x, np.int64([0, heads, -1, size // 2, 2]))
            first, second = [self.op("Gather", pairs, np.int64(i), axis=4) for i in (0, 1)]
            turned = self.turn(first, second, cos, sin)
            turned = [self.op("Unsqueeze", y, np.int64([-1])) for y in turned]
            y = self.op("Concat", *turned, axis=4)
            y = self.op("Reshape", y, np.int64([0, heads, -1, size]))
        else:
            first, second = self.part(x, 0, size // 2, 3), self.part(x, size // 2, size, 3)
            negative = self.op("Concat", self.op("Neg", second), first, axis=3)
            wide_cos, wide_sin = [self.op("Concat", t, t, axis=3) for t in (cos, sin)]
            y = self.op("Add", self.op("Mul", x, wide_cos), self.op("Mul", negative, wide_sin))
        return self.op("Concat", y, rest, axis=3) if rest else y

    def turn(self, first, second, cos, sin):
        return (self.op("Sub", self.op("Mul", first, cos), self.op("Mul", second, sin)),
                self.op("Add", self.op("Mul", second, cos), self.op("Mul", first, sin)))

    def lowest(self):
        return {"min": float(np.finfo(np.float32).min), "inf": -np.inf, "large": -1e9}[self.s.lowest]

    def allowed(self):
        """Who sees whom, [1 or batch, 1, tokens, keys] Booleans."""
        s = self.s
        if s.mask == "tril":
            shape = self.op("Concat", self.tokens, self.keys, axis=0)
            ones = self.op("ConstantOfShape", shape, value=numpy_helper.from_array(np.float32([1])))
            lower = self.op("Trilu", ones, self.scalar(self.past_length), upper=0)
            if s.window:
                first = self.op("Sub", self.past_length, np.int64([s.window - 1]))
                lower = self.op("Trilu", lower, self.scalar(first), upper=1)
            mask = self.cast(lower, TensorProto.BOOL)
        else:
            key = self.op("Range", np.int64(0), self.scalar(self.keys), np.int64(1))
            query = self.op("Add", self.op("Range", np.int64(0), self.scalar(self.tokens),
                                           np.int64(1)), self.past_length)
            query = self.op("Unsqueeze", query, np.int64([1]))
            mask = self.op("LessOrEqual", key, query)
            if s.window:
                distance = self.op("Sub", query, key)
                mask = self.op("And", mask, self.op("Less", distance, np.int64(s.window)))
            if s.twist == "chunks":
                same = self.op("Equal", *[self.op("Div", x, np.int64(CHUNK)) for x in (query, key)])
                mask = self.op("And", mask, same)
            elif s.twist == "prefix":
                first = [self.op("Less", x, np.int64(3)) for x in (query, key)]
                mask = self.op("Or", mask, self.op("And", *first))
            elif s.twist == "holes":
                hole = self.op("Equal", self.op("Sub", query, key), np.int64(HOLE))
                mask = self.op("And", mask, self.op("Not", hole))
        mask = self.op("Unsqueeze", mask, np.int64([0, 1]))
        if s.mask_input:
            row = self.op("Unsqueeze", self.cast(self.attention_mask, TensorProto.BOOL),
                          np.int64([1, 2]))
            mask = self.op("And", mask, row)
        return mask

    def additive(self):
        """The mask as what is added to the scores."""
        if self.s.mask == "explicit":
            return self.op("Unsqueeze", "mask", np.int64([0, 1]))
        allowed = self.allowed()
        if self.s.mask == "arithmetic" and self.s.lowest != "inf":
            kept = self.cast(allowed, TensorProto.FLOAT)
            return self.op("Mul", self.op("Sub", 1.0, kept), np.float32(self.lowest()))
        return self.op("Where", allowed, 0.0, np.float32(self.lowest()))

    def repeat_heads(self, x):
        s = self.s
        times = s.heads // s.kv_heads
        if times == 1:
            return x
        x = self.op("Unsqueeze", x, np.int64([2]))
        if s.repeat == "expand":
            shape = self.op("Concat", self.batch, np.int64([s.kv_heads, times]), self.keys,
                            np.int64([s.head_size]), axis=0)
            x = self.op("Expand", x, shape)
        else:
            x = self.op("Tile", x, np.int64([1, 1, times, 1, 1]))
        return self.op("Reshape", x, np.int64([0, s.heads, -1, s.head_size]))

    def scores(self, q, k):
        s = self.s
        factor = s.head_size ** -0.5
        turned = self.op("Transpose", k, perm=[0, 1, 3, 2])
        if s.scaling == "both":
            root = np.float32(factor ** 0.5)
            scores = self.op("MatMul", self.op("Mul", q, root), self.op("Mul", turned, root))
        elif s.scaling == "mul":
            scores = self.op("Mul", self.op("MatMul", q, turned), np.float32(factor))
        else:
            scores = self.op("Div", self.op("MatMul", q, turned), np.float32(1 / factor))
        if s.softcap:
            cap = np.float32(s.softcap)
            scores = self.op("Mul", self.op("Tanh", self.op("Div", scores, cap)), cap)
        if s.twist == "alibi":
            place = self.cast(self.op("Range", np.int64(0), self.scalar(self.keys), np.int64(1)),
                              TensorProto.FLOAT)
            slopes = 2.0 ** -np.arange(1, s.heads + 1)
            scores = self.op("Add", scores, self.op("Mul", place, np.float32(slopes)[:, None, None]))
        return scores

    def attend(self, q, k, v):
        """By plain ops, on [batch, heads, tokens, head size]."""
        s = self.s
        scores = self.scores(q, self.repeat_heads(k))
        if s.masking == "where" and s.mask != "explicit":
            if self.mask is None:
                self.mask = self.allowed()
            scores = self.op("Where", self.mask, scores, np.float32(self.lowest()))
        else:
            if self.mask is None:
                self.mask = self.additive()
            scores = self.op("Add", scores, self.mask)
        weights = self.op("Softmax", scores, axis=-1)
        return self.merge_heads(self.op("MatMul", weights, self.repeat_heads(v)), s.heads)

    def attend_op(self, q, k, v):
        """By ONNX's Attention; k and v have the past in them."""
        s = self.s
        mask = None
        if s.mask != "causal":
            if self.mask is None:
                self.mask = self.allowed() if s.masking == "where" else self.additive()
            mask = self.mask
        attributes = {"softcap": s.softcap} if s.softcap else {}
        if s.three_dims:
            q = self.merge_heads(q, s.heads)
            k, v = self.merge_heads(k, s.kv_heads), self.merge_heads(v, s.kv_heads)
            return self.op("Attention", q, k, v, mask, q_num_heads=s.heads,
                           kv_num_heads=s.kv_heads, is_causal=int(mask is None), **attributes)
        y = self.op("Attention", q, k, v, mask, is_causal=int(mask is None), **attributes)
        return self.merge_heads(y, s.heads)

    def group_query(self, q, k, v, layer):
        s = self.s
        if self.lengths is None:
            total = self.op("ReduceSum", self.attention_mask, np.int64([1]), keepdims=0)
            self.lengths = (
                self.cast(self.op("Sub", total, np.int64([1])), TensorProto.INT32),
                self.cast(self.scalar(self.dim(self.attention_mask, 1)), TensorProto.INT32))
        tables = self.tables() if s.own_rotary else (None, None)
        attributes = {"do_rotary": 1} if s.own_rotary else {}
        if s.own_rotary and s.rotary == "interleaved":
            attributes["rotary_interleaved"] = 1
        if s.window:
            attributes["local_window_size"] = s.window
        if s.softcap:
            attributes["softcap"] = s.softcap
        past = self.pasts[layer] if s.past else (None, None)
        return self.op("GroupQueryAttention", q, k, v, *past, *self.lengths, *tables, domain=MS,
                       outputs=3, num_heads=s.heads, kv_num_heads=s.kv_heads, **attributes)

    def attention(self, x, layer):
        s, name = self.s, f"layers.{layer}."
        inner, narrow = s.heads * s.head_size, s.kv_heads * s.head_size
        q = self.linear(x, name + "q", self.hidden, inner, s.bias)
        k = self.linear(x, name + "k", self.hidden, narrow, s.bias)
        v = self.linear(x, name + "v", self.hidden, narrow, s.bias)
        if s.attention == "gqa" and (s.own_rotary or s.rotary == "none"):
            y, k, v = self.group_query(q, k, v, layer)
        else:
            q, k, v = (self.split_heads(q, s.heads), self.split_heads(k, s.kv_heads),
                       self.split_heads(v, s.kv_heads))
            if s.twist == "normed_heads":
                q, k = [self.head_norm(x, name + part) for x, part in ((q, "q"), (k, "k"))]
            if s.rotary != "none":
                q, k = self.rotate(q, s.heads), self.rotate(k, s.kv_heads)
            if s.twist == "turned_values":
                v = self.rotate(v, s.kv_heads)
            elif s.twist == "gain_after_rotary":
                k = self.op("Mul", k, self.around_one(name + "k.gain", s.head_size))
            elif s.twist == "temperature":
                q = self.op("Mul", q, self.temperature())
            if s.attention == "gqa":
                y, k, v = self.group_query(
                    self.merge_heads(q, s.heads), self.merge_heads(k, s.kv_heads),
                    self.merge_heads(v, s.kv_heads), layer)
            else:
                if s.past:
                    k, v = [self.op("Concat", old, new, axis=2)
                            for old, new in zip(self.pasts[layer], (k, v))]
                y = self.attend_as(q, k, v)
        if s.past:
            shape = ["batch", s.kv_heads, "total_length", s.head_size]
            self.output(k, f"present.{layer}.key", shape)
            self.output(v, f"present.{layer}.value", shape)
        return self.linear(y, name + "o", inner, self.hidden)

    def head_norm(self, x, name):
        root = self.op("Sqrt", self.op("Add", self.reduce_mean(self.op("Mul", x, x)), 1e-5))
        gain = self.around_one(name + ".norm", self.s.head_size)
        return self.op("Mul", self.op("Div", x, root), gain)

    def temperature(self):
        """A factor of each query, [batch, 1, tokens, 1]."""
        steps = self.op("Div", self.op("Add", self.position_ids, np.int64(1)), np.int64(4))
        factor = self.op("Add", self.op("Mul", self.cast(steps, TensorProto.FLOAT), 0.25), 1.0)
        return self.op("Unsqueeze", factor, np.int64([1, 3]))

    def attend_as(self, q, k, v):
        s = self.s
        if s.attention == "matmul":
            return self.attend(q, k, v)
        if s.attention == "op":
            return self.attend_op(q, k, v)
        if self.mask is None:
            self.mask = self.additive()
        merged = [self.merge_heads(x, s.heads) for x in (q, k, v)]
        return self.op("MultiHeadAttention", *merged, None, None, self.mask, domain=MS,
                       num_heads=s.heads)

    def mlp(self, x, layer):
        s, name, wide = self.s, f"layers.{layer}.", 2 * self.hidden
        up = self.linear(x, name + "up", self.hidden, wide, s.bias)
        if s.mlp == "swiglu":
            gate = self.linear(x, name + "gate", self.hidden, wide, s.bias)
            gate = self.op("Mul", gate, self.op("Sigmoid", gate))
            up = self.op("Mul", gate, up)
        elif s.mlp == "gelu_op":
            up = self.op("Gelu", up)
        elif s.mlp == "gelu":
            error = self.op("Erf", self.op("Div", up, np.float32(2 ** 0.5)))
            up = self.op("Mul", self.op("Mul", up, self.op("Add", error, 1.0)), 0.5)
        else:
            cube = self.op("Mul", self.op("Pow", up, 3.0), 0.044715)
            inner = self.op("Mul", self.op("Add", up, cube), np.float32((2 / np.pi) ** 0.5))
            up = self.op("Mul", self.op("Mul", up, 0.5),
                         self.op("Add", self.op("Tanh", inner), 1.0))
        return self.linear(up, name + "down", wide, self.hidden, s.bias)

    def twisted_positions(self, ids):
        twist = self.s.twist
        if twist == "shifted":
            return self.op("Add", ids, np.int64(2))
        if twist == "doubled":
            return self.op("Mul", ids, np.int64(2))
        if twist == "clipped":
            return self.op("Min", ids, np.int64(5))
        return ids

    def counted_positions(self):
        """Of the tokens that are not 3, or 7."""
        others = [self.op("Not", self.op("Equal", "input_ids", np.int64(x))) for x in (3, 7)]
        kept = self.cast(self.op("And", *others), TensorProto.INT64)
        return self.op("CumSum", kept, np.int64(1))

    def make_positions(self):
        if self.s.twist == "counted":
            # An input that is not used would not be one.
            return self.counted_positions()
        return self.twisted_positions(self.graph_positions())

    def graph_positions(self):
        s = self.s
        if s.positions == "input":
            return self.input("position_ids", TensorProto.INT64, ["batch", s.tokens or "tokens"])
        if s.positions == "cumsum":
            sums = self.op("CumSum", self.attention_mask, np.int64(1))
            ids = self.op("Sub", sums, np.int64(1))
            ids = self.op("Where", self.op("Equal", self.attention_mask, np.int64(0)),
                          np.int64(1), ids)
            if s.past:
                end = np.int64([np.iinfo(np.int64).max])
                ids = self.op("Slice", ids, self.past_length, end, np.int64([1]))
            return ids
        end = self.op("Add", self.past_length, self.tokens)
        ids = self.op("Range", self.scalar(self.past_length), self.scalar(end), np.int64(1))
        ids = self.op("Unsqueeze", ids, np.int64([0]))
        # The ops want a row for each of the batch.
        if s.rotary_spelling in ("op", "ms"):
            shape = self.op("Concat", self.batch, self.tokens, axis=0)
            ids = self.op("Expand", ids, shape)
        return ids

    def mixed(self, x):
        """What other tokens add to each, where the decoder does that."""
        if self.s.twist == "shifted_tokens":
            earlier = self.op("Pad", x, np.int64([0, 1, 0, 0, -1, 0]))
            return self.op("Add", x, self.op("Mul", earlier, 0.5))
        if self.s.twist == "sum_of_tokens":
            return self.op("Add", x, self.op("Mul", self.op("CumSum", x, np.int64(1)), 0.25))
        if self.s.tokens and self.s.twist != "fixed":
            return self.op("Add", x, self.op("Mul", self.moved(x), 0.5))
        return x

    def moved(self, x):
        """What tokens make whose number is known: of themselves, or of others."""
        tokens, twist = self.s.tokens, self.s.twist
        if twist == "fixed_mixed":
            return self.op("MatMul", self.weight("mixer", tokens, tokens), x)
        if twist == "fixed_pairs":
            wide = 2 * self.hidden
            pairs = self.op("Reshape", x, np.int64([0, tokens // 2, wide]))
            pairs = self.linear(pairs, "pairs", wide, wide)
            return self.op("Reshape", pairs, np.int64([0, tokens, self.hidden]))
        turned = self.op("Transpose", x, perm=[0, 2, 1])
        axis = -1 if twist == "fixed_softmax" else 1
        return self.op("Transpose", self.op("Softmax", turned, axis=axis), perm=[0, 2, 1])

    def highest(self, logits):
        if self.s.opset >= 18:
            return self.op("ReduceMax", logits, np.int64([1]), keepdims=1)
        return self.op("ReduceMax", logits, axes=[1], keepdims=1)

    def model(self):
        s = self.s
        self.hidden = HIDDEN
        self.mask = self.cos_sin = self.lengths = None
        tokens = s.tokens or "tokens"
        ids = self.input("input_ids", TensorProto.INT64, ["batch", tokens])
        if s.mask == "explicit":
            self.input("mask", TensorProto.FLOAT, [tokens, tokens])
        if s.mask_input:
            self.attention_mask = self.input(
                "attention_mask", TensorProto.INT64,
                ["batch", "past_length + tokens" if s.past else tokens])
        self.pasts = []
        for layer in range(s.layers if s.past else 0):
            shape = ["batch", s.kv_heads, "past_length", s.head_size]
            self.pasts.append([self.input(f"past_key_values.{layer}.{part}", TensorProto.FLOAT,
                                          shape) for part in ("key", "value")])
        self.batch, self.tokens = self.dim(ids, 0), self.dim(ids, 1)
        self.past_length = self.dim(self.pasts[0][0], 2) if s.past else self.value(np.int64([0]))
        self.keys = self.op("Add", self.past_length, self.tokens)
        self.position_ids = None
        if s.rotary == "none" or not s.own_rotary:
            self.position_ids = self.make_positions()
        embedding = self.weight("embedding", VOCABULARY, self.hidden, scale=1)
        x = self.op("Gather", embedding, ids, axis=0)
        if s.rotary == "none":
            places = self.weight("places", LONGEST, self.hidden, scale=0.5)
            x = self.op("Add", x, self.op("Gather", places, self.position_ids, axis=0))
        x = self.mixed(x)
        for layer in range(s.layers):
            x = self.op("Add", x, self.attention(self.norm(x, f"layers.{layer}.norm1"), layer))
            x = self.op("Add", x, self.mlp(self.norm(x, f"layers.{layer}.norm2"), layer))
        x = self.norm(x, "norm")
        if s.tied:
            logits = self.op("MatMul", x, self.op("Transpose", embedding, perm=[1, 0]))
        else:
            logits = self.linear(x, "head", self.hidden, VOCABULARY)
        if s.twist == "highest_token":
            logits = self.op("Add", logits, self.highest(logits))
        self.output(logits, "logits", ["batch", tokens, VOCABULARY])
        weights = [numpy_helper.from_array(array, name) for name, array in self.weights.items()]
        graph = helper.make_graph(self.nodes, "decoder", self.inputs, self.outputs, weights)
        return helper.make_model(graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", s.opset), helper.make_opsetid(MS, 1)])
