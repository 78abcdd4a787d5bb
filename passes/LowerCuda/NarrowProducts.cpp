//===- NarrowProducts.cpp - products that write 16-bit floats -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MatrixProduct.h"
#include "passes/LowerCuda/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace blockattn {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct NarrowProducts : blockattn::impl::NarrowProductsBase<NarrowProducts> {
  void runOnOperation() override;
};

/// A product in f32 that nothing but a conversion reads.
struct Candidate {
  linalg::LinalgOp product;
  linalg::FillOp fill;
  linalg::GenericOp conversion;
};
} // namespace

/// Whether an operation does nothing but convert each element.
static bool isConversion(linalg::GenericOp op, Value input) {
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getDpsInputs()[0] != input ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return false;
  Block *body = op.getBody();
  auto truncate = dyn_cast<arith::TruncFOp>(body->front());
  return truncate && truncate.getIn() == body->getArgument(0) &&
         body->getTerminator()->getOperand(0) == truncate.getResult();
}

static std::optional<Candidate> match(linalg::LinalgOp op) {
  if (!isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()))
    return std::nullopt;
  std::optional<MatrixProduct> product = matchProduct(op);
  if (!product || !product->resultType.isF32() ||
      !(product->type.isBF16() || product->type.isF16()))
    return std::nullopt;
  Value result = op->getOperand(2);
  if (!result.getDefiningOp<memref::AllocOp>())
    return std::nullopt;
  Candidate found{op, findZeroFill(op, result), {}};
  for (Operation *user : result.getUsers()) {
    if (user == op || user == found.fill)
      continue;
    if (found.conversion)
      return std::nullopt;
    found.conversion = dyn_cast<linalg::GenericOp>(user);
    if (!isConversion(found.conversion, result))
      return std::nullopt;
  }
  if (!found.fill || !found.conversion ||
      found.conversion->getBlock() != op->getBlock() ||
      !op->isBeforeInBlock(found.conversion))
    return std::nullopt;
  auto type = cast<MemRefType>(found.conversion.getDpsInits()[0].getType());
  if (type.getElementType() != product->type || !type.getLayout().isIdentity())
    return std::nullopt;
  // The product moves to where the conversion is: nothing may change what it
  // reads before that.
  for (Operation *between = op->getNextNode(); between != found.conversion;
       between = between->getNextNode())
    if (!isMemoryEffectFree(between) && !isa<memref::AllocOp>(between))
      return std::nullopt;
  return found;
}

/// The product with the conversion's result in place of its own. The library
/// keeps the sums in f32 and rounds once, as the conversion did.
static void narrow(Candidate candidate) {
  linalg::GenericOp conversion = candidate.conversion;
  OpBuilder b(conversion);
  Location loc = candidate.product.getLoc();
  Value output = conversion.getDpsInits()[0];
  Type half = cast<MemRefType>(output.getType()).getElementType();
  Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(half, 0.0));
  linalg::FillOp::create(b, loc, zero, output);
  ValueRange inputs = candidate.product->getOperands().take_front(2);
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : candidate.product->getDiscardableAttrs())
    attributes.push_back(attribute);
  auto build = [&](auto product) {
    using Op = decltype(product);
    Op op = Op::create(b, loc, inputs, ValueRange{output}, attributes);
    op.setIndexingMapsAttr(product.getIndexingMapsAttr());
  };
  if (auto matmul =
          dyn_cast<linalg::MatmulOp>(candidate.product.getOperation()))
    build(matmul);
  else
    build(cast<linalg::BatchMatmulOp>(candidate.product.getOperation()));
  Operation *alloc = candidate.product->getOperand(2).getDefiningOp();
  conversion->erase();
  candidate.product->erase();
  candidate.fill->erase();
  alloc->erase();
}

void NarrowProducts::runOnOperation() {
  SmallVector<linalg::LinalgOp> products;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()))
      products.push_back(op);
  });
  for (linalg::LinalgOp product : products)
    if (std::optional<Candidate> candidate = match(product))
      narrow(*candidate);
}
