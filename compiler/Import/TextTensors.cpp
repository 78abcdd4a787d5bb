//===- TextTensors.cpp - types and tensors in ONNX's textual syntax -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/TextGrammar.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using ::onnx::TensorProto;
using ::onnx::TypeProto;

namespace blockattn {

/// UNDEFINED for what is no element type.
static int32_t elementTypeOf(StringRef name) {
  // The text has the names of the enumeration in lower case.
  if (name.empty() || name != name.lower())
    return TensorProto::UNDEFINED;
  TensorProto::DataType type;
  if (!TensorProto::DataType_Parse(name.upper(), &type))
    return TensorProto::UNDEFINED;
  return type;
}

bool TextGrammar::isTypeNext() {
  StringRef word = lexer.peekIdentifier();
  return elementTypeOf(word) != TensorProto::UNDEFINED ||
         llvm::StringSwitch<bool>(word)
             .Cases({"seq", "map", "optional", "sparse_tensor", "opaque"}, true)
             .Default(false);
}

/// What follows an element type: nothing for a scalar, "[]" for an unknown
/// rank, else the dimensions.
bool TextGrammar::parseShape(bool &hasShape, ::onnx::TensorShapeProto &shape) {
  hasShape = true;
  if (!lexer.take('['))
    return true;
  if (lexer.take(']')) {
    hasShape = false;
    return true;
  }
  return parseList(']', [&] {
    if (lexer.take('?')) {
      shape.add_dim();
      return true;
    }
    if (lexer.peekLiteral() == TextLexer::Literal::Integer) {
      int64_t size;
      if (!lexer.integer(size))
        return false;
      shape.add_dim()->set_dim_value(size);
      return true;
    }
    return lexer.name(*shape.add_dim()->mutable_dim_param());
  });
}

bool TextGrammar::parseOpaque(TypeProto::Opaque &opaque) {
  if (lexer.take(')'))
    return true;
  std::string first;
  if (!lexer.identifier(first))
    return false;
  while (lexer.take('.')) {
    std::string part;
    if (!lexer.identifier(part))
      return false;
    first += "." + part;
  }
  // One name alone is the type's, of two the first is its domain.
  if (!lexer.take(',')) {
    opaque.set_name(first);
    return lexer.expect(')');
  }
  opaque.set_domain(first);
  return lexer.identifier(*opaque.mutable_name()) && lexer.expect(')');
}

bool TextGrammar::parseType(TypeProto &type) {
  Nesting nesting(*this);
  if (!nesting.check())
    return false;
  StringRef word = lexer.peekIdentifier();
  ::onnx::TensorShapeProto shape;
  bool hasShape;
  if (int32_t element = elementTypeOf(word)) {
    lexer.takeIdentifier();
    type.mutable_tensor_type()->set_elem_type(element);
    if (!parseShape(hasShape, shape))
      return false;
    if (hasShape)
      *type.mutable_tensor_type()->mutable_shape() = shape;
    return true;
  }
  if (!isTypeNext())
    return lexer.error("a type is expected here");
  lexer.takeIdentifier();
  if (!lexer.expect('('))
    return false;
  if (word == "seq")
    return parseType(*type.mutable_sequence_type()->mutable_elem_type()) &&
           lexer.expect(')');
  if (word == "optional")
    return parseType(*type.mutable_optional_type()->mutable_elem_type()) &&
           lexer.expect(')');
  if (word == "opaque")
    return parseOpaque(*type.mutable_opaque_type());
  int32_t element = elementTypeOf(lexer.takeIdentifier());
  if (element == TensorProto::UNDEFINED)
    return lexer.error("an element type is expected here");
  if (word == "map") {
    type.mutable_map_type()->set_key_type(element);
    return lexer.expect(',') &&
           parseType(*type.mutable_map_type()->mutable_value_type()) &&
           lexer.expect(')');
  }
  type.mutable_sparse_tensor_type()->set_elem_type(element);
  if (!parseShape(hasShape, shape))
    return false;
  if (hasShape)
    *type.mutable_sparse_tensor_type()->mutable_shape() = shape;
  return lexer.expect(')');
}

/// One element, into the field that is for the tensor's type. Floats of less
/// than 32 bits are written as the integers that have their bits.
bool TextGrammar::parseElement(TensorProto &tensor) {
  int64_t integer;
  uint64_t unsignedInteger;
  float number;
  double wide;
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
  case TensorProto::COMPLEX64:
    if (!lexer.real(number))
      return false;
    tensor.add_float_data(number);
    return true;
  case TensorProto::DOUBLE:
  case TensorProto::COMPLEX128:
    if (!lexer.real(wide))
      return false;
    tensor.add_double_data(wide);
    return true;
  case TensorProto::INT64:
    if (!lexer.integer(integer))
      return false;
    tensor.add_int64_data(integer);
    return true;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    if (!lexer.unsignedInteger(unsignedInteger))
      return false;
    tensor.add_uint64_data(unsignedInteger);
    return true;
  case TensorProto::STRING:
    return lexer.string(*tensor.add_string_data());
  default:
    if (!lexer.integer(integer))
      return false;
    if (integer < INT32_MIN || integer > INT32_MAX)
      return lexer.error("this integer does not fit into the tensor's type");
    tensor.add_int32_data(static_cast<int32_t>(integer));
    return true;
  }
}

bool TextGrammar::parseTensor(const TypeProto &type, TensorProto &tensor) {
  if (!type.has_tensor_type() || !type.tensor_type().has_shape())
    return lexer.error("data need a tensor type with a shape");
  tensor.set_data_type(type.tensor_type().elem_type());
  for (const auto &dim : type.tensor_type().shape().dim()) {
    if (!dim.has_dim_value())
      return lexer.error("data need a shape of numbers");
    tensor.add_dims(dim.dim_value());
  }
  if (lexer.take('[')) {
    tensor.set_data_location(TensorProto::EXTERNAL);
    return parseList(
        ']', [&] { return parseEntry(*tensor.mutable_external_data()); });
  }
  return parseList('{', '}', [&] { return parseElement(tensor); });
}

} // namespace blockattn
