"""A model is quantized dynamically by ONNX Runtime's tool, with the options that
it has, and what the tool writes, and what ONNX Runtime's optimizer makes of that,
is compiled and compared with ONNX Runtime. Weights of 8 bits with a sign are
taken without their highest bit (`reduce_range`): products with them overflow on
some processors.
"""

import logging

import numpy as np
import onnx
import onnx.parser
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from common import Comparison, Workspace

# Three products of one tensor, one of another, with and without a bias; of more
# numbers than floats hold the products of.
MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
agraph (float[n, t, 48] x) => (float[n, t, 40] y, float[n, t, 24] z)
<float[48, 24] wa, float[48, 24] wb, float[48, 600] wc, float[600, 40] wd, float[24] a,
 float[600] c, float[40] d> {
  ha = MatMul(x, wa)
  pa = Add(ha, a)
  pb = MatMul(x, wb)
  hc = MatMul(x, wc)
  pc = Add(hc, c)
  rc = Relu(pc)
  hd = MatMul(rc, wd)
  y = Add(hd, d)
  z = Mul(pa, pb)
}"""


def with_weights(rng):
    model = onnx.parser.parse_model(MODEL)
    for value in model.graph.value_info:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        values = rng.standard_normal(shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, value.name))
    return model


def optimized(path, to):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = to
    options.log_severity_level = 3
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return to


def ops_of(path):
    return {node.op_type for node in onnx.load(path).graph.node}


def main():
    logging.disable(logging.WARNING)
    work, compare = Workspace(), Comparison()
    rng = np.random.default_rng(3)
    source = work.path("float.onnx")
    onnx.save(with_weights(rng), source)
    for per_channel in (False, True):
        for kind in (QuantType.QUInt8, QuantType.QInt8):
            path = work.path("quantized.onnx")
            quantize_dynamic(source, path, per_channel=per_channel, weight_type=kind,
                             reduce_range=kind == QuantType.QInt8)
            fused = optimized(path, work.path("fused.onnx"))
            compare.true("the tool's ops", {"DynamicQuantizeLinear", "MatMulInteger"} <=
                         ops_of(path))
            compare.true("the optimizer's ops", {"DynamicQuantizeMatMul", "MatMulIntegerToFloat"}
                         <= ops_of(fused))
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            for form, model in (("as quantized", path), ("as optimized", fused)):
                artifact = work.compile(model, "--programs=full")
                for shape in ((2, 3, 48), (1, 17, 48)):
                    x = rng.standard_normal(shape).astype(np.float32)
                    want = session.run(["y", "z"], {"x": x})
                    got = work.infer(artifact, {"x": x}, ["y", "z"])
                    for name, array in zip("yz", want):
                        # A sum at the edge between two bytes may be rounded to
                        # the other one: a step, of 255 in the range.
                        compare.close(f"{form}, {kind.name}, per channel {per_channel}: {name}",
                                      got[name], array, np.abs(array).max() * 1e-2)
                        compare.true("most are equal",
                                     np.mean(np.isclose(got[name], array, 1e-4, 1e-3)) > 0.9)
    compare.exit()


if __name__ == "__main__":
    main()
