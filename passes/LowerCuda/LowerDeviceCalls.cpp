//===- LowerDeviceCalls.cpp - launches, reads and checks to calls ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/Descriptor.h"
#include "passes/Lower/KernelNames.h"
#include "passes/Lower/RuntimeCalls.h"
#include "passes/Lower/StridedMemory.h"
#include "passes/LowerCuda/Passes.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERDEVICECALLS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct LowerDeviceCalls
    : blockattn::impl::LowerDeviceCallsBase<LowerDeviceCalls> {
  void runOnOperation() override;

private:
  void noteNodes(ArrayRef<gpu::LaunchFuncOp> launches);
  LogicalResult lowerLaunch(gpu::LaunchFuncOp op);
  void lowerCheck(CheckOp op, memref::LoadOp condition);
  void lowerRead(memref::LoadOp op);

  llvm::StringMap<int64_t> numbers;
};
} // namespace

/// Memory of the host function for one call, allocated on its entry.
static Value hostMemory(Operation *op, Type type) {
  auto func = op->getParentOfType<func::FuncOp>();
  Block *entry = &func.getBody().front();
  KernelBuilder b(op->getLoc(), entry, entry->begin());
  Value one =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(1));
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                type, one, 8);
}

static Value field(KernelBuilder &b, Value record, Type type, int64_t i) {
  return LLVM::GEPOp::create(
      b, record.getType(), type, record,
      ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(i)});
}

/// Notes with each kernel what nodes it is launched for. A launch in a function
/// that programs share is one for all of its calls.
void LowerDeviceCalls::noteNodes(ArrayRef<gpu::LaunchFuncOp> launches) {
  llvm::StringMap<SmallVector<Operation *>> calls;
  getOperation().walk(
      [&](func::CallOp call) { calls[call.getCallee()].push_back(call); });
  llvm::MapVector<Operation *, llvm::SetVector<Attribute>> nodes;
  for (gpu::LaunchFuncOp launch : launches) {
    Operation *kernel =
        SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernel());
    if (!kernel)
      continue;
    auto func = launch->getParentOfType<func::FuncOp>();
    SmallVector<Operation *> places{launch};
    if (func->hasAttr(kKernelAttr))
      places = calls.lookup(func.getName());
    for (Operation *place : places)
      for (StringRef node : nodesOf(place))
        nodes[kernel].insert(StringAttr::get(&getContext(), node));
  }
  for (auto &[kernel, names] : nodes)
    kernel->setAttr(kNodesAttr,
                    ArrayAttr::get(&getContext(), names.getArrayRef()));
}

LogicalResult LowerDeviceCalls::lowerLaunch(gpu::LaunchFuncOp op) {
  auto func = op->getParentOfType<func::FuncOp>();
  Value exec = execOf(func);
  KernelBuilder b(op.getLoc(), op);
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  // The parameters, and the table of their addresses.
  SmallVector<Type> types;
  for (Value value : op.getKernelOperands()) {
    if (isa<MemRefType>(value.getType()))
      return op.emitError("a kernel is handed pointers and numbers, no memref");
    types.push_back(llvmTypeOf(value.getType()));
  }
  auto recordType = LLVM::LLVMStructType::getLiteral(&getContext(), types);
  auto tableType =
      LLVM::LLVMArrayType::get(ptr, std::max<size_t>(types.size(), 1));
  Value record = hostMemory(op, recordType);
  Value table = hostMemory(op, tableType);
  for (auto [i, value] : llvm::enumerate(op.getKernelOperands())) {
    Value slot = field(b, record, recordType, i);
    LLVM::StoreOp::create(b, castTo(b, value, types[i]), slot);
    LLVM::StoreOp::create(b, slot, field(b, table, tableType, i));
  }
  auto wide = [&](Value value) -> Value {
    if (value.getType().isIndex())
      return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), value);
    return value.getType().isInteger(64)
               ? value
               : arith::ExtSIOp::create(b, b.getI64Type(), value);
  };
  auto narrow = [&](Value value) -> Value {
    if (value.getType().isIndex())
      return b.toI32(value);
    return value.getType().isInteger(32)
               ? value
               : arith::TruncIOp::create(b, b.getI32Type(), value);
  };
  Value shared = op.getDynamicSharedMemorySize();
  gpu::KernelDim3 grid = op.getGridSizeOperandValues();
  gpu::KernelDim3 block = op.getBlockSizeOperandValues();
  Value zero = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
  func::CallOp::create(
      b, runtimeCallName(RuntimeCall::Launch), TypeRange(),
      ValueRange{exec, b.i32(numbers.lookup(op.getKernelName().getValue())),
                 wide(grid.x), wide(grid.y), wide(grid.z), narrow(block.x),
                 narrow(block.y), narrow(block.z), shared ? wide(shared) : zero,
                 table});
  op.erase();
  return success();
}

