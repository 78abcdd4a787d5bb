"""Compares the programs of models on a GPU with the CPU's and with PyTorch's.

usage: check.py prepare FOLDER MODEL.onnx...   compile for both targets
       check.py run FOLDER [--layouts N] [--report FILE]
       check.py all FOLDER MODEL.onnx...       both, one after the other

`--targets=cuda` leaves the CPU out, and with it all that PyTorch has no answer to.
`--dtypes=f32,bf16,f16` compiles each model so many times. `--device=cpu` with
`--targets=cpu` compares the CPU's code with PyTorch, which tests this script.

`prepare` needs blockattn-compile on PATH and no GPU; `run` needs the runtime
(libblockattn.so where the loader or --library finds it) and a GPU. MODEL.npz
beside a model holds inputs and PyTorch's outputs, as the end-to-end tests use
them; without it the CPU's outputs for made-up inputs are compared alone.

For each model: the outputs of `full`; `block` for the layout of the .npz and for
random ones (blocks of one token, one block, all global, packed prompts, and, as far
as the model's positions go, 1000 blocks of a few tokens and a few blocks of more
than 4096); cached blocks with `encode` and `extend`, 1000 of them in one prompt,
and decoding after that, so often that runs are replayed as graphs.

In f32 the largest absolute difference may be 1e-4. In 16-bit floats an error is
the norm of the difference over the norm of PyTorch's f32 result, and may be 1.5
times that of PyTorch's own result in that type (half_reference.py).
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import zlib

import numpy as np

import runtime

TOLERANCE = 1e-4
# Tokens that logits are compared of, times words: as doubles, several at a time.
MOST_LOGITS = 1 << 26
# How far 16-bit floats may be from f32, as a multiple of PyTorch's own distance.
HALF_FACTOR = 1.5


def prepare(folder, models, targets, dtypes):
    os.makedirs(folder, exist_ok=True)

    def compile(job):
        model, dtype, target = job
        name = prepared_name(model, dtype)
        artifact = os.path.join(folder, f"{name}.{target.split(':')[0]}.ba")
        done = subprocess.run(["blockattn-compile", model, "-o", artifact,
                               f"--target={target}", f"--dtype={dtype}"],
                              stderr=subprocess.PIPE, text=True)
        return f"{name} for {target}: {done.stderr.strip()}" if done.returncode else None

    jobs = [(model, dtype, target) for model in models for dtype in dtypes
            for target in targets]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = [problem for problem in pool.map(compile, jobs) if problem]
    for problem in failed:
        print(f"FAIL {problem}")
    for model, dtype in ((model, dtype) for model in models for dtype in dtypes):
        data = model[:-len("onnx")] + "npz"
        name = prepared_name(model, dtype)
        if os.path.exists(data):
            shutil.copy(data, os.path.join(folder, name + ".npz"))
        if dtype != "f32":
            shutil.copy(model, os.path.join(folder, name + ".onnx"))
    return len(failed)


def prepared_name(model, dtype):
    name = os.path.basename(model)[:-len(".onnx")]
    return name if dtype == "f32" else f"{name}_{dtype}"


class Row:
    """The worst differences of one model, for each kind of check."""

    def __init__(self, name, half):
        self.name, self.half = name, half
        self.worst, self.failures, self.peak = {}, [], 0
        # PyTorch's own errors in the model's type, where they are known: of each
        # output, and of the one that is compared next.
        self.own, self.theirs = {}, None

    def close(self, kind, got, want, where=None):
        if got.shape != want.shape:
            self.failures.append(f"{kind}: shape {got.shape}, not {want.shape}")
            return
        got, want = got.astype(np.float64), want.astype(np.float64)
        if where is not None:
            got, want = got[where], want[where]
        if self.theirs is not None and kind.endswith("PyTorch"):
            error = float(np.linalg.norm(got - want) / np.linalg.norm(want))
            self.worst[kind] = max(self.worst.get(kind, 0.0), error)
            if not error <= HALF_FACTOR * self.theirs:
                self.failures.append(f"{kind}: relative error {error:.2e}, PyTorch's "
                                     f"own is {self.theirs:.2e}")
            return
        # Infinities, as masks have them, are equal to themselves.
        with np.errstate(invalid="ignore"):
            difference = np.where(got == want, 0, np.abs(got - want))
        worst = float(difference.max()) if difference.size else 0.0
        self.worst[kind] = max(self.worst.get(kind, 0.0), worst)
        allowed = TOLERANCE
        if self.half:
            # Half precision is compared relative to the size of the results.
            allowed = 2e-2 * float(np.abs(want[np.isfinite(want)]).max(initial=0))
        # Not `worst > allowed`: a NaN has to fail.
        if not worst <= allowed:
            self.failures.append(f"{kind}: off by {worst:.2e}")


def manifest_of(model):
    return json.loads(model.runtime.library.ba_model_manifest(model.handle))


def computes_in_half(manifest):
    return any(weight["dtype"] in ("f16", "bf16") and len(weight["shape"]) == 2
               for weight in manifest["weights"])


def made_up(model, length, random):
    """Token ids; the runtime derives the rest."""
    vocabulary = manifest_of(model).get("vocab_size") or 2
    return {name: random.integers(0, vocabulary, (1, length)).astype(dtype)
            for name, role, dtype in model.values("full", "input")
            if role == "tokens"}


def random_layout(random, length):
    """[(start, is_global, segment)]"""
    kind = random.integers(6)
    if kind == 0:
        starts = range(length)
    elif kind == 1:
        starts = [0]
    else:
        count = int(random.integers(1, min(length, 40) + 1))
        starts = [0] + sorted(random.choice(np.arange(1, length), count - 1,
                                            replace=False)) if count > 1 else [0]
    segments = random.random(len(starts)) < (0.3 if kind == 5 else 0)
    segments[0] = False
    segment = np.cumsum(segments)
    everything = kind == 2
    mixed = kind == 3
    return [(int(start), int(everything or (mixed and random.random() < 0.5)),
             int(number)) for start, number in zip(starts, segment)]


def large_layout(random, kind, most):
    """The length, and [(start, is_global, segment)] of 1000 short blocks or of few
    with more than 4096 tokens, the last one global; None where that is more than
    `most` tokens."""
    if kind == "many":
        lengths = random.integers(1, 5, 1000)
    else:
        lengths = random.integers(1, 900, 5)
        lengths[random.integers(5)] += max(0, 4097 - lengths.sum())
    if lengths.sum() > most:
        return None
    starts = np.cumsum(lengths) - lengths
    everything = random.random(len(starts)) < (0.02 if kind == "many" else 0.2)
    everything[-1] = True
    return int(lengths.sum()), [(int(start), int(sees_all), 0)
                                for start, sees_all in zip(starts, everything)]


def positions_of(blocks, length):
    """Positions start anew in each segment."""
    first, result = {}, []
    for i, (start, _, segment) in enumerate(blocks):
        end = blocks[i + 1][0] if i + 1 < len(blocks) else length
        first.setdefault(segment, start)
        result.extend(range(start - first[segment], end - first[segment]))
    return np.asarray([result])


def with_positions(model, inputs, blocks):
    """Under packed prompts the positions can't be derived."""
    inputs = dict(inputs)
    length = None
    for name, role, dtype in model.values("block", "input"):
        if role == "tokens":
            length = inputs[name].shape[1]
    for name, role, dtype in model.values("block", "input"):
        if role == "positions":
            inputs[name] = positions_of(blocks, length).astype(dtype)
    return inputs


