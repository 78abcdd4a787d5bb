//===- Context.h - what the parts of one import share ------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_CONTEXT_H
#define BLOCKATTN_COMPILER_IMPORT_CONTEXT_H

#include "compiler/Import/Import.h"
#include "compiler/Import/Tensors.h"
#include "compiler/Import/Types.h"
#include "dialects/Onnx/ShapeInference.h"
#include "llvm/ADT/StringSet.h"

namespace blockattn {

/// Operator set versions by domain; the standard domain is "".
using Opsets = llvm::StringMap<int64_t>;

/// Of one import.
struct ImportContext {
  ImportContext(mlir::MLIRContext *context, llvm::StringRef path,
                const ImportOptions &options)
      : context(context), options(options),
        report(context, path, options.maxErrors),
        files(path, options.allowOutsideData, report), tensors(files, report),
        shapes(context) {}

  mlir::MLIRContext *context;
  const ImportOptions &options;
  Report report;
  ModelFiles files;
  TensorImporter tensors;
  onnx::SymbolicShapes shapes;
  /// Model-local functions by functionKey.
  struct Function {
    const ::onnx::FunctionProto *proto = nullptr;
    Opsets opsets;
  };
  llvm::StringMap<Function> functions;
  /// Nodes imported so far; a function's count once for each call.
  int64_t nodes = 0;
  /// There were too many, which was reported; results are missing after that.
  bool gaveUp() const { return nodes > options.maxNodes; }
  /// Domains that were used without an import, reported once.
  llvm::StringSet<> missingDomains;
  /// Constants that are declared with another shape than they have.
  int64_t misdeclaredConstants = 0;
  std::string firstMisdeclared;
};

/// The standard domain has two names.
inline llvm::StringRef normalDomain(llvm::StringRef domain) {
  return domain == "ai.onnx" ? llvm::StringRef() : domain;
}

/// An attribute of a node after references to a function's parameters were
/// followed: the name is the node's, the value may be the caller's.
struct NamedProto {
  llvm::StringRef name;
  const ::onnx::AttributeProto *value;
};

/// Of the graph, or of one call of a function: subgraphs share it.
struct Frame {
  const Opsets *opsets = nullptr;
  /// Null for the graph, which has no parameters.
  const llvm::StringMap<const ::onnx::AttributeProto *> *parameters = nullptr;
  /// The call; absent for the graph.
  std::optional<mlir::Location> caller;
  /// Keys of the functions that are being inlined, outermost first.
  llvm::SmallVector<std::string> calls;
};

/// The value names that are visible in a graph.
struct Scope {
  const Scope *outer = nullptr;
  /// A null value is one that a function's caller left out.
  llvm::StringMap<mlir::Value> values;
  /// Types from value_info and from graph outputs.
  llvm::StringMap<DeclaredType> declared;
  /// The nodes of this graph by the names of their results, for errors about
  /// their order.
  llvm::StringMap<int> producers;
  /// Nodes that lie on a cycle, and were reported.
  std::vector<bool> onCycle;

  /// The value, in this scope or around it; std::nullopt when there is none.
  std::optional<mlir::Value> find(llvm::StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->outer) {
      auto it = scope->values.find(name);
      if (it != scope->values.end())
        return it->second;
    }
    return std::nullopt;
  }
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_CONTEXT_H
