"""Random small decoders in random spellings, compiled and compared.

    differential.py [--build DIR] [--seed N] [--count N] [--twists] [--keep DIR] [--show]

Each seed is a decoder (decoders.py): how its norms, rotary positions, masks and
attention are spelled, which inputs it has, its operator set. Compared are

  * `full` with ONNX Runtime, with a past, with padding, in batches
  * `block` with ONNX Runtime on the same decoder in plain ops, whose mask is an
    input: every token's logits
  * `block` with `block` compiled with --decompose-attention
  * `--reuse` with `block`: the logits of the last block

With --twists each decoder does something besides, of which some has no block
programs (decoders.TWISTS): positions that are changed, rotations that depend on
the length, masks of other shapes, tokens that reach others past the attention, prompts
of one length.
Where it may have none, a refusal with a reason is right, too; where it can't, only
that.

Otherwise a decoder that is refused is as wrong as one whose numbers differ by more than
1e-4; what ONNX Runtime does not run is left out, and counted. --keep writes the
models that were wrong into a folder, --show prints what the seeds are.
"""

import argparse
import collections
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

import decoders

TOLERANCE = 1e-4
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Wrong(Exception):
    """What is wrong with a decoder."""


class Refused(Exception):
    """There is no such program, and a reason why."""


class NotRun(Exception):
    """ONNX Runtime does not take it."""


