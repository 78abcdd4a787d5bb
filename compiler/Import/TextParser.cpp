//===- TextParser.cpp - models in ONNX's textual syntax -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/TextParser.h"

#include "compiler/Import/TextGrammar.h"

using namespace mlir;
using ::onnx::AttributeProto;

namespace blockattn {

bool TextGrammar::parseList(char close, llvm::function_ref<bool()> item) {
  if (lexer.take(close))
    return true;
  do {
    if (!item())
      return false;
  } while (lexer.take(','));
  return lexer.expect(close);
}

bool TextGrammar::parseList(char open, char close,
                            llvm::function_ref<bool()> item) {
  return lexer.expect(open) && parseList(close, item);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// The kind of one element of a list of this kind.
static AttributeProto::AttributeType
elementKind(AttributeProto::AttributeType kind) {
  switch (kind) {
  case AttributeProto::FLOATS:
    return AttributeProto::FLOAT;
  case AttributeProto::INTS:
    return AttributeProto::INT;
  case AttributeProto::STRINGS:
    return AttributeProto::STRING;
  case AttributeProto::TENSORS:
    return AttributeProto::TENSOR;
  case AttributeProto::GRAPHS:
    return AttributeProto::GRAPH;
  case AttributeProto::TYPE_PROTOS:
    return AttributeProto::TYPE_PROTO;
  default:
    return AttributeProto::UNDEFINED;
  }
}

bool TextGrammar::parseAttributeValue(AttributeProto &attr,
                                      AttributeProto::AttributeType expected) {
  TextLexer::Literal literal = lexer.peekLiteral();
  if (lexer.take('@')) {
    attr.set_type(expected);
    return lexer.name(*attr.mutable_ref_attr_name());
  }
  if (literal == TextLexer::Literal::String) {
    attr.set_type(AttributeProto::STRING);
    if (!lexer.string(*attr.mutable_s()))
      return false;
  } else if (literal == TextLexer::Literal::Integer &&
             expected != AttributeProto::FLOAT) {
    int64_t value;
    attr.set_type(AttributeProto::INT);
    if (!lexer.integer(value))
      return false;
    attr.set_i(value);
  } else if (literal != TextLexer::Literal::None) {
    float value;
    attr.set_type(AttributeProto::FLOAT);
    if (!lexer.real(value))
      return false;
    attr.set_f(value);
  } else if (isTypeNext()) {
    ::onnx::TypeProto type;
    if (!parseType(type))
      return false;
    // A name, "=" or data make it a tensor.
    char next = lexer.peek();
    if (next == '{' || next == '=' || next == '"' ||
        !lexer.peekIdentifier().empty()) {
      attr.set_type(AttributeProto::TENSOR);
      if (next != '{' && next != '=' &&
          !lexer.name(*attr.mutable_t()->mutable_name()))
        return false;
      (void)lexer.take('=');
      if (!parseTensor(type, *attr.mutable_t()))
        return false;
    } else {
      attr.set_type(AttributeProto::TYPE_PROTO);
      *attr.mutable_tp() = type;
    }
  } else {
    attr.set_type(AttributeProto::GRAPH);
    if (!parseGraph(*attr.mutable_g()))
      return false;
  }
  if (expected != AttributeProto::UNDEFINED && attr.type() != expected)
    return lexer.error("the attribute is declared as " +
                       AttributeProto::AttributeType_Name(expected) +
                       ", but this value is " +
                       AttributeProto::AttributeType_Name(attr.type()));
  return true;
}

bool TextGrammar::parseAttributeList(AttributeProto &attr) {
  AttributeProto::AttributeType declared = attr.type();
  if (declared != AttributeProto::UNDEFINED &&
      elementKind(declared) == AttributeProto::UNDEFINED)
    return lexer.error("the attribute is declared as " +
                       AttributeProto::AttributeType_Name(declared) +
                       ", but this value is a list");
  AttributeProto::AttributeType element = elementKind(declared);
  if (!parseList('[', ']', [&] {
        AttributeProto value;
        if (!parseAttributeValue(value, element))
          return false;
        element = value.type();
        switch (value.type()) {
        case AttributeProto::INT:
          attr.set_type(AttributeProto::INTS);
          attr.add_ints(value.i());
          return true;
        case AttributeProto::FLOAT:
          attr.set_type(AttributeProto::FLOATS);
          attr.add_floats(value.f());
          return true;
        case AttributeProto::STRING:
          attr.set_type(AttributeProto::STRINGS);
          attr.add_strings(value.s());
          return true;
        case AttributeProto::TENSOR:
          attr.set_type(AttributeProto::TENSORS);
          *attr.add_tensors() = value.t();
          return true;
        case AttributeProto::GRAPH:
          attr.set_type(AttributeProto::GRAPHS);
          *attr.add_graphs() = value.g();
          return true;
        case AttributeProto::TYPE_PROTO:
          attr.set_type(AttributeProto::TYPE_PROTOS);
          *attr.add_type_protos() = value.tp();
          return true;
        default:
          return lexer.error("this can not be an element of a list");
        }
      }))
    return false;
  if (attr.type() == AttributeProto::UNDEFINED)
    return lexer.error("an empty list needs its kind, as in 'axes: ints = []'");
  return true;
}

bool TextGrammar::parseAttribute(AttributeProto &attr) {
  return lexer.name(*attr.mutable_name()) && parseNamedAttribute(attr);
}

/// What follows the name.
bool TextGrammar::parseNamedAttribute(AttributeProto &attr) {
  AttributeProto::AttributeType declared = AttributeProto::UNDEFINED;
  if (lexer.take(':')) {
    StringRef kind = lexer.takeIdentifier();
    if (kind != kind.lower() ||
        !AttributeProto::AttributeType_Parse(kind.upper(), &declared) ||
        declared == AttributeProto::UNDEFINED)
      return lexer.error("a kind of attribute is expected here (int, ints, "
                         "float, floats, string, strings, tensor, graph, ...)");
    attr.set_type(declared);
  }
  if (!lexer.expect('='))
    return false;
  if (lexer.peek() == '[')
    return parseAttributeList(attr);
  return parseAttributeValue(attr, declared);
}

bool TextGrammar::parseAttributes(ProtoList<AttributeProto> &attributes) {
  if (lexer.peek() != '<')
    return true;
  return parseList('<', '>', [&] { return parseAttribute(*attributes.Add()); });
}

//===----------------------------------------------------------------------===//
// Nodes and graphs
//===----------------------------------------------------------------------===//

/// Names with commas between them. An absent one is "", or nothing before a
/// comma: "(,x)" are two, "(x,)" is one.
bool TextGrammar::parseNames(ProtoList<std::string> &names) {
  while (true) {
    bool isThere = lexer.peek() == '"' || !lexer.peekIdentifier().empty();
    if (!isThere && lexer.peek() != ',')
      return true;
    if (isThere && !lexer.name(*names.Add()))
      return false;
    if (!isThere)
      names.Add();
    if (!lexer.take(','))
      return true;
  }
}

bool TextGrammar::parseNode(::onnx::NodeProto &node) {
  if (lexer.take('['))
    if (!lexer.name(*node.mutable_name()) || !lexer.expect(']'))
      return false;
  std::string domain, type;
  if (!parseNames(*node.mutable_output()) || !lexer.expect('=') ||
      !lexer.identifier(type))
    return false;
  while (lexer.take('.')) {
    domain += (domain.empty() ? "" : ".") + type;
    if (!lexer.identifier(type))
      return false;
  }
  node.set_domain(domain);
  node.set_op_type(type);
  if (lexer.take(':') && !lexer.identifier(*node.mutable_overload()))
    return false;
  return parseAttributes(*node.mutable_attribute()) && lexer.expect('(') &&
         parseNames(*node.mutable_input()) && lexer.expect(')') &&
         (node.attribute_size() != 0 ||
          parseAttributes(*node.mutable_attribute()));
}

bool TextGrammar::parseNodes(ProtoList<::onnx::NodeProto> &nodes) {
  if (!lexer.expect('{'))
    return false;
  while (!lexer.take('}')) {
    if (lexer.atEnd())
      return lexer.error("'}' is expected before the end of the text");
    if (!parseNode(*nodes.Add()))
      return false;
  }
  return true;
}

bool TextGrammar::parseValueInfo(::onnx::ValueInfoProto &info) {
  return (!isTypeNext() || parseType(*info.mutable_type())) &&
         lexer.name(*info.mutable_name());
}

bool TextGrammar::parseValueOrInitializer(
    ProtoList<::onnx::ValueInfoProto> &infos,
    ProtoList<::onnx::TensorProto> &initializers, bool keepInfo) {
  ::onnx::ValueInfoProto info;
  if (!parseValueInfo(info))
    return false;
  bool isInitializer = lexer.take('=');
  if (!isInitializer || keepInfo)
    *infos.Add() = info;
  if (!isInitializer)
    return true;
  ::onnx::TensorProto &tensor = *initializers.Add();
  tensor.set_name(info.name());
  return parseTensor(info.type(), tensor);
}

bool TextGrammar::parseGraph(::onnx::GraphProto &graph) {
  Nesting nesting(*this);
  return nesting.check() && lexer.name(*graph.mutable_name()) &&
         parseList('(', ')',
                   [&] {
                     return parseValueOrInitializer(
                         *graph.mutable_input(), *graph.mutable_initializer(),
                         /*keepInfo=*/true);
                   }) &&
         lexer.expectArrow() &&
         parseList('(', ')',
                   [&] { return parseValueInfo(*graph.add_output()); }) &&
         (!lexer.take('<') || parseList('>',
                                        [&] {
                                          return parseValueOrInitializer(
                                              *graph.mutable_value_info(),
                                              *graph.mutable_initializer(),
                                              /*keepInfo=*/false);
                                        })) &&
         parseNodes(*graph.mutable_node());
}

//===----------------------------------------------------------------------===//
// Functions and models
//===----------------------------------------------------------------------===//

bool TextGrammar::parseEntry(
    ProtoList<::onnx::StringStringEntryProto> &entries) {
  ::onnx::StringStringEntryProto &entry = *entries.Add();
  return lexer.string(*entry.mutable_key()) && lexer.expect(':') &&
         lexer.string(*entry.mutable_value());
}

bool TextGrammar::parseOpsets(ProtoList<::onnx::OperatorSetIdProto> &opsets) {
  return parseList('[', ']', [&] {
    ::onnx::OperatorSetIdProto &opset = *opsets.Add();
    int64_t version;
    if (!lexer.string(*opset.mutable_domain()) || !lexer.expect(':') ||
        !lexer.integer(version))
      return false;
    opset.set_version(version);
    return true;
  });
}

bool TextGrammar::parseFunctionKey(::onnx::FunctionProto &function) {
  StringRef key = lexer.takeIdentifier();
  if (!lexer.expect(':'))
    return false;
  if (key == "opset_import")
    return parseOpsets(*function.mutable_opset_import());
  if (key == "domain")
    return lexer.string(*function.mutable_domain());
  if (key == "overload")
    return lexer.string(*function.mutable_overload());
  if (key == "doc_string")
    return lexer.string(*function.mutable_doc_string());
  return lexer.error("a function has domain, overload, opset_import and "
                     "doc_string, but not '" +
                     key + "'");
}

/// A function's inputs and outputs may have types.
bool TextGrammar::parseFunctionValue(ProtoList<std::string> &names,
                                     ProtoList<::onnx::ValueInfoProto> &infos) {
  ::onnx::ValueInfoProto info;
  if (!parseValueInfo(info))
    return false;
  *names.Add() = info.name();
  if (info.has_type())
    *infos.Add() = info;
  return true;
}

bool TextGrammar::parseFunction(::onnx::FunctionProto &function) {
  auto parameter = [&] {
    std::string name;
    if (!lexer.name(name))
      return false;
    if (lexer.peek() != ':' && lexer.peek() != '=') {
      *function.add_attribute() = name;
      return true;
    }
    AttributeProto &attr = *function.add_attribute_proto();
    attr.set_name(name);
    return parseNamedAttribute(attr);
  };
  ProtoList<::onnx::ValueInfoProto> &infos = *function.mutable_value_info();
  auto input = [&] {
    return parseFunctionValue(*function.mutable_input(), infos);
  };
  auto output = [&] {
    return parseFunctionValue(*function.mutable_output(), infos);
  };
  return (!lexer.take('<') ||
          parseList('>', [&] { return parseFunctionKey(function); })) &&
         lexer.name(*function.mutable_name()) &&
         (!lexer.take('<') || parseList('>', parameter)) &&
         parseList('(', ')', input) && lexer.expectArrow() &&
         parseList('(', ')', output) &&
         (!lexer.take('<') ||
          parseList('>', [&] { return parseValueInfo(*infos.Add()); })) &&
         parseNodes(*function.mutable_node());
}

bool TextGrammar::parseModelKey(::onnx::ModelProto &model) {
  int64_t number;
  StringRef key = lexer.takeIdentifier();
  if (!lexer.expect(':'))
    return false;
  if (key == "ir_version" || key == "model_version") {
    if (!lexer.integer(number))
      return false;
    if (key == "ir_version")
      model.set_ir_version(number);
    else
      model.set_model_version(number);
    return true;
  }
  if (key == "opset_import")
    return parseOpsets(*model.mutable_opset_import());
  if (key == "producer_name")
    return lexer.string(*model.mutable_producer_name());
  if (key == "producer_version")
    return lexer.string(*model.mutable_producer_version());
  if (key == "domain")
    return lexer.string(*model.mutable_domain());
  if (key == "doc_string")
    return lexer.string(*model.mutable_doc_string());
  if (key == "metadata_props")
    return parseList(
        '[', ']', [&] { return parseEntry(*model.mutable_metadata_props()); });
  return lexer.error("a model has no '" + key + "' in this syntax");
}

bool TextGrammar::parseModel(::onnx::ModelProto &model) {
  if (lexer.take('<') && !parseList('>', [&] { return parseModelKey(model); }))
    return false;
  if (!parseGraph(*model.mutable_graph()))
    return false;
  while (!lexer.atEnd())
    if (!parseFunction(*model.add_functions()))
      return false;
  return true;
}

bool parseOnnxText(StringRef path, StringRef text, ::onnx::ModelProto &model,
                   Report &report) {
  TextLexer lexer(path, text, report);
  return TextGrammar(lexer).parseModel(model);
}

} // namespace blockattn
