//===- LowerGemmToCuda.cpp - matrix products to cuBLASLt ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/MatrixProduct.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/DeviceMemory.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductResult.h"
#include "passes/LowerCuda/RowProduct.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "runtime/include/blockattn/kernel_abi_cuda.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERGEMMTOCUDA
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

/// The fields of ba_cuda_gemm, in their order.
enum Field {
  Type_,
  CType,
  TransA,
  TransB,
  M,
  N,
  K,
  LdA,
  LdB,
  LdC,
  Batch,
  StrideA,
  StrideB,
  StrideC,
  A,
  B,
  C,
  Bias,
  Residual,
  Activation,
  Beta
};

/// Emits the call of one product.
class GemmCall {
public:
  GemmCall(KernelBuilder &builder, MatrixProduct &product, Value exec,
           Value record, bool overwrite)
      : b(builder), product(product), exec(exec), record(record),
        overwrite(overwrite) {}
  void emit();
  /// Whether there is one row: a boolean in host code. To be asked before the
  /// others below.
  Value hasOneRow();
  /// The product of that row.
  RowProduct rowProduct();
  Value firstRow() { return address(product.a, {}); }
  Value depth() { return size(product.a, ma, product.a.column); }
  /// ba_cuda_gemm.
  static LLVM::LLVMStructType recordType(MLIRContext *context);

private:
  struct Matrix {
    SmallVector<Value> sizes, strides;
  };
  Matrix describe(const MatrixForm &form);
  void describeAll();
  Value leadingDim(const MatrixForm &form, const Matrix &matrix);
  Value address(const MatrixForm &form, ArrayRef<Value> batch);
  Value stride(const MatrixForm &form, const Matrix &matrix);
  Value size(const MatrixForm &form, const Matrix &matrix, int64_t position) {
    return position < 0 ? b.index(1) : matrix.sizes[position];
  }
  void set(Field field, Value value);
  void setIndex(Field field, Value index) {
    set(field, b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index));
  }
  void call(ArrayRef<Value> batch);
  void emitBatch(SmallVector<Value> &batch);
  /// The last batch dimension goes along with the call.
  size_t loopDepth() const {
    return product.numBatch ? product.numBatch - 1 : 0;
  }

  KernelBuilder &b;
  MatrixProduct &product;
  Value exec, record;
  bool overwrite;
  Matrix ma, mb, mc;
};

struct LowerGemmToCuda : blockattn::impl::LowerGemmToCudaBase<LowerGemmToCuda> {
  using LowerGemmToCudaBase::LowerGemmToCudaBase;
  void runOnOperation() override;
};

} // namespace

static std::optional<int32_t> typeNumber(Type type) {
  if (type.isF32())
    return BA_CUDA_F32;
  if (type.isF16())
    return BA_CUDA_F16;
  if (type.isBF16())
    return BA_CUDA_BF16;
  return std::nullopt;
}

