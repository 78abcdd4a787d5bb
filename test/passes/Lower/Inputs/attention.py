# Attention kernels against a plain softmax in f64, on many shapes and masks.
import re
import sys

import numpy as np

from program import Library, difference, function, levels

rng = np.random.default_rng(0)
FREQUENCIES = (10000.0 ** (-np.arange(8) / 8)).astype(np.float32)


def kernel(name, heads, kv_heads, size, value_size, attributes, first_key=False, cache=False,
           key_mask=False, key_positions=False, element="f32"):
    shape = lambda h, d: f"memref<?x?x{h}x{d}x{element}>"
    q, k, v, o = (shape(heads, size), shape(kv_heads, size), shape(kv_heads, value_size),
                  shape(heads, value_size))
    lse = f"memref<?x?x{heads}xf32>"
    inputs, options = [q, k, v], ""
    for wanted, word, type in ((first_key, "first_key", "memref<?xi64>"),
                               (cache, "cache", "memref<?x?xi64>"),
                               (key_mask, "key_mask", "memref<?x?xi1>"),
                               (key_positions, "key_positions", "memref<?x?xi64>")):
        if wanted:
            options += f" {word}(%i{len(inputs)} : {type})"
            inputs.append(type)
    return function(name, inputs, [o, lse], f"""
  blockattn.attention_kernel %i0, %i1, %i2{options} outs(%o0, %o1 : {o}, {lse}) {{{attributes}}}
      : {q}, {k}, {v}""")


def reference(q, k, v, scale, softcap=0.0, window=0, causal=False, first_key=None, key_mask=None,
              slopes=None, key_positions=None):
    batch, nq, heads, _ = q.shape
    nk, group = k.shape[1], heads // k.shape[2]
    q = q.astype(np.float64)
    k, v = (np.repeat(x, group, 2).astype(np.float64) for x in (k, v))
    s = np.einsum("bihd,bjhd->bhij", q, k, optimize=True) * scale
    if softcap:
        s = softcap * np.tanh(s / softcap)
    i, j, ahead = np.arange(nq)[:, None], np.arange(nk)[None], nk - nq
    if slopes is not None and nk:
        places = np.arange(nk)[None] if key_positions is None else key_positions
        own = places[:, np.maximum(np.arange(nq) + ahead, 0)]
        s = s + np.array(slopes)[None, :, None, None] * (places[:, None, None, :] - own[:, None, :, None])
    seen = np.ones((nq, nk), bool)
    if causal:
        seen &= j <= i + ahead
    if window:
        seen &= np.abs(i + ahead - j) < window
    if first_key is not None:
        seen &= j >= first_key[:, None]
    seen = np.broadcast_to(seen, (batch, 1, nq, nk)).copy()
    if key_mask is not None:
        seen &= key_mask[:, None, None, :]
    s = np.where(seen, s, -np.inf)
    top = s.max(-1, keepdims=True, initial=-np.inf)
    top = np.where(np.isinf(top), 0, top)
    p = np.exp(s - top)
    total = p.sum(-1, keepdims=True)
    safe = np.where(total > 0, total, 1)
    lse = np.where(total > 0, np.log(safe) + top, -np.inf)[..., 0]
    return np.einsum("bhij,bjhd->bihd", p / safe, v, optimize=True), lse.transpose(0, 2, 1)


