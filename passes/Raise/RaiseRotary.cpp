//===- RaiseRotary.cpp - rotary position embeddings -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Passes.h"
#include "passes/Raise/RotaryFit.h"
#include "passes/Raise/TokenPlaces.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

namespace blockattn {
#define GEN_PASS_DEF_RAISEROTARY
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// Ops that a rotary embedding may be made of.
bool belongs(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::NegOp, onnx::ConcatOp,
             onnx::SliceOp, onnx::SplitOp, onnx::GatherOp, onnx::ReshapeOp,
             onnx::UnsqueezeOp, onnx::SqueezeOp, onnx::TransposeOp,
             onnx::CastOp, onnx::ScatterNDOp, onnx::ScatterElementsOp,
             onnx::PadOp, onnx::ExpandOp, onnx::RotaryEmbeddingOp>(op);
}

class Finder {
public:
  explicit Finder(func::FuncOp func)
      : subject(func), places(subject), fitter(subject),
        fixedLength(subject.fixedTokens()) {}

  void run() {
    SmallVector<Operation *> mixers;
    for (Operation &op : subject.func.getBody().front())
      if (isMixer(&op))
        mixers.push_back(&op);
    for (Operation *mixer : mixers)
      if (!covered.contains(mixer))
        raiseFrom(mixer);
  }

private:
  /// An op that multiplies what depends on positions into data.
  bool isMixer(Operation *op) {
    if (!isa<onnx::MulOp, onnx::RotaryEmbeddingOp>(op) ||
        !subject.deps.isData(op->getResult(0)))
      return false;
    return llvm::any_of(op->getOpOperands(), [&](OpOperand &operand) {
      if (subject.deps.isConstant(operand.get()))
        return isFixedTable(operand);
      return !subject.deps.isData(operand.get()) &&
             !subject.isSize(operand.get());
    });
  }

  /// A constant that has something for each of a fixed number of tokens.
  bool isFixedTable(OpOperand &operand) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    return fixedLength > 1 && type && type.getRank() >= 2 &&
           llvm::is_contained(type.getShape().drop_back(), fixedLength) &&
           places.differ(operand, fixedLength);
  }

  /// The values that the mixer flows into, in program order, as far as they
  /// may belong to the embedding.
  SmallVector<Value> results(Operation *mixer) {
    constexpr size_t kMaxOps = 24;
    SmallVector<Operation *> reached = {mixer};
    for (size_t i = 0; i < reached.size() && reached.size() < kMaxOps; ++i)
      for (Operation *user : reached[i]->getUsers())
        if (user->getBlock() == mixer->getBlock() && belongs(user) &&
            !llvm::is_contained(reached, user))
          reached.push_back(user);
    llvm::sort(reached, [](Operation *a, Operation *b) {
      return a != b && a->isBeforeInBlock(b);
    });
    SmallVector<Value> values;
    for (Operation *op : reached)
      if (op->getNumResults() == 1 && isHeads(op->getResult(0)))
        values.push_back(op->getResult(0));
    return values;
  }

  /// Whether it is worth looking at: a cosine and a sine are multiplied in.
  bool isRotation(ArrayRef<Operation *> ops, Operation *mixer) {
    if (!llvm::is_contained(ops, mixer))
      return false;
    return isa<onnx::RotaryEmbeddingOp>(mixer) ||
           llvm::count_if(ops, [&](Operation *op) { return isMixer(op); }) > 1;
  }

  static bool isHeads(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() == 4 && !type.isDynamicDim(3) &&
           (type.getElementType().isF32() || type.getElementType().isF16() ||
            type.getElementType().isBF16());
  }

  /// Raises the largest rotary embedding that the mixer is part of: one of a
  /// part of each head may be within one of the whole.
  void raiseFrom(Operation *mixer) {
    Value best;
    RotaryRegion bestRegion;
    std::optional<RotaryMatch> bestMatch;
    SmallVector<Operation *> bestOps;
    std::string limit;
    for (Value y : results(mixer)) {
      CutWalker walker(ValueRange(y), [&](Value value) {
        return !subject.deps.isData(value);
      });
      while (Value x = walker.next()) {
        if (!llvm::all_of(walker.passed(), belongs))
          break;
        if (!isHeads(x) || !isRotation(walker.passed(), mixer))
          continue;
        RotaryRegion region{x, y, {}};
        for (Value value : walker.freeOperands())
          if (!subject.isSize(value) && !subject.deps.isConstant(value))
            region.tables.push_back(value);
        // More ops over the same x would be a scale at most, which is not the
        // embedding's.
        if (x == bestRegion.x)
          break;
        std::optional<RotaryMatch> match = fitter.fit(region);
        if (limit.empty())
          limit = fitter.limit();
        if (match && isReplaceable(region, *match)) {
          best = y;
          bestRegion = region;
          bestMatch = match;
          bestOps = llvm::to_vector(walker.passed());
        }
        // Going on from x would take in what made the heads.
        break;
      }
    }
    if (!bestMatch) {
      if (!limit.empty())
        mixer->setAttr(kRotaryLimitAttr,
                       StringAttr::get(mixer->getContext(), limit));
      return;
    }
    covered.insert(bestOps.begin(), bestOps.end());
    replace(bestRegion, *bestMatch);
  }

