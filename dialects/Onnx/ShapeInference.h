//===- ShapeInference.h - symbolic shapes of onnx programs -------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is known at compile time about the shapes of a program whose lengths are
// known at run time only. A dimension is an AffineExpr over symbols; symbol i
// stands for a named dimension of a function argument ("batch"), or, where
// nothing is known, for one dimension of one value. Exporters compute shapes in
// the program itself (Shape, Gather, Add, Concat, Reshape, ...), so the
// elements of small integer tensors are followed as expressions, too.
//
// Whatever is not known gets a symbol of its own: an answer may say little, but
// is never wrong.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCE_H
#define BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCE_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Allocator.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace blockattn::onnx {

class Polynomial;

/// Shapes, element types and shape arithmetic of one function. It describes the
/// function as it was when visited: after erasing operations start a new one.
class SymbolicShapes {
public:
  explicit SymbolicShapes(mlir::MLIRContext *context);

  /// Visits all of the function in order: its arguments (with the dimension
  /// names of their `onnx.dims` attributes), then every operation, those of
  /// nested regions before the operation that holds them. Fails after an error
  /// at every operation whose operands contradict one another.
  mlir::LogicalResult run(mlir::func::FuncOp function);

  /// Gives the argument's dynamic dimensions symbols. Equal names are one
  /// symbol for the whole program; a name that is an expression of names
  /// ("past_sequence_length + sequence_length") is that expression, unless a
  /// number is added ("past_sequence_length + 1"), which exporters use loosely;
  /// an empty name, or none, gives a symbol of its own.
  void addArgument(mlir::BlockArgument argument,
                   llvm::ArrayRef<llvm::StringRef> dimNames = {});

  /// The same for all arguments of a function, with the names of their
  /// `onnx.dims` attributes.
  void addArguments(mlir::func::FuncOp function);

  /// Infers the results of one operation; that of its operands must have been
  /// done. What the results' types already say is kept, and must not contradict
  /// the operands: else an error is emitted at the operation. An operation
  /// without a rule is known by its result types, and so is one that
  /// contradicts itself in a branch of onnx.If, which may never be taken.
  mlir::LogicalResult visit(mlir::Operation *op);

  /// Dimensions of a value, std::nullopt when the rank is unknown. The array
  /// lives as long as this object.
  std::optional<llvm::ArrayRef<mlir::AffineExpr>> dims(mlir::Value value);

  /// Whether a dimension follows from the operands of what makes the value. If
  /// not, it is known, if at all, because the type says so, or because what
  /// uses the value requires it; the run may find another.
  bool isInferred(mlir::Value value, int64_t dim);

  /// Elements of an integer or boolean tensor of rank 0 or 1 (true is 1), when
  /// they are known as expressions; std::nullopt otherwise.
  std::optional<llvm::ArrayRef<mlir::AffineExpr>> contents(mlir::Value value);

  /// As `contents`, when all elements are constants.
  std::optional<llvm::SmallVector<int64_t>> constantContents(mlir::Value value);

  /// The element type of a tensor; `!onnx.unknown` when it is not known.
  mlir::Type elementType(mlir::Value value);

  /// The value's type with all that is known: `tensor<2x?xf32>`, or
  /// `tensor<*xf32>` when not even the rank is. A value that is not a tensor
  /// keeps its type.
  mlir::Type refinedType(mlir::Value value);

  /// Whether the two have one value for all values of the symbols.
  bool provenEqual(mlir::AffineExpr a, mlir::AffineExpr b);

  /// A lower bound, knowing that no dimension is negative; std::nullopt when
  /// nothing is known.
  std::optional<int64_t> lowerBound(mlir::AffineExpr expr);

  /// `a / b`, when that is an integer for all values of the symbols and b is
  /// not zero for all of them: common factors are cancelled. Null otherwise.
  mlir::AffineExpr exactQuotient(mlir::AffineExpr a, mlir::AffineExpr b);

  /// The product; null when it overflows or grows beyond reason.
  mlir::AffineExpr product(llvm::ArrayRef<mlir::AffineExpr> factors);

  /// Where the symbol can be read: dimension `dim` of `value`, or, with
  /// `isElement`, element `dim` of an integer tensor `value` of rank 0 or 1.
  /// A symbol that occurs only inside of an argument's dimension ("past" in
  /// "past + seq") is what is read there minus `offset`; else `offset` is null.
  /// `value` is null when it can not be read at all.
  struct Symbol {
    std::string name;
    mlir::Value value;
    int64_t dim = 0;
    bool isElement = false;
    mlir::AffineExpr offset;
  };
  llvm::ArrayRef<Symbol> symbols() const { return symbolTable; }

