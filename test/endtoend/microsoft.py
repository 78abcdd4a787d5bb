"""Runs ops of com.microsoft with random options, against ONNX Runtime.

usage: microsoft.py [--seed=N] [--count=N] KIND...

A kind is a group of ops, see KINDS. `--count` cases of each op of the group are
drawn, compiled as one model, and compared output by output.
"""

import random
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from common import Comparison, Workspace

MICROSOFT = "com.microsoft"
LARGE_MASK = -3.4028234663852886e38


class Input:
    """An operand that is given at run time, with names for its dimensions."""

    def __init__(self, array, *dims):
        self.array, self.dims = array, dims


class Weight:
    """An operand that is part of the model."""

    def __init__(self, array):
        self.array = array


class Case:
    """One node with its operands. Outputs are those that are not None."""

    def __init__(self, op, operands, outputs=1, domain=MICROSOFT, **attributes):
        self.op, self.domain = op, domain
        self.operands = operands
        self.outputs = [True] * outputs if isinstance(outputs, int) else outputs
        self.attributes = attributes
        # The same in a form that ONNX Runtime takes, where it takes not this.
        self.equivalent = self
        # For each output where it is defined; everywhere if it is not here.
        self.defined = {}

    def describe(self):
        shapes = ["-" if x is None else f"{x.array.dtype}{list(x.array.shape)}"
                  for x in self.operands]
        return f"{self.op}({', '.join(shapes)}) {self.attributes}"


class Model:
    """Cases side by side in one graph."""

    def __init__(self):
        self.nodes, self.inputs, self.weights, self.outputs = [], [], [], []
        self.feeds = {}

    def add(self, index, case):
        """Adds a case; returns the names of its outputs."""
        names = []
        for i, operand in enumerate(case.operands):
            name = "" if operand is None else f"case{index}_in{i}"
            names.append(name)
            if isinstance(operand, Weight):
                self.weights.append(numpy_helper.from_array(operand.array, name))
            elif isinstance(operand, Input):
                self.feeds[name] = operand.array
                dims = [f"{d}{index}" if isinstance(d, str) else d
                        for d in operand.dims]
                kind = helper.np_dtype_to_tensor_dtype(operand.array.dtype)
                self.inputs.append(
                    helper.make_tensor_value_info(name, kind, dims))
        outputs = [f"case{index}_out{i}" if wanted else ""
                   for i, wanted in enumerate(case.outputs)]
        self.nodes.append(helper.make_node(
            case.op, names, outputs, f"case{index}", domain=case.domain,
            **case.attributes))
        self.outputs += [name for name in outputs if name]
        return [name for name in outputs if name]

    def proto(self, types):
        outputs = [helper.make_tensor_value_info(
            name, types.get(name, TensorProto.FLOAT), None)
            for name in self.outputs]
        graph = helper.make_graph(self.nodes, "cases", self.inputs, outputs,
                                  self.weights)
        return helper.make_model(graph, ir_version=8, opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)])


def floats(*shape, scale=1.0):
    return (np.random.standard_normal(shape) * scale).astype(np.float32)


def some(choice, value):
    return value if choice else None


# Activations, norms, embeddings ----------------------------------------------


def activation(draw):
    op = draw.choice(["BiasGelu", "FastGelu", "QuickGelu", "Gelu"])
    width = draw.choice([8, 24])
    x = Input(floats(2, 5, width), "b", "s", width)
    if op == "QuickGelu":
        return Case(op, [x], alpha=draw.choice([1.702, 1.0, 0.5]))
    if op == "Gelu":
        return Case(op, [x])
    bias = Weight(floats(width))
    return Case(op, [x, bias] if op == "BiasGelu" or draw.random() < 0.5 else [x])


def skip_norm(draw):
    width = draw.choice([8, 32])
    x = Input(floats(2, 5, width), "b", "s", width)
    skip = Input(floats(2, 5, width), "b", "s", width)
    if draw.random() < 0.4:
        skip = Weight(floats(*draw.choice([(5, width), (1, 5, width)])))
    gamma = Weight(floats(width) + 1)
    bias = some(draw.random() < 0.5, Weight(floats(width)))
    outputs = [True, False, False, True] if draw.random() < 0.6 else [True]
    epsilon = draw.choice([1e-12, 1e-5, 1e-3])
    if draw.random() < 0.5:
        return Case("SkipSimplifiedLayerNormalization", [x, skip, gamma, bias],
                    outputs, epsilon=epsilon)
    beta = some(draw.random() < 0.7, Weight(floats(width)))
    return Case("SkipLayerNormalization", [x, skip, gamma, beta, bias], outputs,
                epsilon=epsilon)


