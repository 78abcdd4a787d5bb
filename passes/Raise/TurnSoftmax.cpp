//===- TurnSoftmax.cpp - scores with keys as rows -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// transpose(softmax(mask(K * transpose(Q)), axis = -2)) is softmax(mask'(Q *
// transpose(K)), axis = -1): product, mask and what else is between are turned.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Passes.h"
#include "passes/Raise/Rearrange.h"

#include "llvm/ADT/DenseMap.h"

namespace blockattn {
#define GEN_PASS_DEF_TURNSOFTMAX
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// Ops that do the same to each element, wherever it is.
bool isElementwise(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::WhereOp,
             onnx::MinOp, onnx::MaxOp, onnx::NegOp, onnx::TanhOp, onnx::CastOp>(
      op);
}

int64_t rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

/// Whether the transposition exchanges the last two dimensions, and no others.
bool isTurn(onnx::TransposeOp op) {
  if (!op.getPerm() || op.getPerm()->size() < 2)
    return false;
  SmallVector<int64_t> perm(*op.getPerm());
  std::swap(perm[perm.size() - 2], perm[perm.size() - 1]);
  return llvm::equal(perm, llvm::seq<int64_t>(0, perm.size()));
}

class Turner {
public:
  /// The ops from a product to `scores`, which is what they end in; false if
  /// there is no product, or one of them cannot be turned.
  bool collect(Value scores, unsigned depth = 0) {
    constexpr unsigned kMaxDepth = 16;
    Operation *op = scores.getDefiningOp();
    if (!op || depth > kMaxDepth)
      return false;
    int64_t rank = rankOf(scores);
    if (isa<onnx::MatMulOp>(op)) {
      if (rank < 3 ||
          llvm::any_of(
              op->getOperands(),
              [&](Value operand) { return rankOf(operand) != rank; }))
        return false;
      path.insert(op);
      return true;
    }
    if (!isElementwise(op))
      return false;
    bool found = false;
    for (Value operand : op->getOperands()) {
      // A row alone would have to become a column.
      int64_t inner = rankOf(operand);
      if (inner < 0 || inner == 1)
        return false;
      found |= inner == rank && collect(operand, depth + 1);
    }
    if (found)
      path.insert(op);
    return found;
  }

  /// The value with its last two dimensions exchanged.
  Value turn(Rearranger &make, Value value) {
    if (rankOf(value) < 2)
      return value;
    if (Value known = turned.lookup(value))
      return known;
    Operation *op = value.getDefiningOp();
    Value result;
    if (!op || !path.contains(op)) {
      result = make.turn(value);
    } else {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(turn(make, operand));
      if (isa<onnx::MatMulOp>(op))
        std::swap(operands[0], operands[1]);
      auto type = cast<RankedTensorType>(value.getType());
      SmallVector<int64_t> shape(type.getShape());
      std::swap(shape[shape.size() - 2], shape[shape.size() - 1]);
      result = make.create(op->getName().getStringRef(), operands,
                           type.clone(shape), op->getAttrs());
    }
    return turned[value] = result;
  }

private:
  llvm::SetVector<Operation *> path;
  llvm::DenseMap<Value, Value> turned;
};

struct TurnSoftmax : blockattn::impl::TurnSoftmaxBase<TurnSoftmax> {
  void runOnOperation() override {
    SmallVector<onnx::SoftmaxOp> list;
    getOperation().walk([&](onnx::SoftmaxOp op) { list.push_back(op); });
    bool isChanged = false;
    for (onnx::SoftmaxOp op : list)
      isChanged |= rewrite(op);
    if (isChanged)
      for (Block &block : getOperation().getBody())
        eraseUnused(block);
  }

  static bool rewrite(onnx::SoftmaxOp op) {
    int64_t rank = rankOf(op.getInput());
    if (rank < 3 || (op.getAxis() != -2 && op.getAxis() != rank - 2))
      return false;
    SmallVector<onnx::TransposeOp> users;
    for (Operation *user : op->getUsers())
      if (auto transpose = dyn_cast<onnx::TransposeOp>(user);
          transpose && isTurn(transpose))
        users.push_back(transpose);
    Turner turner;
    if (users.empty() || !turner.collect(op.getInput()))
      return false;
    Rearranger make(op);
    Value scores = turner.turn(make, op.getInput());
    Value weights = make.create(
        onnx::SoftmaxOp::getOperationName(), scores, scores.getType(),
        make.b.getNamedAttr("axis", make.b.getI64IntegerAttr(-1)));
    for (onnx::TransposeOp user : users) {
      user.getTransposed().replaceAllUsesWith(weights);
      user.erase();
    }
    // Others see it as it was.
    if (!op->use_empty())
      op.getOutput().replaceAllUsesWith(make.turn(weights));
    op.erase();
    return true;
  }
};

} // namespace