  /// The expression with the symbols' names, for messages and manifests:
  /// "past_sequence_length + s70". Nameless symbols print as "?".
  std::string str(mlir::AffineExpr expr);

  /// Emits index arithmetic for an expression (arith, and tensor.dim or
  /// tensor.extract of the symbols' values, mapped by `valueMap`). Null when a
  /// symbol in it can not be read.
  mlir::OpFoldResult materialize(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::AffineExpr expr,
                                 const mlir::IRMapping *valueMap = nullptr);

  //===--------------------------------------------------------------------===//
  // For the rules
  //===--------------------------------------------------------------------===//

  mlir::AffineExpr constant(int64_t value);
  /// A new symbol for a dimension of a value that is otherwise unknown.
  mlir::AffineExpr dimSymbol(mlir::Value value, int64_t dim);
  /// A new symbol for an element of an integer tensor of rank 0 or 1.
  mlir::AffineExpr elementSymbol(mlir::Value value, int64_t index);
  /// The expression in its one canonical form: equal expressions become
  /// identical. Null when it overflows or grows beyond reason.
  mlir::AffineExpr canonical(mlir::AffineExpr expr);

  /// As `contents`, but an integer tensor of rank 0 or 1 and small static size
  /// of which nothing is known gets a symbol for each element.
  std::optional<llvm::ArrayRef<mlir::AffineExpr>>
  contentsOrSymbols(mlir::Value value);
  /// Notes that an operation can run only where two sizes are equal. Where that
  /// is an equation for one symbol, it is replaced from now on wherever
  /// expressions are given out; else there is a requirement.
  void requireEqual(mlir::Operation *op, mlir::AffineExpr a, mlir::AffineExpr b,
                    const llvm::Twine &what);

  /// Two sizes that must be equal where the operation runs, which nothing else
  /// says. `what` is wrong with the operation where they are not.
  struct Requirement {
    mlir::Operation *op;
    mlir::AffineExpr a, b;
    std::string what;
  };
  llvm::ArrayRef<Requirement> requirements() const { return required; }

  /// What a symbol was learned to be equal to; null where nothing was learned.
  mlir::AffineExpr learned(unsigned symbol);

  /// Records what a rule found. A null dimension is unknown. What the value's
  /// type says is merged in; fails after an error where the two contradict.
  mlir::LogicalResult set(mlir::OpResult result, mlir::Type elementType,
                          std::optional<llvm::ArrayRef<mlir::AffineExpr>> dims);
  /// Records the elements of an integer tensor; a null element is unknown. Does
  /// nothing where the result is known not to be small and integer.
  void setContents(mlir::OpResult result,
                   llvm::ArrayRef<mlir::AffineExpr> elements);

private:
  struct Facts {
    mlir::Type elementType;
    std::optional<llvm::ArrayRef<mlir::AffineExpr>> dims;
    std::optional<llvm::ArrayRef<mlir::AffineExpr>> contents;
    /// A bit for each dimension that does not follow from operands.
    uint64_t demanded = 0;
  };

  Facts &facts(mlir::Value value);
  llvm::ArrayRef<mlir::AffineExpr> keep(llvm::ArrayRef<mlir::AffineExpr> list);
  mlir::AffineExpr namedSymbol(llvm::StringRef name);
  /// Replaces one symbol, so that two expressions are equal. False where there
  /// is no symbol that can be.
  bool learnEqual(mlir::AffineExpr a, mlir::AffineExpr b);
  std::optional<Polynomial> polynomial(mlir::AffineExpr expr);
  /// The number of elements of an integer tensor small enough to be followed.
  std::optional<int64_t> smallIntegerTensor(mlir::Value value);
  std::optional<llvm::ArrayRef<mlir::AffineExpr>>
  upToDate(std::optional<llvm::ArrayRef<mlir::AffineExpr>> &list);
  void locateSymbols(mlir::Value value, int64_t dim, mlir::AffineExpr expr);
  mlir::Value emit(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::AffineExpr expr, const mlir::IRMapping *valueMap);

  mlir::MLIRContext *context;
  std::vector<Symbol> symbolTable;
  llvm::StringMap<unsigned> symbolsByName;
  llvm::DenseMap<unsigned, mlir::AffineExpr> equalities;
  std::vector<Requirement> required;
  llvm::DenseMap<mlir::Value, Facts> known;
  llvm::BumpPtrAllocator allocator;
  /// While an operation in a branch of onnx.If is visited.
  bool inBranch = false;
};

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCE_H
