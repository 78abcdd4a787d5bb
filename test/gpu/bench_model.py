"""A whole model, ours and PyTorch's, measured in one run on one GPU.

    bench_model.py prepare FOLDER          compile the shape of Llama-3.2-1B
    bench_model.py run FOLDER [--lengths=8192,32768] [--blocks=16,32]

`prepare` needs blockattn-compile on PATH (and no GPU). The artifact that it
leaves in FOLDER has no weights, so that it is small; compile.txt there says what
the compilation took. `run` fills in random weights and needs a GPU, PyTorch, the
runtime (--library) and blockattn-run (--tool).

PyTorch's side is the same shape, in bf16, as plain modules under torch.compile,
with scaled_dot_product_attention, weights of its own; the whole step replayed as
a CUDA graph where that is faster. Both sides take the time from the call to its
end on the host's clock, the best of --repeat.
"""

import argparse
import datetime
import json
import os
import struct
import subprocess
import sys
import time

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, INNER = 2048, 16, 32, 8, 64, 8192
VOCABULARY, QUESTION = 128256, 50
NAME = "llama-1b"
# How far logits (of a deviation of about 1) may be apart by rounding to 16 bits.
AGREEMENT = 0.5


#===------------------------------------------------------------------------===#
# The artifact
#===------------------------------------------------------------------------===#


def sections_of(path):
    """{name: (offset, size)}, as artifact_format.h has it."""
    with open(path, "rb") as file:
        count = struct.unpack_from("<I", file.read(64), 12)[0]
        table = file.read(48 * count)
    return {table[48 * i:48 * i + 24].rstrip(b"\0").decode():
            struct.unpack_from("<QQ", table, 48 * i + 24) for i in range(count)}


def prepare(folder, scratch, target, dtype):
    scratch = scratch or folder
    for path in (folder, scratch):
        os.makedirs(path, exist_ok=True)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    model, whole = (os.path.join(scratch, NAME + end) for end in (".onnx", ".whole.ba"))
    subprocess.run([sys.executable, os.path.join(root, "models", "build_model.py"),
                    "decoder", model, "--preset=llama-3.2-1b", "--external-data",
                    "--weights=zeros"], check=True)
    begin = time.time()
    done = subprocess.run(["blockattn-compile", model, "-o", whole, f"--target={target}",
                           f"--dtype={dtype}", "--timing"], stderr=subprocess.PIPE,
                          text=True)
    if done.returncode:
        sys.exit(done.stderr)
    report = (f"{datetime.date.today()}, {target}, {dtype}: "
              f"{time.time() - begin:.1f} s\n{done.stderr}")
    print(report)
    with open(os.path.join(folder, "compile.txt"), "w") as file:
        file.write(report)
    offset, _ = sections_of(whole)["weights"]
    with open(whole, "rb") as file, open(os.path.join(folder, NAME + ".ba"), "wb") as out:
        out.write(file.read(offset))
    with open(os.path.join(folder, NAME + ".constants.json"), "w") as file:
        json.dump(constants_of(whole), file)
    for name in os.listdir(scratch):
        if name.startswith(NAME + ".onnx") or name == NAME + ".whole.ba":
            os.remove(os.path.join(scratch, name))


def weights_of(path):
    with open(path, "rb") as file:
        offset, size = sections_of(path)["manifest"]
        file.seek(offset)
        return json.loads(file.read(size))["weights"]


def constants_of(path):
    """What the compiler made and the model does not have, whose weights are zeros
    (the frequencies of rotary embeddings): {name: bytes in hexadecimal}."""
    found = {}
    offset, _ = sections_of(path)["weights"]
    with open(path, "rb") as file:
        for weight in weights_of(path):
            if len(weight["shape"]) < 2:
                file.seek(offset + weight["offset"])
                data = file.read(weight["bytes"])
                if any(data):
                    found[weight["name"]] = data.hex()
    return found


def fill(path):
    """Random weights: ones for vectors, a small normal distribution else; the
    compiler's constants as they are."""
    import torch
    with open(path[:-len("ba")] + "constants.json") as file:
        constants = json.load(file)
    sections = sections_of(path)
    offset, size = sections["weights"]
    if os.path.getsize(path) >= offset + size:
        return
    with open(path, "r+b") as file:
        file.truncate(offset + size)
        for weight in weights_of(path):
            if weight["name"] in constants:
                file.seek(offset + weight["offset"])
                file.write(bytes.fromhex(constants[weight["name"]]))
                continue
            dtype = {"bf16": torch.bfloat16, "f16": torch.float16,
                     "f32": torch.float32}.get(weight["dtype"])
            if dtype is None:
                sys.exit(f"weight {weight['name']} has type {weight['dtype']}")
            shape = weight["shape"]
            data = (torch.ones(shape) if len(shape) < 2 else
                    0.02 * torch.randn(shape, device="cuda").cpu()).to(dtype)
            file.seek(offset + weight["offset"])
            file.write(data.view(torch.uint8).numpy().tobytes() if data.dim() else
                       data.reshape(1).view(torch.uint8).numpy().tobytes())


