"""Makes tiny random models of many families and exports them in many ways.

usage: make_models.py FOLDER [--families A,B,...] [--variants A,B,...] [--list]

For each family and variant FOLDER/FAMILY_VARIANT.onnx and .npz are written; the
latter has PyTorch's own results, as test/endtoend/exporters.py reads them: full
attention, block attention by an explicit mask, left padding, and steps with past
keys and values. What an exporter can't do is printed and left out. Needs torch,
transformers, onnx and onnxscript (requirements.txt beside this file).
"""

import argparse
import contextlib
import os
import sys
import traceback
import warnings

import numpy as np
import torch

from families import FAMILIES, build
from reference_masks import block_mask, masked_by

TOKENS, PADDING = 28, 9
STARTS = [0, 5, 12, 20]

# exporter, attention, inputs
VARIANTS = {
    "dynamo_sdpa": ("dynamo", "sdpa", "all"),
    "dynamo_eager": ("dynamo", "eager", "all"),
    "dynamo_ids": ("dynamo", "sdpa", "ids"),
    "dynamo_past": ("dynamo", "sdpa", "past"),
    "ts_sdpa": ("torchscript", "sdpa", "all"),
    "ts_eager": ("torchscript", "eager", "all"),
    "ts_ids": ("torchscript", "sdpa", "ids"),
    "ts_past": ("torchscript", "sdpa", "past"),
}


class Plain(torch.nn.Module):
    """All tokens at once."""

    def __init__(self, model, names, output):
        super().__init__()
        self.model, self.names, self.output = model, names, output

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


