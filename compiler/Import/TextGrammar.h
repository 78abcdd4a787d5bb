//===- TextGrammar.h - the rules of ONNX's textual syntax --------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The syntax is the one that onnx.parser reads and onnx.printer writes:
//
//   model     = "<" key ":" value, ... ">" graph function*
//   graph     = name "(" value-info ["=" data], ... ")" "=>" "(" value-info,
//   ... ")"
//               ["<" value-info ["=" data], ... ">"] "{" node* "}"
//   function  = "<" key ":" value, ... ">" name ["<" parameter, ... ">"]
//               "(" [type] name, ... ")" "=>" "(" [type] name, ... ")"
//               ["<" value-info, ... ">"] "{" node* "}"
//   node      = ["[" name "]"] name, ... "=" (name ".")* name [":" name]
//               attributes "(" name, ... ")" attributes
//   attribute = name [":" kind] "=" (value | "[" value, ... "]" | "@" name)
//   type      = element ["[" dimension, ... "]"] | seq "(" type ")" | ...
//   data      = "{" literal, ... "}" | "[" key ":" value, ... "]"
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_TEXTGRAMMAR_H
#define BLOCKATTN_COMPILER_IMPORT_TEXTGRAMMAR_H

#include "compiler/Import/TextLexer.h"
#include "onnx.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace blockattn {

template <typename T> using ProtoList = google::protobuf::RepeatedPtrField<T>;

/// A recursive descent parser. As in the lexer, false means that an error was
/// reported.
class TextGrammar {
public:
  explicit TextGrammar(TextLexer &lexer) : lexer(lexer) {}

  bool parseModel(::onnx::ModelProto &model);

private:
  /// Items with commas between them, up to the closing character, which is
  /// taken. There may be none.
  bool parseList(char close, llvm::function_ref<bool()> item);
  /// The same, with the opening character.
  bool parseList(char open, char close, llvm::function_ref<bool()> item);

  bool parseGraph(::onnx::GraphProto &graph);
  bool parseFunction(::onnx::FunctionProto &function);
  bool parseModelKey(::onnx::ModelProto &model);
  bool parseFunctionKey(::onnx::FunctionProto &function);
  bool parseOpsets(ProtoList<::onnx::OperatorSetIdProto> &opsets);
  bool parseEntry(ProtoList<::onnx::StringStringEntryProto> &entries);
  bool parseNodes(ProtoList<::onnx::NodeProto> &nodes);
  bool parseNode(::onnx::NodeProto &node);
  bool parseNames(ProtoList<std::string> &names);
  bool parseAttributes(ProtoList<::onnx::AttributeProto> &attributes);
  bool parseAttribute(::onnx::AttributeProto &attribute);
  bool parseNamedAttribute(::onnx::AttributeProto &attribute);
  bool parseAttributeValue(::onnx::AttributeProto &attribute,
                           ::onnx::AttributeProto::AttributeType expected);
  bool parseAttributeList(::onnx::AttributeProto &attribute);
  bool parseValueInfo(::onnx::ValueInfoProto &info);
  bool parseFunctionValue(ProtoList<std::string> &names,
                          ProtoList<::onnx::ValueInfoProto> &infos);
  /// A value, or with "=" data, which make it an initializer.
  bool parseValueOrInitializer(ProtoList<::onnx::ValueInfoProto> &infos,
                               ProtoList<::onnx::TensorProto> &initializers,
                               bool keepInfo);

  // TextTensors.cpp
  bool isTypeNext();
  bool parseType(::onnx::TypeProto &type);
  bool parseShape(bool &hasShape, ::onnx::TensorShapeProto &shape);
  bool parseOpaque(::onnx::TypeProto::Opaque &opaque);
  bool parseTensor(const ::onnx::TypeProto &type, ::onnx::TensorProto &tensor);
  bool parseElement(::onnx::TensorProto &tensor);

  /// Texts may nest graphs and types; the stack is finite.
  struct Nesting {
    explicit Nesting(TextGrammar &grammar) : grammar(grammar) {
      ++grammar.depth;
    }
    ~Nesting() { --grammar.depth; }
    bool check() {
      return grammar.depth <= 64 ||
             grammar.lexer.error("this is nested more than 64 levels deep");
    }
    TextGrammar &grammar;
  };

  TextLexer &lexer;
  unsigned depth = 0;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_TEXTGRAMMAR_H
