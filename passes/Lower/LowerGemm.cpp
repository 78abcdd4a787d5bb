//===- LowerGemm.cpp - matrix products to the runtime's library -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERGEMM
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

/// How a matrix of a product lies in memory: the positions in the memref of
/// the dimension of its rows, of its columns (-1: the extent is 1), and of
/// each batch dimension (-1: not there, all batches share it).
struct MatrixForm {
  Value memref;
  int64_t row = -1, column = -1;
  SmallVector<int64_t> batch;
  /// Whether the matrix is stored with its columns as rows.
  bool transposed = false;
};

/// C[m, n] += A[m, k] * B[k, n] for each batch.
struct Product {
  MatrixForm a, b, c;
  size_t numBatch = 0;
};

} // namespace

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
  if (!type || !type.getElementType().isF32() || !map.isProjectedPermutation())
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

static std::optional<Product> matchProduct(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || !linalg::isaContractionOpInterface(op))
    return std::nullopt;
  // Only sums of products; the interface also admits other semirings.
  Block *body = op.getBlock();
  if (!llvm::all_of(body->without_terminator(), [](Operation &inner) {
        return isa<arith::MulFOp, arith::AddFOp>(inner);
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
  Product product;
  product.numBatch = dims->batch.size();
  if (failed(matchMatrix(product.a, op->getOperand(0), maps[0], m, k,
                         dims->batch)) ||
      failed(matchMatrix(product.b, op->getOperand(1), maps[1], k, n,
                         dims->batch)) ||
      failed(matchMatrix(product.c, op->getOperand(2), maps[2], m, n,
                         dims->batch)))
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

/// The fill with zero that comes right before `op` for its output, with
/// nothing in between that touches the memory.
static linalg::FillOp findZeroFill(linalg::LinalgOp op, Value output) {
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

namespace {

/// Emits the calls of one product.
class GemmEmitter {
public:
  GemmEmitter(KernelBuilder &builder, Product &product, Value exec,
              bool overwrite)
      : b(builder), product(product), exec(exec), overwrite(overwrite) {}
  void emit();

private:
  struct Matrix {
    Value address; ///< of the first batch, as index
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
  Product &product;
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
  Value bytes = b.mul(known(offset, metadata.getOffset()), b.index(4));
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
      address = b.add(
          address, b.mul(b.mul(index, matrix.strides[position]), b.index(4)));
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
  StringRef name = runtimeCallName(RuntimeCall::Gemm);
  if (!product.c.transposed) {
    func::CallOp::create(b, name, TypeRange(),
                         ValueRange{exec, transA, transB, m, n, k, pa, lda, pb,
                                    ldb, beta, pc, ldc});
    return;
  }
  // The result is stored transposed: C^T = B^T A^T.
  transA = b.i32(!product.a.transposed);
  transB = b.i32(!product.b.transposed);
  func::CallOp::create(b, name, TypeRange(),
                       ValueRange{exec, transB, transA, n, m, k, pb, ldb, pa,
                                  lda, beta, pc, ldc});
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

namespace {
struct LowerGemm : public blockattn::impl::LowerGemmBase<LowerGemm> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool any = false;
    for (auto func : module.getOps<func::FuncOp>()) {
      SmallVector<std::pair<linalg::LinalgOp, Product>, 1> products;
      func.walk([&](linalg::LinalgOp op) {
        if (std::optional<Product> product = matchProduct(op))
          products.push_back({op, *product});
      });
      for (auto &[op, product] : products) {
        linalg::FillOp fill = findZeroFill(op, op->getOperand(2));
        KernelBuilder builder(op.getLoc(), op);
        GemmEmitter(builder, product, execOf(func), fill != nullptr).emit();
        op->erase();
        if (fill)
          fill->erase();
        any = true;
      }
    }
    if (any)
      declareRuntimeCall(module, RuntimeCall::Gemm);
  }
};
} // namespace
