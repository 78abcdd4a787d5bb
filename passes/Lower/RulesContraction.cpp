//===- RulesContraction.cpp - matrix products -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product whose right side is one matrix becomes one `linalg.matmul`,
// whatever dimensions the left side has; a transposed operand is read where it
// lies, through the indexing maps. All else is a `linalg.batch_matmul`.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

namespace {
/// A matrix operand: [batch..., rows, columns], or stored the other way round.
struct Matrix {
  Value original;
  Value tensor;
  SmallVector<AffineExpr> exprs;
  SmallVector<OpFoldResult> sizes;
  bool transposed = false;

  int64_t rank() const { return sizes.size(); }
  unsigned rowDim() const { return rank() - (transposed ? 1 : 2); }
  unsigned columnDim() const { return rank() - (transposed ? 2 : 1); }
  OpFoldResult rows() const { return sizes[rowDim()]; }
  OpFoldResult columns() const { return sizes[columnDim()]; }
};
} // namespace

/// Looks through a transposition of the last two dimensions.
static Matrix readMatrix(Value value, Lowering &l) {
  Matrix result;
  if (auto transpose = value.getDefiningOp<onnx::TransposeOp>()) {
    auto type = dyn_cast<RankedTensorType>(l.get(value).getType());
    std::optional<ArrayRef<int64_t>> perm = transpose.getPerm();
    int64_t rank = type ? type.getRank() : 0;
    bool swaps = rank >= 2;
    for (int64_t i = 0; i < rank && perm; ++i) {
      int64_t expected =
          i == rank - 1 ? rank - 2 : (i == rank - 2 ? rank - 1 : i);
      swaps &= (*perm)[i] == expected;
    }
    if (swaps && (perm || rank == 2)) {
      value = transpose.getData();
      result.transposed = true;
    }
  }
  result.original = value;
  result.tensor = l.get(value);
  result.exprs = llvm::to_vector(l.exprs(value));
  result.sizes = l.sizes(value);
  return result;
}

/// Row-major [sizes...] under other dimensions that have the same product.
static void reshapeMatrix(Matrix &m, ArrayRef<AffineExpr> exprs,
                          ArrayRef<OpFoldResult> sizes, Lowering &l) {
  m.tensor = l.reshape(m.tensor, m.exprs, exprs, sizes);
  m.exprs.assign(exprs.begin(), exprs.end());
  m.sizes.assign(sizes.begin(), sizes.end());
}

/// Merges dimensions [0, count) into one; with no dimensions it is a 1. The
/// expressions are not needed any more.
static void mergeLeading(Matrix &m, int64_t count, Lowering &l) {
  SmallVector<OpFoldResult> sizes = {
      l.product(ArrayRef(m.sizes).take_front(count))};
  llvm::append_range(sizes, ArrayRef(m.sizes).drop_front(count));
  SmallVector<ReassociationIndices> groups(1);
  if (count > 0) {
    for (int64_t i = 0; i < m.rank(); ++i) {
      if (i >= count)
        groups.emplace_back();
      groups.back().push_back(i);
    }
    m.tensor = l.collapse(m.tensor, groups);
  } else {
    SmallVector<AffineExpr> exprs = {l.b.getAffineConstantExpr(1)};
    llvm::append_range(exprs, m.exprs);
    m.tensor = l.reshape(m.tensor, m.exprs, exprs, sizes);
  }
  m.exprs.clear();
  m.sizes = sizes;
}

/// The type in which products are summed.
static Type sumType(Type type) {
  auto real = dyn_cast<FloatType>(type);
  return real && real.getWidth() < 32 ? Float32Type::get(type.getContext())
                                      : type;
}