LLVM::LLVMStructType GemmCall::recordType(MLIRContext *context) {
  Builder b(context);
  SmallVector<Type> fields(4, b.getI32Type());
  fields.append(10, b.getI64Type());
  fields.append(5, LLVM::LLVMPointerType::get(context));
  fields.push_back(b.getI32Type());
  fields.push_back(b.getF32Type());
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

void GemmCall::set(Field field, Value value) {
  Value slot = LLVM::GEPOp::create(
      b, record.getType(), recordType(b.getContext()), record,
      ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
  LLVM::StoreOp::create(b, value, slot);
}

GemmCall::Matrix GemmCall::describe(const MatrixForm &form) {
  auto type = cast<MemRefType>(form.memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, form.memref);
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  auto known = [&](int64_t value, Value otherwise) {
    return ShapedType::isDynamic(value) ? otherwise : b.index(value);
  };
  Matrix matrix;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    matrix.sizes.push_back(known(type.getDimSize(i), metadata.getSizes()[i]));
    matrix.strides.push_back(known(strides[i], metadata.getStrides()[i]));
  }
  return matrix;
}

Value GemmCall::leadingDim(const MatrixForm &form, const Matrix &matrix) {
  // The distance between rows as stored. A matrix of one stored row has no
  // such distance; libraries want at least the row's length all the same.
  int64_t outer = form.transposed ? form.column : form.row;
  int64_t inner = form.transposed ? form.row : form.column;
  Value length = b.max(size(form, matrix, inner), b.index(1));
  return outer < 0 ? length : matrix.strides[outer];
}

Value GemmCall::address(const MatrixForm &form, ArrayRef<Value> batch) {
  auto type = cast<MemRefType>(form.memref.getType());
  SmallVector<Value> indices(type.getRank(), b.index(0));
  for (auto [index, position] : llvm::zip(batch, form.batch))
    if (position >= 0)
      indices[position] = index;
  return deviceAddress(b, form.memref, indices);
}

/// Between the matrices of the batch dimension that goes along.
Value GemmCall::stride(const MatrixForm &form, const Matrix &matrix) {
  if (product.numBatch == 0 || form.batch.back() < 0)
    return b.index(0);
  return matrix.strides[form.batch.back()];
}

void GemmCall::call(ArrayRef<Value> batch) {
  // Libraries think of C as stored by rows; C^T = B^T A^T otherwise.
  bool flip = product.c.transposed;
  const MatrixForm &a = flip ? product.b : product.a;
  const MatrixForm &bb = flip ? product.a : product.b;
  const Matrix &sa = flip ? mb : ma, &sb = flip ? ma : mb;
  set(Type_, b.i32(*typeNumber(product.type)));
  set(CType, b.i32(*typeNumber(product.resultType)));
  set(TransA, b.i32(flip ? !a.transposed : a.transposed));
  set(TransB, b.i32(flip ? !bb.transposed : bb.transposed));
  Value m = size(product.c, mc, product.c.row);
  Value n = size(product.c, mc, product.c.column);
  setIndex(M, flip ? n : m);
  setIndex(N, flip ? m : n);
  setIndex(K, size(product.a, ma, product.a.column));
  setIndex(LdA, leadingDim(a, sa));
  setIndex(LdB, leadingDim(bb, sb));
  setIndex(LdC, leadingDim(product.c, mc));
  setIndex(Batch, product.numBatch ? size(product.c, mc, product.c.batch.back())
                                   : b.index(1));
  setIndex(StrideA, stride(a, sa));
  setIndex(StrideB, stride(bb, sb));
  setIndex(StrideC, stride(product.c, mc));
  set(A, address(a, batch));
  set(B, address(bb, batch));
  set(C, address(product.c, batch));
  Value null = LLVM::ZeroOp::create(b, record.getType());
  set(Bias, null);
  set(Residual, null);
  set(Activation, b.i32(BA_CUDA_ACTIVATION_NONE));
  set(Beta, b.f32(overwrite ? 0 : 1));
  func::CallOp::create(b, runtimeCallName(RuntimeCall::DeviceGemm), TypeRange(),
                       ValueRange{exec, record});
}

void GemmCall::emitBatch(SmallVector<Value> &batch) {
  size_t depth = batch.size();
  if (depth == loopDepth())
    return call(batch);
  Value count = size(product.c, mc, product.c.batch[depth]);
  b.loop(b.index(0), count, 1, [&](Value i) {
    batch.push_back(i);
    emitBatch(batch);
    batch.pop_back();
  });
}

void GemmCall::describeAll() {
  ma = describe(product.a);
  mb = describe(product.b);
  mc = describe(product.c);
}

void GemmCall::emit() {
  describeAll();
  SmallVector<Value> batch;
  emitBatch(batch);
}

Value GemmCall::hasOneRow() {
  describeAll();
  return b.equal(size(product.c, mc, product.c.row), b.index(1));
}

RowProduct GemmCall::rowProduct() {
  return {address(product.b, {}), leadingDim(product.b, mb),
          size(product.c, mc, product.c.column), address(product.c, {})};
}

/// Whether the library has the product's types.
static bool isSupported(const MatrixProduct &product) {
  return typeNumber(product.type) &&
         (product.resultType == product.type || product.resultType.isF32());
}

namespace {
/// A product of the program.
struct Product {
  linalg::LinalgOp op;
  MatrixProduct form;
  linalg::FillOp fill;
  bool overwrites() const { return fill != nullptr; }
};

/// The calls of one function.
class Lowering {
public:
  Lowering(func::FuncOp func, bool hasClusters)
      : func(func), hasClusters(hasClusters) {}
  void run();

private:
  void collect();
  bool belongTogether(ArrayRef<Product> group, const Product &next);
  void lower(MutableArrayRef<Product> group);

  func::FuncOp func;
  bool hasClusters;
  std::vector<Product> products;
  Value exec, record;
};
} // namespace

void Lowering::collect() {
  func.walk([&](linalg::LinalgOp op) {
    // In a launch there is nobody to call.
    if (op->getParentOfType<gpu::LaunchOp>())
      return;
    std::optional<MatrixProduct> product = matchProduct(op);
    if (product && isSupported(*product))
      products.push_back({op, *product, findZeroFill(op, op->getOperand(2))});
  });
}

/// Whether a value is a weight of the model, whose memory is its own.
static bool isWeight(Value memref) {
  auto argument = dyn_cast<BlockArgument>(rootMemory(memref));
  auto func = argument
                  ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
                  : func::FuncOp();
  return func && func.getArgAttr(argument.getArgNumber(), kWeightAttr);
}

/// Whether a row, where there is but one, can be multiplied by a kernel of our
/// own: with weights as they lie.
static bool isOfRow(const MatrixProduct &product) {
  return product.numBatch == 0 && product.a.column >= 0 &&
         !product.a.transposed && product.b.row >= 0 && product.b.column >= 0 &&
         !product.b.transposed && product.c.column >= 0 &&
         !product.c.transposed && isWeight(product.b.memref);
}

/// Whether one kernel can do a product along with others of the same row.
bool Lowering::belongTogether(ArrayRef<Product> group, const Product &next) {
  const Product &last = group.back();
  if (group.size() == kMostRowProducts || !isOfRow(last.form) ||
      !isOfRow(next.form) || last.op->getBlock() != next.op->getBlock() ||
      last.form.a.memref != next.form.a.memref ||
      last.form.resultType != next.form.resultType ||
      last.overwrites() != next.overwrites())
    return false;
  Value row = rootMemory(next.form.a.memref);
  Value result = rootMemory(next.form.c.memref);
  for (const Product &other : group)
    if (rootMemory(other.form.c.memref) == result ||
        rootMemory(other.form.c.memref) == row)
      return false;
  if (result == row)
    return false;
  for (Operation *op = last.op->getNextNode(); op != next.op;
       op = op->getNextNode())
    if (!op || (!isMemoryEffectFree(op) && op != next.fill))
      return false;
  return true;
}

/// Lowers products of one row or one product where the last of them is.
void Lowering::lower(MutableArrayRef<Product> group) {
  Product &last = group.back();
  KernelBuilder b(last.op.getLoc(), last.op);
  auto callAll = [&] {
    for (Product &product : group)
      GemmCall(b, product.form, exec, record, product.overwrites()).emit();
    return SmallVector<Value>();
  };
  if (isOfRow(last.form)) {
    Type type = last.form.type;
    Value can;
    SmallVector<RowProduct> rows;
    Value row, depth;
    for (Product &product : group) {
      GemmCall call(b, product.form, exec, record, product.overwrites());
      Value isOne = call.hasOneRow();
      rows.push_back(call.rowProduct());
      row = call.firstRow();
      depth = call.depth();
      can = can ? b.both(can, isOne) : isOne;
      can = b.both(can, canUseRowProduct(b, type, rows.back()));
    }
    b.branch(
        can, {},
        [&] {
          launchRowProducts(b, func->getParentOfType<ModuleOp>(), type,
                            last.form.resultType, row, depth, rows,
                            last.overwrites(), hasClusters);
          return SmallVector<Value>();
        },
        callAll);
  } else {
    callAll();
  }
  for (Product &product : group) {
    product.op->erase();
    if (product.fill)
      product.fill->erase();
  }
}

void Lowering::run() {
  collect();
  if (products.empty())
    return;
  declareRuntimeCall(func->getParentOfType<ModuleOp>(),
                     RuntimeCall::DeviceGemm);
  exec = execOf(func);
  KernelBuilder entry(func.getLoc(), &func.getBody().front(),
                      func.getBody().front().begin());
  Value one = LLVM::ConstantOp::create(entry, entry.getI64Type(),
                                       entry.getI64IntegerAttr(1));
  record = LLVM::AllocaOp::create(
      entry, LLVM::LLVMPointerType::get(func.getContext()),
      GemmCall::recordType(func.getContext()), one, 8);
  MutableArrayRef<Product> rest(products);
  while (!rest.empty()) {
    size_t size = 1;
    while (size < rest.size() &&
           belongTogether(rest.take_front(size), rest[size]))
      ++size;
    lower(rest.take_front(size));
    rest = rest.drop_front(size);
  }
}

void LowerGemmToCuda::runOnOperation() {
  const CudaChip *target = requireCudaChip(getOperation(), chip);
  if (!target)
    return signalPassFailure();
  SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
  for (func::FuncOp func : functions)
    if (!func.isDeclaration())
      Lowering(func, target->hasClusters).run();
}