def cached_steps(model, session, tokens, starts):
    """Logits of the last block over the others encoded alone, and of some
    decoding after it."""
    session.runtime.library.ba_session_clear(session.handle)
    prompt = runtime.Prompt(model)
    for begin, end in zip(starts, starts[1:]):
        prompt.append(session.encode(tokens[begin:end], prompt.length()))
    session.extend(prompt, tokens[starts[-1]:])
    name = model.values("extend", "output")[0][0]
    steps = [session.output(name)]
    for step in range(5):
        session.extend(prompt, tokens[step % len(tokens):][:1])
        steps.append(session.output(name))
    return steps


def check_cached(row, models, sessions, tokens, starts, want, kind):
    def steps(i):
        return cached_steps(models[i], sessions[i], tokens, starts)
    try:
        others = [steps(i) for i in range(1, len(models))]
    except runtime.Error as refusal:
        # Positions that no table has, for one: the GPU has to say so as well.
        try:
            steps(0)
        except runtime.Error as error:
            if str(error) != str(refusal):
                raise
            return
        raise runtime.Error(f"the CPU refuses what the GPU takes: {refusal}")
    gpu = steps(0)
    if want is not None:
        row.close(f"{kind}, PyTorch", gpu[0], want)
    for other in others:
        row.close(f"{kind}, CPU", gpu[0], other[0])
        for got, expected in zip(gpu[1:], other[1:]):
            row.close("decode, CPU", got, expected)


def run_both(sessions, program, inputs, blocks=None, times=1):
    """Runs the GPU `times` times, the CPU once. False if the CPU refuses the
    inputs, which the GPU then has to do as well."""
    gpu, *others = sessions
    try:
        for cpu in others:
            cpu.run(program, inputs, blocks)
    except runtime.Error as refusal:
        try:
            gpu.run(program, inputs, blocks)
        except runtime.Error as error:
            if str(error) != str(refusal):
                raise
            return False
        raise runtime.Error(f"the CPU refuses what the GPU takes: {refusal}")
    for _ in range(times):
        gpu.run(program, inputs, blocks)
    return True


