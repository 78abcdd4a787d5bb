//===- FoldShapes.cpp - fold shape arithmetic and what it shows -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"
#include "mlir/IR/Matchers.h"
#include "passes/Normalize/ShapeCode.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_FOLDSHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {
/// All decisions rest on one analysis of the function as it was. Ops that
/// become useless stay until the canonicalizer comes by, so that the analysis
/// remains true of every value that it knows.
struct FoldShapes : impl::FoldShapesBase<FoldShapes> {
  using FoldShapesBase::FoldShapesBase;

  void runOnOperation() override {
    onnx::SymbolicShapes analysis(&getContext());
    shapes = &analysis;
    if (failed(analysis.run(getOperation())))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().getBody().walk([&](Operation *op) {
      if (isa_and_present<onnx::OnnxDialect>(op->getDialect()) &&
          op->getNumResults() == 1 && isPure(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      fold(op);
  }

  void fold(Operation *op) {
    if (foldContents(op))
      return;
    llvm::TypeSwitch<Operation *>(op)
        .Case<onnx::ReshapeOp>([&](auto reshape) {
          SmallVector<Value> sources = sourcesOf(reshape);
          if (foldToSource(reshape, sources))
            return;
          // The further up, the fewer ops are left.
          for (Value source : llvm::reverse(sources))
            if (simplifyTarget(reshape, source))
              return;
        })
        .Case<onnx::TileOp>(
            [&](auto tile) { foldUnchanged(tile, tile.getInput()); })
        .Case<onnx::ExpandOp>([&](auto expand) {
          if (!foldUnchanged(expand, expand.getInput()))
            bypass(expand);
        })
        .Case<onnx::SqueezeOp, onnx::UnsqueezeOp>(
            [&](auto squeeze) { foldToSource(squeeze, sourcesOf(squeeze)); })
        .Case<onnx::SliceOp>([&](onnx::SliceOp slice) {
          if (!slice.getSteps() || allEqualTo(slice.getSteps(), 1))
            foldUnchanged(slice, slice.getData());
        })
        .Case<onnx::PadOp>([&](onnx::PadOp pad) {
          if (allEqualTo(pad.getPads(), 0))
            foldUnchanged(pad, pad.getData());
        })
        .Case<onnx::ConcatOp>([&](auto concat) { dropEmpty(concat); })
        .Case<onnx::AndOp>([&](auto op) { dropNeutral(op, true); })
        .Case<onnx::OrOp>([&](auto op) { dropNeutral(op, false); })
        .Case<onnx::WhereOp>([&](auto where) { foldWhere(where); });
  }

  /// Ops of other dialects may want the very type that they had.
  static bool replace(Value value, Value by) {
    if (value.getType() != by.getType())
      return false;
    value.replaceAllUsesWith(by);
    return true;
  }

  //===--------------------------------------------------------------------===//
  // Shape arithmetic
  //===--------------------------------------------------------------------===//

  bool foldContents(Operation *op) {
    Value result = op->getResult(0);
    auto type = dyn_cast<RankedTensorType>(result.getType());
    std::optional<ArrayRef<AffineExpr>> elements = shapes->contents(result);
    if (isa<onnx::ConstantOp>(op) || !elements || !type ||
        !type.hasStaticShape() ||
        type.getNumElements() != int64_t(elements->size()))
      return false;
    OpBuilder builder(op);
    if (std::optional<SmallVector<int64_t>> constants =
            shapes->constantContents(result))
      return replace(result,
                     integerConstant(builder, op->getLoc(), type, *constants));
    // Booleans and the like are decided, or they are no shape arithmetic.
    if (type.getElementTypeBitWidth() < 32 || !isUsedOutside(result) ||
        !llvm::all_of(*elements, [&](AffineExpr element) {
          return isDimArithmetic(*shapes, element);
        }))
      return false;
    return replace(result, emitShapeArithmetic(builder, op->getLoc(), *shapes,
                                               type, *elements));
  }

  /// Whether an op that is not itself shape arithmetic needs the elements.
  bool isUsedOutside(Value value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      return user->getNumResults() != 1 ||
             !shapes->contents(user->getResult(0));
    });
  }

  //===--------------------------------------------------------------------===//
  // Ops that do nothing
  //===--------------------------------------------------------------------===//

  bool haveOneShape(Value a, Value b) {
    std::optional<ArrayRef<AffineExpr>> left = shapes->dims(a);
    std::optional<ArrayRef<AffineExpr>> right = shapes->dims(b);
    return left && right && left->size() == right->size() &&
           llvm::all_of(llvm::zip(*left, *right), [&](auto pair) {
             return shapes->provenEqual(std::get<0>(pair), std::get<1>(pair));
           });
  }

  /// Whether the operands tell the shape of the result. Where only its uses do,
  /// the run has to see whether they are right.
  bool isInferred(Value result) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes->dims(result);
    return dims &&
           llvm::all_of(llvm::seq<int64_t>(0, dims->size()), [&](int64_t dim) {
             return shapes->isInferred(result, dim);
           });
  }

  bool foldUnchanged(Operation *op, Value data) {
    Value result = op->getResult(0);
    return haveOneShape(result, data) && isInferred(result) &&
           replace(result, data);
  }

  /// All values that have the same elements in the same order: the operand, and
  /// if that is a reshaped tensor, its operand, and so on.
  static SmallVector<Value> sourcesOf(Operation *op) {
    SmallVector<Value> sources;
    while (isa_and_present<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp>(
        op)) {
      sources.push_back(op->getOperand(0));
      op = sources.back().getDefiningOp();
    }
    return sources;
  }

  bool foldToSource(Operation *op, ArrayRef<Value> sources) {
    return llvm::any_of(
        sources, [&](Value source) { return foldUnchanged(op, source); });
  }

  /// What broadcasts anyhow needs no Expand before, if the other operands are
  /// as large as it makes this one.
  void bypass(onnx::ExpandOp op) {
    std::optional<ArrayRef<AffineExpr>> small = shapes->dims(op.getInput());
    std::optional<ArrayRef<AffineExpr>> large = shapes->dims(op.getOutput());
    if (!small || !large)
      return;
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
      Operation *user = use.getOwner();
      size_t inner = isa<onnx::MatMulOp>(user) ? 2 : 0;
      bool broadcasts =
          isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::AndOp,
              onnx::OrOp, onnx::EqualOp, onnx::GreaterOp,
              onnx::GreaterOrEqualOp, onnx::LessOp, onnx::LessOrEqualOp,
              onnx::WhereOp, onnx::MatMulOp>(user);
      if (broadcasts && small->size() >= inner && large->size() >= inner &&
          llvm::all_of(
              llvm::zip_equal(small->take_back(inner), large->take_back(inner)),
              [&](auto pair) {
                return shapes->provenEqual(std::get<0>(pair),
                                           std::get<1>(pair));
              }) &&
          othersAreAsLarge(use, *small, *large, inner))
        use.set(op.getInput());
    }
  }