def simplified_norm(draw):
    width = draw.choice([8, 32])
    return Case("SimplifiedLayerNormalization",
                [Input(floats(2, 5, width), "b", "s", width),
                 Weight(floats(width))], domain="", axis=-1,
                epsilon=draw.choice([1e-6, 1e-3]), stash_type=1)


def embed_norm(draw):
    width, words, places, batch, length = 16, 20, 12, 2, 5

    def ids(limit):
        array = np.random.randint(0, limit, (batch, length)).astype(np.int32)
        return Input(array, "b", "s")

    segments = draw.random() < 0.5
    mask = np.ones((batch, length), np.int32)
    mask[1, draw.randint(1, length):] = 0
    positions = draw.choice([None, "all", "one"])
    operands = [
        ids(words), some(segments, ids(2)), Weight(floats(words, width)),
        Weight(floats(places, width)), some(segments, Weight(floats(2, width))),
        Weight(floats(width)), Weight(floats(width)),
        some(draw.random() < 0.5, Input(mask, "b", "s")),
        ids(places) if positions == "all" else
        Weight(np.arange(3, 3 + length, dtype=np.int32)[None])
        if positions == "one" else None]
    return Case("EmbedLayerNormalization", operands,
                [True, True, draw.random() < 0.5],
                epsilon=draw.choice([1e-12, 1e-5]))


# Products ---------------------------------------------------------------------


def fused_matmul(draw):
    rank = draw.choice([2, 3, 4])
    batch = [2, 3][: rank - 2]
    trans_a, trans_b = draw.randint(0, 1), draw.randint(0, 1)
    batch_a = batch_b = 0
    if rank > 2 and draw.random() < 0.4:
        batch_a, batch_b = draw.choice([(1, 0), (0, 1), (1, 1)])

    def operand(rows, columns, transposed, moved):
        dims = batch + ([columns, rows] if transposed else [rows, columns])
        if moved:  # the first dimension comes from behind the batch
            dims = [dims[-2]] + dims[:-2] + [dims[-1]]
        return Input(floats(*dims), *dims)

    return Case("FusedMatMul", [operand(4, 6, trans_a, batch_a),
                                operand(6, 5, trans_b, batch_b)],
                alpha=draw.choice([1.0, 0.25]), transA=trans_a, transB=trans_b,
                transBatchA=batch_a, transBatchB=batch_b)


