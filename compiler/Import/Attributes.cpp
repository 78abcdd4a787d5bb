//===- Attributes.cpp - attributes of nodes -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Node.h"

#include "compiler/Import/Locations.h"
#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using ::onnx::AttributeProto;

namespace blockattn {

/// Files from before the `type` field tell the type by the field that is set.
static AttributeProto::AttributeType typeOf(const AttributeProto &attr) {
  if (attr.type() != AttributeProto::UNDEFINED)
    return attr.type();
  const std::pair<bool, AttributeProto::AttributeType> set[] = {
      {attr.has_f(), AttributeProto::FLOAT},
      {attr.has_i(), AttributeProto::INT},
      {attr.has_s(), AttributeProto::STRING},
      {attr.has_t(), AttributeProto::TENSOR},
      {attr.has_g(), AttributeProto::GRAPH},
      {attr.floats_size() != 0, AttributeProto::FLOATS},
      {attr.ints_size() != 0, AttributeProto::INTS},
      {attr.strings_size() != 0, AttributeProto::STRINGS}};
  AttributeProto::AttributeType found = AttributeProto::UNDEFINED;
  for (auto [isSet, type] : set) {
    if (isSet && found != AttributeProto::UNDEFINED)
      return AttributeProto::UNDEFINED;
    if (isSet)
      found = type;
  }
  return found;
}

Attribute convertAttribute(ImportContext &import, Location loc, StringRef label,
                           NamedProto attribute) {
  Builder b(import.context);
  const AttributeProto &attr = *attribute.value;
  auto fail = [&](const Twine &what) {
    import.report.error(loc)
        << label << ": attribute " << quoted(attribute.name) << " " << what;
    return Attribute();
  };
  switch (typeOf(attr)) {
  case AttributeProto::FLOAT:
    return b.getF32FloatAttr(attr.f());
  case AttributeProto::INT:
    return b.getI64IntegerAttr(attr.i());
  case AttributeProto::STRING:
    return b.getStringAttr(attr.s());
  case AttributeProto::FLOATS:
    return b.getDenseF32ArrayAttr(
        SmallVector<float>(attr.floats().begin(), attr.floats().end()));
  case AttributeProto::INTS:
    return b.getDenseI64ArrayAttr(
        SmallVector<int64_t>(attr.ints().begin(), attr.ints().end()));
  case AttributeProto::STRINGS: {
    SmallVector<StringRef> strings(attr.strings().begin(),
                                   attr.strings().end());
    return b.getStrArrayAttr(strings);
  }
  case AttributeProto::TENSOR:
    return import.tensors.attribute(loc, attr.t(), attribute.name);
  case AttributeProto::TENSORS: {
    SmallVector<Attribute> tensors;
    for (const ::onnx::TensorProto &tensor : attr.tensors()) {
      Attribute value = import.tensors.attribute(loc, tensor, attribute.name);
      if (!value)
        return {};
      tensors.push_back(value);
    }
    return b.getArrayAttr(tensors);
  }
  case AttributeProto::TYPE_PROTO: {
    DeclaredType type;
    std::string error;
    if (!convertType(import.context, attr.tp(), type, error))
      return fail(error);
    return TypeAttr::get(type.type);
  }
  case AttributeProto::SPARSE_TENSOR:
  case AttributeProto::SPARSE_TENSORS:
    return fail("holds a sparse tensor; only dense tensors are supported");
  case AttributeProto::GRAPH:
  case AttributeProto::GRAPHS:
    return fail("holds a graph, where a value is expected");
  case AttributeProto::UNDEFINED:
    return fail("has no type, or one that ONNX does not have");
  default:
    return fail("has the type " +
                AttributeProto::AttributeType_Name(typeOf(attr)) +
                ", which is not supported");
  }
}

Value importConstant(ImportContext &import, OpBuilder &builder, Location loc,
                     const ::onnx::NodeProto &node,
                     ArrayRef<NamedProto> attributes) {
  std::string label = opLabel(node);
  if (attributes.size() != 1) {
    import.report.error(loc) << label << ": has " << attributes.size()
                             << " attributes, and must have exactly one value";
    return {};
  }
  const AttributeProto &attr = *attributes.front().value;
  StringRef spelling = attributes.front().name;
  AttributeProto::AttributeType type = typeOf(attr);
  Builder b(import.context);
  auto vector = [&](int64_t size, Type element) {
    return RankedTensorType::get({size}, element);
  };
  auto scalar = [&](Type element) {
    return RankedTensorType::get({}, element);
  };
  Type string = onnx::StringType::get(import.context);

  ElementsAttr value;
  if (spelling == "value" && type == AttributeProto::TENSOR)
    return import.tensors.emit(builder, loc, loc, attr.t(),
                               node.output_size() ? node.output(0) : "");
  if (spelling == "value_int" && type == AttributeProto::INT)
    value = DenseElementsAttr::get(scalar(b.getI64Type()), attr.i());
  else if (spelling == "value_float" && type == AttributeProto::FLOAT)
    value = DenseElementsAttr::get(scalar(b.getF32Type()), attr.f());
  else if (spelling == "value_string" && type == AttributeProto::STRING)
    value = DenseElementsAttr::get(scalar(string),
                                   ArrayRef<StringRef>(StringRef(attr.s())));
  else if (spelling == "value_ints" && type == AttributeProto::INTS)
    value = DenseElementsAttr::get(
        vector(attr.ints_size(), b.getI64Type()),
        ArrayRef<int64_t>(attr.ints().data(), attr.ints_size()));
  else if (spelling == "value_floats" && type == AttributeProto::FLOATS)
    value = DenseElementsAttr::get(
        vector(attr.floats_size(), b.getF32Type()),
        ArrayRef<float>(attr.floats().data(), attr.floats_size()));
  else if (spelling == "value_strings" && type == AttributeProto::STRINGS)
    value = DenseElementsAttr::get(
        vector(attr.strings_size(), string),
        ArrayRef<StringRef>(SmallVector<StringRef>(attr.strings().begin(),
                                                   attr.strings().end())));

  if (!value) {
    InFlightDiagnostic diag = import.report.error(loc);
    diag << label << ": attribute " << quoted(spelling);
    if (spelling == "sparse_value")
      diag << " holds a sparse tensor; only dense tensors are supported";
    else
      diag << " of type " << AttributeProto::AttributeType_Name(type)
           << " is not a spelling of a constant";
    return {};
  }
  return onnx::ConstantOp::create(builder, loc, value.getType(), value);
}

} // namespace blockattn