#===------------------------------------------------------------------------===#
# PyTorch's side
#===------------------------------------------------------------------------===#


def make_peer():
    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch.nn.attention.bias import causal_lower_right

    def rotate(x, cos, sin):
        first, second = x.chunk(2, -1)
        return x * cos + torch.cat((-second, first), -1) * sin

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            linear = lambda a, b: nn.Linear(a, b, bias=False)
            self.norms = nn.ModuleList(nn.RMSNorm(HIDDEN, 1e-5) for _ in range(2))
            self.q, self.o = linear(HIDDEN, HEADS * HEAD), linear(HEADS * HEAD, HIDDEN)
            self.k, self.v = (linear(HIDDEN, KV_HEADS * HEAD) for _ in range(2))
            self.gate, self.up = linear(HIDDEN, INNER), linear(HIDDEN, INNER)
            self.down = linear(INNER, HIDDEN)

        def forward(self, x, cos, sin, cache):
            n = x.shape[1]
            y = self.norms[0](x)
            split = lambda t, heads: t.view(1, n, heads, HEAD).transpose(1, 2)
            q = rotate(split(self.q(y), HEADS), cos, sin)
            k = rotate(split(self.k(y), KV_HEADS), cos, sin)
            v = split(self.v(y), KV_HEADS)
            if cache is None:
                y = F.scaled_dot_product_attention(q, k, v, is_causal=True,
                                                   enable_gqa=True)
            else:
                # In place, as a server with a cache of fixed size does it.
                keys, values = cache
                keys[:, :, -n:], values[:, :, -n:] = k, v
                mask = causal_lower_right(n, keys.shape[2]) if n > 1 else None
                y = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask,
                                                   enable_gqa=True)
            x = x + self.o(y.transpose(1, 2).reshape(1, n, HEADS * HEAD))
            y = self.norms[1](x)
            return x + self.down(F.silu(self.gate(y)) * self.up(y))

    class Body(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, HIDDEN)
            self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
            self.norm = nn.RMSNorm(HIDDEN, 1e-5)

        def forward(self, tokens, positions, caches):
            steps = torch.arange(0, HEAD, 2, device="cuda") / HEAD
            angles = positions[:, None] * 500000.0 ** -steps
            angles = torch.cat((angles, angles), -1)
            cos, sin = angles.cos().bfloat16(), angles.sin().bfloat16()
            x = self.embedding(tokens)
            for i, layer in enumerate(self.layers):
                x = layer(x, cos, sin, caches and caches[i])
            return self.norm(x)

    with torch.device("cuda"):
        body = Body().bfloat16()
        head = nn.Linear(HIDDEN, VOCABULARY, bias=False).bfloat16()
    return body.eval(), head


def best_of(run, repeat):
    import torch
    times = []
    for _ in range(repeat):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure_peer(lengths, repeat):
    """{(what, length): seconds}"""
    import torch
    body, head = make_peer()
    compiled = torch.compile(body, dynamic=False)
    results = {}

    def timed(what, length, step):
        for _ in range(3):
            step()
        best = best_of(step, repeat)
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                step()
            graph.replay()
            best = min(best, best_of(graph.replay, repeat))
            del graph
        except RuntimeError as error:
            print(f"note: {what} is no CUDA graph: {str(error).splitlines()[0]}")
        results[what, length] = best
        print(f"torch.compile: {what}, {length}: {best * 1e3:.2f} ms", flush=True)

    with torch.no_grad():
        for length in lengths:
            tokens = torch.randint(VOCABULARY, (1, length), device="cuda")
            positions = torch.arange(length, device="cuda")
            timed("full, last token's logits", length,
                  lambda: head(compiled(tokens, positions, None)[:, -1:]).float())
            timed("full, all logits", length,
                  lambda: head(compiled(tokens, positions, None)).float())
            torch.cuda.empty_cache()
        for length in lengths:
            shape = (1, KV_HEADS, length, HEAD)
            caches = [tuple(torch.randn(shape, device="cuda", dtype=torch.bfloat16)
                            for _ in range(2)) for _ in range(LAYERS)]
            for what, count in (("first token, rest cached", QUESTION), ("decode", 1)):
                tokens = torch.randint(VOCABULARY, (1, count), device="cuda")
                positions = torch.arange(length - count, length, device="cuda")
                timed(what, length,
                      lambda: head(compiled(tokens, positions, caches)).float())
            del caches
    return results