def matmul_nbits(draw):
    bits = draw.choice([2, 4, 4, 8])
    block = draw.choice([16, 32, 64, 128])
    rows, columns = draw.choice([24, 64]), draw.choice([64, 128, 80])
    blocks = -(-columns // block)
    packed = Weight(np.random.randint(
        0, 256, (rows, blocks, block * bits // 8)).astype(np.uint8))
    scales = Weight(np.abs(floats(rows, blocks, scale=0.05)) + 0.01)
    # Of 8 bits ONNX Runtime takes integers only.
    zeros = draw.choice([None, "packed", "float" if bits == 4 else None])
    if zeros == "packed":
        zeros = Weight(np.random.randint(
            0, 256, (rows, -(-blocks * bits // 8))).astype(np.uint8))
    elif zeros == "float":
        zeros = Weight(np.random.randint(0, 1 << bits, (rows, blocks))
                       .astype(np.float32))
    bias = some(draw.random() < 0.4, Weight(floats(rows)))
    a = Input(floats(2, 3, columns), "b", "s", columns)
    return Case("MatMulNBits", [a, packed, scales, zeros, None, bias],
                N=rows, K=columns, bits=bits, block_size=block,
                accuracy_level=1)


def gather_quantized(draw):
    bits = draw.choice([2, 4, 8])
    block = draw.choice([16, 32])
    rows, columns = 12, draw.choice([32, 64, 96])
    blocks = -(-columns // block)
    data = Weight(np.random.randint(
        0, 256, (rows, columns * bits // 8)).astype(np.uint8))
    scales = Weight(np.abs(floats(rows, blocks)) + 0.01)
    zeros = some(draw.random() < 0.5, Weight(np.random.randint(
        0, 256, (rows, -(-blocks * bits // 8))).astype(np.uint8)))
    indices = Input(np.random.randint(0, rows, (2, 5)).astype(np.int64),
                    "b", "s")
    return Case("GatherBlockQuantized", [data, indices, scales, zeros],
                bits=bits, block_size=block, gather_axis=0, quantize_axis=1)


# Attention --------------------------------------------------------------------


def tables(size, columns=None, places=64):
    columns = columns or size // 2
    angles = np.outer(np.arange(places), 100.0 ** (-np.arange(columns) / columns))
    return (Weight(np.cos(angles).astype(np.float32)),
            Weight(np.sin(angles).astype(np.float32)))


def rotary(draw):
    batch, length, heads, size = 2, 5, draw.choice([1, 3]), draw.choice([8, 16])
    part = draw.random() < 0.3
    columns = size // 4 if part else size // 2
    cosines, sines = tables(size, columns)
    if draw.random() < 0.3 and not part:
        x = Input(floats(batch, heads, length, size), "b", heads, "s", size)
        attributes = {}
    else:
        x = Input(floats(batch, length, heads * size), "b", "s", heads * size)
        attributes = {"num_heads": heads} if part or draw.random() < 0.5 else {}
    if part:
        attributes["rotary_embedding_dim"] = 2 * columns
    if draw.random() < 0.4:
        positions = Input(np.array([draw.randint(0, 9)], np.int64), 1)
    else:
        positions = Input(np.random.randint(0, 40, (batch, length)), "b", "s")
    return Case("RotaryEmbedding", [x, positions, cosines, sines],
                interleaved=draw.randint(0, 1), **attributes)


def padding_mask(draw, forms, batch, length, total, causal):
    """A mask of one of these forms, with padding on either side. Every query
    sees a key: where all have the filter value, scores lose their digits."""
    form = draw.choice(forms)
    begin = np.array([0 if causal else draw.randint(0, 2)
                      for _ in range(batch)])
    end = np.array([draw.randint(total - 1, total) for _ in range(batch)])
    columns = np.arange(total)
    bits = (columns >= begin[:, None]) & (columns < end[:, None])
    if form == "2d":
        return Input(bits.astype(np.int32), "b", "t")
    if form == "3d":
        rows = np.random.random((batch, length, total)) < 0.8
        rows[:, :, 0] = True
        return Input(rows.astype(np.int32), "b", "s", "t")
    if form == "ends":
        return Input(end.astype(np.int32), "b")
    if form == "ranges":
        ranges = np.concatenate([end, begin]).astype(np.int32)
        return Input(ranges, 2 * batch)
    return None


def attention(draw):
    batch, length, heads = 2, 5, draw.choice([1, 2])
    width, hidden = 12, heads * 8
    past = draw.choice([0, 0, 3])
    values = hidden if past else draw.choice([hidden, heads * 4])
    attributes = {"num_heads": heads,
                  "unidirectional": draw.randint(0, 1)}
    if values != hidden or draw.random() < 0.3:
        attributes["qkv_hidden_sizes"] = [hidden, hidden, values]
    if draw.random() < 0.5:
        attributes["mask_filter_value"] = LARGE_MASK
    if draw.random() < 0.3:
        attributes["scale"] = 0.2
    total = past + length
    forms = ["none", "2d", "3d"] if past else ["none", "2d", "3d", "ends",
                                               "ranges"]
    mask = padding_mask(draw, forms, batch, length, total,
                        attributes["unidirectional"])
    fixed = mask is not None and mask.dims == (2 * batch,)
    bias = some(draw.random() < 0.3, Input(
        floats(batch, heads, length, total), batch if fixed else "b", heads,
        "s", "t"))
    # A mask of two numbers a row is told from others by the batch's size.
    operands = [
        Input(floats(batch, length, width), batch if fixed else "b", "s", width),
        Weight(floats(width, 2 * hidden + values, scale=0.3)),
        Weight(floats(2 * hidden + values)) ,
        mask,
        some(past, Input(floats(2, batch, heads, past, 8), 2, "b", heads, "p",
                         8)),
        bias]
    return Case("Attention", operands, 2 if past else 1, **attributes)


def multi_head(draw):
    batch, length, heads, size = 2, 4, draw.choice([1, 3]), 8
    hidden = heads * size
    form = draw.choice(["plain", "plain", "packed_qkv", "packed_kv", "heads"])
    keys = length if form == "packed_qkv" else draw.choice([length, 6])
    past = draw.choice([0, 3]) if form == "plain" else 0
    causal = int(form in ("plain", "packed_qkv") and keys == length and
                 draw.random() < 0.5)
    total = past + keys
    query = Input(floats(batch, length, hidden), "b", "s", hidden)
    key = Input(floats(batch, keys, hidden), "b", "k", hidden)
    value_hidden = hidden if past else draw.choice([hidden, heads * 4])
    value = Input(floats(batch, keys, value_hidden), "b", "k", value_hidden)
    bias = Weight(floats(2 * hidden + value_hidden))
    if form == "packed_qkv":
        key = value = bias = None
        query = Input(floats(batch, length, heads, 3, size), "b", "s", heads, 3,
                      size)
    elif form == "packed_kv":
        value = bias = None
        key = Input(floats(batch, keys, heads, 2, size), "b", "k", heads, 2,
                    size)
    elif form == "heads":
        key, value = (Input(floats(batch, heads, keys, size), "b", heads, "k",
                            size) for _ in range(2))
        bias = None
    mask = padding_mask(draw, ["none", "2d", "3d", "ends"], batch, length,
                        total, causal)
    if past and mask is not None and mask.dims == ("b",):
        mask = None
    scores = some(draw.random() < 0.3, Input(
        floats(batch, heads, length, total), "b", heads, "s", "t"))
    pasts = [some(past, Input(floats(batch, heads, past, size), "b", heads, "p",
                              size)) for _ in range(2)]
    attributes = {"num_heads": heads, "unidirectional": causal}
    if draw.random() < 0.3:
        attributes["scale"] = 0.3
    if draw.random() < 0.5:
        attributes["mask_filter_value"] = LARGE_MASK
    rest = [some(draw.random() < 0.5, bias), mask, scores, *pasts]
    outputs = 3 if past else 1
    case = Case("MultiHeadAttention", [query, key, value, *rest], outputs,
                **attributes)
    if form.startswith("packed"):
        packed = query.array if form == "packed_qkv" else key.array
        parts = [Input(packed[:, :, :, i].reshape(*packed.shape[:2], hidden),
                       "b", "k", hidden) for i in range(packed.shape[3])]
        if form == "packed_kv":
            parts.insert(0, query)
        case.equivalent = Case("MultiHeadAttention", [*parts, *rest], outputs,
                               **attributes)
    return case


def group_query(draw):
    heads, size = 4, 32
    groups = draw.choice([1, 2, 4])
    past = draw.choice([0, 7, 7])
    length = draw.choice([1, 3]) if past else draw.choice([1, 6])
    batch = 1 if past and length > 1 else 3
    total = past + length
    # Rows are shorter than the longest, and a past may have room to spare.
    rows = np.array([total] + [draw.randint(1 if past == 0 else length, total)
                               for _ in range(batch - 1)])
    buffer = past + draw.choice([0, 0, 4]) if past else 0
    present, kept = max(buffer, total), rows
    # Or it is a buffer for a window, from which older tokens have gone.
    window = draw.choice([3, 5]) if past and draw.random() < 0.4 else 0
    if window:
        buffer = present = window + draw.choice([0, 0, 2])
        room = buffer - window + 1
        kept = rows - room * -(-np.maximum(rows - buffer, 0) // room)
    if draw.random() < 0.5:
        width = (heads + 2 * groups) * size
        operands = [Input(floats(batch, length, width), "b", "s", width), None,
                    None]
    else:
        operands = [Input(floats(batch, length, n * size), "b", "s", n * size)
                    for n in (heads, groups, groups)]
    operands += [Input(floats(batch, groups, buffer, size), "b", groups, "p",
                       size) for _ in range(2)]
    operands += [Input((rows - 1).astype(np.int32), "b"),
                 Weight(np.array(total, np.int32))]
    attributes = {"num_heads": heads, "kv_num_heads": groups}
    if draw.random() < 0.7:
        operands += tables(size, draw.choice([None, size // 4]))
        attributes |= {"do_rotary": 1, "rotary_interleaved": draw.randint(0, 1)}
        # Without a past ONNX Runtime takes the first position, for all rows.
        starts = [[0], [2], [1]] if past else [[2], [2], [2]]
        positions = past + np.arange(length) + np.array(starts[:batch])
        operands += [some(draw.random() < 0.3, Input(positions, "b", "s"))]
    else:
        operands += [None, None, None]
    operands += [some(draw.random() < 0.3 and not window, Input(
        floats(batch, draw.choice([1, heads]), length, total), "b", "h", "s",
        "t"))]
    if operands[-1] is not None:
        operands[-1].dims = ("b", operands[-1].array.shape[1], "s", "t")
    if window:
        attributes |= {"local_window_size": window, "sliding_window_cache": 1}
    elif draw.random() < 0.4:
        attributes["local_window_size"] = draw.choice([1, 3, 5])
    if draw.random() < 0.4:
        attributes["softcap"] = 2.0
    if draw.random() < 0.4:
        attributes["scale"] = 0.5
    sinks = draw.choice([None, None, "smooth", "given"])
    if sinks == "smooth":
        attributes["smooth_softmax"] = 1
    operands += [some(sinks == "given", Weight(floats(heads)))]
    case = Case("GroupQueryAttention", operands, 3, **attributes)
    if past == 0:  # padding is among the new tokens
        case.defined[0] = (np.arange(length) < rows[:, None])[..., None]
    there = (np.arange(present) < kept[:, None])[:, None, :, None]
    case.defined[1] = case.defined[2] = there
    return case


KINDS = {
    "norms": [activation, skip_norm, simplified_norm, embed_norm],
    "products": [fused_matmul, matmul_nbits, gather_quantized],
    "attention": [rotary, attention, multi_head, group_query],
}


def reference(index, case):
    """ONNX Runtime's results and their types; None where it takes no such
    case."""
    model = Model()
    names = model.add(index, case.equivalent)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    # The types of outputs are inferred when they are not told.
    proto = model.proto({name: 0 for name in names})
    for output in proto.graph.output:
        output.ClearField("type")
    try:
        session = onnxruntime.InferenceSession(
            proto.SerializeToString(), options, ["CPUExecutionProvider"])
        values = session.run(names, model.feeds)
    except Exception as error:
        why = str(error).splitlines()[0].split("Status Message: ")[-1]
        print(f"note: ONNX Runtime refuses {case.describe()}: {why}")
        return None
    return {name: (value, case.defined.get(i))
            for i, (name, value) in enumerate(zip(names, values))}


def check(kind, seed, count, compare):
    draw = random.Random(seed)
    np.random.seed(seed)
    model, wanted, labels, refused = Model(), {}, {}, 0
    for maker in KINDS[kind]:
        for _ in range(count):
            index = len(model.nodes)
            case = maker(draw)
            values = reference(index, case)
            if values is None:
                refused += 1
                continue
            model.add(index, case)
            wanted |= values
            labels |= {name: case.describe() for name in values}
    compare.true(f"{kind}: most cases are valid",
                 refused <= 0.25 * count * len(KINDS[kind]))
    types = {name: helper.np_dtype_to_tensor_dtype(value.dtype)
             for name, (value, _) in wanted.items()}
    work = Workspace()
    file = work.path("cases.onnx")
    onnx.save(model.proto(types), file)
    artifact = work.compile(file, "--programs=full")
    got = work.infer(artifact, model.feeds, list(wanted))
    for name, (value, defined) in wanted.items():
        if defined is not None:
            value, got[name] = (np.where(defined, x, 0)
                                for x in (value, got[name]))
        scale = max(1.0, float(np.abs(value).max()) if value.size else 0.0)
        compare.close(f"{name} {labels[name]}", got[name], value, 1e-4 * scale)


def main():
    seed, count, kinds = 0, 6, []
    for argument in sys.argv[1:]:
        if argument.startswith("--seed="):
            seed = int(argument[len("--seed="):])
        elif argument.startswith("--count="):
            count = int(argument[len("--count="):])
        else:
            kinds.append(argument)
    compare = Comparison()
    for kind in kinds:
        check(kind, seed, count, compare)
    compare.exit()


if __name__ == "__main__":
    main()
