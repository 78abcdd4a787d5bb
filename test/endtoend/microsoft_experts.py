"""Mixtures of experts of com.microsoft, against ONNX Runtime.

usage: microsoft_experts.py [--seed=N] [--count=N]

As microsoft.py, whose cases these are. What ONNX Runtime takes on a GPU alone
(a third product, parts of a swiglu that are not interleaved) is compared with the
same in a form that it takes here.
"""

import sys

import numpy as np

import microsoft
from microsoft import Case, Input, Weight, floats, some

EXPERTS, WIDTH = 4, 32


def routing(draw, tokens, packed):
    """What both forms have: their first operands, and the attributes."""
    dims = ("t", WIDTH) if packed else ("b", "s", WIDTH)
    shape = (tokens, WIDTH) if packed else (2, tokens // 2, WIDTH)
    operands = [Input(floats(*shape), *dims),
                Input(floats(tokens, EXPERTS, scale=2.0), "n", EXPERTS)]
    attributes = {"k": draw.choice([1, 2, 3, EXPERTS]),
                  "activation_type": draw.choice(
                      ["relu", "gelu", "silu", "identity", "swiglu"]),
                  "normalize_routing_weights": draw.randint(0, 1)}
    if attributes["activation_type"] == "swiglu":
        attributes["swiglu_fusion"] = 1
        if draw.random() < 0.7:
            attributes |= {"activation_alpha": 1.702, "activation_beta": 1.0,
                           "swiglu_limit": draw.choice([0.5, 7.0])}
    return operands, attributes


def split(array):
    """The even rows and the odd ones."""
    return array[:, 0::2], array[:, 1::2]


def moe(draw):
    operands, attributes = routing(draw, 6, draw.random() < 0.5)
    inner = draw.choice([16, 48])
    rows = 2 * inner if "swiglu_fusion" in attributes else inner
    biased = draw.random() < 0.7
    first = floats(EXPERTS, rows, WIDTH, scale=0.3)
    bias = floats(EXPERTS, rows)
    second = [Weight(floats(EXPERTS, WIDTH, inner, scale=0.3)),
              some(biased, Weight(floats(EXPERTS, WIDTH)))]
    case = Case("MoE", [*operands, Weight(first), some(biased, Weight(bias)),
                        *second], **attributes)
    form = draw.choice(["one", "halves", "two"])
    if "swiglu_fusion" not in attributes or form == "one":
        return case
    if form == "halves":
        weights = [np.concatenate(split(x), 1) for x in (first, bias)]
        operands += [Weight(weights[0]), some(biased, Weight(weights[1])),
                     *second]
        other = Case("MoE", operands, **attributes | {"swiglu_fusion": 2})
    else:
        (gate, linear), (gate_bias, linear_bias) = split(first), split(bias)
        operands += [Weight(gate), some(biased, Weight(gate_bias)), *second,
                     Weight(linear), some(biased, Weight(linear_bias))]
        other = Case("MoE", operands, **attributes | {"swiglu_fusion": 0})
    other.equivalent = case
    return other


def quantized(draw, rows, columns, bits, block):
    """A weight and its scales and zero points."""
    shape = (EXPERTS, rows) if block is None else \
        (EXPERTS, rows, columns // block)
    zeros = None
    if block is not None and draw.random() < 0.5:
        zeros = Weight(np.random.randint(
            0, 256, (*shape[:2], -(-shape[2] * bits // 8))).astype(np.uint8))
    return (Weight(np.random.randint(
        0, 256, (EXPERTS, rows, columns * bits // 8)).astype(np.uint8)),
            Weight(np.abs(floats(*shape, scale=0.02)) + 0.01), zeros)


def qmoe(draw):
    operands, attributes = routing(draw, 6, draw.random() < 0.5)
    bits, block = draw.choice([4, 4, 8]), draw.choice([None, 16, 32])
    if bits == 8:  # in blocks ONNX Runtime rounds activations, too
        block = None
    inner = 32
    rows = 2 * inner if "swiglu_fusion" in attributes else inner
    biased = draw.random() < 0.7
    weight, scales, zeros = quantized(draw, rows, WIDTH, bits, block)
    weight2, scales2, zeros2 = quantized(draw, WIDTH, inner, bits, block)
    operands += [weight, scales, some(biased, Weight(floats(EXPERTS, rows))),
                 weight2, scales2, some(biased, Weight(floats(EXPERTS, WIDTH))),
                 None, None, None, zeros, zeros2, None]
    if draw.random() < 0.3:
        mixed = np.abs(floats(6, EXPERTS)) + 0.1
        operands.append(Input(mixed, "n", EXPERTS))
    else:  # ONNX Runtime's CPU does so in any case
        attributes["normalize_routing_weights"] = 1
    attributes |= {"expert_weight_bits": bits, "weights_prepacked": 0}
    if block is not None:
        attributes["block_size"] = block
    return Case("QMoE", operands, **attributes)


if __name__ == "__main__":
    microsoft.KINDS["experts"] = [moe, qmoe]
    sys.argv.append("experts")
    microsoft.main()
