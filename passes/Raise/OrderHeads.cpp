//===- OrderHeads.cpp - heads of tokens that come first -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PyTorch's nn.MultiheadAttention works on [tokens, batch, heads * size], and
// takes batch and heads together: a reshape to [tokens, batch * heads, size]
// and a transposition make its matrices. Spelled as [batch, heads, tokens,
// size] on the way, heads are found by whoever looks for them.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Dataflow.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/Rearrange.h"

namespace blockattn {
#define GEN_PASS_DEF_ORDERHEADS
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

class Orderer {
public:
  explicit Orderer(func::FuncOp func) : func(func), equal(func) {}

  void run() {
    SmallVector<onnx::TransposeOp> transposes(
        func.getBody().front().getOps<onnx::TransposeOp>());
    for (onnx::TransposeOp op : transposes) {
      if (!op.getPerm())
        continue;
      ArrayRef<int64_t> perm = *op.getPerm();
      if (perm == ArrayRef<int64_t>{1, 2, 3, 0})
        splitKeys(op);
      else if (perm == ArrayRef<int64_t>{1, 2, 0})
        splitHeads(op, /*turned=*/true);
      else if (perm == ArrayRef<int64_t>{1, 0, 2} &&
               !splitHeads(op, /*turned=*/false))
        joinHeads(op);
    }
    if (isChanged)
      eraseUnused(func.getBody().front());
  }

private:
  /// [tokens, batch, heads, size] to transposed keys: by way of
  /// [batch, heads, tokens, size].
  void splitKeys(onnx::TransposeOp op) {
    Rearranger make(op);
    Value heads = make.transpose(op.getData(), {1, 2, 0, 3});
    replace(op, make.turn(heads));
  }

  /// [tokens, batch, heads * size] to [tokens, batch * heads, size] to
  /// [batch * heads, tokens, size] (or that transposed).
  bool splitHeads(onnx::TransposeOp op, bool turned) {
    auto reshape = op.getData().getDefiningOp<onnx::ReshapeOp>();
    if (!reshape)
      return false;
    ArrayRef<int64_t> from = shapeOfRank(reshape.getData(), 3);
    ArrayRef<int64_t> to = shapeOfRank(reshape.getReshaped(), 3);
    if (from.empty() || to.empty() || ShapedType::isDynamic(from[2]) ||
        ShapedType::isDynamic(to[2]) || to[2] < 1 || from[2] % to[2] != 0 ||
        from[2] <= to[2] ||
        !equal(reshape.getData(), 0, reshape.getReshaped(), 0))
      return false;
    int64_t heads = from[2] / to[2], size = to[2];
    Rearranger make(op);
    Value apart = make.reshape(reshape.getData(), {0, 0, heads, size},
                               {from[0], from[1], heads, size});
    Value ordered = make.transpose(apart, {1, 2, 0, 3});
    // Batch and heads become one dimension, the others stay.
    Value joined = make.squeeze(
        make.reshape(ordered, {-1, 1, 0, 0}, {to[1], 1, to[0], size}), 1);
    replace(op, turned ? make.turn(joined) : joined);
    return true;
  }

  /// What attention makes, [batch * heads, tokens, size], to
  /// [tokens, batch * heads, size] to [tokens, batch, heads * size], or to that
  /// as a matrix.
  void joinHeads(onnx::TransposeOp op) {
    Value made = op.getData();
    ArrayRef<int64_t> from = shapeOfRank(made, 3);
    if (from.empty() || ShapedType::isDynamic(from[2]) || from[2] < 1 ||
        !made.getDefiningOp<onnx::MatMulOp>() || !op->hasOneUse())
      return;
    auto reshape = dyn_cast<onnx::ReshapeOp>(*op->user_begin());
    auto type = reshape && reshape.getData() == op.getTransposed()
                    ? dyn_cast<RankedTensorType>(reshape.getType())
                    : RankedTensorType();
    if (!type || type.getRank() < 2 || type.getRank() > 3)
      return;
    int64_t width = type.getShape().back(), size = from[2];
    if (ShapedType::isDynamic(width) || width <= size || width % size != 0)
      return;
    // A 0 stands for a dimension of its operand, of which the first stays.
    std::optional<SmallVector<int64_t>> target =
        integerConstant(reshape.getShape());
    if (!target ||
        (reshape.getAllowzero() == 0 &&
         llvm::is_contained(ArrayRef(*target).drop_front(), int64_t(0))))
      return;
    int64_t heads = width / size;
    // Others that are joined are tokens, such as frames that are stacked.
    if (!equal.isMultiple(made, 0, heads))
      return;
    Rearranger make(op);
    Value apart = make.reshape(make.unsqueeze(made, 1), {-1, heads, 0, 0},
                               {ShapedType::kDynamic, heads, from[1], size});
    replace(op, make.transpose(apart, {2, 0, 1, 3}));
  }

  void replace(onnx::TransposeOp op, Value value) {
    op.getTransposed().replaceAllUsesWith(value);
    isChanged = true;
  }

  func::FuncOp func;
  EqualSizes equal;
  bool isChanged = false;
};

struct OrderHeads : blockattn::impl::OrderHeadsBase<OrderHeads> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.isExternal() && func.getBody().hasOneBlock())
      Orderer(func).run();
  }
};

} // namespace