def random(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


# name, heads, kv heads, head size, value size, attributes, more operands
CASES = [
    ("plain", 4, 2, 64, 64, "scale = 0.125 : f32", {}),
    ("causal", 4, 2, 64, 64, "scale = 0.125 : f32, causal", {}),
    ("softcap", 6, 3, 16, 24, "scale = 0.3 : f32, causal, softcap = 5.0 : f32", {}),
    ("window", 7, 1, 20, 20, "scale = 0.2 : f32, causal, window = 9 : i64", {}),
    ("layout", 4, 4, 128, 128, "scale = 0.09 : f32, causal", {"first_key": True}),
    ("layout_window", 2, 2, 80, 80, "scale = 0.11 : f32, causal, window = 70 : i64",
     {"first_key": True}),
    ("two_sided", 4, 2, 16, 16, "scale = 0.2 : f32, window = 7 : i64", {}),
    ("two_sided_padding", 3, 1, 40, 24, "scale = 0.2 : f32, window = 65 : i64", {"key_mask": True}),
    ("padding", 3, 3, 17, 5, "scale = 0.2 : f32", {"key_mask": True}),
    ("causal_padding", 8, 2, 256, 256, "scale = 0.06 : f32, causal", {"key_mask": True}),
    ("slopes", 4, 2, 16, 16, "scale = 0.25 : f32, causal, slopes = array<f32: 0.5, 0.25, 0.1, 0.0>", {}),
    ("slopes_layout", 2, 1, 32, 32,
     "scale = 0.2 : f32, causal, softcap = 9.0 : f32, slopes = array<f32: 0.7, 0.01>",
     {"first_key": True}),
    ("slopes_counted", 3, 3, 8, 8, "scale = 0.3 : f32, causal, slopes = array<f32: 0.5, 0.3, 0.2>",
     {"key_mask": True, "key_positions": True}),
    ("tiny", 2, 1, 1, 1, "scale = 1.0 : f32, causal", {}),
]
SHAPES = [(1, 1, 1), (2, 5, 5), (1, 1, 300), (1, 100, 100), (2, 37, 129), (1, 210, 210),
          (1, 9, 4), (1, 0, 5), (2, 3, 0)]


def random_layout(tokens):
    """Blocks at random places; the last one is global."""
    first = np.zeros(tokens, np.int64)
    starts = sorted(rng.choice(np.arange(1, tokens), min(3, tokens - 1), replace=False)) if tokens > 1 else []
    for start in starts:
        first[start:] = start
    if starts:
        first[starts[-1]:] = 0
    return first


def check_masks(library, level):
    for name, heads, kv_heads, size, value_size, attributes, more in CASES:
        number = lambda key: float((re.search(key + r" = ([\d.]+)", attributes) or [0, 0])[1])
        worst = 0
        for batch, nq, nk in SHAPES:
            first_key = key_mask = key_positions = None
            if more.get("first_key"):
                if nq != nk:
                    continue
                batch, first_key = 1, random_layout(nq)
            if more.get("key_mask"):
                key_mask = rng.random((batch, nk)) > 0.4
                key_mask[-1] &= rng.random() > 0.3
            if more.get("key_positions"):
                key_positions = np.cumsum(key_mask, 1).astype(np.int64)
            slopes = re.search(r"slopes = array<f32: ([^>]*)>", attributes)
            slopes = slopes and [float(x) for x in slopes[1].split(",")]
            q, k, v = (random(batch, nq, heads, size) * 2, random(batch, nk, kv_heads, size) * 2,
                       random(batch, nk, kv_heads, value_size))
            wanted = reference(q, k, v, np.float32(number("scale")), number("softcap"),
                               int(number("window")), "causal" in attributes, first_key, key_mask,
                               slopes, key_positions)
            o = np.full((batch, nq, heads, value_size), 777, np.float32)
            lse = np.full((batch, nq, heads), 777, np.float32)
            extra = [x for x in (first_key, key_mask, key_positions) if x is not None]
            library.run(name, [q, k, v, *extra], [o, lse])
            worst = max(worst, difference(o, wanted[0]), difference(lse, wanted[1]))
        print(level, name, "agrees" if worst < 3e-5 else f"differs by {worst}")


def rotate(x, positions, interleaved):
    r = 2 * len(FREQUENCIES)
    angle = np.asarray(positions)[:, None] * FREQUENCIES.astype(np.float64)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    y = x.astype(np.float64).copy()
    a, b = (slice(0, r, 2), slice(1, r, 2)) if interleaved else (slice(0, r // 2), slice(r // 2, r))
    y[..., a] = x[..., a] * cos - x[..., b] * sin
    y[..., b] = x[..., b] * cos + x[..., a] * sin
    return y


SLOPES = [0.5, 0.25, 0.125, 0.1, 0.05, 0.0]


def cache_cases():
    # Without rotary positions.
    slopes = ", ".join(str(slope) for slope in SLOPES)
    yield ("cache_slopes", None, 0,
           f"scale = 0.2 : f32, causal, layer = 1 : i64, slopes = array<f32: {slopes}>")
    for interleaved in (False, True):
        for window in (0, 11):
            table = ", ".join(repr(float(f)) for f in FREQUENCIES)
            attributes = (
                "scale = 0.2 : f32, causal, layer = 1 : i64, query_rotary = "
                f"#blockattn.rope<inv_freq = dense<[{table}]> : tensor<8xf32>"
                + (", interleaved = true" if interleaved else "") + ">"
                + (f", window = {window} : i64" if window else ""))
            yield f"cache_{int(interleaved)}_{window}", interleaved, window, attributes


def check_cache(library, level):
    """Blocks that were encoded at positions 0, 1, ... stand anywhere."""
    heads, kv_heads, size = 6, 2, 32
    for name, interleaved, window, _ in cache_cases():
        worst = 0
        turn = lambda x, at: x if interleaved is None else rotate(x, at, interleaved)
        slopes = SLOPES if interleaved is None else None
        for nq, lengths in ((1, [5]), (3, [7, 20, 1]), (50, [100, 33]), (4, []), (40, [0, 6])):
            starts = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
            plain = [random(n, kv_heads, size) for n in lengths]
            values = [random(n, kv_heads, size) for n in lengths]
            keys = [turn(x, np.arange(len(x))).astype(np.float32) for x in plain]
            q, k, v = random(nq, heads, size), random(nq, kv_heads, size), random(nq, kv_heads, size)
            own = starts[-1] + np.arange(nq)
            turned = [turn(x, own)[None] for x in (q, k)]
            all_keys = np.concatenate(
                [turn(x, s + np.arange(len(x))) for x, s in zip(plain, starts)]
                + [turned[1][0]])[None]
            wanted = reference(turned[0], all_keys, np.concatenate([*values, v])[None],
                               np.float32(0.2), 0.0, window, True, slopes=slopes)
            table = np.zeros((len(lengths), 8), np.int64)
            for i, (x, y) in enumerate(zip(keys, values)):
                table[i] = [len(x), starts[i], starts[i], 0, 0, 0, x.ctypes.data, y.ctypes.data]
            o = np.zeros((1, nq, heads, size), np.float32)
            lse = np.zeros((1, nq, heads), np.float32)
            library.run(name, [turned[0].astype(np.float32), turned[1].astype(np.float32), v[None],
                               table], [o, lse])
            worst = max(worst, difference(o, wanted[0]), difference(lse, wanted[1]))
        print(level, name, "agrees" if worst < 3e-5 else f"differs by {worst}")


text = "".join(kernel(name, h, hk, d, dv, attributes, **more)
               for name, h, hk, d, dv, attributes, more in CASES)
text += "".join(kernel(name, 6, 2, 32, 32, attributes, cache=True)
                for name, _, _, attributes in cache_cases())
for level in levels():
    library = Library(text, sys.argv[1], "attention", level)
    check_masks(library, level)
    check_cache(library, level)
print("all levels:", len(levels()))
