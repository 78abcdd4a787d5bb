"""Attention kernels beside FlexAttention, in one run.

    bench.py HOST.mlir KERNELS.cubin [HOST.mlir KERNELS.cubin]... [--flex]
        [--fa3]

--fa3 measures FlashAttention-3 too (the wheel fa3-fwd): under a layout it takes
two calls, the local blocks packed and then the last block over everything.
"""

import sys
import warnings

import cupy
import torch

import launcher

HEADS, KV_HEADS = 32, 8
# CuPy's newer way to a stream of PyTorch's is not in the older one.
warnings.filterwarnings("ignore", category=DeprecationWarning)


def measure(run, repeats=20, inner=5):
    """Milliseconds, the median of `repeats`, of a graph of `inner` calls: what
    Python takes for a call is nobody's time."""
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        stream = torch.cuda.current_stream().cuda_stream
        with cupy.cuda.ExternalStream(stream):
            for _ in range(inner):
                run()
    graph.replay()
    times = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) / inner)
    return sorted(times)[len(times) // 2]


def layout(n, blocks):
    size = n // blocks
    first = torch.arange(n) // size * size
    first[n - size:] = 0
    pairs = (torch.arange(n) + 1 - first).sum().item()
    return first.cuda(), pairs


def flex(q, k, v, n, blocks):
    from torch.nn.attention.flex_attention import (create_block_mask,
                                                   flex_attention)
    size = n // blocks
    last = n - size

    def allowed(b, h, i, j):
        return (i >= j) & ((i // size == j // size) | (i >= last))

    mask = create_block_mask(allowed, None, None, n, n, device="cuda",
                             _compile=True)
    compiled = torch.compile(flex_attention, dynamic=False)
    q, k, v = (t.transpose(1, 2).contiguous() for t in (q, k, v))
    out = compiled(q, k, v, block_mask=mask, enable_gqa=True)
    return lambda: compiled(q, k, v, block_mask=mask,
                            enable_gqa=True), out.transpose(1, 2)


def fa3(q, k, v, n, blocks):
    import fa3_fwd_interface as fa
    size = n // blocks
    last = n - size
    if blocks == 1:
        return lambda: fa.flash_attn_func(q, k, v, causal=True)
    starts = torch.arange(0, last + 1, size, dtype=torch.int32).cuda()
    local = [t[0, :last] for t in (q, k, v)]

    def run():
        fa.flash_attn_varlen_func(*local, starts, starts, size, size,
                                  causal=True)
        fa.flash_attn_func(q[:, last:], k, v, causal=True)

    return run


def cached(modules, d, queries, keys, blocks):
    """Queries of the last block over cached blocks."""
    size = keys // blocks
    new = lambda *shape: torch.randn(*shape, device="cuda").bfloat16()
    q = new(1, queries, HEADS, d)
    k, v = (new(1, queries, KV_HEADS, d) for _ in range(2))
    out = torch.empty_like(q)
    held, rows = [], []
    for i in range(blocks):
        pair = new(size, KV_HEADS, d), new(size, KV_HEADS, d)
        held.append(pair)
        rows.append([size, i * size, i * size, 0, 0, 0, pair[0].data_ptr(),
                     pair[1].data_ptr()])
    table = torch.tensor(rows, dtype=torch.int64).cuda()
    lse = torch.empty(1, queries, HEADS, device="cuda")
    line = "d%-4d %3d queries, %d keys in %d blocks" % (d, queries, keys,
                                                        blocks)
    moved = 4 * keys * KV_HEADS * d
    for module in modules:
        for name in module.functions:
            if name not in ("bf16_cache", "bf16_cache_plain",
                            "bf16_cache_d64") or ("d64" in name) != (d == 64):
                continue
            calls = module.prepare(name, [q, k, v, out, table, lse])
            time = measure(calls)
            line += "  %s %.4f ms %.2f TB/s" % (name, time, moved / time / 1e9)
    if "--fa3" in sys.argv:
        import fa3_fwd_interface as fa
        whole = [torch.cat([pair[i] for pair in held] + [own[0]])[None]
                 for i, own in enumerate((k, v))]
        # As many parts as it chooses itself.
        time = measure(lambda: fa.flash_attn_func(q, *whole, causal=True,
                                                  num_splits=0))
        line += "  FlashAttention-3 %.4f ms" % time
    print(line, flush=True)


def accuracy(module, d, n=2048):
    """Errors against float64, of ours and of PyTorch's own attention."""
    q = torch.randn(1, n, HEADS, d, device="cuda").bfloat16()
    k, v = (torch.randn(1, n, KV_HEADS, d, device="cuda").bfloat16()
            for _ in range(2))
    out = torch.empty_like(q)
    first, _ = layout(n, 1)
    module.run("bf16_d%d" % d, [q, k, v, out, first])
    group = HEADS // KV_HEADS
    qt, kt, vt = (t.transpose(1, 2) for t in
                  (q, k.repeat_interleave(group, 2),
                   v.repeat_interleave(group, 2)))
    attention = torch.nn.functional.scaled_dot_product_attention
    torchs = attention(qt, kt, vt, is_causal=True)
    s = qt.double() @ kt.double().transpose(2, 3) * d ** -0.5
    s = s.masked_fill(torch.ones(n, n, device="cuda").triu(1).bool(),
                      float("-inf"))
    expected = torch.softmax(s, -1) @ vt.double()
    errors = [((x.double() - expected).norm() / expected.norm()).item()
              for x in (out.transpose(1, 2), torchs)]
    print("d%-4d error against float64 %.3e, PyTorch's %.3e" % (d, *errors))


def main():
    paths = [a for a in sys.argv[1:] if not a.startswith("--")]
    modules = [launcher.Module(*pair) for pair in zip(paths[::2], paths[1::2])]
    for d in (128, 64):
        for n, blocks in ((8192, 16), (32768, 32), (8192, 1), (32768, 1)):
            q = torch.randn(1, n, HEADS, d, device="cuda").bfloat16()
            k = torch.randn(1, n, KV_HEADS, d, device="cuda").bfloat16()
            v = torch.randn(1, n, KV_HEADS, d, device="cuda").bfloat16()
            out = torch.empty_like(q)
            first, pairs = layout(n, blocks)
            flops = 4 * pairs * d * HEADS
            line = "d%-4d N=%-6d %2d blocks" % (d, n, blocks)
            for module in modules:
                run = module.prepare("bf16_d%d" % d, [q, k, v, out, first])
                time = measure(run)
                line += "  %.3f ms %.0f TFLOP/s" % (time, flops / time / 1e9)
            if "--flex" in sys.argv and blocks > 1:
                run, expected = flex(q, k, v, n, blocks)
                time = measure(run)
                line += "  FlexAttention %.3f ms %.0f TFLOP/s" % (
                    time, flops / time / 1e9)
                difference = (out - expected).float().norm() / expected.float(
                ).norm()
                line += "  difference %.1e" % difference.item()
            if "--fa3" in sys.argv:
                time = measure(fa3(q, k, v, n, blocks))
                line += "  FlashAttention-3 %.3f ms %.0f TFLOP/s" % (
                    time, flops / time / 1e9)
            print(line, flush=True)
    for d in (128, 64):
        accuracy(modules[0], d)
        for queries in (1, 50, 512):
            cached(modules, d, queries, 32768, 32)


if __name__ == "__main__":
    main()