  /// Whether each dimension that only the Expand made comes from another
  /// operand, too. The `inner` last ones are not compared.
  bool othersAreAsLarge(OpOperand &use, ArrayRef<AffineExpr> small,
                        ArrayRef<AffineExpr> large, size_t inner) {
    for (size_t fromEnd = inner; fromEnd < large.size(); ++fromEnd) {
      AffineExpr wanted = large[large.size() - 1 - fromEnd];
      if (wanted == shapes->constant(1) ||
          (fromEnd < small.size() &&
           shapes->provenEqual(small[small.size() - 1 - fromEnd], wanted)))
        continue;
      bool found =
          llvm::any_of(use.getOwner()->getOpOperands(), [&](OpOperand &other) {
            std::optional<ArrayRef<AffineExpr>> dims =
                shapes->dims(other.get());
            return &other != &use && dims && fromEnd < dims->size() &&
                   shapes->provenEqual((*dims)[dims->size() - 1 - fromEnd],
                                       wanted);
          });
      if (!found)
        return false;
    }
    // The rank of the result must not shrink either.
    return large.size() == small.size() ||
           llvm::any_of(use.getOwner()->getOpOperands(), [&](OpOperand &other) {
             std::optional<ArrayRef<AffineExpr>> dims =
                 shapes->dims(other.get());
             return &other != &use && dims && dims->size() >= large.size();
           });
  }

