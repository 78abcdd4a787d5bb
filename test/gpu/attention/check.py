"""Attention kernels against float64 on random layouts.

    check.py HOST.mlir KERNELS.cubin [CASES]

HOST.mlir is what --blockattn-lower-attention-to-cuda makes of the output of
variants.py, in generic form. Each variant is given CASES small problems and, as
far as it has blocks, one or, if they are cached, four of 1000 blocks, and as many
of more than 4096 keys in few blocks.
"""

import random
import sys

import torch

import launcher
import variants

DTYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
LIMITS = {"bf16": 8e-3, "f16": 1e-3, "f32": 1e-5}
DEVICE = "cuda"


def first_keys(n, starts, is_global, segment_starts):
    """first_key of n tokens."""
    first = []
    for start, end, sees_all, segment in zip(starts, starts[1:] + [n], is_global,
                                             segment_starts):
        first += [segment if sees_all else start] * (end - start)
    return torch.tensor(first, dtype=torch.int64, device=DEVICE)


def large_layout(kind, rng):
    """The number of tokens and first_key: 1000 blocks of a few tokens, or more
    tokens than 4096 in a few blocks; the last block sees all."""
    if kind == "many":
        lengths = [rng.randrange(1, 5) for _ in range(1000)]
        is_global = [rng.random() < 0.02 for _ in lengths]
    else:
        lengths = [rng.randrange(1, 900) for _ in range(5)]
        lengths[rng.randrange(5)] += max(0, 4097 - sum(lengths))
        is_global = [rng.random() < 0.2 for _ in lengths]
    is_global[-1] = True
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    n = sum(lengths)
    return n, first_keys(n, starts, is_global, [0] * len(starts))


def large_cache(kind, rng):
    """The lengths of cached blocks, and how many tokens come after them."""
    if kind == "many":
        return [rng.randrange(0, 5) for _ in range(1000)], rng.choice([1, 17, 64])
    lengths = [rng.randrange(1, 2000) for _ in range(4)]
    lengths[rng.randrange(4)] += max(0, 4097 - sum(lengths))
    # Few enough that a thread block's teams share out its keys, and more.
    return lengths, rng.choice([1, 2, 5, 16, 50])


def small_cache(rng):
    """The lengths of cached blocks, one by one."""
    for _ in range(rng.choice([0, 1, 2, 5, 40])):
        yield rng.choice([0, 1, 15, 64, 100, 257])


def random_layout(n, rng):
    """first_key of n tokens."""
    kind = rng.randrange(6)
    if kind == 0:
        starts = list(range(n))
    elif kind == 1:
        starts = [0]
    elif kind == 2:
        starts = sorted({0, *(rng.randrange(n) for _ in range(1000))})
    else:
        starts = sorted({0, *(rng.randrange(n) for _ in range(rng.randrange(12)))})
    segment_start, segment_starts, is_global = 0, [], []
    for start in starts:
        if kind == 5 and rng.random() < 0.3:
            segment_start = start
        segment_starts.append(segment_start)
        last = start == starts[-1]
        is_global.append(last or kind == 3 or rng.random() < 0.2)
    return first_keys(n, starts, is_global, segment_starts)


def rotate(q, shift, v):
    """[..., D] in float64, turned back by `shift`."""
    pairs = v["rope"]
    if not pairs or not shift:
        return q
    f = torch.tensor(variants.inv_freq(pairs), dtype=torch.float32,
                     device=DEVICE).double()
    cos, sin = torch.cos(shift * f), torch.sin(shift * f)
    q = q.clone()
    if v["interleaved"]:
        x, y = q[..., 0:2 * pairs:2].clone(), q[..., 1:2 * pairs:2].clone()
        q[..., 0:2 * pairs:2] = x * cos + y * sin
        q[..., 1:2 * pairs:2] = y * cos - x * sin
    else:
        x, y = q[..., :pairs].clone(), q[..., pairs:2 * pairs].clone()
        q[..., :pairs] = x * cos + y * sin
        q[..., pairs:2 * pairs] = y * cos - x * sin
    return q


