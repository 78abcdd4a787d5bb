"""Makes tiny random models of many families and exports them in many ways.

usage: make_models.py FOLDER [--families A,B,...] [--spellings A,B,...] [--list]

For each family and spelling FOLDER/FAMILY_SPELLING.onnx and .npz are written; the
latter has PyTorch's own results, as test/endtoend/exporters.py reads them: full
attention, block attention by an explicit mask, left padding, and steps with past
keys and values. What an exporter can't do is said in FAMILY_SPELLING.failed, with
which packages in FAMILY_SPELLING.made; what is there already is not made again. Needs torch, transformers, onnx and onnxscript
(requirements.txt beside this file), and for some spellings more.
"""

import argparse
import contextlib
import functools
import importlib.metadata
import json
import multiprocessing
import os
import sys
import traceback

import numpy as np
import onnx
import torch

from spellings import (COMMONEST, EXPORTERS, NotOffered, SPELLINGS, SWEEP,
                       SWEPT, quiet)
from families import FAMILIES, build
from reference_masks import block_mask, masked_by

TOKENS, PADDING = 28, 9
STARTS = [0, 5, 12, 20]


def round_to(dtype, model):
    """As a checkpoint of that type is loaded: what is not in it, such as the
    frequencies of rotary embeddings, stays as it was made."""
    saved = model.state_dict()
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if name in saved and value.is_floating_point():
            value.data = value.data.to(dtype)


class Plain(torch.nn.Module):
    """All tokens at once."""

    def __init__(self, model, names, output):
        super().__init__()
        self.model, self.names, self.output = model, names, output
        self.eval()  # exporters bring the mode back that they have found

    def forward(self, *inputs):
        kwargs = dict(zip(self.names, inputs))
        if self.output == "logits":
            kwargs["use_cache"] = False
        return getattr(self.model(**kwargs), self.output)