void LowerDeviceCalls::lowerCheck(CheckOp op, memref::LoadOp condition) {
  Value exec = execOf(op->getParentOfType<func::FuncOp>());
  // Where the load is: what comes later may reuse the memory.
  KernelBuilder b(op.getLoc(), condition);
  Value address = pointerTo(b, condition.getMemRef(), condition.getIndices());
  func::CallOp::create(
      b, runtimeCallName(RuntimeCall::Check), TypeRange(),
      ValueRange{exec, address, b.i32(op.getCode()),
                 messageAddress(b, getOperation(), op.getMessage())});
  op.erase();
  if (condition->use_empty())
    condition->erase();
}

void LowerDeviceCalls::lowerRead(memref::LoadOp op) {
  Value exec = execOf(op->getParentOfType<func::FuncOp>());
  KernelBuilder b(op.getLoc(), op);
  int64_t bytes = elementBytes(op.getType());
  // A boolean is a byte in memory.
  Type type = op.getType().isIndex() ? Type(b.getI64Type()) : op.getType();
  Type stored = type.isInteger(1) ? Type(b.getI8Type()) : type;
  Value slot = hostMemory(op, stored);
  Value address = pointerTo(b, op.getMemRef(), op.getIndices());
  Value size = arith::ConstantOp::create(b, b.getI64IntegerAttr(bytes));
  func::CallOp::create(b, runtimeCallName(RuntimeCall::Read), TypeRange(),
                       ValueRange{exec, slot, address, size});
  Value value = LLVM::LoadOp::create(b, stored, slot);
  if (type != stored)
    value = arith::TruncIOp::create(b, type, value);
  op.replaceAllUsesWith(castTo(b, value, op.getType()));
  op.erase();
}

void LowerDeviceCalls::runOnOperation() {
  ModuleOp module = getOperation();
  numbers.clear();
  for (auto kernels : module.getOps<gpu::GPUModuleOp>())
    for (auto kernel : kernels.getOps<gpu::GPUFuncOp>())
      numbers.try_emplace(kernel.getName(), numbers.size());

  SmallVector<gpu::LaunchFuncOp> launches;
  SmallVector<memref::LoadOp> loads;
  SmallVector<CheckOp> checks;
  for (auto func : module.getOps<func::FuncOp>())
    func.walk([&](Operation *op) {
      if (auto launch = dyn_cast<gpu::LaunchFuncOp>(op))
        launches.push_back(launch);
      else if (auto load = dyn_cast<memref::LoadOp>(op))
        loads.push_back(load);
      else if (auto check = dyn_cast<CheckOp>(op))
        checks.push_back(check);
    });
  if (!launches.empty())
    declareRuntimeCall(module, RuntimeCall::Launch);
  noteNodes(launches);
  for (gpu::LaunchFuncOp launch : launches)
    if (failed(lowerLaunch(launch)))
      return signalPassFailure();
  for (CheckOp check : checks) {
    auto condition = check.getCondition().getDefiningOp<memref::LoadOp>();
    if (!condition)
      continue;
    declareRuntimeCall(module, RuntimeCall::Check);
    if (condition->hasOneUse())
      llvm::erase(loads, condition);
    lowerCheck(check, condition);
  }
  if (!loads.empty())
    declareRuntimeCall(module, RuntimeCall::Read);
  for (memref::LoadOp load : loads)
    lowerRead(load);
}