def reference(v, q, k, values, first=None, mask=None, blocks=(), places=None):
    q, k, values = q.double(), k.double(), values.double()
    b, nq, h, d = q.shape
    nk, g = k.shape[1], h // k.shape[2]
    ahead = nk - nq
    position = torch.arange(nq, device=DEVICE)[:, None] + ahead
    index = torch.arange(nk, device=DEVICE)[None, :]
    seen = torch.ones(nq, nk, dtype=torch.bool, device=DEVICE)
    if v["causal"]:
        seen &= index <= position
    if v["window"]:
        seen &= position - index < v["window"]
        # Without an order as many keys ahead as back.
        seen &= index - position < v["window"]
    if first is not None:
        seen &= index >= first[:, None]
    seen = seen[None].expand(b, nq, nk)
    if mask is not None:
        seen = seen & mask[:, None, :]
    own_start = max([p + len(bk) for bk, _, _, p in blocks], default=0)
    if places is None:
        places = torch.arange(nk, device=DEVICE)[None].expand(b, nk)
    origins = places[:, position[:, 0].clamp(0, nk - 1)].double()
    scores, seens, all_values, distances = [], [], [], []
    for bk, bv, shift, p in blocks:
        s = torch.einsum("bqhd,khd->bhqk", rotate(q, shift, v),
                         bk.double().repeat_interleave(g, 1))
        scores.append(s)
        ok = torch.ones(b, nq, len(bk), dtype=torch.bool, device=DEVICE)
        if v["window"]:
            j = p + torch.arange(len(bk), device=DEVICE)
            ok &= own_start + position - j < v["window"]
        seens.append(ok)
        j = p + torch.arange(len(bk), device=DEVICE)
        distances.append((j - own_start - position)[None].expand(b, -1, -1))
        all_values.append(bv.double().repeat_interleave(g, 1)[None])
    scores.append(torch.einsum("bqhd,bkhd->bhqk", q,
                               k.repeat_interleave(g, 2)))
    seens.append(seen)
    distances.append(places[:, None, :].double() - origins[:, :, None])
    all_values.append(values.repeat_interleave(g, 2))
    s = torch.cat(scores, -1) * v["scale"]
    if v["softcap"]:
        s = v["softcap"] * torch.tanh(s / v["softcap"])
    if v["slopes"]:
        slopes = torch.tensor(variants.slopes(h), device=DEVICE).double()
        s = s + slopes[:, None, None] * torch.cat(
            [x.double() for x in distances], -1)[:, None]
    s = s.masked_fill(~torch.cat(seens, -1)[:, None], float("-inf"))
    lse = torch.logsumexp(s, -1)
    p = torch.exp(s - lse[..., None]).nan_to_num(0)
    out = torch.einsum("bhqk,bkhd->bqhd", p, torch.cat(all_values, 1))
    return out, lse.transpose(1, 2)


