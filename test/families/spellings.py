"""The exporters: each writes a model's file in its own spelling."""

import contextlib
import importlib.util
import io
import os
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from unittest import mock

import torch

from quantized import round_weights


@dataclass
class Spelling:
    exporter: str
    attention: str  # transformers' implementation
    inputs: str     # ids | mask (and ids) | all (and positions) | past (and all)
    opset: int | None = None  # the exporter's own choice
    dtype: torch.dtype = torch.float32
    options: tuple = ()


# Every family in each of these.
SPELLINGS = {
    "dynamo_sdpa": Spelling("dynamo", "sdpa", "all"),
    "ts_eager": Spelling("torchscript", "eager", "all", 17),
    "dynamo_past": Spelling("dynamo", "sdpa", "past"),
    "dynamo_ids": Spelling("dynamo", "sdpa", "ids"),
    "ts_past": Spelling("torchscript", "sdpa", "past", 17),
    "dynamo_eager": Spelling("dynamo", "eager", "all"),
    "ts_sdpa": Spelling("torchscript", "sdpa", "all", 14),
    "genai": Spelling("genai", "eager", "past"),
    "ort": Spelling("ort", "eager", "all", 17),
    "optimum_past": Spelling("optimum", "sdpa", "past"),
    "optimum": Spelling("optimum", "eager", "all"),
    "dynamo_mask": Spelling("dynamo", "sdpa", "mask"),
    "dynamo_op23": Spelling("dynamo", "sdpa", "all", 23),
    "ts_mask": Spelling("torchscript", "eager", "mask", 14),
    "dynamo_past_op23": Spelling("dynamo", "sdpa", "past", 23),
    "dynamo_past_eager": Spelling("dynamo", "eager", "past"),
    "ts_past_eager": Spelling("torchscript", "eager", "past", 14),
    "ts_ids": Spelling("torchscript", "sdpa", "ids", 17),
}

# Of these the families that are like others.
COMMONEST = ("dynamo_sdpa", "ts_eager", "dynamo_past", "dynamo_eager",
             "dynamo_past_eager", "genai")

# A few families in each of these, too: what they change is not the model's.
SWEPT = ("llama", "gpt2", "gemma3", "gpt_neox", "bert")
SWEEP = {
    "ts_eager_op11": Spelling("torchscript", "eager", "all", 11),
    "ts_eager_op12": Spelling("torchscript", "eager", "all", 12),
    "ts_eager_op13": Spelling("torchscript", "eager", "all", 13),
    "ts_eager_op15": Spelling("torchscript", "eager", "all", 15),
    "ts_eager_op16": Spelling("torchscript", "eager", "all", 16),
    "ts_sdpa_op14": Spelling("torchscript", "sdpa", "all", 14),
    "ts_sdpa_op18": Spelling("torchscript", "sdpa", "all", 18),
    "ts_sdpa_op19": Spelling("torchscript", "sdpa", "all", 19),
    "ts_sdpa_op20": Spelling("torchscript", "sdpa", "all", 20),
    "dynamo_op18": Spelling("dynamo", "sdpa", "all", 18),
    "dynamo_op24": Spelling("dynamo", "sdpa", "all", 24),
    "dynamo_fixed": Spelling("dynamo", "sdpa", "all", None, torch.float32,
                             ("fixed",)),
    "dynamo_f16": Spelling("dynamo", "sdpa", "all", None, torch.float16),
    "dynamo_bf16": Spelling("dynamo", "sdpa", "all", None, torch.bfloat16),
    "dynamo_eager_bf16": Spelling("dynamo", "eager", "all", None, torch.bfloat16),
    "ts_f16": Spelling("torchscript", "eager", "all", 17, torch.float16),
    "ts_sdpa_f16": Spelling("torchscript", "sdpa", "all", 17, torch.float16),
    "genai_q4": Spelling("genai", "eager", "past", None, torch.float32,
                         ("q4",)),
}


class NotOffered(Exception):
    """The exporter is not installed, or is not made for such a model."""