class Job:
    def __init__(self, family, variant, folder):
        self.family, self.variant = family, variant
        self.exporter, attention, self.inputs = VARIANTS[variant]
        self.path = os.path.join(folder, f"{family}_{variant}")
        self.spec = FAMILIES[family]
        torch.manual_seed(0)
        self.model, self.config = build(family, attention)
        self.names = ["input_ids"]
        if self.inputs != "ids":
            self.names.append("attention_mask")
            if self.spec.positions:
                self.names.append("position_ids")
        generator = torch.Generator().manual_seed(1)
        self.ids = torch.randint(3, self.config.vocab_size, (2, TOKENS + 5),
                                 generator=generator)

    def arguments(self, ids, mask, positions):
        values = {"input_ids": ids, "attention_mask": mask,
                  "position_ids": positions}
        return {name: values[name] for name in self.names}

    def past_shape(self, length, batch=1):
        config = self.config
        heads = getattr(config, "num_key_value_heads", None) or \
            config.num_attention_heads
        if getattr(config, "multi_query", False):
            heads = 1
        size = getattr(config, "head_dim", None) or \
            config.hidden_size // config.num_attention_heads
        return (batch, heads, length, size)

    def past_names(self):
        return [f"past_key_values.{i}.{kind}"
                for i in range(self.config.num_hidden_layers)
                for kind in ("key", "value")]

    def export(self):
        ids = self.ids[:, :11]
        mask = torch.ones_like(ids)
        past = self.inputs == "past"
        outputs = [self.spec.output]
        names = list(self.names)
        dims = {name: {0: "batch", 1: "sequence"} for name in names}
        if past:
            module = WithPast(self.model, self.names)
            total = torch.ones(2, 11 + 7, dtype=torch.long)
            values = list(self.arguments(
                ids, total, positions_of(total)[:, 7:]).values())
            for name in self.past_names():
                names.append(name)
                dims[name] = {0: "batch", 2: "past"}
                values.append(torch.randn(self.past_shape(7, 2)))
                outputs.append(name.replace("past_key_values", "present"))
            dims["attention_mask"] = {0: "batch", 1: "total"}
        else:
            module = Plain(self.model, self.names, self.spec.output)
            values = list(self.arguments(ids, mask, positions_of(mask)).values())
        file = self.path + ".onnx"
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.exporter == "dynamo":
                kinds = {}
                for at in dims.values():
                    for kind in at.values():
                        kinds.setdefault(kind, torch.export.Dim.DYNAMIC)
                shapes = (tuple({i: kinds[k] for i, k in dims[name].items()}
                                for name in names),)
                torch.onnx.export(module, tuple(values), file, dynamo=True,
                                  dynamic_shapes=shapes, input_names=names,
                                  output_names=outputs, external_data=False,
                                  verbose=False)
            else:
                torch.onnx.export(module, tuple(values), file, dynamo=False,
                                  dynamic_axes=dims, input_names=names,
                                  output_names=outputs, opset_version=17)

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
                self.path + ".onnx", options,
                providers=["CPUExecutionProvider"])
        except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
            return  # it lacks some operators for bfloat16
        prefix = "in0_" if self.inputs == "past" else ""
        feeds = {i.name: data[prefix + i.name] for i in session.get_inputs()}
        got = session.run([self.spec.output], feeds)[0]
        where = Ellipsis
        if self.spec.output != "logits" and "attention_mask" in data:
            where = data["attention_mask"] == 1
        off = float(np.abs(got - data[self.spec.output])[where].max())
        if not off < 1e-3:
            raise ValueError(f"ONNX Runtime is off by {off:.1e} from PyTorch")

    def references(self):
        data = {}
        ids = self.ids[:1, :TOKENS]
        ones = torch.ones_like(ids)
        if self.spec.output != "logits":
            ids, mask = self.ids[:, :TOKENS], torch.ones(2, TOKENS,
                                                         dtype=torch.long)
            mask[1, TOKENS - PADDING:] = 0
            if self.inputs == "ids":
                mask = torch.ones_like(ids)
            inputs = self.arguments(ids, mask, positions_of(mask))
            module = Plain(self.model, self.names, self.spec.output)
            data.update({k: numpy(v) for k, v in inputs.items()})
            data[self.spec.output] = numpy(self.run(module, inputs.values()))
            return data
        module = Plain(self.model, self.names, "logits")
        inputs = self.arguments(ids, ones, positions_of(ones))
        logits = numpy(self.run(module, inputs.values()))
        mask = block_mask(TOKENS, STARTS)
        with masked_by(self.model, self.config, mask):
            block = self.run(module, inputs.values())
        data.update(logits=logits, block_starts=np.array(STARTS),
                    block_logits=numpy(block))
        if self.inputs == "past":
            self.steps(data)
            return data
        data.update({k: numpy(v) for k, v in inputs.items()})
        if self.inputs == "all":
            ids = self.ids[:, :TOKENS].clone()
            mask = torch.ones_like(ids)
            mask[1, :PADDING] = 0
            inputs = self.arguments(ids, mask, positions_of(mask))
            data.update({"pad_" + k: numpy(v) for k, v in inputs.items()})
            data["pad_logits"] = numpy(self.run(module, inputs.values()))
        return data

    def steps(self, data):
        module = WithPast(self.model, self.names)
        past = [torch.zeros(self.past_shape(0)) for _ in self.past_names()]
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default=".")
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("families:", *FAMILIES)
        print("variants:", *VARIANTS)
        return
    os.makedirs(args.folder, exist_ok=True)
    torch.set_num_threads(1)
    bad = 0
    for variant in args.variants.split(","):
        for family in args.families.split(","):
            if FAMILIES[family].output != "logits" and "past" in variant:
                continue
            try:
                job = Job(family, variant, args.folder)
                data = job.references()
                job.export()
                job.check_export(data)
                np.savez_compressed(job.path + ".npz", **data)
                print(f"made {family}_{variant}", flush=True)
            except Exception as error:  # one exporter's failure is its own
                bad += 1
                with contextlib.suppress(OSError):
                    os.remove(f"{args.folder}/{family}_{variant}.onnx")
                lines = str(error).strip().splitlines() or [""]
                print(f"not exported: {family}_{variant}: "
                      f"{type(error).__name__}: {lines[0][:160]}", flush=True)
                if os.environ.get("VERBOSE"):
                    traceback.print_exc()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