def has_exact_steps(data):
    """Whether the outputs of steps are PyTorch's. Where a model has weights of few
    bits they are another program's, which rounds more than those."""
    if "logits_all" not in data or "out0_logits" not in data:
        return True
    first = data["out0_logits"]
    return np.abs(first - data["logits_all"][:, :first.shape[1]]).max() < 1e-2


def measure_theirs(row, reference, inputs, wanted, data, outputs):
    """How far PyTorch's own 16-bit floats are from its f32."""
    import half_reference
    names = [name for name in outputs if wanted + name in data]
    evaluator = half_reference.HalfEvaluator(*reference)
    results = evaluator.run(inputs, names)
    row.own = {name: half_reference.relative(got, data[wanted + name])
               for name, got in zip(names, results)}
    row.worst["PyTorch's own"] = row.own[names[0]]


def check_full(row, gpu, sessions, data, random, reference):
    """`full` with everything that the .npz has; returns the first inputs."""
    names = [name for name, _, _ in gpu.values("full", "input")]
    outputs = [name for name, _, _ in gpu.values("full", "output")]
    runs = []
    # The first ones are those that the blocks are made of: one prompt.
    for given, wanted in (("", ""), ("in0_", "out0_"), ("in1_", "out1_"),
                          ("in2_", "out2_"), ("pad_", "pad_")):
        inputs = {n: data[given + n] for n in names if given + n in data}
        # Padding without a reference of its own is nobody's test.
        if inputs and any(wanted + name in data for name in outputs):
            runs.append((inputs, wanted))
    if not runs:
        runs.append((made_up(gpu, 23, random), None))
    elif reference:
        measure_theirs(row, reference, *runs[0], data, outputs)
    exact = has_exact_steps(data)
    for inputs, wanted in runs:
        # So often that the last ones are replayed.
        if not run_both(sessions, "full", inputs, times=4):
            continue
        mask = inputs.get("attention_mask")
        for name in outputs:
            got, *others = (s.output(name) for s in sessions)
            where = None
            # Rows of padding may hold anything.
            if mask is not None and got.shape[:2] == mask.shape:
                where = mask == 1
            for expected in others:
                row.close("full, CPU", got, expected, where)
            row.theirs = row.own.get(name)
            if wanted is not None and wanted + name in data:
                if exact or not wanted.startswith("out"):
                    row.close("full, PyTorch", got, data[wanted + name], where)
                elif wanted == "out0_" and name == "logits":
                    row.close("full, PyTorch", got,
                              data["logits_all"][:, :got.shape[1]], where)
    row.theirs = row.own.get(outputs[0])
    return runs[0][0]


def check_refusal(gpu, sessions, given):
    """Positions that no table has: refused by both, and the GPU survives."""
    if len(sessions) == 1:
        return
    far = dict(given)
    for name, role, dtype in gpu.values("full", "input"):
        if role == "positions" and name in given:
            far[name] = np.full_like(given[name], 1 << 40 if dtype == np.int64
                                     else 1 << 30)
    run_both(sessions, "full", far)
    run_both(sessions, "full", given)


