//===- LowerGemmToCuda.cpp - matrix products to cuBLASLt ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelNames.h"
#include "passes/Lower/ProductCall.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/LowerCuda/CudaChip.h"
#include "passes/LowerCuda/FewRowsProduct.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/LowerCuda/ProductEpilogue.h"
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
  Beta,
  Node
};

/// A product of the program.
struct Product {
  linalg::LinalgOp op;
  MatrixProduct form;
  linalg::FillOp fill;
  /// What the library does to the result; may be null.
  linalg::GenericOp update;
  ProductEpilogue epilogue;
  bool overwrites() const { return fill != nullptr; }
  Value bias() {
    return epilogue.bias ? update->getOperand(*epilogue.bias) : Value();
  }
  /// Where the call can be: behind it all.
  Operation *last() { return update ? update : op.getOperation(); }
};

/// Emits the call of one product.
class GemmCall : ProductCall {
public:
  GemmCall(KernelBuilder &builder, Product &product, Value exec, Value record)
      : ProductCall(builder, product.form), exec(exec), record(record),
        overwrite(product.overwrites()), node(nodeOf(product.last())),
        bias(product.bias()), activation(product.epilogue.activation) {}
  void emit() {
    // The last batch dimension goes along with the call.
    forEachBatch(product.numBatch ? product.numBatch - 1 : 0,
                 [&](ArrayRef<Value> batch) { call(batch); });
  }
  /// Whether there is one row: a boolean in host code.
  Value hasOneRow();
  /// The product without its left factor, and that.
  GroupedProduct groupedProduct();
  FewRows rows();
  /// ba_cuda_gemm.
  static LLVM::LLVMStructType recordType(MLIRContext *context);

private:
  Value address(const Operand &operand, ArrayRef<Value> batch);
  Value stride(const Operand &operand);
  void set(Field field, Value value);
  void setIndex(Field field, Value index) {
    set(field, b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index));
  }
  void call(ArrayRef<Value> batch);

  Value exec, record;
  bool overwrite;
  StringRef node;
  Value bias;
  int32_t activation;
};

struct LowerGemmToCuda : blockattn::impl::LowerGemmToCudaBase<LowerGemmToCuda> {
  using LowerGemmToCudaBase::LowerGemmToCudaBase;
  void runOnOperation() override;
};

} // namespace

