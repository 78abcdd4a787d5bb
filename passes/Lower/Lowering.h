//===- Lowering.h - from onnx values to tensors -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the rules of `--blockattn-lower-onnx-to-linalg` work with. Operations
// are lowered one by one in program order; a rule reads the lowered operands,
// builds upstream operations at the end of what is there and records the
// lowered results. Dimensions are symbolic expressions wherever shape
// inference knows them, so that the same length is the same SSA value
// everywhere and the shape arithmetic of the graph is never executed.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_LOWERING_H
#define BLOCKATTN_PASSES_LOWER_LOWERING_H

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"
#include "runtime/include/blockattn/kernel_abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include <functional>
#include <map>
#include <string>
#include <tuple>

namespace blockattn {

using mlir::AffineExpr;
using mlir::ArrayRef;
using mlir::Attribute;
using mlir::Location;
using mlir::LogicalResult;
using mlir::OpBuilder;
using mlir::Operation;
using mlir::OpFoldResult;
using mlir::RankedTensorType;
using mlir::SmallVector;
using mlir::StringRef;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// A weight's place in the model's files.
struct WeightRef {
  mlir::StringAttr name;
  int64_t source, offset, size;
  RankedTensorType type;
};

/// The weights of all programs of a module, in order of first use.
class WeightTable {
public:
  /// The index of the weight with these bytes and this type.
  unsigned indexOf(const WeightRef &ref);
  /// The module attribute `blockattn.weights`.
  mlir::ArrayAttr toAttr(mlir::MLIRContext *context) const;

private:
  std::map<std::tuple<int64_t, int64_t, int64_t, const void *>, unsigned>
      indices;
  SmallVector<WeightRef> weights;
};

/// The lowering of one function.
class Lowering {
public:
  Lowering(mlir::func::FuncOp function, onnx::SymbolicShapes &shapes,
           WeightTable &weights);

  OpBuilder b;
  onnx::SymbolicShapes &shapes;
  /// Location of the operation being lowered.
  Location loc;

  //===--------------------------------------------------------------------===//
  // Values and types
  //===--------------------------------------------------------------------===//

  /// The lowered form of a value. Where the elements of a small integer tensor
  /// are known as expressions, it is made of them.
  Value get(Value value);
  void set(Value value, Value lowered) { map.map(value, lowered); }
  bool has(Value value) const { return map.contains(value); }
  /// What an operation made for a value, as it is; null where nothing was made.
  Value lowered(Value value) const { return map.lookupOrNull(value); }
  /// As `set`, for a tensor whose sizes only data tells: those that shape
  /// inference knows otherwise (the model declares them, say) are compared at
  /// run time, and where they differ there is a tensor of the known sizes
  /// without meaning, so that nothing reads beyond it.
  void setChecked(Value value, Value lowered);

  /// Layouts and KV tables become integer tensors, unsigned integers signless
  /// ones, and types of less than 8 bits and 8-bit floats bytes. Null for what
  /// has no lowered form.
  static Type convertType(Type type);
  static Type convertElementType(Type type);
  RankedTensorType resultType(Value value);

  /// The function argument for a weight, made on first use.
  Value weight(const WeightRef &ref);

  //===--------------------------------------------------------------------===//
  // Index arithmetic
  //===--------------------------------------------------------------------===//

  Value index(int64_t value);
  Value toValue(OpFoldResult ofr);
  /// A known constant, also through arith.constant.
  static std::optional<int64_t> constant(OpFoldResult ofr);
  /// An expression of shape inference; null when it can not be computed here.
  OpFoldResult materialize(AffineExpr expr);
  OpFoldResult add(OpFoldResult a, OpFoldResult b);
  OpFoldResult sub(OpFoldResult a, OpFoldResult b);
  OpFoldResult mul(OpFoldResult a, OpFoldResult b);
  OpFoldResult min(OpFoldResult a, OpFoldResult b);
  OpFoldResult max(OpFoldResult a, OpFoldResult b);
  OpFoldResult product(ArrayRef<OpFoldResult> list);
  static bool same(OpFoldResult a, OpFoldResult b);

  /// Symbolic dimensions; fresh ones never appear. Empty for rank 0.
  ArrayRef<AffineExpr> exprs(Value value);
  int64_t rank(Value value);
  /// The sizes of an original value: of its lowered form where there is one,
  /// else from shape inference. Null sizes are not known before it exists.
  SmallVector<OpFoldResult> sizes(Value value);
  /// The sizes of a lowered tensor.
  SmallVector<OpFoldResult> sizesOf(Value tensor);
  /// Replaces the sizes that shape inference does not know.
  SmallVector<OpFoldResult> sizesOr(Value value,
                                    llvm::function_ref<OpFoldResult(int64_t)>);

  /// The elements of an integer tensor of rank 0 or 1 as index values, read at
  /// run time where they are not known. Fails when their number is unknown.
  mlir::FailureOr<SmallVector<OpFoldResult>> elements(Value value);

  /// Records a failure at run time unless `condition` holds. The message is
  /// preceded by the node's name.
  void check(Value condition, int32_t code, const llvm::Twine &message);
  /// As `check`, that two sizes are equal; nothing is emitted where they are
  /// known to be.
  void checkEqual(OpFoldResult a, OpFoldResult b, const llvm::Twine &message);

  //===--------------------------------------------------------------------===//
  // Tensors
  //===--------------------------------------------------------------------===//

  Value empty(ArrayRef<OpFoldResult> sizes, Type elementType);
  Value filled(ArrayRef<OpFoldResult> sizes, mlir::TypedAttr value);
  Value scalar(mlir::TypedAttr value);
  mlir::TypedAttr zero(Type elementType);
  Value floatConstant(OpBuilder &builder, Type type, double value);