def case(module, v, rng, large=None):
    """`large` is a kind of large_layout and large_cache, for which the reference
    has room with few heads alone."""
    dtype = DTYPES[v["dtype"]]
    new = lambda *shape: torch.randn(*shape, device=DEVICE).to(dtype)
    kv_heads = v["kv_heads"] or rng.choice([1] if large else [1, 2, 3])
    heads = v["heads"] or kv_heads * rng.choice([1, 4] if large
                                                else [1, 2, 3, 4, 8])
    batch = v["batch"]
    first = lengths = None
    if large and v["layout"]:
        n, first = large_layout(large, rng)
        nk = n
    elif large:
        lengths, n = large_cache(large, rng)
        nk = n
    else:
        n = rng.choice([1, 2, 17, 63, 64, 65, 128, 200, 333, 513])
        nk = n
        if not v["layout"] and rng.random() < 0.6:
            nk = rng.choice([1, 40, 100, 300, n + 7])
        if v["causal"]:
            nk = max(nk, n) if rng.random() < 0.8 else nk
    q, k = new(batch, n, heads, v["d"]), new(batch, nk, kv_heads, v["d"])
    values = new(batch, nk, kv_heads, v["dv"])
    out = torch.full((batch, n, heads, v["dv"]), float("nan"), device=DEVICE,
                     dtype=dtype)
    tensors, known, keep = [q, k, values, out], {}, []
    if v["layout"]:
        known["first"] = random_layout(n, rng) if first is None else first
        tensors.append(known["first"])
    if v["cache"]:
        blocks, rows, p = [], [], 0
        for length in lengths or small_cache(rng):
            bk = new(length, kv_heads, v["d"])
            bv = new(length, kv_heads, v["dv"])
            shift = rng.choice([0, 5, 1000, 40000])
            blocks.append((bk, bv, shift, p))
            rows.append([length, shift, p, 0, 0, 0, bk.data_ptr(),
                         bv.data_ptr()])
            p += length
        known["blocks"] = blocks
        table = torch.tensor(rows, dtype=torch.int64).reshape(-1, 8).to(DEVICE)
        tensors.append(table)
    if v["key_mask"]:
        known["mask"] = torch.rand(batch, nk, device=DEVICE) < rng.choice(
            [0.0, 0.5, 0.9])
        tensors.append(known["mask"])
    if v["key_positions"]:
        steps = torch.randint(0, 3, (batch, nk), device=DEVICE)
        known["places"] = steps.cumsum(1)
        tensors.append(known["places"])
    lse = None
    if v["lse"]:
        lse = torch.full((batch, n, heads), float("nan"), device=DEVICE)
        tensors.append(lse)
    torch.cuda.synchronize()
    module.run(v["name"], tensors)
    torch.cuda.synchronize()
    expected, expected_lse = reference(v, q, k, values, **known)
    norm = expected.norm().item() or 1.0
    error = (out.double() - expected).norm().item() / norm
    lse_error = 0.0
    if lse is not None:
        empty = torch.isinf(expected_lse)
        if not torch.equal(empty, torch.isinf(lse)) or lse.isnan().any():
            lse_error = float("inf")
        elif (~empty).any():
            lse_error = (lse - expected_lse)[~empty].abs().max().item()
    shape = "batch %d queries %d keys %d heads %d/%d blocks %d%s" % (
        batch, n, nk, heads, kv_heads, len(known.get("blocks", ())),
        ", " + large if large else "")
    return error, lse_error, shape


def main():
    host, code = sys.argv[1:3]
    cases = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    module = launcher.Module(host, code)
    bad = 0
    for v in variants.ALL:
        rng = random.Random(v["name"])
        torch.manual_seed(1)
        worst, worst_lse, wrong = 0.0, 0.0, []
        kinds = [None] * cases
        if v["layout"] or v["cache"]:
            kinds += ["many", "long"] * (4 if v["cache"] else 1)
        for large in kinds:
            try:
                error, lse_error, shape = case(module, v, rng, large)
            except Exception as exception:  # a device error ends all
                print("%-20s %s" % (v["name"], exception))
                raise
            limit = LIMITS[v["dtype"]]
            lse_limit = 2e-2 if v["dtype"] == "bf16" else 3e-3
            if v["dtype"] == "f32":
                # Sums of thousands of terms, one after the other.
                lse_limit = 5e-5 if large else 2e-5
            if not error <= limit or not lse_error <= lse_limit:
                wrong.append("%s: %.2e lse %.2e" % (shape, error, lse_error))
            worst, worst_lse = max(worst, error), max(worst_lse, lse_error)
        print("%-20s error %.2e  lse %.2e  %s" % (
            v["name"], worst, worst_lse,
            "ok" if not wrong else "WRONG %d of %d" % (len(wrong), len(kinds))))
        for line in wrong[:4]:
            print("    " + line)
        bad += bool(wrong)
    print("%d of %d variants wrong" % (bad, len(variants.ALL)))
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
