//===- TokenMixing.cpp - what brings tokens together ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenMixing.h"
#include "passes/Blockify/Programs.h"
#include "passes/Blockify/TokenOrder.h"
#include "passes/Raise/TokenPlaces.h"

#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using namespace blockattn;

namespace {

class MixingFinder {
public:
  explicit MixingFinder(func::FuncOp full)
      : deps(full), fixedLength(lengthOf(full)),
        order(full, deps, fixedLength) {}

  Operation *movedBefore(Operation *op) const { return order.movedBefore(op); }

  bool mixes(Operation *op) const {
    if (order.joins(op))
      return true;
    // What is done with lengths, positions and masks is no data.
    if (op->getNumResults() == 0 || !deps.isData(op->getResult(0)))
      return false;
    // Positions may be counted from token ids.
    if (raise::joinsTokens(op, fixedLength))
      return true;
    if (!isData(op->getResult(0)))
      return false;
    if (auto matmul = dyn_cast<onnx::MatMulOp>(op))
      return mixesProduct(matmul);
    if (auto gemm = dyn_cast<onnx::GemmOp>(op))
      return isOpen(gemm.getA(), gemm.getTransA() ? 0 : 1) &&
             isOpen(gemm.getB(), gemm.getTransB() ? 1 : 0);
    if (auto norm = dyn_cast<onnx::LayerNormalizationOp>(op))
      return isOpenFrom(norm.getX(), norm.getAxis());
    if (auto norm = dyn_cast<onnx::RMSNormalizationOp>(op))
      return isOpenFrom(norm.getX(), norm.getAxis());
    if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op))
      return isOpen(softmax.getInput(), softmax.getAxis());
    // Loops may carry anything from one token to the next.
    return op->getNumRegions() != 0 && !isa<onnx::IfOp>(op);
  }

private:
  bool isData(Value value) const {
    return isa<FloatType>(getElementTypeOrSelf(value)) && deps.isData(value);
  }

  /// Weights have fixed extents. Two activations whose common extent is the
  /// fixed number of tokens are weights of tokens and their values.
  bool mixesProduct(onnx::MatMulOp op) const {
    auto a = dyn_cast<RankedTensorType>(op.getA().getType());
    auto b = dyn_cast<RankedTensorType>(op.getB().getType());
    int64_t common = ShapedType::kDynamic;
    if (a && a.getRank() > 0)
      common = a.getShape().back();
    if (ShapedType::isDynamic(common) && b && b.getRank() > 0)
      common = b.getDimSize(std::max<int64_t>(b.getRank() - 2, 0));
    if (ShapedType::isDynamic(common))
      return true;
    // Weights on the left are multiplied with what stands in columns.
    bool isLeftWeight =
        !isData(op.getA()) && a && a.getRank() == 2 && b && b.getRank() > 2;
    return common == fixedLength && isData(op.getB()) &&
           (isData(op.getA()) || isLeftWeight);
  }

  /// Whether an axis may be that of the tokens: its extent is not known.
  bool isOpen(Value data, int64_t axis) const {
    auto type = dyn_cast<RankedTensorType>(data.getType());
    if (!type)
      return true;
    axis += axis < 0 ? type.getRank() : 0;
    return axis < 0 || axis >= type.getRank() || type.isDynamicDim(axis) ||
           (fixedLength > 0 && type.getDimSize(axis) == fixedLength &&
            axis + 1 < type.getRank());
  }

  /// Whether one of the last axes may be that of the tokens.
  bool isOpenFrom(Value data, int64_t axis) const {
    auto type = dyn_cast<RankedTensorType>(data.getType());
    if (!type)
      return true;
    axis += axis < 0 ? type.getRank() : 0;
    return llvm::any_of(llvm::seq(axis, type.getRank()),
                        [&](int64_t i) { return isOpen(data, i); });
  }

  static int64_t lengthOf(func::FuncOp full) {
    BlockArgument tokens = findArg(full, "tokens");
    auto type = tokens ? dyn_cast<RankedTensorType>(tokens.getType())
                       : RankedTensorType();
    bool isFixed = type && type.getRank() == 2 && !type.isDynamicDim(1);
    return isFixed ? type.getDimSize(1) : 0;
  }

  raise::Dependences deps;
  /// Of the tokens, where the model was exported for one; 0 otherwise.
  int64_t fixedLength;
  TokenOrder order;
};

} // namespace

SmallVector<TokenMixing> blockattn::findTokenMixing(func::FuncOp full) {
  MixingFinder finder(full);
  SmallVector<TokenMixing> found;
  full.getBody().walk([&](Operation *op) {
    if (finder.mixes(op))
      found.push_back({op, finder.movedBefore(op)});
  });
  return found;
}

std::string blockattn::describeTokenMixing(ArrayRef<TokenMixing> mixing) {
  constexpr size_t kNamed = 3;
  auto describe = [](Operation *op) {
    return ("'" + onnx::nodeName(op->getLoc()) + "' (" +
            op->getName().stripDialect() + ")")
        .str();
  };
  std::string text;
  for (const TokenMixing &one : mixing.take_front(kNamed)) {
    text += (text.empty() ? "" : ", ") + describe(one.op);
    if (one.mover)
      text += " after " + describe(one.mover) + " has moved some of them";
  }
  if (mixing.size() > kNamed)
    text += " and " + std::to_string(mixing.size() - kNamed) + " more";
  text = "data of several tokens come together at " + text +
         ", which is no attention that was recognised (see "
         "docs/when-not-raised.md)";
  if (llvm::any_of(mixing, [](const TokenMixing &one) {
        return !isa<FloatType>(
            getElementTypeOrSelf(one.op->getResult(0).getType()));
      }))
    text += "; where positions are counted from token ids, export the model "
            "with position_ids";
  return text;
}
