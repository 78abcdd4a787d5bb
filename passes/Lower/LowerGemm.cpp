//===- LowerGemm.cpp - matrix products to the runtime's library -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/MatrixProduct.h"
#include "passes/Lower/Passes.h"
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

namespace {

/// Emits the calls of one product.
class GemmEmitter {
public:
  GemmEmitter(KernelBuilder &builder, MatrixProduct &product, Value exec,
              bool overwrite)
      : b(builder), product(product), exec(exec), overwrite(overwrite) {}
  void emit();

private:
  struct Matrix {
    Value address; ///< of the first batch, as index
    Value elementSize;
    SmallVector<Value> sizes, strides;
  };
  Matrix describe(const MatrixForm &form);
  Value leadingDim(const MatrixForm &form, const Matrix &matrix);
  Value pointer(const MatrixForm &form, const Matrix &matrix,
                ArrayRef<Value> batch);
  Value size(const MatrixForm &form, const Matrix &matrix, int64_t position) {
    return position < 0 ? b.index(1) : matrix.sizes[position];
  }
  Value i64(Value index) {
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
  }
  void call(ArrayRef<Value> batch);
  void emitBatch(SmallVector<Value> &batch);

  KernelBuilder &b;
  MatrixProduct &product;
  Value exec;
  bool overwrite;
  Matrix a, bb, c;
};

} // namespace

GemmEmitter::Matrix GemmEmitter::describe(const MatrixForm &form) {
  auto type = cast<MemRefType>(form.memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, form.memref);
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  auto known = [&](int64_t value, Value otherwise) {
    return ShapedType::isDynamic(value) ? otherwise : b.index(value);
  };
  Matrix matrix;
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, metadata.getBaseBuffer());
  matrix.elementSize = b.index(type.getElementTypeBitWidth() / 8);
  Value bytes = b.mul(known(offset, metadata.getOffset()), matrix.elementSize);
  matrix.address = b.add(base, bytes);
  for (int64_t i = 0; i < type.getRank(); ++i) {
    matrix.sizes.push_back(known(type.getDimSize(i), metadata.getSizes()[i]));
    matrix.strides.push_back(known(strides[i], metadata.getStrides()[i]));
  }
  return matrix;
}

Value GemmEmitter::leadingDim(const MatrixForm &form, const Matrix &matrix) {
  // The distance between rows as stored. A matrix of one stored row has no
  // such distance; libraries want at least the row's length all the same.
  int64_t outer = form.transposed ? form.column : form.row;
  int64_t inner = form.transposed ? form.row : form.column;
  Value length = b.max(size(form, matrix, inner), b.index(1));
  return i64(outer < 0 ? length : matrix.strides[outer]);
}

Value GemmEmitter::pointer(const MatrixForm &form, const Matrix &matrix,
                           ArrayRef<Value> batch) {
  Value address = matrix.address;
  for (auto [index, position] : llvm::zip(batch, form.batch))
    if (position >= 0)
      address = b.add(address, b.mul(b.mul(index, matrix.strides[position]),
                                     matrix.elementSize));
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  i64(address));
}

void GemmEmitter::call(ArrayRef<Value> batch) {
  Value beta = b.f32(overwrite ? 0 : 1);
  Value m = i64(size(product.c, c, product.c.row));
  Value n = i64(size(product.c, c, product.c.column));
  Value k = i64(size(product.a, a, product.a.column));
  Value pa = pointer(product.a, a, batch), pb = pointer(product.b, bb, batch),
        pc = pointer(product.c, c, batch);
  Value lda = leadingDim(product.a, a), ldb = leadingDim(product.b, bb),
        ldc = leadingDim(product.c, c);
  Value transA = b.i32(product.a.transposed),
        transB = b.i32(product.b.transposed);
  SmallVector<Value> arguments = {exec};
  if (callOf(product) == RuntimeCall::HalfGemm)
    arguments.push_back(
        b.i32(product.type.isF16() ? BA_KERNEL_F16 : BA_KERNEL_BF16));
  if (!product.c.transposed) {
    arguments.append(
        {transA, transB, m, n, k, pa, lda, pb, ldb, beta, pc, ldc});
  } else {
    // The result is stored transposed: C^T = B^T A^T.
    transA = b.i32(!product.a.transposed);
    transB = b.i32(!product.b.transposed);
    arguments.append(
        {transB, transA, n, m, k, pb, ldb, pa, lda, beta, pc, ldc});
  }
  func::CallOp::create(b, runtimeCallName(*callOf(product)), TypeRange(),
                       arguments);
}

void GemmEmitter::emitBatch(SmallVector<Value> &batch) {
  size_t depth = batch.size();
  if (depth == product.numBatch)
    return call(batch);
  Value count = size(product.c, c, product.c.batch[depth]);
  b.loop(b.index(0), count, 1, [&](Value i) {
    batch.push_back(i);
    emitBatch(batch);
    batch.pop_back();
  });
}

void GemmEmitter::emit() {
  a = describe(product.a);
  bb = describe(product.b);
  c = describe(product.c);
  SmallVector<Value> batch;
  emitBatch(batch);
}

//===----------------------------------------------------------------------===//
// Weights of few bits
//===----------------------------------------------------------------------===//

/// The address of a buffer's first element.
static Value addressOf(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(
      b, metadata.getBaseBuffer());
  Value bytes =
      b.mul(metadata.getOffset(), b.index(type.getElementTypeBitWidth() / 8));
  return LLVM::IntToPtrOp::create(
      b, LLVM::LLVMPointerType::get(b.getContext()),
      b.createOrFold<arith::IndexCastOp>(b.getI64Type(), b.add(base, bytes)));
}

/// The distance of rows that lie each in one piece; null for others.
static Value rowDistance(KernelBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides[1] != 1)
    return {};
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  return b.createOrFold<arith::IndexCastOp>(b.getI64Type(),
                                            metadata.getStrides()[0]);
}

static LogicalResult emitPacked(PackedProductOp op, Value exec) {
  KernelBuilder b(op.getLoc(), op);
  Value lda = rowDistance(b, op.getA()), ldc = rowDistance(b, op.getOutput());
  if (!lda || !ldc)
    return op.emitOpError("has rows with gaps between their elements");
  auto i64 = [&](Value index) {
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
  };
  Value m = i64(memref::DimOp::create(b, op.getA(), 0));
  Value n = i64(memref::DimOp::create(b, op.getOutput(), 1));
  Value k = i64(memref::DimOp::create(b, op.getA(), 1));
  Type scale = getElementTypeOrSelf(op.getScales().getType());
  int32_t scaleType = scale.isF16()    ? BA_KERNEL_F16
                      : scale.isBF16() ? BA_KERNEL_BF16
                                       : BA_KERNEL_F32;
  Value zeros =
      op.getZeroPoints()
          ? addressOf(b, op.getZeroPoints())
          : LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()))
                .getResult();
  func::CallOp::create(
      b, runtimeCallName(RuntimeCall::PackedGemm), TypeRange(),
      ValueRange{exec, m, n, k, addressOf(b, op.getA()), lda,
                 b.i32(op.getBits()), i64(b.index(op.getBlockSize())),
                 addressOf(b, op.getWeight()), b.i32(scaleType),
                 addressOf(b, op.getScales()), zeros,
                 addressOf(b, op.getOutput()), ldc});
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
