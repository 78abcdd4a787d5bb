//===- FuseEpilogues.cpp - biases and activations of products -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MatrixProduct.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductEpilogue.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace blockattn {
#define GEN_PASS_DEF_FUSEEPILOGUES
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct FuseEpilogues : blockattn::impl::FuseEpiloguesBase<FuseEpilogues> {
  using FuseEpiloguesBase::FuseEpiloguesBase;
  void runOnOperation() override;
};
} // namespace

/// Whether a program goes on from cached keys and values: it mostly has a few
/// rows or one, whose products are not the library's (see
/// --blockattn-lower-gemm-to-cuda).
static bool mostlyHasFewRows(func::FuncOp func) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto role = func.getArgAttrOfType<StringAttr>(i, "blockattn.role");
    if (role && (role == "kv" || role.getValue().starts_with("past_")))
      return true;
  }
  return false;
}

/// Whether the result can be computed in `output` from the start.
static bool isFree(ConsumedProduct &match, Value output) {
  if (!cast<MemRefType>(output.getType()).getLayout().isIdentity())
    return false;
  Value memory = rootMemory(output);
  for (Value factor : match.product->getOperands().take_front(2))
    if (rootMemory(factor) == memory)
      return false;
  for (Value input : match.consumer.getDpsInputs())
    if (rootMemory(input) == memory)
      return false;
  return true;
}

/// Makes the consumer an epilogue if it can be one.
static void fuse(linalg::LinalgOp product, bool withSums) {
  std::optional<ConsumedProduct> match = matchConsumed(product);
  std::optional<MatrixProduct> form = matchProduct(product);
  if (!match || !form || form->numBatch != 0 || form->c.transposed)
    return;
  linalg::GenericOp consumer = match->consumer;
  std::optional<ProductEpilogue> epilogue =
      matchEpilogue(consumer, match->input, form->type);
  if (!epilogue)
    return;
  // The number of columns and of terms must be known to the library's liking:
  // a product over nothing has no epilogue, and one column is no matrix.
  int64_t columns = match->memory.getType().getShape().back();
  int64_t depth = form->a.column < 0
                      ? 1
                      : cast<MemRefType>(form->a.memref.getType())
                            .getDimSize(form->a.column);
  Value output = consumer.getDpsInits()[0];
  Type type = cast<MemRefType>(output.getType()).getElementType();
  if (ShapedType::isDynamic(columns) || columns < 2 ||
      ShapedType::isDynamic(depth) || depth < 1 ||
      !isLibraryProduct(form->type, type) ||
      !isSupportedEpilogue(consumer, *epilogue, columns, type))
    return;
  Value place = output;
  if (epilogue->term) {
    // A norm that follows takes the sum into its launch. That is a launch less
    // than one for the bias after a product of our own.
    if (!withSums || mostlyHasFewRows(product->getParentOfType<func::FuncOp>()))
      return;
    place = placeForSum(*match, *epilogue->term);
    if (!place)
      return;
  } else if (!isFree(*match, output)) {
    return;
  }
  Value bias;
  if (epilogue->bias)
    bias = consumer->getOperand(*epilogue->bias);
  Location loc = consumer.getLoc();
  linalg::LinalgOp moved = redirect(*match, place, !epilogue->term);
  OpBuilder b(moved);
  b.setInsertionPointAfter(moved);
  makeEpilogue(b, loc, moved->getOperand(2), bias, epilogue->activation);
  if (epilogue->term) {
    output.replaceAllUsesWith(place);
    output.getDefiningOp()->erase();
  }
}

void FuseEpilogues::runOnOperation() {
  SmallVector<linalg::LinalgOp> products;
  getOperation().walk([&](linalg::MatmulOp op) {
    // What is in a launch calls nobody.
    if (op->getParentOfType<func::FuncOp>() &&
        !op->getParentOfType<gpu::LaunchOp>())
      products.push_back(cast<linalg::LinalgOp>(op.getOperation()));
  });
  for (linalg::LinalgOp product : products)
    fuse(product, sums);
}
