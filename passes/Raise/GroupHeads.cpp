//===- GroupHeads.cpp - queries that share a head of keys -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// einsum("bqhgd,bkhd->bhgqk") multiplies the queries of a group in one matrix,
// so that keys need no copies: the rows of the product are group times tokens.
// As a product of rank 5, in which keys are broadcast, each row is a token.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Passes.h"
#include "passes/Raise/Rearrange.h"

namespace blockattn {
#define GEN_PASS_DEF_GROUPHEADS
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

class Grouper {
public:
  explicit Grouper(func::FuncOp func) : func(func), equal(func) {}

  void run() {
    SmallVector<onnx::MatMulOp> products(
        func.getBody().front().getOps<onnx::MatMulOp>());
    bool isChanged = false;
    for (onnx::MatMulOp op : products)
      if (std::optional<Rows> rows = match(op)) {
        rewrite(op, *rows);
        isChanged = true;
      }
    if (isChanged)
      eraseUnused(func.getBody().front());
  }

private:
  /// A product [batch, heads, rows, x] with [batch, heads, x, y] whose rows are
  /// two dimensions before and after it.
  struct Rows {
    Value split;            ///< [batch, heads, first, second, x]
    onnx::ReshapeOp result; ///< [batch, heads, first, second, y]
  };

  std::optional<Rows> match(onnx::MatMulOp op) {
    auto reshape = op.getA().getDefiningOp<onnx::ReshapeOp>();
    if (!reshape || !op->hasOneUse())
      return std::nullopt;
    auto result = dyn_cast<onnx::ReshapeOp>(*op->user_begin());
    if (!result || result.getData() != op.getY())
      return std::nullopt;
    Value split = reshape.getData(), made = result.getReshaped();
    if (shapeOfRank(split, 5).empty() || shapeOfRank(op.getA(), 4).empty() ||
        shapeOfRank(op.getB(), 4).empty() || shapeOfRank(made, 5).empty())
      return std::nullopt;
    for (int64_t dim : {0, 1})
      if (!equal(split, dim, op.getA(), dim) ||
          !equal(split, dim, op.getB(), dim))
        return std::nullopt;
    for (int64_t dim : {0, 1, 2, 3})
      if (!equal(split, dim, made, dim))
        return std::nullopt;
    if (!equal(split, 4, op.getA(), 3) || !equal(made, 4, op.getB(), 3))
      return std::nullopt;
    return Rows{split, result};
  }

  /// Queries may be split in groups as they leave their projection: the same
  /// by way of heads as one dimension.
  static Value joinHeads(Rearranger &make, Value split) {
    ArrayRef<int64_t> s = shapeOfRank(split, 5);
    constexpr int64_t kHeadsFirst[] = {0, 2, 3, 1, 4};
    if (ShapedType::isDynamic(s[1]) || ShapedType::isDynamic(s[2]) ||
        ShapedType::isDynamic(s[4]) || !isTransposed(split, kHeadsFirst))
      return split;
    int64_t heads = s[1] * s[2];
    Value queries =
        make.reshape(split.getDefiningOp()->getOperand(0), {0, 0, heads, s[4]},
                     {s[0], s[3], heads, s[4]});
    Value apart = make.reshape(queries, {0, 0, s[1], s[2], s[4]},
                               {s[0], s[3], s[1], s[2], s[4]});
    return make.transpose(apart, kHeadsFirst);
  }

  void rewrite(onnx::MatMulOp op, Rows rows) {
    Value made = rows.result.getReshaped();
    ArrayRef<int64_t> shape = cast<ShapedType>(made.getType()).getShape();
    Rearranger make(op);
    constexpr int64_t kTokensFirst[] = {0, 1, 3, 2, 4};
    // [batch, heads, tokens, group, x]: what attention weighs with these rows
    // is ordered once it has been made.
    bool isTurned = isTransposed(rows.split, kTokensFirst);
    Value left = isTurned ? rows.split.getDefiningOp()->getOperand(0)
                          : joinHeads(make, rows.split);
    SmallVector<int64_t> type(shape);
    if (isTurned)
      std::swap(type[2], type[3]);
    Value product =
        make.create(onnx::MatMulOp::getOperationName(),
                    {left, make.unsqueeze(op.getB(), 2)},
                    cast<RankedTensorType>(made.getType()).clone(type));
    if (ShapedType::isDynamic(type[1]) || ShapedType::isDynamic(type[2]) ||
        ShapedType::isDynamic(type[4])) {
      made.replaceAllUsesWith(isTurned ? make.transpose(product, kTokensFirst)
                                       : product);
      return;
    }
    // By way of [batch, tokens, heads, size], as attention makes it.
    int64_t heads = type[1] * type[2];
    Value joined = make.reshape(product, {0, heads, -1, type[4]},
                                {type[0], heads, type[3], type[4]});
    Value tokens = make.transpose(joined, {0, 2, 1, 3});
    Value apart = make.reshape(tokens, {0, 0, type[1], type[2], type[4]},
                               {type[0], type[3], type[1], type[2], type[4]});
    made.replaceAllUsesWith(
        make.transpose(apart, isTurned ? ArrayRef<int64_t>{0, 2, 1, 3, 4}
                                       : ArrayRef<int64_t>{0, 2, 3, 1, 4}));
  }

  func::FuncOp func;
  EqualSizes equal;
};

struct GroupHeads : blockattn::impl::GroupHeadsBase<GroupHeads> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!func.isExternal() && func.getBody().hasOneBlock())
      Grouper(func).run();
  }
};

} // namespace