def check_model(library, folder, name, layouts, device):
    kind = device.split(":")[0]
    gpu = runtime.Model(library, os.path.join(folder, f"{name}.{kind}.ba"), device)
    models = [gpu]
    if kind != "cpu" and os.path.exists(os.path.join(folder, f"{name}.cpu.ba")):
        models.append(runtime.Model(library,
                                    os.path.join(folder, f"{name}.cpu.ba")))
    sessions = [runtime.Session(model) for model in models]
    manifest = manifest_of(gpu)
    row = Row(name, computes_in_half(manifest))
    random = np.random.default_rng(zlib.crc32(name.encode()))
    path = os.path.join(folder, f"{name}.npz")
    data = dict(np.load(path)) if os.path.exists(path) else {}
    # What the graph computes in 16-bit floats of its own is compared as before.
    dtype = name.rsplit("_", 1)[-1]
    graph = os.path.join(folder, f"{name}.onnx")
    reference = ((graph, dtype, "cuda" if device.startswith("cuda") else "cpu")
                 if os.path.exists(graph) and data else None)
    given = check_full(row, gpu, sessions, data, random, reference)
    check_refusal(gpu, sessions, given)
    row.peak = gpu.peak_bytes()
    if not gpu.has("block"):
        return row
    output = gpu.values("block", "output")[0][0]
    longest = min(300, manifest.get("max_positions") or 300)
    starts = [int(start) for start in data.get("block_starts", [])]
    # Past keys and values have no place among packed blocks.
    inputs = {n: given[n] for n, role, _ in gpu.values("block", "input")
              if n in given and role in ("tokens", "positions")}
    token_name = next(n for n, role, _ in gpu.values("block", "input")
                      if role == "tokens")
    want = data.get("block_logits")
    if starts and run_both(sessions, "block", inputs,
                           [(start, 0, 0) for start in starts]):
        got, *others = (s.output(output) for s in sessions)
        for expected in others:
            row.close("block, CPU", got, expected)
        if want is not None:
            row.close("block, PyTorch", got, want)
    if len(models) == 1:
        layouts = 0
    for _ in range(layouts):
        length = int(random.integers(1, longest))
        blocks = random_layout(random, length)
        packed = with_positions(gpu, made_up(gpu, length, random), blocks)
        if run_both(sessions, "block", packed, blocks):
            got, expected = (s.output(output) for s in sessions)
            row.close("layouts, CPU", got, expected)
    # Whatever the CPU refuses, the GPU has to refuse as well.
    most = min(manifest.get("max_positions") or MOST_LOGITS,
               MOST_LOGITS // (manifest.get("vocab_size") or 2))
    large = [large_layout(random, kind, most) for kind in ("many", "long")
             ] if layouts else []
    for length, blocks in filter(None, large):
        packed = with_positions(gpu, made_up(gpu, length, random), blocks)
        if run_both(sessions, "block", packed, blocks):
            got, expected = (s.output(output) for s in sessions)
            row.close("layouts, CPU", got, expected)
    if gpu.has("encode") and gpu.has("extend"):
        for length, blocks in filter(None, large):
            tokens = made_up(gpu, length, random)[token_name].reshape(-1)
            check_cached(row, models, sessions, tokens,
                         [start for start, _, _ in blocks], None, "cached")
        if starts:
            check_cached(row, models, sessions, inputs[token_name].reshape(-1),
                         starts, None if want is None else want[:, starts[-1]:],
                         "cached")
        for _ in range(-(-layouts // 10)):
            length = int(random.integers(2, longest - 5))
            tokens = made_up(gpu, length, random)[token_name].reshape(-1)
            cuts = sorted({0, *random.integers(0, length, 5).tolist()})
            check_cached(row, models, sessions, tokens, cuts, None, "cached")
    row.peak = gpu.peak_bytes()
    return row


def device_name():
    if not shutil.which("nvidia-smi"):
        return "?"
    done = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version",
                           "--format=csv,noheader"], stdout=subprocess.PIPE,
                          text=True)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "?"


def run(folder, library, layouts, device, report):
    rows, errors = [], {}
    end = f".{device.split(':')[0]}.ba"
    names = sorted(f[:-len(end)] for f in os.listdir(folder) if f.endswith(end))
    loaded = runtime.Runtime(library)
    for name in names:
        try:
            row = check_model(loaded, folder, name, layouts, device)
        except runtime.Error as error:
            errors[name] = str(error)
            print(f"FAIL {name}: {error}", flush=True)
            if "cannot be used by this process" in str(error):
                break
            continue
        rows.append(row)
        state = "FAIL" if row.failures else "ok  "
        print(state, name, " ".join(f"{kind}: {worst:.1e};"
                                    for kind, worst in row.worst.items()))
        for failure in row.failures[:5]:
            print(f"     {failure}")
        sys.stdout.flush()
    kinds = ["PyTorch's own", "full, PyTorch", "full, CPU", "block, PyTorch", "block, CPU",
             "layouts, CPU", "cached, PyTorch", "cached, CPU", "decode, CPU"]
    lines = [f"{datetime.date.today()}, {device_name()}, "
             f"Python {platform.python_version()}", "",
             "| model | " + " | ".join(kinds) + " | |",
             "| --- |" + " --- |" * (len(kinds) + 1)]
    for row in rows:
        cells = [f"{row.worst[k]:.1e}" if k in row.worst else "" for k in kinds]
        cells.append("; ".join(row.failures[:2]) or "ok")
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    for name, message in errors.items():
        lines.append(f"| {name} |" + " |" * len(kinds) + f" {message} |")
    if report:
        with open(report, "w") as file:
            file.write("\n".join(lines) + "\n")
    print("\n".join(lines))
    return len(errors) + sum(bool(row.failures) for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=("prepare", "run", "all"))
    parser.add_argument("folder")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--library", default="libblockattn.so.0")
    parser.add_argument("--targets", default="cpu,cuda")
    parser.add_argument("--dtypes", default="f32")
    parser.add_argument("--layouts", type=int, default=100)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--report")
    options = parser.parse_intermixed_args()
    failed = 0
    if options.command != "run":
        failed += prepare(options.folder, options.models,
                          options.targets.split(","), options.dtypes.split(","))
    if options.command != "prepare":
        failed += run(options.folder, options.library, options.layouts,
                      options.device, options.report)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