/// C = A * B for matrices, or for batches of them of one size.
static Value multiply(const Matrix &lhs, const Matrix &rhs, Lowering &l) {
  bool batched = lhs.rank() == 3;
  auto type = cast<RankedTensorType>(lhs.tensor.getType());
  Type element = type.getElementType(), sum = sumType(element);
  SmallVector<OpFoldResult> sizes;
  if (batched)
    sizes.push_back(lhs.sizes[0]);
  sizes.push_back(lhs.rows());
  sizes.push_back(rhs.columns());
  Value init = l.filled(sizes, l.zero(sum));

  MLIRContext *context = l.b.getContext();
  unsigned dims = batched ? 4 : 3;
  AffineExpr batch = l.b.getAffineDimExpr(0);
  AffineExpr m = l.b.getAffineDimExpr(dims - 3),
             n = l.b.getAffineDimExpr(dims - 2),
             k = l.b.getAffineDimExpr(dims - 1);
  auto mapOf = [&](AffineExpr row, AffineExpr column, bool transposed) {
    SmallVector<AffineExpr> results;
    if (batched)
      results.push_back(batch);
    results.push_back(transposed ? column : row);
    results.push_back(transposed ? row : column);
    return AffineMapAttr::get(AffineMap::get(dims, 0, results, context));
  };
  ArrayAttr maps =
      l.b.getArrayAttr({mapOf(m, k, lhs.transposed),
                        mapOf(k, n, rhs.transposed), mapOf(m, n, false)});
  Value result;
  if (batched) {
    auto op = linalg::BatchMatmulOp::create(l.b, l.loc, init.getType(),
                                            {lhs.tensor, rhs.tensor}, init);
    op.setIndexingMapsAttr(maps);
    result = op.getResult(0);
  } else {
    auto op = linalg::MatmulOp::create(l.b, l.loc, init.getType(),
                                       {lhs.tensor, rhs.tensor}, init);
    op.setIndexingMapsAttr(maps);
    result = op.getResult(0);
  }
  if (sum == element)
    return result;
  return l.generic({result}, {l.identity(sizes.size())}, sizes, element,
                   [&](OpBuilder &builder, Location loc, ValueRange v) {
                     return Lowering::convertFloat(builder, loc, v[0], element);
                   });
}

/// Whether all dimensions before the last two are 1.
static bool isOneMatrix(const Matrix &m) {
  return llvm::all_of(ArrayRef(m.sizes).drop_back(2), [](OpFoldResult size) {
    return Lowering::constant(size) == 1;
  });
}