def reference(model, inputs):
    """The logits that ONNX Runtime gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                               ["CPUExecutionProvider"])
        wanted = {value.name for value in session.get_inputs()}
        return session.run(None, {name: x for name, x in inputs.items() if name in wanted})[-1]
    except Exception as error:  # Its exceptions have no class of their own.
        raise NotRun(str(error).splitlines()[0]) from error


class Trial:
    """One decoder, in a folder of its own."""

    def __init__(self, build, folder, seed, twists):
        self.build, self.folder = build, folder
        self.spelling = decoders.draw(seed, twists)
        self.random = np.random.default_rng(seed)
        self.model = decoders.Decoder(self.spelling).model()
        self.path = os.path.join(folder, "model.onnx")
        onnx.save(self.model, self.path)

    def run(self, what, *command):
        command = [os.path.join(self.build, "bin", command[0]), *command[1:]]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=300, text=True, errors="replace", check=False)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{what}: takes too long") from None
        if done.returncode:
            if done.returncode == 1 and "can't be made of this model" in done.stderr:
                raise Refused
            lines = [line for line in done.stderr.splitlines() if "error:" in line]
            raise Wrong(f"{what}: status {done.returncode}: {(lines or ['no message'])[0]}")

    def compile(self, *flags):
        artifact = os.path.join(self.folder, f"model{'-'.join(('', *flags))}.ba")
        self.run("compile", "blockattn-compile", self.path, "-o", artifact, *flags)
        return artifact

    def infer(self, what, artifact, inputs, *flags):
        """The logits that an artifact gives."""
        command = ["blockattn-run", "infer", artifact, *flags]
        for name, array in inputs.items():
            file = os.path.join(self.folder, f"{name}.npy")
            np.save(file, array)
            command += ["--input", f"{name}={file}"]
        file = os.path.join(self.folder, "logits.npy")
        self.run(what, *command, "--output", f"logits={file}")
        return np.load(file)

    def full_inputs(self):
        """Inputs of the whole graph, and which tokens are none of the padding."""
        s, random = self.spelling, self.random
        # GroupQueryAttention with a past takes one prompt.
        one = s.attention == "gqa" and s.past
        batch = 1 if one else int(random.integers(1, 3))
        tokens = s.tokens or int(random.integers(1, 12))
        past = int(random.integers(0, 6)) if s.past else 0
        if s.attention == "gqa" and past == 0 and s.past:
            past = 3
        inputs = {"input_ids": random.integers(0, decoders.VOCABULARY, (batch, tokens))}
        mask = np.ones((batch, past + tokens), np.int64)
        # GroupQueryAttention takes no padding at the left.
        # One without any key is not a number, and makes others so.
        padded = s.mask_input and s.attention != "gqa" and s.lowest != "inf"
        if padded and not past and tokens > 3:
            mask[0, :2] = 0
        if s.mask_input:
            inputs["attention_mask"] = mask
        if s.positions == "input" and not s.own_rotary:
            inputs["position_ids"] = np.tile(np.arange(past, past + tokens), (batch, 1))
        for layer in range(s.layers if s.past else 0):
            for part in ("key", "value"):
                shape = (batch, s.kv_heads, past, s.head_size)
                inputs[f"past_key_values.{layer}.{part}"] = (
                    random.standard_normal(shape).astype(np.float32))
        return inputs, mask[:, past:].astype(bool)

    def check_full(self, artifact):
        inputs, kept = self.full_inputs()
        want = reference(self.model, inputs)
        same("full", self.infer("full", artifact, inputs)[kept], want[kept])

    def check_twist(self):
        """Programs of blocks are asked for, and are there, or refused."""
        allowed = decoders.TWISTS[self.spelling.twist]
        # Without them there is the whole model, whatever it does.
        self.check_full(self.compile())
        try:
            # Blocks are shorter than prompts of one length.
            programs = "full,block" if self.spelling.tokens else "full,block,encode,extend"
            artifact = self.compile("--programs=" + programs)
        except Refused:
            if allowed == "yes":
                raise Wrong("blocks are refused") from None
            return "refused"
        if allowed == "no":
            raise Wrong("blocks are not refused")
        self.check_blocks(artifact)
        return "agree"

    def check_blocks(self, artifact):
        s, random = self.spelling, self.random
        tokens = s.tokens or int(random.integers(6, 14))
        count = int(random.integers(2, 5))
        starts = sorted({0, *random.choice(np.arange(1, tokens), count - 1, replace=False).tolist()})
        inputs = {"input_ids": random.integers(0, decoders.VOCABULARY, (1, tokens))}
        place = np.arange(tokens)
        block = np.searchsorted(starts, place, side="right")
        query, key = place[:, None], place[None, :]
        seen = (key <= query) & ((block[:, None] == block) | (block[:, None] == len(starts)))
        if s.window:
            seen &= query - key < s.window
        mask = np.where(seen, 0, np.finfo(np.float32).min).astype(np.float32)
        if s.twist == "chunks":
            seen &= query // decoders.CHUNK == key // decoders.CHUNK
        elif s.twist == "holes":
            seen &= query - key != decoders.HOLE
        plain = decoders.Decoder(s.reference()).model()
        want = reference(plain, {**inputs, "position_ids": place[None], "mask": mask})
        flag = "--blocks=" + ",".join(map(str, starts))
        got = self.infer("block", artifact, inputs, flag)
        same("block", got, want)
        slow = self.compile("--decompose-attention", "--programs=full,block")
        same("block, decomposed", self.infer("block, decomposed", slow, inputs, flag), got)
        if s.tokens:
            return
        last = self.infer("reuse", artifact, inputs, flag, "--reuse")
        same("reuse", last[0], got[0, starts[-1]:])

    def check(self):
        """What became of it."""
        if self.spelling.twist != "none":
            return self.check_twist()
        artifact = self.compile()
        self.check_full(artifact)
        self.check_blocks(artifact)
        return "agree"


def same(what, got, want):
    if got.shape != want.shape:
        raise Wrong(f"{what}: the shape is {got.shape}, and not {want.shape}")
    if not got.size:
        return
    difference = np.abs(got.astype(np.float64) - want).max()
    if not difference <= TOLERANCE * max(1.0, np.abs(want).max()):
        raise Wrong(f"{what}: differs by {difference:.2g}")


def keep(folder, seed, path):
    os.makedirs(folder, exist_ok=True)
    os.replace(path, os.path.join(folder, f"seed-{seed}.onnx"))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=100, help="how many seeds")
    parser.add_argument("--twists", action="store_true",
                        help="decoders that do something besides")
    parser.add_argument("--keep", help="a folder for the models that were wrong")
    parser.add_argument("--show", action="store_true", help="print what the seeds are")
    args = parser.parse_args()
    counts, left_out = collections.Counter(), collections.Counter()
    for seed in range(args.seed, args.seed + args.count):
        if args.show:
            print(f"{seed}: {decoders.draw(seed, args.twists)}", flush=True)
        with tempfile.TemporaryDirectory(prefix="blockattn-") as folder:
            trial = Trial(args.build, folder, seed, args.twists)
            try:
                counts[trial.check()] += 1
            except NotRun as why:
                counts["not run"] += 1
                left_out[str(why)[:160]] += 1
            except Wrong as why:
                counts["wrong"] += 1
                print(f"seed {seed}: {why}\n    {trial.spelling}", flush=True)
                if args.keep:
                    keep(args.keep, seed, trial.path)
    for why, number in left_out.items():
        print(f"note: ONNX Runtime refuses {number}: {why}")
    print(f"{args.count} decoders: {counts['agree']} agree, {counts['wrong']} wrong, "
          f"{counts['refused']} refused, {counts['not run']} not run by ONNX Runtime")
    # A generator whose models nothing runs would find nothing.
    return 1 if counts["wrong"] or counts["not run"] > 0.1 * args.count else 0


if __name__ == "__main__":
    sys.exit(main())
