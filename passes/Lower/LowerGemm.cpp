//===- LowerGemm.cpp - matrix products to the runtime's library -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/ProductCall.h"
#include "passes/Lower/RuntimeCalls.h"

#include "runtime/include/blockattn/kernel_abi.h"

#include "llvm/ADT/SetVector.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERGEMM
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// The service that computes a product; none where there is no such.
static std::optional<RuntimeCall> callOf(const MatrixProduct &product) {
  if (!product.resultType.isF32())
    return std::nullopt;
  if (product.type.isF32())
    return RuntimeCall::Gemm;
  if (product.type.isF16() || product.type.isBF16())
    return RuntimeCall::HalfGemm;
  return std::nullopt;
}

/// An index as i64.
static Value toI64(KernelBuilder &b, Value index) {
  return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
}

namespace {

/// Emits the calls of one product.
class GemmEmitter : ProductCall {
public:
  GemmEmitter(KernelBuilder &builder, const MatrixProduct &product, Value exec,
              bool overwrite)
      : ProductCall(builder, product), exec(exec), overwrite(overwrite),
        leftAddress(left.memory.address(b)),
        rightAddress(right.memory.address(b)),
        resultAddress(result.memory.address(b)) {}
  void emit() {
    forEachBatch(product.numBatch, [&](ArrayRef<Value> batch) { call(batch); });
  }

private:
  Value pointer(const Operand &operand, Value address, ArrayRef<Value> batch);
  void call(ArrayRef<Value> batch);

  Value exec;
  bool overwrite;
  /// Of the first batch, as index.
  Value leftAddress, rightAddress, resultAddress;
};

} // namespace

Value GemmEmitter::pointer(const Operand &operand, Value address,
                           ArrayRef<Value> batch) {
  for (auto [index, position] : llvm::zip(batch, operand.form->batch))
    if (position >= 0)
      address =
          b.add(address, b.mul(b.mul(index, operand.memory.strides[position]),
                               operand.memory.elementBytes));
  return asPointer(b, address);
}

void GemmEmitter::call(ArrayRef<Value> batch) {
  Value beta = b.f32(overwrite ? 0 : 1);
  Value rows = toI64(b, m), columns = toI64(b, n), depth = toI64(b, k);
  Value pl = pointer(left, leftAddress, batch),
        pr = pointer(right, rightAddress, batch),
        pc = pointer(result, resultAddress, batch);
  Value ldl = toI64(b, leadingDim(left)), ldr = toI64(b, leadingDim(right)),
        ldc = toI64(b, leadingDim(result));
  SmallVector<Value> arguments = {exec};
  if (callOf(product) == RuntimeCall::HalfGemm)
    arguments.push_back(
        b.i32(product.type.isF16() ? BA_KERNEL_F16 : BA_KERNEL_BF16));
  arguments.append({b.i32(left.transposed), b.i32(right.transposed), rows,
                    columns, depth, pl, ldl, pr, ldr, beta, pc, ldc});
  func::CallOp::create(b, runtimeCallName(*callOf(product)), TypeRange(),
                       arguments);
}

//===----------------------------------------------------------------------===//
// Weights of few bits
//===----------------------------------------------------------------------===//

/// The distance of rows that lie each in one piece; null for others.
static Value rowDistance(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides[1] != 1)
    return {};
  return toI64(b, StridedMemory(b, memref).strides[0]);
}

static LogicalResult emitPacked(PackedProductOp op, Value exec) {
  KernelBuilder b(op.getLoc(), op);
  Value lda = rowDistance(b, op.getA()), ldc = rowDistance(b, op.getOutput());
  if (!lda || !ldc)
    return op.emitOpError("has rows with gaps between their elements");
  Value m = toI64(b, memref::DimOp::create(b, op.getA(), 0));
  Value n = toI64(b, memref::DimOp::create(b, op.getOutput(), 1));
  Value k = toI64(b, memref::DimOp::create(b, op.getA(), 1));
  Type scale = getElementTypeOrSelf(op.getScales().getType());
  int32_t scaleType = scale.isF16()    ? BA_KERNEL_F16
                      : scale.isBF16() ? BA_KERNEL_BF16
                                       : BA_KERNEL_F32;
  Value zeros =
      op.getZeroPoints()
          ? pointerTo(b, op.getZeroPoints())
          : LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()))
                .getResult();
  func::CallOp::create(
      b, runtimeCallName(RuntimeCall::PackedGemm), TypeRange(),
      ValueRange{exec, m, n, k, pointerTo(b, op.getA()), lda,
                 b.i32(op.getBits()), toI64(b, b.index(op.getBlockSize())),
                 pointerTo(b, op.getWeight()), b.i32(scaleType),
                 pointerTo(b, op.getScales()), zeros,
                 pointerTo(b, op.getOutput()), ldc});
  op.erase();
  return success();
}

namespace {
struct LowerGemm : public blockattn::impl::LowerGemmBase<LowerGemm> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::SmallSetVector<RuntimeCall, 2> used;
    for (auto func : module.getOps<func::FuncOp>()) {
      SmallVector<std::pair<linalg::LinalgOp, MatrixProduct>, 1> products;
      func.walk([&](linalg::LinalgOp op) {
        std::optional<MatrixProduct> product = matchProduct(op);
        if (product && callOf(*product))
          products.push_back({op, *product});
      });
      for (auto &[op, product] : products) {
        linalg::FillOp fill = findZeroFill(op, op->getOperand(2));
        KernelBuilder builder(op.getLoc(), op);
        GemmEmitter(builder, product, execOf(func), fill != nullptr).emit();
        op->erase();
        if (fill)
          fill->erase();
        used.insert(*callOf(product));
      }
      SmallVector<PackedProductOp> packed;
      func.walk([&](PackedProductOp op) { packed.push_back(op); });
      for (PackedProductOp op : packed) {
        if (failed(emitPacked(op, execOf(func))))
          return signalPassFailure();
        used.insert(RuntimeCall::PackedGemm);
      }
    }
    for (RuntimeCall call : used)
      declareRuntimeCall(module, call);
  }
};
} // namespace