class WithPast(torch.nn.Module):
    """New tokens behind past keys and values, which are inputs."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names
        self.eval()

    def forward(self, *inputs):
        from transformers import DynamicCache
        count = len(self.names)
        past = inputs[count:]
        cache = DynamicCache(list(zip(past[::2], past[1::2])))
        out = self.model(**dict(zip(self.names, inputs)),
                         past_key_values=cache, use_cache=True)
        present = []
        for layer in out.past_key_values.layers:
            present += [layer.keys, layer.values]
        return (out.logits, *present)


def positions_of(mask):
    return (mask.cumsum(-1) - 1).clamp(min=0)


def numpy(tensor):
    return tensor.detach().cpu().numpy()


def forget_sources(model):
    """Drops what exporters record of the code that a node comes from."""
    del model.metadata_props[:]
    for function in (model.graph, *model.functions):
        function.doc_string = ""
        del function.metadata_props[:]
        del function.value_info[:]
        for node in function.node:
            node.doc_string = ""
            del node.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output,
                  *model.graph.initializer):
        value.doc_string = ""
        del value.metadata_props[:]


class Job:
    """One family in one spelling."""

    def __init__(self, family, name, folder, tiny=False):
        self.family, self.tiny = family, tiny
        self.spelling = {**SPELLINGS, **SWEEP}[name]
        self.path = os.path.join(folder, f"{family}_{name}")
        self.file = self.path + ".onnx"
        self.spec = FAMILIES[family]
        torch.manual_seed(0)
        self.model, self.config = build(
            family, self.spelling.attention, tiny,
            genai=self.spelling.exporter == "genai")
        round_to(self.spelling.dtype, self.model)
        self.past = self.spelling.inputs == "past"
        self.names = ["input_ids"]
        if self.spelling.inputs != "ids":
            self.names.append("attention_mask")
        if self.spelling.inputs in ("all", "past") and self.spec.positions:
            self.names.append("position_ids")
        generator = torch.Generator().manual_seed(1)
        self.ids = torch.randint(3, self.config.vocab_size, (2, TOKENS + 5),
                                 generator=generator)

    def arguments(self, ids, mask, positions):
        values = {"input_ids": ids, "attention_mask": mask,
                  "position_ids": positions,
                  "token_type_ids": torch.zeros_like(ids)}
        return {name: values[name] for name in self.names}

    def past_shape(self, name, length, batch=1):
        config = self.config
        heads = getattr(config, "num_key_value_heads", None) or \
            config.num_attention_heads
        if getattr(config, "multi_query", False):
            heads = 1
        size = getattr(config, "head_dim", None) or \
            config.hidden_size // config.num_attention_heads
        if hasattr(config, "kv_lora_rank"):  # what both come from, rotated keys
            heads = 1
            size = config.qk_rope_head_dim if name.endswith("value") else \
                config.kv_lora_rank
        return (batch, heads, length, size)

    def past_names(self):
        return [f"past_key_values.{i}.{kind}"
                for i in range(self.config.num_hidden_layers)
                for kind in ("key", "value")]

    def export(self):
        fixed = "fixed" in self.spelling.options
        ids = self.ids[:1, :TOKENS] if fixed else self.ids[:, :11]
        mask = torch.ones_like(ids)
        outputs = [self.spec.output]
        names = list(self.names)
        dims = {name: {0: "batch", 1: "sequence"} for name in names}
        if self.past:
            module = WithPast(self.model, self.names)
            total = torch.ones(2, 11 + 7, dtype=torch.long)
            values = list(self.arguments(
                ids, total, positions_of(total)[:, 7:]).values())
            for name in self.past_names():
                names.append(name)
                dims[name] = {0: "batch", 2: "past"}
                values.append(torch.randn(self.past_shape(name, 7, 2)))
                outputs.append(name.replace("past_key_values", "present"))
            dims["attention_mask"] = {0: "batch", 1: "total"}
        else:
            module = Plain(self.model, self.names, self.spec.output)
            values = list(self.arguments(ids, mask, positions_of(mask)).values())
        with torch.no_grad(), quiet():
            EXPORTERS[self.spelling.exporter](self, module, names, values, dims,
                                              outputs)
        model = onnx.load(self.file)
        if self.tiny:
            forget_sources(model)
            onnx.save(model, self.file)
        # Some exporters have inputs of their own choice.
        inputs = [i.name for i in model.graph.input]
        self.past = any(name.startswith("past_") for name in inputs)
        self.names = [name for name in inputs if not name.startswith("past_")]

    def run(self, module, values):
        with torch.no_grad():
            return module(*values)

    def check_export(self, data):
        """Some exports are no longer the model, or no valid file."""
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(
                self.file, options, providers=["CPUExecutionProvider"])
        except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
            return  # it lacks some operators for bfloat16
        prefix = "in0_" if self.past else ""
        feeds = {i.name: data[prefix + i.name] for i in session.get_inputs()}
        got = session.run([self.spec.output], feeds)[0].astype(np.float32)
        where = Ellipsis
        if self.spec.output != "logits" and "attention_mask" in data:
            where = data["attention_mask"] == 1
        want = data[self.spec.output]
        off = float(np.abs(got - want)[where].max())
        allowed = 1e-3
        if self.spelling.dtype != torch.float32:
            allowed = 2e-2 * float(np.abs(want).max())
        if not off < allowed:
            raise ValueError(
                "ONNX Runtime's results for the export are not PyTorch's")

    def references(self):
        """In float32, whatever the type of the weights; of fewer bits how far
        PyTorch's own results in that type are off is told as well."""
        data = {}
        ids = self.ids[:1, :TOKENS]
        ones = torch.ones_like(ids)
        if self.spelling.dtype != torch.float32 and self.spec.output == "logits":
            module = Plain(self.model, self.names, "logits")
            inputs = self.arguments(ids, ones, positions_of(ones))
            own = numpy(self.run(module, inputs.values()).float())
            self.model.float()
            exact = numpy(self.run(module, inputs.values()))
            data["own_error"] = np.abs(own - exact).max()
        self.model.float()
        if self.spec.output != "logits":
            ids, mask = self.ids[:, :TOKENS], torch.ones(2, TOKENS,
                                                         dtype=torch.long)
            mask[1, TOKENS - PADDING:] = 0
            if "fixed" in self.spelling.options:
                ids, mask = ids[:1], mask[:1]
            if "attention_mask" not in self.names:
                mask = torch.ones_like(ids)
            inputs = self.arguments(ids, mask, positions_of(mask))
            module = Plain(self.model, self.names, self.spec.output)
            data.update({k: numpy(v) for k, v in inputs.items()})
            data[self.spec.output] = numpy(self.run(module, inputs.values()))
            return data
        module = Plain(self.model, self.names, "logits")
        inputs = self.arguments(ids, ones, positions_of(ones))
        logits = numpy(self.run(module, inputs.values()))
        data.update(logits=logits)
        mask = block_mask(TOKENS, STARTS)
        with contextlib.suppress(NotImplementedError), \
                masked_by(self.model, self.config, mask):
            block = self.run(module, inputs.values())
            data.update(block_starts=np.array(STARTS),
                        block_logits=numpy(block))
        if self.past:
            self.steps(data)
            return data
        data.update({k: numpy(v) for k, v in inputs.items()})
        if "attention_mask" in self.names and \
                "fixed" not in self.spelling.options:
            ids = self.ids[:, :TOKENS].clone()
            mask = torch.ones_like(ids)
            mask[1, :PADDING] = 0
            inputs = self.arguments(ids, mask, positions_of(mask))
            data.update({"pad_" + k: numpy(v) for k, v in inputs.items()})
            data["pad_logits"] = numpy(self.run(module, inputs.values()))
        return data

    def steps(self, data):
        module = WithPast(self.model, self.names)
        past = [torch.zeros(self.past_shape(name, 0))
                for name in self.past_names()]
        begin = 0
        for step, count in enumerate((TOKENS, 1, 4)):
            ids = self.ids[:1, begin:begin + count]
            mask = torch.ones(1, begin + count, dtype=torch.long)
            inputs = self.arguments(ids, mask, positions_of(mask)[:, begin:])
            out = self.run(module, [*inputs.values(), *past])
            data.update({f"in{step}_{k}": numpy(v) for k, v in inputs.items()})
            for name, value in zip(self.past_names(), past):
                data[f"in{step}_{name}"] = numpy(value)
            data[f"out{step}_logits"] = numpy(out[0])
            past = list(out[1:])
            for name, value in zip(self.past_names(), past):
                present = name.replace("past_key_values", "present")
                data[f"out{step}_{present}"] = numpy(value)
            begin += count