LLVM::LLVMStructType GemmCall::recordType(MLIRContext *context) {
  Builder b(context);
  SmallVector<Type> fields(4, b.getI32Type());
  fields.append(10, b.getI64Type());
  fields.append(5, LLVM::LLVMPointerType::get(context));
  fields.push_back(b.getI32Type());
  fields.push_back(b.getF32Type());
  fields.push_back(LLVM::LLVMPointerType::get(context));
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

void GemmCall::set(Field field, Value value) {
  Value slot = LLVM::GEPOp::create(
      b, record.getType(), recordType(b.getContext()), record,
      ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
  LLVM::StoreOp::create(b, value, slot);
}

Value GemmCall::address(const Operand &operand, ArrayRef<Value> batch) {
  const MatrixForm &form = *operand.form;
  SmallVector<Value> indices(operand.memory.sizes.size(), b.index(0));
  for (auto [index, position] : llvm::zip(batch, form.batch))
    if (position >= 0)
      indices[position] = index;
  return pointerTo(b, form.memref, indices);
}

/// Between the matrices of the batch dimension that goes along.
Value GemmCall::stride(const Operand &operand) {
  if (product.numBatch == 0 || operand.form->batch.back() < 0)
    return b.index(0);
  return operand.memory.strides[operand.form->batch.back()];
}

/// The indices of a memref's first element.
static SmallVector<Value> startOf(KernelBuilder &b, Value memref) {
  return SmallVector<Value>(cast<MemRefType>(memref.getType()).getRank(),
                            b.index(0));
}

void GemmCall::call(ArrayRef<Value> batch) {
  set(Type_, b.i32(*libraryType(product.type)));
  set(CType, b.i32(*libraryType(product.resultType)));
  set(TransA, b.i32(left.transposed));
  set(TransB, b.i32(right.transposed));
  setIndex(M, m);
  setIndex(N, n);
  setIndex(K, k);
  setIndex(LdA, leadingDim(left));
  setIndex(LdB, leadingDim(right));
  setIndex(LdC, leadingDim(result));
  setIndex(Batch, product.numBatch ? size(result, product.c.batch.back())
                                   : b.index(1));
  setIndex(StrideA, stride(left));
  setIndex(StrideB, stride(right));
  setIndex(StrideC, stride(result));
  set(A, address(left, batch));
  set(B, address(right, batch));
  set(C, address(result, batch));
  Value null = LLVM::ZeroOp::create(b, record.getType());
  set(Bias, bias ? pointerTo(b, bias, startOf(b, bias)) : null);
  set(Residual, null);
  set(Activation, b.i32(activation));
  set(Beta, b.f32(overwrite ? 0 : 1));
  auto module =
      b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  set(Node, node.empty() ? null : messageAddress(b, module, node));
  func::CallOp::create(b, runtimeCallName(RuntimeCall::DeviceGemm), TypeRange(),
                       ValueRange{exec, record});
}

Value GemmCall::hasOneRow() { return b.equal(m, b.index(1)); }

/// Results of these are stored by rows (see isOfRow).
GroupedProduct GemmCall::groupedProduct() {
  return {address(right, {}), leadingDim(right), n, address(result, {}),
          leadingDim(result)};
}

FewRows GemmCall::rows() { return {address(left, {}), leadingDim(left), m, k}; }

namespace {
/// The calls of one function.
class Lowering {
public:
  Lowering(func::FuncOp func, const CudaChip &chip) : func(func), chip(chip) {}
  void run();

private:
  void collect();
  bool belongTogether(MutableArrayRef<Product> group, Product &next);
  void lower(MutableArrayRef<Product> group);

  func::FuncOp func;
  const CudaChip &chip;
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
    if (!product || !isLibraryProduct(product->type, product->resultType))
      return;
    ProductEpilogue epilogue;
    linalg::GenericOp update = findEpilogue(op, epilogue);
    products.push_back(
        {op, *product, findZeroFill(op, op->getOperand(2)), update, epilogue});
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
bool Lowering::belongTogether(MutableArrayRef<Product> group, Product &next) {
  Product &last = group.back();
  if (group.size() == kMostGroupedProducts || !isOfRow(last.form) ||
      !isOfRow(next.form) || last.op->getBlock() != next.op->getBlock() ||
      last.form.a.memref != next.form.a.memref ||
      last.form.resultType != next.form.resultType ||
      last.overwrites() != next.overwrites())
    return false;
  Value row = rootMemory(next.form.a.memref);
  Value result = rootMemory(next.form.c.memref);
  auto isBias = [](Product &product, Value memory) {
    return product.bias() && rootMemory(product.bias()) == memory;
  };
  for (Product &other : group) {
    Value memory = rootMemory(other.form.c.memref);
    if (memory == result || memory == row || isBias(next, memory) ||
        isBias(other, result))
      return false;
  }
  if (result == row)
    return false;
  for (Operation *op = last.op->getNextNode(); op != next.op;
       op = op->getNextNode())
    if (!op ||
        (!isMemoryEffectFree(op) && op != next.fill && op != last.update))
      return false;
  return true;
}

/// Lowers products of the same rows or one product where the last of them is.
void Lowering::lower(MutableArrayRef<Product> group) {
  Product &last = group.back();
  SmallVector<Location> locations;
  for (Product &product : group)
    locations.push_back(product.op.getLoc());
  KernelBuilder b(FusedLoc::get(func.getContext(), locations), last.last());
  auto callAll = [&] {
    for (Product &product : group)
      GemmCall(b, product, exec, record).emit();
    return SmallVector<Value>();
  };
  // Kernels of our own leave it to others.
  auto updateAll = [&] {
    for (Product &product : group)
      if (product.update)
        b.clone(*product.update)->removeAttr(kEpilogueAttr);
    return SmallVector<Value>();
  };
  if (isOfRow(last.form)) {
    Type type = last.form.type;
    Value can;
    SmallVector<GroupedProduct> grouped;
    FewRows rows;
    for (Product &product : group) {
      GemmCall call(b, product, exec, record);
      Value isOne = call.hasOneRow();
      grouped.push_back(call.groupedProduct());
      rows = call.rows();
      can = can ? b.both(can, isOne) : isOne;
      can = b.both(can, canUseRowProduct(b, type, grouped.back()));
    }
    auto module = func->getParentOfType<ModuleOp>();
    Type resultType = last.form.resultType;
    auto several = [&]() -> SmallVector<Value> {
      if (!chip.hasWgmma || type.isF32())
        return callAll();
      return b.branch(
          canUseFewRows(b, rows, grouped), {},
          [&] {
            launchFewRows(b, module, type, resultType, rows, grouped,
                          last.overwrites());
            return updateAll();
          },
          callAll);
    };
    b.branch(
        can, {},
        [&] {
          launchRowProducts(b, module, type, resultType, rows.rows, rows.depth,
                            grouped, last.overwrites(), chip.hasClusters);
          return updateAll();
        },
        several);
  } else {
    callAll();
  }
  for (Product &product : group) {
    if (product.update)
      product.update->erase();
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
      Lowering(func, *target).run();
}
