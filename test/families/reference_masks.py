"""Block attention in PyTorch: an explicit mask in place of the model's own."""

import contextlib
import sys

import torch


def block_mask(tokens, starts):
    """Who sees whom: the own block; the last block everything before it."""
    block = torch.zeros(tokens, dtype=torch.long)
    for start in starts[1:]:
        block[start:] += 1
    q, k = torch.arange(tokens)[:, None], torch.arange(tokens)[None, :]
    same = block[:, None] == block[None, :]
    return (k <= q) & (same | (block[:, None] == len(starts) - 1))


def additive(mask):
    """[1, 1, N, N]: 0 where a key is seen, the lowest number elsewhere."""
    out = torch.zeros(mask.shape)
    out[~mask] = torch.finfo(torch.float32).min
    return out[None, None]


@contextlib.contextmanager
def masked_by(model, config, mask):
    """Within it the model's own masks are `mask`, windows still applied.

    Models make their masks by functions of transformers that their module has
    imported by name.
    """
    module = sys.modules[type(model).__module__]
    q = torch.arange(mask.shape[0])[:, None]
    k = torch.arange(mask.shape[0])[None, :]
    window = getattr(config, "sliding_window", None) or mask.shape[0]
    chunk = getattr(config, "attention_chunk_size", None) or mask.shape[0]
    makers = {
        "create_causal_mask": mask,
        "create_sliding_window_causal_mask": mask & (q - k < window),
        "create_chunked_causal_mask": mask & (q // chunk == k // chunk),
    }
    saved = {name: getattr(module, name) for name in makers
             if hasattr(module, name)}
    if not saved:
        raise NotImplementedError(f"{module.__name__} makes its masks itself")
    for name in saved:
        setattr(module, name,
                lambda *_, made=additive(makers[name]), **__: made)
    try:
        yield
    finally:
        for name, function in saved.items():
            setattr(module, name, function)
