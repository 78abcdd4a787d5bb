//===- AttentionLike.cpp - what is nearly attention -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention is looked for where there is a softmax. Scores may become weights
// in another way: by a sigmoid, by powers of 2, by a softmax over the queries.
// That tokens are mixed there must be said, too.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/AttentionLike.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

class Finder {
public:
  Finder(Subject &subject, const llvm::DenseSet<Operation *> &known)
      : subject(subject), known(known) {}

  SmallVector<AttentionLike> run() {
    SmallVector<AttentionLike> found;
    llvm::DenseSet<Operation *> seen;
    for (auto product : subject.func.getBody().front().getOps<onnx::MatMulOp>())
      if (isOfData(product))
        for (Value weights : product->getOperands())
          if (Operation *op = trace(weights); op && seen.insert(op).second)
            found.push_back({op, explain(op)});
    return found;
  }

private:
  bool isOfData(onnx::MatMulOp op) {
    return subject.deps.isData(op.getA()) && subject.deps.isData(op.getB());
  }

  /// Whether dimension `fromBack`, counted from the last, may be the tokens.
  bool isOfTokens(RankedTensorType type, int64_t fromBack) {
    int64_t size = type.getDimSize(type.getRank() - 1 - fromBack);
    return ShapedType::isDynamic(size) ||
           (size > 1 && size == subject.fixedTokens());
  }

  /// Whether the value may be scores, or what a row or column of them sums up
  /// to.
  bool isLikeScores(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() >= 2 && subject.deps.isData(value) &&
           (isOfTokens(type, 0) || isOfTokens(type, 1));
  }

  static bool makesWeights(Operation *op) {
    return isa<onnx::SoftmaxOp, onnx::ExpOp, onnx::PowOp, onnx::SigmoidOp,
               onnx::ReluOp, onnx::SoftplusOp>(op);
  }

  /// The op that makes weights of a product of data; null where there is none,
  /// or it is known.
  Operation *trace(Value weights) {
    constexpr size_t kMaxValues = 48;
    llvm::SetVector<Value> values;
    values.insert(weights);
    Operation *maker = nullptr;
    bool hasProduct = false;
    for (size_t i = 0; i < values.size() && i < kMaxValues; ++i) {
      Operation *op = values[i].getDefiningOp();
      if (!op || op->getNumRegions() != 0 || !isLikeScores(values[i]))
        continue;
      if (auto matmul = dyn_cast<onnx::MatMulOp>(op)) {
        auto type = cast<RankedTensorType>(matmul.getType());
        hasProduct |= maker && isOfData(matmul) && isOfTokens(type, 0) &&
                      isOfTokens(type, 1);
        continue;
      }
      if (known.contains(op))
        return nullptr;
      if (!maker && makesWeights(op))
        maker = op;
      values.insert(op->operand_begin(), op->operand_end());
    }
    return hasProduct ? maker : nullptr;
  }

  static Reason explain(Operation *op) {
    if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op)) {
      auto type = cast<RankedTensorType>(softmax.getInput().getType());
      int64_t axis = softmax.getAxis();
      if (axis != -1 && axis != type.getRank() - 1)
        return "its softmax is over dimension " + std::to_string(axis) +
               " of the scores, not over the last, the keys of a query";
      return "its softmax is no operand of a product with values in a way that "
             "is understood";
    }
    return ("its scores become weights by the op '" +
            op->getName().stripDialect() +
            "', which is not seen to be a softmax")
        .str();
  }

  Subject &subject;
  const llvm::DenseSet<Operation *> &known;
};

} // namespace

SmallVector<AttentionLike>
raise::findAttentionLike(Subject &subject,
                         const llvm::DenseSet<Operation *> &known) {
  return Finder(subject, known).run();
}
