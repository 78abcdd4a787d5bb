//===- MatrixProduct.cpp - contractions that libraries compute ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MatrixProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace blockattn;

/// Whether memory dimension `i` is known to have stride 1.
static bool hasUnitStride(MemRefType type, int64_t i) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides[i] == 1;
}

/// Finds where the loop dimensions `row` and `column` (-1: absent) lie in an
/// operand. Fails when neither of them has unit stride.
static LogicalResult matchMatrix(MatrixForm &form, Value memref, AffineMap map,
                                 int64_t row, int64_t column,
                                 ArrayRef<unsigned> batch) {
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || !isa<FloatType>(type.getElementType()) ||
      !map.isProjectedPermutation())
    return failure();
  auto positionOf = [&](int64_t dim) -> int64_t {
    if (dim < 0)
      return -1;
    auto position =
        map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
    return position ? static_cast<int64_t>(*position) : -1;
  };
  form.memref = memref;
  form.row = positionOf(row);
  form.column = positionOf(column);
  for (unsigned dim : batch)
    form.batch.push_back(positionOf(dim));
  if ((row >= 0 && form.row < 0) || (column >= 0 && form.column < 0))
    return failure();
  if (form.column >= 0 && hasUnitStride(type, form.column))
    return success();
  if (form.row >= 0 && hasUnitStride(type, form.row)) {
    form.transposed = true;
    return success();
  }
  // A vector with any stride is a matrix of one row or column: its stride is
  // the leading dimension.
  if (form.column < 0 && form.row >= 0)
    return success();
  if (form.row < 0 && form.column >= 0) {
    form.transposed = true;
    return success();
  }
  return failure();
}

std::optional<MatrixProduct> blockattn::matchProduct(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || !linalg::isaContractionOpInterface(op))
    return std::nullopt;
  // Only sums of products; the interface also admits other semirings.
  Block *body = op.getBlock();
  if (!llvm::all_of(body->without_terminator(), [](Operation &inner) {
        return isa<arith::MulFOp, arith::AddFOp, arith::ExtFOp>(inner);
      }))
    return std::nullopt;
  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (failed(dims) || dims->m.size() > 1 || dims->n.size() > 1 ||
      dims->k.size() != 1)
    return std::nullopt;
  int64_t m = dims->m.empty() ? -1 : dims->m[0];
  int64_t n = dims->n.empty() ? -1 : dims->n[0];
  int64_t k = dims->k[0];
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  MatrixProduct product;
  product.numBatch = dims->batch.size();
  if (failed(matchMatrix(product.a, op->getOperand(0), maps[0], m, k,
                         dims->batch)) ||
      failed(matchMatrix(product.b, op->getOperand(1), maps[1], k, n,
                         dims->batch)) ||
      failed(matchMatrix(product.c, op->getOperand(2), maps[2], m, n,
                         dims->batch)))
    return std::nullopt;
  product.type = getElementTypeOrSelf(product.a.memref.getType());
  product.resultType = getElementTypeOrSelf(product.c.memref.getType());
  if (product.type != getElementTypeOrSelf(product.b.memref.getType()))
    return std::nullopt;
  // Every batch has its own result.
  if (llvm::is_contained(product.c.batch, -1))
    return std::nullopt;
  return product;
}

/// The allocation or argument that a view looks at.
static Value rootOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

linalg::FillOp blockattn::findZeroFill(linalg::LinalgOp op, Value output) {
  Value root = rootOf(output);
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(before)) {
      if (fill.getOutputs()[0] == output) {
        bool isZero = matchPattern(fill.getInputs()[0], m_PosZeroFloat());
        return isZero ? fill : linalg::FillOp();
      }
    }
    if (isa<ViewLikeOpInterface, memref::DimOp>(before))
      continue;
    if (before->getNumRegions())
      return {};
    for (Value operand : before->getOperands())
      if (isa<BaseMemRefType>(operand.getType()) && rootOf(operand) == root)
        return {};
  }
  return {};
}