@contextlib.contextmanager
def quiet():
    """Exporters talk, and print whole graphs when they fail."""
    with warnings.catch_warnings(), \
            contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def dynamo(job, module, names, values, dims, outputs):
    kinds = {}
    for at in dims.values():
        for kind in at.values():
            kinds.setdefault(kind, torch.export.Dim.DYNAMIC)
    shapes = (tuple({i: kinds[k] for i, k in dims[name].items()}
                    for name in names),)
    if "fixed" in job.spelling.options:
        shapes = None
    torch.onnx.export(module, tuple(values), job.file, dynamo=True,
                      dynamic_shapes=shapes, input_names=names,
                      output_names=outputs, external_data=False,
                      opset_version=job.spelling.opset, verbose=False)


def torchscript(job, module, names, values, dims, outputs):
    torch.onnx.export(module, tuple(values), job.file, dynamo=False,
                      dynamic_axes=dims, input_names=names,
                      output_names=outputs, opset_version=job.spelling.opset)


def ort(job, module, names, values, dims, outputs):
    """ONNX Runtime's optimiser for transformers behind the older exporter."""
    if job.spec.optimizer is None:
        raise NotOffered("ONNX Runtime's optimiser has no such model")
    from onnxruntime.transformers import optimizer
    torchscript(job, module, names, values, dims, outputs)
    config = job.config
    optimized = optimizer.optimize_model(
        job.file, model_type=job.spec.optimizer,
        num_heads=config.num_attention_heads, hidden_size=config.hidden_size,
        opt_level=0)
    optimized.save_model_to_file(job.file)


def optimum(job, *_):
    try:
        from optimum.exporters.onnx import onnx_export_from_model
    except ImportError as error:
        raise NotOffered("Optimum is not installed") from error
    task = "feature-extraction"
    if job.spec.output == "logits":
        task = "text-generation"
        if job.spelling.inputs == "past":
            task += "-with-past"
    with tempfile.TemporaryDirectory() as folder:
        onnx_export_from_model(job.model, folder, task=task,
                               do_validation=False)
        shutil.copy(os.path.join(folder, "model.onnx"), job.file)


def genai(job, *_):
    """onnxruntime-genai's model builder; it reads what transformers has saved."""
    package = importlib.util.find_spec("onnxruntime_genai")
    if package is None:
        raise NotOffered("onnxruntime-genai is not installed")
    if job.spec.output != "logits":
        raise NotOffered("onnxruntime-genai builds decoders only")
    models = os.path.join(package.submodule_search_locations[0], "models")
    if models not in sys.path:
        sys.path.insert(0, models)
    import builder
    import onnx
    from builders import base
    # There is no tokenizer to read and save.
    tokenizer = mock.MagicMock(**{
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
        "get_vocab.return_value": {},
        "convert_tokens_to_ids.return_value": None})
    base.AutoTokenizer = builder.AutoTokenizer = mock.MagicMock(
        **{"from_pretrained.return_value": tokenizer})
    with tempfile.TemporaryDirectory() as folder:
        source, made = folder + "/source", folder + "/made"
        job.config.architectures = [type(job.model).__name__]
        job.model.save_pretrained(source)
        # A past that is cut to a window has no form in PyTorch. Activations
        # that are rounded, too, are how ONNX Runtime computes, not the model.
        options = ["windowed_kv_cache=false"]
        precision = "fp32"
        if "q4" in job.spelling.options:
            precision = "int4"
            options.append("accuracy_level=1")
        options = builder.parse_extra_options(
            source, source, made, precision, "cpu", folder, options)
        builder.create_model(source, source, made, precision, "cpu", folder,
                             **options)
        onnx.save(onnx.load(made + "/model.onnx"), job.file)
    if "q4" in job.spelling.options:
        round_weights(job.model, job.file)


EXPORTERS = {"dynamo": dynamo, "torchscript": torchscript, "ort": ort,
             "optimum": optimum, "genai": genai}