static LogicalResult lowerMatMul(onnx::MatMulOp op, Lowering &l,
                                 std::string &why) {
  Matrix lhs = readMatrix(op.getA(), l), rhs = readMatrix(op.getB(), l);
  if (lhs.rank() == 0 || rhs.rank() == 0 ||
      lhs.exprs.size() != lhs.sizes.size() ||
      rhs.exprs.size() != rhs.sizes.size()) {
    why = "its operands must have a known rank of at least 1";
    return failure();
  }
  if (!lhs.tensor.getType() || !cast<RankedTensorType>(lhs.tensor.getType())
                                    .getElementType()
                                    .isIntOrFloat()) {
    why = "its element type is not supported";
    return failure();
  }
  // A vector is a row on the left and a column on the right.
  AffineExpr oneExpr = l.b.getAffineConstantExpr(1);
  OpFoldResult one = l.b.getIndexAttr(1);
  bool dropRow = lhs.rank() == 1, dropColumn = rhs.rank() == 1;
  if (dropRow)
    reshapeMatrix(lhs, {oneExpr, lhs.exprs[0]}, {one, lhs.sizes[0]}, l);
  if (dropColumn)
    reshapeMatrix(rhs, {rhs.exprs[0], oneExpr}, {rhs.sizes[0], one}, l);
  if (!l.shapes.provenEqual(lhs.exprs[lhs.columnDim()],
                            rhs.exprs[rhs.rowDim()]))
    l.checkEqual(lhs.columns(), rhs.rows(),
                 "the inner dimensions of the product differ");

  SmallVector<OpFoldResult> resultSizes;
  SmallVector<AffineExpr> resultExprs;
  Value product;
  bool plain = isOneMatrix(rhs) && (!lhs.transposed || isOneMatrix(lhs)) &&
               rhs.rank() <= std::max<int64_t>(lhs.rank(), 2);
  if (plain) {
    for (int64_t i = 0; i < lhs.rank() - 2; ++i) {
      resultSizes.push_back(lhs.sizes[i]);
      resultExprs.push_back(lhs.exprs[i]);
    }
    resultSizes.append({lhs.rows(), rhs.columns()});
    resultExprs.append({lhs.exprs[lhs.rowDim()], rhs.exprs[rhs.columnDim()]});
    if (rhs.rank() > 2)
      reshapeMatrix(
          rhs, SmallVector<AffineExpr>(ArrayRef(rhs.exprs).take_back(2)),
          SmallVector<OpFoldResult>(ArrayRef(rhs.sizes).take_back(2)), l);
    if (lhs.rank() > 2 && lhs.transposed)
      reshapeMatrix(
          lhs, SmallVector<AffineExpr>(ArrayRef(lhs.exprs).take_back(2)),
          SmallVector<OpFoldResult>(ArrayRef(lhs.sizes).take_back(2)), l);
    else if (lhs.rank() > 2)
      mergeLeading(lhs, lhs.rank() - 1, l);
    product = multiply(lhs, rhs, l);
  } else {
    // Bring both to the common batch dimensions, then make one of them.
    int64_t batchRank = std::max(lhs.rank(), rhs.rank()) - 2;
    SmallVector<OpFoldResult> batch;
    SmallVector<AffineExpr> batchExprs;
    SmallVector<bool> open(batchRank, false);
    for (int64_t i = 0; i < batchRank; ++i) {
      int64_t x = i - (batchRank + 2 - lhs.rank());
      int64_t y = i - (batchRank + 2 - rhs.rank());
      bool fromRight =
          x < 0 || (Lowering::constant(lhs.sizes[x]) == 1 && y >= 0);
      const Matrix &from = fromRight ? rhs : lhs;
      int64_t at = fromRight ? y : x;
      AffineExpr expr = from.exprs[at];
      OpFoldResult size = from.sizes[at];
      if (!fromRight && y >= 0 && Lowering::constant(rhs.sizes[y]) != 1 &&
          !l.shapes.provenEqual(expr, rhs.exprs[y])) {
        // One of them may turn out to be 1.
        open[i] = true;
        Value isOne = arith::CmpIOp::create(
            l.b, l.loc, arith::CmpIPredicate::eq, l.toValue(size), l.index(1));
        size = arith::SelectOp::create(l.b, l.loc, isOne,
                                       l.toValue(rhs.sizes[y]), l.toValue(size))
                   .getResult();
        for (OpFoldResult given : {lhs.sizes[x], rhs.sizes[y]}) {
          Value same =
              arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                    l.toValue(given), l.toValue(size));
          Value single =
              arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                    l.toValue(given), l.index(1));
          l.check(arith::OrIOp::create(l.b, l.loc, same, single),
                  BA_KERNEL_FAIL_SHAPE,
                  "the batch dimensions of the product do not broadcast");
        }
      }
      batch.push_back(size);
      batchExprs.push_back(expr);
    }
    resultSizes = batch;
    resultSizes.append({lhs.rows(), rhs.columns()});
    resultExprs = batchExprs;
    resultExprs.append({lhs.exprs[lhs.rowDim()], rhs.exprs[rhs.columnDim()]});
    for (Matrix *m : {&lhs, &rhs}) {
      bool whole = m->rank() == batchRank + 2;
      for (int64_t i = 0; whole && i < batchRank; ++i)
        whole = Lowering::same(m->sizes[i], batch[i]) ||
                (!open[i] && l.shapes.provenEqual(m->exprs[i], batchExprs[i]));
      SmallVector<OpFoldResult> full = batch;
      llvm::append_range(full, ArrayRef(m->sizes).take_back(2));
      SmallVector<AffineExpr> fullExprs = batchExprs;
      llvm::append_range(fullExprs, ArrayRef(m->exprs).take_back(2));
      if (!whole) {
        m->tensor = l.broadcastTensor(m->tensor, m->sizes, full);
        m->sizes = full;
        m->exprs = fullExprs;
      }
      mergeLeading(*m, batchRank, l);
    }
    if (llvm::is_contained(open, true))
      resultExprs.clear();
    product = multiply(lhs, rhs, l);
  }
  // Split the merged dimension again; drop those that vectors were given.
  int64_t leading = resultSizes.size() - 2;
  SmallVector<ReassociationIndices> groups;
  if (plain) {
    groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(0, leading + 1)));
    groups.push_back({leading + 1});
  } else {
    groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(0, leading)));
    groups.push_back({leading});
    groups.push_back({leading + 1});
  }
  product = l.expand(product, groups, resultSizes);
  if (dropRow || dropColumn) {
    SmallVector<OpFoldResult> sizes = resultSizes;
    SmallVector<AffineExpr> exprs = resultExprs;
    size_t row = sizes.size() - 2, column = sizes.size() - 1;
    if (dropColumn)
      sizes.erase(sizes.begin() + column);
    if (dropRow)
      sizes.erase(sizes.begin() + row);
    if (!exprs.empty() && dropColumn)
      exprs.erase(exprs.begin() + column);
    if (!exprs.empty() && dropRow)
      exprs.erase(exprs.begin() + row);
    product = l.reshape(product, resultExprs, exprs, sizes);
  }
  l.set(op.getY(), product);
  return success();
}

