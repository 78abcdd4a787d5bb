//===- LowerReshapes.cpp - reshapes of row-major memory -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERRESHAPES
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// Sees row-major `source` with other sizes; the strides follow from them.
static Value reinterpret(KernelBuilder &b, Value source, MemRefType type,
                         ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides(sizes.size());
  Value stride = b.index(1);
  for (int64_t i = sizes.size() - 1; i >= 0; --i) {
    std::optional<int64_t> constant = getConstantIntValue(stride);
    strides[i] = constant ? OpFoldResult(b.getIndexAttr(*constant))
                          : OpFoldResult(stride);
    Value size = dyn_cast<Value>(sizes[i]);
    if (!size)
      size = b.index(*getConstantIntValue(sizes[i]));
    stride = b.mul(stride, size);
  }
  // The type with the strides that are known; the layout of `type` says the
  // same in other words.
  SmallVector<int64_t> staticStrides;
  for (OpFoldResult value : strides)
    staticStrides.push_back(
        getConstantIntValue(value).value_or(ShapedType::kDynamic));
  auto layout = StridedLayoutAttr::get(b.getContext(), 0, staticStrides);
  auto strided = MemRefType::get(type.getShape(), type.getElementType(), layout,
                                 type.getMemorySpace());
  Value view = memref::ReinterpretCastOp::create(
      b, strided, source, OpFoldResult(b.getIndexAttr(0)), sizes, strides);
  return memref::CastOp::create(b, type, view);
}

static void lowerExpand(memref::ExpandShapeOp op) {
  KernelBuilder b(op.getLoc(), op);
  op.getResult().replaceAllUsesWith(reinterpret(
      b, op.getSrc(), op.getResultType(), op.getMixedOutputShape()));
  op.erase();
}

static void lowerCollapse(memref::CollapseShapeOp op) {
  KernelBuilder b(op.getLoc(), op);
  SmallVector<OpFoldResult> sizes;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    Value size = b.index(1);
    for (int64_t i : group)
      size = b.mul(size, b.dim(op.getSrc(), i));
    sizes.push_back(getAsOpFoldResult(size));
  }
  op.getResult().replaceAllUsesWith(
      reinterpret(b, op.getSrc(), op.getResultType(), sizes));
  op.erase();
}

namespace {
struct LowerReshapes
    : public blockattn::impl::LowerReshapesBase<LowerReshapes> {
  void runOnOperation() override {
    auto isRowMajor = [](Value memref) {
      return cast<MemRefType>(memref.getType()).getLayout().isIdentity();
    };
    getOperation().walk([&](Operation *op) {
      if (auto expand = dyn_cast<memref::ExpandShapeOp>(op)) {
        if (isRowMajor(expand.getSrc()) && isRowMajor(expand.getResult()))
          lowerExpand(expand);
      } else if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op)) {
        if (isRowMajor(collapse.getSrc()) && isRowMajor(collapse.getResult()))
          lowerCollapse(collapse);
      }
    });
  }
};
} // namespace