#===------------------------------------------------------------------------===#
# Ours
#===------------------------------------------------------------------------===#


def measure_ours(folder, tool, lengths, blocks, repeat):
    results, logs = {}, []
    for length, count in zip(lengths, blocks):
        done = subprocess.run([tool, "bench", os.path.join(folder, NAME + ".ba"),
                               f"--lengths={length}", f"--blocks={count}",
                               f"--repeat={repeat}", f"--question={QUESTION}",
                               "--profile", "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"blockattn-run bench, {length} tokens: {done.stderr}")
            continue
        log = json.loads(done.stdout)
        logs.append(log)
        for entry in log["results"]:
            if "difference" in entry:
                print(f"blockattn: {entry['what']}, {length}: {entry['difference']:.1e}",
                      flush=True)
                if entry["difference"] > AGREEMENT:
                    sys.exit(f"they must agree within {AGREEMENT}")
            if "seconds" in entry:
                seconds = entry["seconds"]
                if entry["what"] == "decode":
                    seconds /= entry["tokens"]
                results[entry["what"], length] = seconds
                print(f"blockattn: {entry['what']}, {length}: {seconds * 1e3:.2f} ms, "
                      f"{entry['peak_memory_bytes'] / 2**30:.1f} GiB", flush=True)
    with open(os.path.join(folder, "bench.json"), "w") as file:
        json.dump(logs, file)
    return results


def measure_loading(folder, library):
    """Opening the model, with the GPU in use already, beside a plain copy."""
    import runtime
    import torch
    path = os.path.join(folder, NAME + ".ba")
    size = sections_of(path)["weights"][1]
    loaded = runtime.Runtime(library)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        model = runtime.Model(loaded, path, "cuda:0", tuning_file="")
        times.append(time.perf_counter() - begin)
        del model
    from torch.profiler import ProfilerActivity, profile
    with profile(activities=[ProfilerActivity.CUDA], acc_events=True) as seen:
        model = runtime.Model(loaded, path, "cuda:0", tuning_file="")
    del model
    copies = [event.time_range for event in seen.events() if "Memcpy HtoD" in event.name]
    span = (max(c.end for c in copies) - min(c.start for c in copies)) * 1e-6
    pinned = torch.empty(1 << 30, dtype=torch.uint8, pin_memory=True)
    there = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    copy = best_of(lambda: there.copy_(pinned, non_blocking=True), 5)
    print(f"opening the model, {size / 1e9:.2f} GB of weights in the page cache: "
          f"{times[0]:.3f} s, then {min(times):.3f} s = {size / min(times) / 1e9:.1f} "
          f"GB/s; from the first copy's begin to the last one's end {span:.3f} s = "
          f"{size / span / 1e9:.1f} GB/s; a plain copy from pinned memory: "
          f"{(1 << 30) / copy / 1e9:.1f} GB/s")


def measure_tuning(folder, library, length):
    """The first runs of a model that has to measure its matrix products, and of one
    that finds in the file what the other measured."""
    import numpy as np
    import runtime
    loaded = runtime.Runtime(library)
    tokens = np.random.default_rng(1).integers(0, VOCABULARY, (1, length))
    path = os.path.join(folder, "measured.tuned")
    if os.path.exists(path):
        os.remove(path)
    for what in ("measured", "from the file"):
        model = runtime.Model(loaded, os.path.join(folder, NAME + ".ba"), "cuda:0",
                              tuning_file=path)
        session = runtime.Session(model)
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            session.run("full", {"input_ids": tokens})
            times.append(time.perf_counter() - begin)
        del session, model
        print(f"first runs of full, {length} tokens, products {what}: " +
              ", ".join(f"{seconds * 1e3:.0f} ms" for seconds in times))


def measure_layout(folder, library, length, count):
    """What a layout costs before the attentions: the host's part, and the kernel that
    finds each token's first key. Of the steps of program block, that one takes
    longer the more blocks there are to search, the attentions shorter, the others
    as long."""
    import ctypes

    import numpy as np
    import runtime
    import torch
    loaded = runtime.Runtime(library)
    model = runtime.Model(loaded, os.path.join(folder, NAME + ".ba"), "cuda:0",
                          tuning_file="")
    session = runtime.Session(model)
    tokens = np.random.default_rng(1).integers(0, VOCABULARY, (1, length))
    cut = lambda count: [(length * i // count, 0, 0) for i in range(count)]
    few, most = cut(count), cut(length // 2)

    def profile(blocks):
        """Seconds by step, the least of some runs."""
        least = {}
        for _ in range(4):
            session.run("block", {"input_ids": tokens}, blocks)
            for name, _, seconds, _ in session.read_profile():
                least[name] = min(seconds, least.get(name, seconds))
        return least

    session.profile(1)
    steps, longer = profile(few), profile(most)
    session.profile(0)
    slower = {name: longer[name] / steps[name] for name in steps
              if name in longer and not name.startswith(("attention", "gemm"))}
    kernel = max(slower, key=slower.get)
    layout = (runtime.Block * count)(*few)
    begin = time.perf_counter()
    for _ in range(1000):
        loaded.check("ba_session_set_layout", session.handle, layout,
                     ctypes.c_size_t(count))
    host = (time.perf_counter() - begin) / 1000
    print(f"layout of {length} tokens in {count} blocks: {host * 1e6:.1f} us on the host, "
          f"{steps[kernel] * 1e6:.1f} us in {kernel} ({slower[kernel]:.2f} times that in "
          f"{length // 2} blocks; the next step {sorted(slower.values())[-2]:.2f} times)")

    from torch.nn.attention.flex_attention import create_block_mask
    size, last = length // count, length - length // count
    allowed = lambda b, h, i, j: (i >= j) & ((i // size == j // size) | (i >= last))
    for what, make in (("", create_block_mask),
                       (", compiled", torch.compile(create_block_mask))):
        call = lambda: make(allowed, None, None, length, length, device="cuda")
        call()
        print(f"FlexAttention's create_block_mask{what}: {best_of(call, 5) * 1e3:.2f} ms")


# What is compared with what, and how many times PyTorch's time is asked for.
PAIRS = [("full attention", "full, all logits"),
         ("first token, blocks cached", "first token, rest cached"),
         ("decode", "decode")]


def run(options):
    import torch
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    lengths = [int(text) for text in options.lengths.split(",")]
    blocks = [int(text) for text in options.blocks.split(",")]
    fill(os.path.join(options.folder, NAME + ".ba"))
    driver = subprocess.run(["nvidia-smi", "--query-gpu=driver_version",
                             "--format=csv,noheader"], stdout=subprocess.PIPE,
                            text=True).stdout.split()[0]
    print(f"{datetime.date.today()}, {torch.cuda.get_device_name()}, driver {driver}, "
          f"PyTorch {torch.__version__}", flush=True)
    torch.cuda.empty_cache()
    ours = measure_ours(options.folder, options.tool, lengths, blocks, options.repeat)
    measure_loading(options.folder, options.library)
    measure_tuning(options.folder, options.library, lengths[0])
    try:
        measure_layout(options.folder, options.library, lengths[-1], blocks[-1])
    except RuntimeError as error:
        print(f"layout: {error}")
    theirs = {} if options.no_peer else measure_peer(lengths, options.repeat)
    print("\n| ms | " + " | ".join(f"{length} tokens | PyTorch | ratio"
                                   for length in lengths) + " |")
    print("| --- |" + " --- |" * 3 * len(lengths))
    rows = PAIRS + [(what, None) for what in dict.fromkeys(name for name, _ in ours)
                    if what not in [pair[0] for pair in PAIRS]]
    rows += [(None, "full, last token's logits")]
    for mine, other in rows:
        cells = []
        for length in lengths:
            a, b = ours.get((mine, length)), theirs.get((other, length))
            cells += [f"{a * 1e3:.2f}" if a else "", f"{b * 1e3:.2f}" if b else "",
                      f"{a / b:.2f}" if a and b else ""]
        print(f"| {mine or other} | " + " | ".join(cells) + " |")
    return 0 if len(ours) >= len(lengths) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=("prepare", "run"))
    parser.add_argument("folder")
    parser.add_argument("--scratch", help="where prepare puts 9 GB for a while")
    parser.add_argument("--target", default="cuda:sm_90a")
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--library", default="libblockattn.so.0")
    parser.add_argument("--tool", default="blockattn-run")
    parser.add_argument("--lengths", default="8192,32768")
    parser.add_argument("--blocks", default="16,32")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    if options.command == "prepare":
        prepare(options.folder, options.scratch, options.target, options.dtype)
        return 0
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
