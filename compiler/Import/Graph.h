//===- Graph.h - graphs, subgraphs and function bodies -----------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_GRAPH_H
#define BLOCKATTN_COMPILER_IMPORT_GRAPH_H

#include "compiler/Import/Context.h"
#include "compiler/Import/Cycles.h"
#include "compiler/Import/Node.h"

namespace blockattn {

/// Subgraphs and calls of functions may be nested so deep.
constexpr unsigned maxNesting = 64;

/// "domain::name:overload", by which a node calls a model-local function.
std::string functionKey(llvm::StringRef domain, llvm::StringRef name,
                        llvm::StringRef overload);

/// Reads the operator sets that a model or a function imports. Reports versions
/// outside of what is supported, and imports that contradict one another.
Opsets readOpsets(
    ImportContext &import, llvm::StringRef owner,
    const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto> &list);

/// Imports the nodes of one graph, subgraph or function body, in order.
class GraphImporter {
public:
  GraphImporter(ImportContext &import, mlir::OpBuilder &builder,
                const Frame &frame, Scope &scope)
      : import(import), builder(builder), frame(frame), scope(scope) {}

  void declareTypes(
      const google::protobuf::RepeatedPtrField<::onnx::ValueInfoProto> &list,
      llvm::StringRef what);
  void importInitializers(const ::onnx::GraphProto &graph);
  void importNodes(const NodeList &nodes);

  /// Makes the name stand for the value. Reports a name that is taken.
  void define(llvm::StringRef name, mlir::Value value, const llvm::Twine &what);

private:
  void importNode(const ::onnx::NodeProto &node, int index);
  bool lookUpVersion(const ::onnx::NodeProto &node, mlir::Location loc,
                     int64_t &version);
  bool lookUpOperands(const ::onnx::NodeProto &node, int index,
                      mlir::Location loc,
                      llvm::SmallVectorImpl<mlir::Value> &operands);
  bool lookUpAttributes(const ::onnx::NodeProto &node, mlir::Location loc,
                        llvm::SmallVectorImpl<NamedProto> &attributes);
  void reportUndefined(const ::onnx::NodeProto &node, int index,
                       mlir::Location loc, unsigned input);
  bool dispatch(const ::onnx::NodeProto &node, mlir::Location loc,
                int64_t version, llvm::ArrayRef<NamedProto> attributes,
                llvm::ArrayRef<mlir::Value> operands,
                llvm::SmallVectorImpl<mlir::Value> &results);
  void bindResults(const ::onnx::NodeProto &node, mlir::Location loc,
                   llvm::MutableArrayRef<mlir::Value> results);
  void applyDeclaredType(const ::onnx::NodeProto &node, mlir::Location loc,
                         llvm::StringRef name, mlir::Value value);

  /// Where errors about values go: the call, or the file.
  mlir::Location here() const {
    return frame.caller.value_or(import.report.fileLocation());
  }
  mlir::Value placeholder(mlir::Location loc);
  void checkConstant(const llvm::Twine &label, llvm::StringRef name,
                     mlir::Value value);

  // Functions.cpp
  bool inlineFunction(const ::onnx::NodeProto &node, mlir::Location loc,
                      const ImportContext::Function &function,
                      llvm::ArrayRef<NamedProto> attributes,
                      llvm::ArrayRef<mlir::Value> operands,
                      llvm::SmallVectorImpl<mlir::Value> &results);
  bool
  bindParameters(const ::onnx::NodeProto &node, mlir::Location loc,
                 const ::onnx::FunctionProto &function,
                 llvm::ArrayRef<NamedProto> attributes,
                 llvm::StringMap<const ::onnx::AttributeProto *> &parameters);

  // Subgraphs.cpp
  bool importSubgraph(const ::onnx::NodeProto &node, mlir::Location loc,
                      llvm::StringRef attribute,
                      const ::onnx::GraphProto &graph, mlir::Region &region,
                      bool allowInputs,
                      llvm::ArrayRef<mlir::TensorType> inputTypes = {});
  bool importIf(const ::onnx::NodeProto &node, mlir::Location loc,
                llvm::ArrayRef<NamedProto> attributes,
                llvm::ArrayRef<mlir::Value> operands,
                llvm::SmallVectorImpl<mlir::Value> &results);
  bool importLoop(const ::onnx::NodeProto &node, mlir::Location loc,
                  llvm::ArrayRef<NamedProto> attributes,
                  llvm::ArrayRef<mlir::Value> operands,
                  llvm::SmallVectorImpl<mlir::Value> &results);
  bool importForeignWithGraphs(const ::onnx::NodeProto &node,
                               mlir::Location loc,
                               llvm::ArrayRef<NamedProto> attributes,
                               llvm::ArrayRef<mlir::Value> operands,
                               llvm::SmallVectorImpl<mlir::Value> &results);

  ImportContext &import;
  mlir::OpBuilder &builder;
  const Frame &frame;
  Scope &scope;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_GRAPH_H
