//===- Programs.h - what the derived programs have in common ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_BLOCKIFY_PROGRAMS_H
#define BLOCKATTN_PASSES_BLOCKIFY_PROGRAMS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace blockattn {

/// Names of the attributes that make up the programs' contract.
inline constexpr llvm::StringLiteral kProgramAttr = "blockattn.program";
inline constexpr llvm::StringLiteral kRoleAttr = "blockattn.role";
inline constexpr llvm::StringLiteral kLayerAttr = "blockattn.layer";
inline constexpr llvm::StringLiteral kKvAttr = "blockattn.kv";
inline constexpr llvm::StringLiteral kSinksAttr = "blockattn.sinks";
inline constexpr llvm::StringLiteral kRefusedAttr = "blockattn.refused";
inline constexpr llvm::StringLiteral kNameAttr = "onnx.name";
/// On `block` where it runs whole prompts, but not blocks of them.
inline constexpr llvm::StringLiteral kWholePromptsAttr =
    "blockattn.whole_prompts";
/// Left by --blockattn-split-branches.
inline constexpr llvm::StringLiteral kBranchesAttr = "blockattn.branches";
inline constexpr llvm::StringLiteral kOtherBranch = "main.other";
inline constexpr llvm::StringLiteral kDimsAttr = "onnx.dims";

/// The function of a program, or null.
mlir::func::FuncOp findProgram(mlir::ModuleOp module, llvm::StringRef name);

/// A copy of `source` named after the program `name`, at the module's end.
mlir::func::FuncOp cloneProgram(mlir::func::FuncOp source,
                                llvm::StringRef name);

/// The role of an argument, "" where it has none.
llvm::StringRef argRole(mlir::func::FuncOp func, unsigned index);
/// The first argument with a role, or null.
mlir::BlockArgument findArg(mlir::func::FuncOp func, llvm::StringRef role);

/// Appends an argument with a role and a name.
mlir::BlockArgument addArg(mlir::func::FuncOp func, mlir::Type type,
                           llvm::StringRef name, llvm::StringRef role);

/// Erases the arguments at `indices`, which must be without uses.
void eraseArgs(mlir::func::FuncOp func, llvm::BitVector indices);

struct ProgramResult {
  mlir::Value value;
  mlir::DictionaryAttr attrs;
};
/// The returned values with their attributes.
llvm::SmallVector<ProgramResult> getResults(mlir::func::FuncOp func);
/// Replaces everything that `func` returns.
void setResults(mlir::func::FuncOp func, llvm::ArrayRef<ProgramResult> results);

/// Fails with an error where `block` is none that this phase could have made: a
/// body that returns, a layout argument, numbered attentions.
llvm::LogicalResult checkBlockProgram(mlir::func::FuncOp block);

/// A copy of `block` named after the program `name`, whose tokens are one
/// block; null where no such program is to be made. Fails as checkBlockProgram.
mlir::FailureOr<mlir::func::FuncOp> deriveOneBlock(mlir::ModuleOp module,
                                                   llvm::StringRef name);

/// The keys and values of all layers as results `kv.<layer>.key|value`.
void appendKvResults(mlir::func::FuncOp func,
                     llvm::SmallVectorImpl<ProgramResult> &results);

/// The number of tokens of a graph that takes no other.
std::optional<int64_t> fixedLength(mlir::func::FuncOp func);

/// Says in the module why `block`, `encode` and `extend` are not made. Fails,
/// with an error, where they are `required`.
mlir::LogicalResult refusePrograms(mlir::ModuleOp module,
                                   llvm::ArrayRef<std::string> reasons,
                                   bool required);

/// Erases what no result needs any more.
void eraseDeadOps(mlir::func::FuncOp func);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_BLOCKIFY_PROGRAMS_H
