"""Models whose initializers are stored in the ways that ONNX knows:
CASE FILE."""

import sys

import numpy as np
from onnx import TensorProto, helper

case, path = sys.argv[1], sys.argv[2]
tensors = []


def raw(name, data_type, dims, data):
    tensors.append(
        TensorProto(name=name, data_type=data_type, dims=dims, raw_data=data)
    )
    return tensors[-1]


def typed(name, data_type, dims, field, values):
    tensor = TensorProto(name=name, data_type=data_type, dims=dims)
    getattr(tensor, field).extend(values)
    tensors.append(tensor)
    return tensor


T = TensorProto
if case == "kinds":
    raw("f32", T.FLOAT, [2], np.array([1.5, -2], "<f4").tobytes())
    raw("f64", T.DOUBLE, [1], np.array([0.1], "<f8").tobytes())
    raw("f16", T.FLOAT16, [2], np.array([1.5, -2], "<f2").tobytes())
    raw("bf16", T.BFLOAT16, [1], b"\xc0\x3f")
    raw("f8", T.FLOAT8E4M3FN, [2], b"\x38\xb8")
    raw("f8e5", T.FLOAT8E5M2, [1], b"\x3c")
    raw("f4", T.FLOAT4E2M1, [3], b"\xa2\x07")
    raw("f6", T.FLOAT6E2M3, [2], b"\x08\x02")
    raw("i8", T.INT8, [2], b"\xff\x7f")
    raw("u8", T.UINT8, [2], b"\xff\x7f")
    raw("i16", T.INT16, [1], b"\xfe\xff")
    raw("u16", T.UINT16, [1], b"\xfe\xff")
    raw("i32", T.INT32, [1], b"\xfe\xff\xff\xff")
    raw("u32", T.UINT32, [1], b"\xfe\xff\xff\xff")
    raw("u64", T.UINT64, [1], b"\xfe" + b"\xff" * 7)
    raw("i4", T.INT4, [3], b"\xf1\x07")
    raw("u4", T.UINT4, [3], b"\xf1\x07")
    raw("u2", T.UINT2, [5], b"\xe4\x01")
    raw("bool", T.BOOL, [3], b"\x01\x00\x02")
    raw("empty", T.FLOAT, [0, 3], b"")
    typed("tf16", T.FLOAT16, [2], "int32_data", [0x3E00, 0xC000])
    typed("tbool", T.BOOL, [2], "int32_data", [1, 0])
    typed("tu32", T.UINT32, [1], "uint64_data", [4294967295])
    typed("tu64", T.UINT64, [1], "uint64_data", [2**64 - 1])
    typed("tf64", T.DOUBLE, [1], "double_data", [0.25])
    typed("tf6", T.FLOAT6E2M3, [3], "int32_data", [8, 40, 16])
    typed("str", T.STRING, [2], "string_data", [b"a", b"\xff\x00"])
    # More than 1 KiB: a place in the file, or a resource.
    big = np.arange(300, dtype="<f4").reshape(3, 100)
    raw("big", T.FLOAT, [3, 100], big.tobytes())
    raw("bigbool", T.BOOL, [2000], b"\x01" * 2000)
    raw("bigi4", T.INT4, [4000], b"\x21" * 2000)
    typed("bigtyped", T.INT64, [200], "int64_data", range(200))
elif case == "errors":
    raw("short", T.FLOAT, [3], b"\x00" * 8)
    raw("longer", T.FLOAT, [3], b"\x00" * 5000)
    raw("type", T.FLOAT, [1], b"\x00" * 4).data_type = 77
    raw("notype", T.FLOAT, [1], b"\x00" * 4).data_type = 0
    raw("negative", T.FLOAT, [-1, 4], b"")
    raw("huge", T.FLOAT, [2**62, 2**62], b"")
    raw("", T.FLOAT, [1], b"\x00" * 4)
    typed("field", T.FLOAT, [1], "int64_data", [1])
    typed("u32", T.UINT32, [1], "uint64_data", [2**32])
    typed("two", T.FLOAT, [1], "float_data", [1.0]).raw_data = b"\x00" * 4
    typed("segment", T.FLOAT, [1], "float_data", [1.0]).segment.begin = 1
    raw("odd\x01'name\n", T.FLOAT, [3], b"")
    typed("nodata", T.FLOAT, [3], "float_data", [])

value = helper.make_tensor_value_info
graph = helper.make_graph(
    [helper.make_node("Abs", ["x"], ["y"])],
    "g",
    [value("x", T.FLOAT, [2])],
    [value("y", T.FLOAT, [2])],
    tensors,
)
opset = helper.make_opsetid("", 25)
model = helper.make_model(graph, opset_imports=[opset], ir_version=14)
with open(path, "wb") as file:
    file.write(model.SerializeToString())