static LogicalResult lowerGemm(onnx::GemmOp op, Lowering &l, std::string &why) {
  Matrix lhs = readMatrix(op.getA(), l), rhs = readMatrix(op.getB(), l);
  if (lhs.rank() != 2 || rhs.rank() != 2 || lhs.exprs.size() != 2 ||
      rhs.exprs.size() != 2) {
    why = "its operands must be matrices";
    return failure();
  }
  lhs.transposed ^= op.getTransA() != 0;
  rhs.transposed ^= op.getTransB() != 0;
  if (!l.shapes.provenEqual(lhs.exprs[lhs.columnDim()],
                            rhs.exprs[rhs.rowDim()]))
    l.checkEqual(lhs.columns(), rhs.rows(),
                 "the inner dimensions of the product differ");
  Value product = multiply(lhs, rhs, l);
  SmallVector<OpFoldResult> sizes = {lhs.rows(), rhs.columns()};
  Type element = cast<RankedTensorType>(product.getType()).getElementType();
  double alpha = op.getAlpha().convertToFloat();
  double beta = op.getBeta().convertToFloat();
  bool hasC = op.getC() && beta != 0;
  if (!isa<FloatType>(element) && (alpha != 1 || (hasC && beta != 1))) {
    why = "factors of integer products are not supported";
    return failure();
  }
  if (alpha != 1 || hasC) {
    SmallVector<Value> inputs = {product};
    SmallVector<AffineMap> maps = {l.identity(2)};
    if (hasC) {
      inputs.push_back(l.broadcastTo(op.getC(), sizes));
      maps.push_back(l.identity(2));
    }
    product = l.generic(
        inputs, maps, sizes, element,
        [&](OpBuilder &builder, Location loc, ValueRange v) -> Value {
          auto scaled = [&](Value value, double factor) -> Value {
            if (factor == 1)
              return value;
            return arith::MulFOp::create(
                builder, loc, value, l.floatConstant(builder, element, factor));
          };
          Value sum = scaled(v[0], alpha);
          if (!hasC)
            return sum;
          Value addend = scaled(v[1], beta);
          if (isa<FloatType>(element))
            return arith::AddFOp::create(builder, loc, sum, addend);
          return arith::AddIOp::create(builder, loc, sum, addend);
        });
  }
  l.set(op.getY(), product);
  return success();
}

void blockattn::populateContractionRules(LoweringRules &rules) {
  rules.add<onnx::MatMulOp>(lowerMatMul);
  rules.add<onnx::GemmOp>(lowerGemm);
}