  bool allEqualTo(Value value, int64_t number) {
    std::optional<SmallVector<int64_t>> list = shapes->constantContents(value);
    return list && llvm::all_equal(*list) &&
           (list->empty() || list->front() == number);
  }

  /// Operands without elements add nothing: the past of a first token.
  void dropEmpty(onnx::ConcatOp op) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes->dims(op.getResult());
    if (!dims)
      return;
    int64_t axis =
        op.getAxis() < 0 ? op.getAxis() + int64_t(dims->size()) : op.getAxis();
    SmallVector<Value> rest;
    for (Value operand : op.getInputs()) {
      std::optional<ArrayRef<AffineExpr>> part = shapes->dims(operand);
      if (!part || (*part)[axis] != shapes->constant(0))
        rest.push_back(operand);
    }
    if (rest.empty() || rest.size() == op.getInputs().size())
      return;
    if (rest.size() == 1 && replace(op.getResult(), rest.front()))
      return;
    op.getInputsMutable().assign(rest);
  }

  /// The one value of all elements of a constant of booleans.
  static std::optional<bool> splatOf(Value value) {
    DenseIntElementsAttr elements;
    if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat() ||
        !elements.getElementType().isInteger(1))
      return std::nullopt;
    return elements.getSplatValue<bool>();
  }

  template <typename OpT> void dropNeutral(OpT op, bool neutral) {
    if (splatOf(op.getA()) == neutral && foldUnchanged(op, op.getB()))
      return;
    if (splatOf(op.getB()) == neutral)
      foldUnchanged(op, op.getA());
  }

  void foldWhere(onnx::WhereOp op) {
    Value chosen;
    if (std::optional<bool> condition = splatOf(op.getCondition()))
      chosen = *condition ? op.getX() : op.getY();
    else if (op.getX() == op.getY())
      chosen = op.getX();
    if (!chosen || foldUnchanged(op, chosen))
      return;
    std::optional<ArrayRef<AffineExpr>> dims = shapes->dims(op.getResult());
    if (!dims || !llvm::all_of(*dims, [&](AffineExpr dim) {
          return isDimArithmetic(*shapes, dim);
        }))
      return;
    // The other operands may be larger.
    OpBuilder builder(op);
    auto shapeType =
        RankedTensorType::get({int64_t(dims->size())}, builder.getI64Type());
    Value shape = dims->empty()
                      ? integerVector(builder, op.getLoc(), {})
                      : emitShapeArithmetic(builder, op.getLoc(), *shapes,
                                            shapeType, *dims);
    replace(op.getResult(),
            onnx::ExpandOp::create(builder, op.getLoc(), op.getType(), chosen,
                                   shape));
  }

  //===--------------------------------------------------------------------===//
  // Reshape
  //===--------------------------------------------------------------------===//

  /// Makes the shape a constant: sizes, 0 for "as in this place before", and
  /// at most one -1 for the rest.
  bool simplifyTarget(onnx::ReshapeOp op, Value source) {
    std::optional<ArrayRef<AffineExpr>> data = shapes->dims(source);
    std::optional<ArrayRef<AffineExpr>> dims = shapes->dims(op.getReshaped());
    if (!data || !dims || !isInferred(op.getReshaped()))
      return false;
    SmallVector<int64_t> target;
    unsigned unknown = 0;
    for (auto [index, dim] : llvm::enumerate(*dims)) {
      if (auto number = dyn_cast<AffineConstantExpr>(dim)) {
        // An empty tensor: a 0 would stand for something else, and -1 would
        // mean nothing.
        if (number.getValue() == 0)
          return false;
        target.push_back(number.getValue());
      } else if (index < data->size() &&
                 shapes->provenEqual(dim, (*data)[index])) {
        target.push_back(0);
      } else {
        target.push_back(-1);
        ++unknown;
      }
    }
    if (unknown > 1)
      return false;
    op.getDataMutable().assign(source);
    if (shapes->constantContents(op.getShape()) == target)
      return true;
    OpBuilder builder(op);
    op.getShapeMutable().assign(integerVector(builder, op.getLoc(), target));
    op.setAllowzero(0);
    return true;
  }

  onnx::SymbolicShapes *shapes = nullptr;
};
} // namespace

} // namespace blockattn
