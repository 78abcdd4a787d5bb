"""Attention kernels beside FlexAttention, in one run.

    bench.py HOST.mlir KERNELS.cubin [--flex]
"""

import sys

import torch

import launcher

HEADS, KV_HEADS = 32, 8


def measure(run, repeats=20):
    for _ in range(3):
        run()
    times = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        run()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
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


def main():
    module = launcher.Module(*sys.argv[1:3])
    for d in (128, 64):
        for n, blocks in ((8192, 16), (32768, 32), (8192, 1), (32768, 1)):
            q = torch.randn(1, n, HEADS, d, device="cuda").bfloat16()
            k = torch.randn(1, n, KV_HEADS, d, device="cuda").bfloat16()
            v = torch.randn(1, n, KV_HEADS, d, device="cuda").bfloat16()
            out = torch.empty_like(q)
            first, pairs = layout(n, blocks)
            flops = 4 * pairs * d * HEADS
            line = "d%-4d N=%-6d %2d blocks" % (d, n, blocks)
            for name in [f for f in module.functions
                         if f.startswith("bf16_d%d" % d) and
                         len(module.functions[f][0]) == 5]:
                time = measure(lambda: module.run(name, [q, k, v, out, first]))
                line += "  %s %.3f ms %.0f TFLOP/s" % (name, time,
                                                       flops / time / 1e9)
            if "--flex" in sys.argv:
                run, expected = flex(q, k, v, n, blocks)
                time = measure(run)
                line += "  FlexAttention %.3f ms %.0f TFLOP/s" % (
                    time, flops / time / 1e9)
                difference = (out - expected).float().norm() / expected.float(
                ).norm()
                line += "  difference %.1e" % difference.item()
            print(line, flush=True)


if __name__ == "__main__":
    main()