  /// Positions as a matrix of i64: one row for each sequence, or for all. One
  /// for all that use them, so that it can be seen that they are the same.
  Value positionMatrix(Value positions) {
    Value &matrix = matrices[positions];
    if (!matrix && !positions) {
      OpBuilder b = OpBuilder::atBlockBegin(&subject.func.getBody().front());
      auto type = RankedTensorType::get({1, fixedLength}, b.getI64Type());
      matrix = onnx::ConstantOp::create(
          b, subject.func.getLoc(), type,
          DenseElementsAttr::get(
              type, ArrayRef<int64_t>(
                        llvm::to_vector(llvm::seq<int64_t>(0, fixedLength)))));
    }
    if (!matrix) {
      OpBuilder b(positions.getContext());
      b.setInsertionPointAfterValue(positions);
      matrix = positionMatrix(b, positions.getLoc(), positions);
    }
    return matrix;
  }

  static Value positionMatrix(OpBuilder &b, Location loc, Value positions) {
    auto type = cast<RankedTensorType>(positions.getType());
    auto create = [&](StringRef name, ValueRange operands, Type resultType,
                      ArrayRef<NamedAttribute> attributes = {}) {
      OperationState state(loc, name, operands, resultType, attributes);
      return b.create(state)->getResult(0);
    };
    if (!type.getElementType().isInteger(64)) {
      type = type.clone(b.getI64Type());
      positions = create(onnx::CastOp::getOperationName(), positions, type,
                         b.getNamedAttr("to", TypeAttr::get(b.getI64Type())));
    }
    if (type.getRank() == 2)
      return positions;
    // One dimension holds the tokens and the others are 1.
    int64_t tokens = 1;
    for (int64_t size : type.getShape())
      if (size != 1)
        tokens = size;
    auto vector = RankedTensorType::get({2}, b.getI64Type());
    Value shape = onnx::ConstantOp::create(
        b, loc, vector,
        DenseElementsAttr::get(vector, ArrayRef<int64_t>{1, -1}));
    return create(onnx::ReshapeOp::getOperationName(), {positions, shape},
                  RankedTensorType::get({1, tokens}, b.getI64Type()));
  }

  static Value swapHeads(OpBuilder &b, Location loc, Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    ArrayRef<int64_t> s = type.getShape();
    OperationState state(
        loc, onnx::TransposeOp::getOperationName(), value,
        TypeRange(RankedTensorType::get({s[0], s[2], s[1], s[3]},
                                        type.getElementType())),
        {b.getNamedAttr("perm", b.getDenseI64ArrayAttr({0, 2, 1, 3}))});
    return b.create(state)->getResult(0);
  }

  /// The heads of tokens behind a transposition, if that is all it does.
  static Value beforeSwap(Value value) {
    auto transpose = value.getDefiningOp<onnx::TransposeOp>();
    if (transpose && transpose.getPerm() &&
        *transpose.getPerm() == ArrayRef<int64_t>{0, 2, 1, 3})
      return transpose.getData();
    return {};
  }

  /// A rotary embedding keeps the type of its operand.
  static bool isReplaceable(const RotaryRegion &region,
                            const RotaryMatch &match) {
    if (match.yHeadsFirst)
      return true;
    auto x = cast<RankedTensorType>(region.x.getType());
    SmallVector<int64_t> dims(x.getShape());
    if (match.xHeadsFirst)
      std::swap(dims[1], dims[2]);
    return region.y.getType() ==
           RankedTensorType::get(dims, x.getElementType());
  }

  void replace(const RotaryRegion &region, const RotaryMatch &match) {
    Operation *last = region.y.getDefiningOp();
    OpBuilder b(last);
    Location loc = last->getLoc();
    Value input = region.x;
    if (match.xHeadsFirst) {
      Value before = beforeSwap(input);
      input = before ? before : swapHeads(b, loc, input);
    }
    Value positions = positionMatrix(match.positions);
    Value raised =
        RotaryOp::create(b, loc, input.getType(), input, positions, match.rope);
    if (match.yHeadsFirst)
      raised = swapHeads(b, loc, raised);
    // A transposition may know its result better than its operand's type does.
    if (match.yHeadsFirst)
      raised.setType(region.y.getType());
    Value y = region.y;
    y.replaceAllUsesWith(raised);
  }

  Subject subject;
  TokenPlaces places;
  RotaryFitter fitter;
  /// 0 where the number of tokens is not fixed.
  int64_t fixedLength;
  llvm::DenseSet<Operation *> covered;
  llvm::DenseMap<Value, Value> matrices;
};

struct RaiseRotary : blockattn::impl::RaiseRotaryBase<RaiseRotary> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal() && func.getBody().hasOneBlock())
        Finder(func).run();
  }
};

} // namespace
