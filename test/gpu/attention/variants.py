"""Attention kernels to compile and to run: one function of MLIR for each.

    variants.py [NAME]... > attention.mlir

Without names, all of them.
"""

import sys



def rope(pairs, interleaved):
    frequencies = ", ".join("%e" % f for f in inv_freq(pairs))
    more = ", interleaved = true" if interleaved else ""
    return "#blockattn.rope<inv_freq = dense<[%s]> : tensor<%dxf32>%s>" % (
        frequencies, pairs, more)


def inv_freq(pairs):
    return [float("%e" % 10000 ** (-i / pairs)) for i in range(pairs)]


def slopes(heads):
    return [float("%e" % (0.5 / (i + 1))) for i in range(heads)]


def variant(name, dtype="bf16", d=128, dv=None, heads=None, kv_heads=None,
            batch=1, causal=True, layout=False, key_mask=False, lse=False,
            cache=False, rope=0, interleaved=False, window=0, softcap=0.0,
            scale=None, slopes=False, key_positions=False):
    v = dict(locals())
    v["dv"] = dv or d
    v["scale"] = scale if scale is not None else d ** -0.5
    return v


ALL = [
    variant("bf16_d128", layout=True),
    variant("bf16_d64", d=64, layout=True),
    variant("bf16_d128_lse", layout=True, lse=True, heads=8, kv_heads=2),
    variant("f16_d64_lse", "f16", d=64, layout=True, lse=True),
    variant("bf16_d16", d=16, layout=True, lse=True),
    variant("bf16_d80", d=80, layout=True, lse=True),
    variant("bf16_d96_dv40", d=96, dv=40, layout=True, lse=True),
    variant("bf16_d72_dv128", d=72, dv=128, layout=True, lse=True),
    variant("bf16_d256", d=256, layout=True, lse=True),
    variant("bf16_full", d=64, causal=False, batch=2, lse=True),
    variant("bf16_mask", d=64, causal=True, key_mask=True, batch=2, lse=True),
    variant("bf16_mask_full", d=64, causal=False, key_mask=True, batch=2,
            lse=True),
    variant("bf16_window", d=64, window=100, layout=True, lse=True),
    variant("bf16_window_both", d=64, window=100, causal=False, batch=2,
            lse=True),
    variant("bf16_softcap", d=64, softcap=20.0, layout=True, lse=True),
    variant("bf16_negative", d=64, layout=True, lse=True, scale=-0.1),
    variant("f32_d128", "f32", layout=True, lse=True),
    variant("f32_d64", "f32", d=64, layout=True, lse=True),
    variant("f32_d16", "f32", d=16, layout=True, lse=True),
    variant("f32_d20_dv12", "f32", d=20, dv=12, layout=True, lse=True),
    variant("f32_d256", "f32", d=256, layout=True, lse=True),
    variant("f32_d3", "f32", d=3, causal=False, batch=2, lse=True),
    variant("f32_mask", "f32", d=64, key_mask=True, batch=2, lse=True),
    variant("f32_window", "f32", d=64, window=100, layout=True, lse=True),
    variant("f32_softcap", "f32", d=64, softcap=20.0, layout=True, lse=True),
    variant("bf16_d20", "bf16", d=20, layout=True, lse=True),
    variant("bf16_cache", d=128, cache=True, rope=64, lse=True),
    variant("bf16_cache_plain", d=128, cache=True, lse=True),
    variant("bf16_cache_d64", d=64, cache=True, rope=32, lse=True),
    variant("bf16_cache_window", d=64, cache=True, rope=16, window=150,
            lse=True),
    variant("f32_cache", "f32", d=64, cache=True, rope=32, lse=True),
    variant("f32_cache_plain", "f32", d=16, cache=True, lse=True),
    variant("f32_cache_window", "f32", d=16, cache=True, rope=8, window=70,
            lse=True, interleaved=True),
    variant("bf16_slopes", d=64, heads=4, kv_heads=2, slopes=True, layout=True,
            lse=True),
    variant("bf16_slopes_positions", d=64, heads=4, kv_heads=4, slopes=True,
            key_positions=True, batch=2, lse=True),
    variant("bf16_slopes_cache", d=64, heads=4, kv_heads=2, slopes=True,
            cache=True, lse=True),
    variant("f32_slopes_cache", "f32", d=16, heads=4, kv_heads=2, slopes=True,
            cache=True, lse=True),
    variant("bf16_d96", d=96, layout=True, lse=True),
    # Many heads leave each few parts of the keys, with several tiles in each.
    variant("bf16_cache_d64_heads", d=64, heads=32, kv_heads=16, cache=True,
            rope=32, lse=True),
    variant("bf16_cache_d16_window", d=16, heads=16, kv_heads=16, cache=True,
            rope=8, window=700, lse=True),
    variant("bf16_slopes_cache_heads", d=64, heads=32, kv_heads=16, slopes=True,
            cache=True, lse=True),
]


def mlir(v):
    dim = lambda n: "?" if n is None else str(n)
    def memref(heads, size):
        return "memref<%sx?x%sx%dx%s>" % (
            "1" if v["batch"] == 1 else "?", dim(heads), size, v["dtype"])
    types = {"q": memref(v["heads"], v["d"]), "k": memref(v["kv_heads"], v["d"]),
             "v": memref(v["kv_heads"], v["dv"]), "o": memref(v["heads"], v["dv"])}
    uses = outs = ""
    out_types = types["o"]
    if v["layout"]:
        types["first"] = "memref<?xi64>"
        uses += " first_key(%first : memref<?xi64>)"
    if v["cache"]:
        types["cache"] = "memref<?x?xi64>"
        uses += " cache(%cache : memref<?x?xi64>)"
    if v["key_mask"]:
        types["mask"] = "memref<?x?xi1>"
        uses += " key_mask(%mask : memref<?x?xi1>)"
    if v["key_positions"]:
        types["places"] = "memref<?x?xi64>"
        uses += " key_positions(%places : memref<?x?xi64>)"
    if v["lse"]:
        types["lse"] = "memref<%sx?x%sxf32>" % (
            "1" if v["batch"] == 1 else "?", dim(v["heads"]))
        outs = ", %lse"
        out_types += ", " + types["lse"]
    attributes = ["scale = %e : f32" % v["scale"]]
    if v["causal"]:
        attributes.append("causal")
    if v["window"]:
        attributes.append("window = %d : i64" % v["window"])
    if v["softcap"]:
        attributes.append("softcap = %e : f32" % v["softcap"])
    if v["cache"]:
        attributes.append("layer = 1 : i64")
    if v["slopes"]:
        attributes.append("slopes = array<f32: %s>" % ", ".join(
            "%e" % slope for slope in slopes(v["heads"])))
    if v["rope"]:
        attributes.append("query_rotary = " +
                          rope(v["rope"], v["interleaved"]))
    arguments = ", ".join("%%%s: %s" % item for item in types.items())
    return """func.func @%s(%s) {
  blockattn.attention_kernel %%q, %%k, %%v%s outs(%%o%s : %s)
      {%s} : %s, %s, %s
  return
}
""" % (v["name"], arguments, uses, outs, out_types, ", ".join(attributes),
       types["q"], types["k"], types["v"])


if __name__ == "__main__":
    print("\n".join(mlir(v) for v in ALL
                    if len(sys.argv) == 1 or v["name"] in sys.argv[1:]))