  using Body = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;
  using MultiBody =
      llvm::function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>;

  /// result[i...] = body(inputs at i...), the inputs read through `maps`.
  Value generic(ArrayRef<Value> inputs, ArrayRef<mlir::AffineMap> maps,
                ArrayRef<OpFoldResult> sizes, Type elementType, Body body);
  /// A generic with iteration space `loops` (its extents come from the
  /// operands), given destinations and iterator types.
  SmallVector<Value> generic(ArrayRef<Value> inputs, ArrayRef<Value> inits,
                             ArrayRef<mlir::AffineMap> maps,
                             ArrayRef<mlir::utils::IteratorType> iterators,
                             MultiBody body);
  /// Reads an input along the last dimensions of `sizes`; those of 1 are
  /// repeated.
  mlir::AffineMap broadcastMap(RankedTensorType type,
                               ArrayRef<OpFoldResult> sizes);
  mlir::AffineMap identity(int64_t rank);

  /// result = body(operands...), broadcast against one another as ONNX says.
  /// Operands are original values; dimensions that are not proven equal are
  /// compared at run time.
  mlir::FailureOr<Value> elementwise(ValueRange operands, Type elementType,
                                     Body body);
  /// The common shape of the operands.
  SmallVector<OpFoldResult> broadcastSizes(ValueRange operands);
  /// An original value, broadcast to `sizes`.
  Value broadcastTo(Value operand, ArrayRef<OpFoldResult> sizes);
  /// A lowered tensor of dimensions `from`, broadcast to `to`.
  Value broadcastTensor(Value tensor, ArrayRef<OpFoldResult> from,
                        ArrayRef<OpFoldResult> to);

  /// Row-major reshape: a collapse and an expand, as few as suffice.
  /// The element counts must agree.
  Value reshape(Value tensor, ArrayRef<AffineExpr> from,
                ArrayRef<AffineExpr> to, ArrayRef<OpFoldResult> toSizes);
  /// Merges and splits dimensions of which all is known statically.
  Value collapse(Value tensor,
                 ArrayRef<mlir::ReassociationIndices> reassociation);
  Value expand(Value tensor, ArrayRef<mlir::ReassociationIndices> reassociation,
               ArrayRef<OpFoldResult> sizes);
  /// Casts floats between types of different width; the identity otherwise.
  static Value convertFloat(OpBuilder &builder, Location loc, Value value,
                            Type to);

  /// Values made once and used by several operations (rotary tables, first
  /// keys), by what they were made from.
  Value &cached(Value key, Attribute attribute, unsigned kind = 0) {
    return cache[{key, {attribute, kind}}];
  }

  mlir::func::FuncOp function;

  /// Lowers the operations of a block of a region at the insertion point.
  /// Fails where one was refused, which has been noted.
  std::function<LogicalResult(mlir::Block &)> lowerBlock;

  /// While alive, what is made and noted belongs to a region; afterwards it is
  /// forgotten, since code outside of the region can not use it.
  class Scope {
  public:
    explicit Scope(Lowering &l);
    ~Scope();

  private:
    Lowering &l;
    mlir::IRMapping map;
    llvm::DenseMap<AffineExpr, OpFoldResult> materialized;
    llvm::DenseMap<std::pair<Value, std::pair<Attribute, unsigned>>, Value>
        cache;
  };

private:
  Value readBroadcast(OpBuilder &builder, Location loc, Value tensor,
                      int64_t rank);
  bool readable(AffineExpr expr);

  WeightTable &weights;
  mlir::IRMapping map;
  llvm::DenseMap<AffineExpr, OpFoldResult> materialized;
  llvm::DenseMap<unsigned, Value> weightArguments;
  llvm::DenseMap<std::pair<Value, std::pair<Attribute, unsigned>>, Value> cache;
};

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// How the operations of each name are lowered. A rule that can not lower an
/// operation says why and fails.
class LoweringRules {
public:
  /// Why an operation was not lowered; empty when there is no more to say than
  /// that it is not supported.
  using Rule =
      std::function<LogicalResult(Operation *, Lowering &, std::string &why)>;

  template <typename OpT>
  void add(LogicalResult (*rule)(OpT, Lowering &, std::string &)) {
    rules[OpT::getOperationName()] = [rule](Operation *op, Lowering &lowering,
                                            std::string &why) {
      return rule(llvm::cast<OpT>(op), lowering, why);
    };
  }
  const Rule *find(StringRef name) const {
    auto it = rules.find(name);
    return it == rules.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<Rule> rules;
};

/// The first key that each token sees under a layout; one vector for a layout,
/// whoever asks.
Value firstKey(Value layout, OpFoldResult tokens, Lowering &l);

void populateAttentionRules(LoweringRules &rules);
void populateBitwiseRules(LoweringRules &rules);
void populateContractionRules(LoweringRules &rules);
void populateControlRules(LoweringRules &rules);
void populateConversionRules(LoweringRules &rules);
void populateCreationRules(LoweringRules &rules);
void populateElementwiseRules(LoweringRules &rules);
void populateGatherRules(LoweringRules &rules);
void populateLayoutRules(LoweringRules &rules);
void populateMiscRules(LoweringRules &rules);
void populateMovementRules(LoweringRules &rules);
void populateNormRules(LoweringRules &rules);
void populatePackedProductRules(LoweringRules &rules);
void populatePadRules(LoweringRules &rules);
void populateReductionRules(LoweringRules &rules);
void populateRotaryRules(LoweringRules &rules);
void populateSelectionRules(LoweringRules &rules);
void populateSinkRules(LoweringRules &rules);
void populateSliceRules(LoweringRules &rules);
void populateTensorScatterRules(LoweringRules &rules);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_LOWERING_H
