"""A model's outputs as PyTorch computes them in bf16 or f16.

What a model loses in 16-bit floats is not for us to say: the graph is run here
node by node with PyTorch's own kernels, each result rounded as PyTorch rounds it.
As in the libraries that models come from, norms are computed in f32 and rounded
at their end, positions and their angles are f32, sines and cosines rounded.
"""

import numpy as np
import onnx
import onnx.reference
import torch
from onnx import numpy_helper

# Results are in f32 whatever the operands are: the inside of norms.
INSIDE_NORMS = {"Pow", "ReduceMean", "Sqrt", "Reciprocal"}
MOVES = {"Cast", "Concat", "Expand", "Gather", "GatherElements", "GatherND",
         "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze", "Where"}


def attributes_of(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def gemm(a, given):
    left = a[0].transpose(0, 1) if given.get("transA") else a[0]
    right = a[1].transpose(0, 1) if given.get("transB") else a[1]
    result = given.get("alpha", 1.0) * (left @ right)
    return result + given.get("beta", 1.0) * a[2] if len(a) > 2 else result


ARITHMETIC = {
    "Add": lambda a, _: a[0] + a[1],
    "Sub": lambda a, _: a[0] - a[1],
    "Mul": lambda a, _: a[0] * a[1],
    "Div": lambda a, _: a[0] / a[1],
    "Neg": lambda a, _: -a[0],
    "Max": lambda a, _: torch.maximum(a[0], a[1]),
    "MatMul": lambda a, _: a[0] @ a[1],
    "Gemm": gemm,
    "Erf": lambda a, _: torch.erf(a[0]),
    "Tanh": lambda a, _: torch.tanh(a[0]),
    "Sigmoid": lambda a, _: torch.sigmoid(a[0]),
    "Gelu": lambda a, given: torch.nn.functional.gelu(
        a[0], approximate=given.get("approximate", b"none").decode()),
    "Softmax": lambda a, given: torch.softmax(a[0], given.get("axis", -1)),
    "LayerNormalization": lambda a, given: torch.nn.functional.layer_norm(
        a[0], a[0].shape[given.get("axis", -1):], a[1], a[2] if len(a) > 2 else None,
        given.get("epsilon", 1e-5)),
}


class HalfEvaluator:
    def __init__(self, path, dtype, device):
        self.model = onnx.load(path)
        self.dtype = {"bf16": torch.bfloat16, "f16": torch.float16}[dtype]
        self.device = device
        self.constants = {}
        for tensor in self.model.graph.initializer:
            array = numpy_helper.to_array(tensor)
            # Scalars and tables of frequencies are no weights.
            half = array.dtype == np.float32 and 1 < array.size and array.ndim < 3
            self.constants[tensor.name] = (self.rounded(array) if half else array, half)

    def rounded(self, array):
        """The nearest values of the type, held in f32."""
        most = torch.finfo(self.dtype).max
        tensor = torch.from_numpy(np.array(array, np.float32))
        finite = torch.where(torch.isinf(tensor), tensor, tensor.clamp(-most, most))
        return finite.to(self.dtype).float().numpy()

    def run(self, inputs, outputs):
        """The arrays of `outputs`, in f32."""
        known = dict(self.constants)
        known.update({name: (array, False) for name, array in inputs.items()})
        for node in self.model.graph.node:
            operands = [known[name] if name else None for name in node.input]
            for name, value in zip(node.output, self.evaluate(node, operands)):
                known[name] = value
        return [known[name][0].astype(np.float32) for name in outputs]

    def evaluate(self, node, operands):
        """[(array, whether its values are those of the type)]"""
        half = any(o and o[1] for o in operands)
        if node.op_type in ARITHMETIC and half:
            return [(self.compute(node, [o for o in operands if o]), True)]
        results = self.plain(node, [o[0] if o else None for o in operands])
        if node.op_type in ("Cos", "Sin"):
            return [(self.rounded(results[0]), True)]
        if node.op_type in MOVES and half:
            # Masks' infinities and the like come in by Where, from f32.
            return [(self.rounded(r), True) if r.dtype == np.float32 else (r, False)
                    for r in results]
        assert not half or node.op_type in INSIDE_NORMS or all(
            r.dtype != np.float32 for r in results), node.op_type
        return [(r, False) for r in results]

    def compute(self, node, operands):
        tensors = []
        for array, half in operands:
            tensor = torch.from_numpy(np.array(array)).to(self.device)
            tensors.append(tensor.to(self.dtype) if half else tensor)
        if node.op_type in ("MatMul", "Gemm", "LayerNormalization"):
            tensors = [t.to(self.dtype) for t in tensors]
        result = ARITHMETIC[node.op_type](tensors, attributes_of(node))
        return result.to(self.dtype).float().cpu().numpy()

    def plain(self, node, arrays):
        """As ONNX's reference implementation has it, in f32."""
        if node.op_type == "GatherElements":
            # That of ONNX 1.23 fails for one row.
            axis = attributes_of(node).get("axis", 0)
            return [np.take_along_axis(arrays[0], arrays[1], axis)]
        graph = onnx.helper.make_graph(
            [node], "node",
            [onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype), None)
             for name, array in dict(zip(node.input, arrays)).items() if name],
            [onnx.helper.make_tensor_value_info(name, 1, None) for name in node.output
             if name])
        single = onnx.helper.make_model(graph, opset_imports=self.model.opset_import)
        evaluator = onnx.reference.ReferenceEvaluator(single)
        given = {name: array for name, array in zip(node.input, arrays) if name}
        return [np.asarray(r) for r in evaluator.run(None, given)]


def relative(got, want):
    """The error's size relative to the result's; NaN where there is one."""
    got, want = got.astype(np.float64), want.astype(np.float64)
    return float(np.linalg.norm(got - want) / np.linalg.norm(want))