def versions():
    """Of the packages that decide how a model is spelled."""
    found = {}
    for name in ("torch", "transformers", "onnxruntime", "optimum",
                 "onnxruntime-genai"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def make(family, spelling, folder, tiny=False):
    job = Job(family, spelling, folder, tiny)
    job.export()
    data = job.references()
    job.check_export(data)
    np.savez_compressed(job.path + ".npz", **data)


def wanted(families=None, spellings=None):
    """Pairs of a family and a spelling."""
    every = {**SPELLINGS, **SWEEP}
    for spelling in spellings or every:
        for family in families or FAMILIES:
            if every[spelling].inputs == "past" and \
                    FAMILIES[family].output != "logits":
                continue
            if spellings or family in SWEPT or spelling in COMMONEST or \
                    (spelling in SPELLINGS and not FAMILIES[family].few) or \
                    (FAMILIES[family].halves and
                     every[spelling].dtype != torch.float32):
                yield family, spelling


def first_line(error):
    lines = str(error).strip().splitlines() or [type(error).__name__]
    # torch.export wraps the reason in advice.
    cause = error.__cause__
    if cause is not None and str(cause).strip():
        lines = str(cause).strip().splitlines()
    if isinstance(error, KeyError):
        lines[0] = f"KeyError: {lines[0]}"
    return lines[0][:400]


def make_if_missing(pair, folder, tiny):
    """Makes a model; says what was made, or why it was not, or nothing."""
    family, spelling = pair
    name = f"{family}_{spelling}"
    path = f"{folder}/{name}"
    if os.path.exists(path + ".npz") or os.path.exists(path + ".failed"):
        return None
    # Nothing here comes from a hub, and a look for it can take minutes.
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch.set_num_threads(1)
    with open(path + ".made", "w") as file:
        json.dump(versions(), file)
    try:
        make(family, spelling, folder, tiny)
        return f"made {name}"
    except NotOffered as reason:
        os.remove(path + ".made")
        return f"not offered: {name}: {reason}"
    except Exception as error:  # one exporter's failure is its own
        with contextlib.suppress(OSError):
            os.remove(path + ".onnx")
        with open(path + ".failed", "w") as file:
            file.write(first_line(error) + "\n")
        if os.environ.get("VERBOSE"):
            traceback.print_exc()
        return (f"not exported: {name}: {type(error).__name__}: "
                f"{first_line(error)}")


def make_all(folder, pairs, jobs=1, tiny=False):
    """Makes what is not there yet, and prints what becomes of it."""
    os.makedirs(folder, exist_ok=True)
    work = functools.partial(make_if_missing, folder=folder, tiny=tiny)
    pairs = list(pairs)
    with contextlib.ExitStack() as stack:
        if jobs > 1:
            pool = multiprocessing.get_context("spawn").Pool(jobs)
            done = stack.enter_context(pool).imap_unordered(work, pairs)
        else:
            done = map(work, pairs)
        for line in done:
            if line:
                print(line, flush=True)


def names_of(text):
    return text.split(",") if text else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default=".")
    parser.add_argument("--families")
    parser.add_argument("--spellings")
    parser.add_argument("--pairs", help="FAMILY:SPELLING,... and no others")
    parser.add_argument("--tiny", action="store_true",
                        help="as small as in test/endtoend/families")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("families:", *FAMILIES)
        print("spellings:", *SPELLINGS)
        print("spellings of", *SWEPT, "only:", *SWEEP)
        return
    pairs = wanted(names_of(args.families), names_of(args.spellings))
    if args.pairs:
        pairs = [pair.split(":") for pair in names_of(args.pairs)]
    make_all(args.folder, pairs, args.jobs, args.tiny)


if __name__ == "__main__":
    main()
