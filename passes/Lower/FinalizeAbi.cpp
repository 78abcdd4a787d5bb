//===- FinalizeAbi.cpp - the interface that the runtime calls -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/Descriptor.h"
#include "passes/Lower/KernelBuilder.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/RuntimeCalls.h"

#include "runtime/include/blockattn/kernel_abi_cuda.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

namespace blockattn {
#define GEN_PASS_DEF_FINALIZEABI
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

static constexpr StringLiteral kTable = "ba_runtime";

namespace {
struct FinalizeAbi : public blockattn::impl::FinalizeAbiBase<FinalizeAbi> {
  using FinalizeAbiBase::FinalizeAbiBase;
  void runOnOperation() override;

private:
  LogicalResult wrapProgram(func::FuncOp func);
  void wrapPlan(func::FuncOp func, StringRef program);
  func::FuncOp startWrapper(func::FuncOp func, StringRef name);
  void lowerAlloc(AllocOp op);
  LogicalResult callThroughTable(func::CallOp call, RuntimeCall which);
  void addInit();
};
} // namespace

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// Element `i` of the void ** that a program is called with.
static Value argument(KernelBuilder &b, Value arguments, int64_t i) {
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  Value slot = LLVM::GEPOp::create(
      b, ptr, ptr, arguments, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
  return LLVM::LoadOp::create(b, ptr, slot);
}

/// The memref whose descriptor is at `pointer`. Programs get row-major
/// tensors, so that sizes are all that is read of it.
static Value loadMemref(KernelBuilder &b, Value pointer, MemRefType type) {
  Type ptr = pointer.getType();
  Type descriptor = descriptorType(type);
  auto field = [&](Type fieldType, ArrayRef<LLVM::GEPArg> path) -> Value {
    return LLVM::LoadOp::create(
        b, fieldType, LLVM::GEPOp::create(b, ptr, descriptor, pointer, path));
  };
  Value data = field(ptr, {0, 1});
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (type.isDynamicDim(i))
      sizes.push_back(
          castTo(b, field(b.getI64Type(), {0, 3, static_cast<int32_t>(i)}),
                 b.getIndexType()));
    else
      sizes.push_back(b.index(type.getDimSize(i)));
  }
  return memrefFromPointer(b, data, type, sizes);
}

/// Creates the exported function `name(void **) -> i32` and moves the body of
/// `func` behind its entry, whose arguments are still to be replaced.
func::FuncOp FinalizeAbi::startWrapper(func::FuncOp func, StringRef name) {
  OpBuilder b(func);
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  auto wrapper = func::FuncOp::create(
      b, func.getLoc(), name, b.getFunctionType({ptr}, {b.getI32Type()}));
  wrapper.getBody().takeBody(func.getBody());
  return wrapper;
}

/// Ends every path with `finish(results)` and success.
static void
replaceReturns(func::FuncOp wrapper,
               function_ref<void(KernelBuilder &, ValueRange)> finish) {
  SmallVector<func::ReturnOp> returns;
  wrapper.walk([&](func::ReturnOp op) { returns.push_back(op); });
  for (func::ReturnOp op : returns) {
    KernelBuilder b(op.getLoc(), op);
    finish(b, op.getOperands());
    func::ReturnOp::create(b, ValueRange{b.i32(0)});
    op.erase();
  }
}

LogicalResult FinalizeAbi::wrapProgram(func::FuncOp func) {
  auto program = func->getAttrOfType<StringAttr>(kProgramAttr);
  // Sort the arguments into the classes of the ABI.
  SmallVector<unsigned> inputs, weights, buffers;
  std::map<int64_t, unsigned> outputs;
  for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i) {
    if (func.getArgAttr(i, kExecAttr))
      continue;
    if (!isa<MemRefType>(func.getArgument(i).getType()))
      return func.emitError("argument ")
             << i << " of program '" << program.getValue()
             << "' is no memref; bufferize the program first";
    if (auto index = func.getArgAttrOfType<IntegerAttr>(i, kOutputAttr))
      outputs[index.getInt()] = i;
    else if (func.getArgAttr(i, kWeightAttr))
      weights.push_back(i);
    else if (func.getArgAttr(i, kBufferAttr))
      buffers.push_back(i);
    else
      inputs.push_back(i);
  }
  // Results whose shape depends on data take the numbers that are left.
  SmallVector<int64_t> resultNumbers;
  int64_t next = 0;
  for (unsigned i = 0, e = func.getNumResults(); i < e; ++i) {
    if (auto index = func.getResultAttrOfType<IntegerAttr>(i, kOutputAttr)) {
      resultNumbers.push_back(index.getInt());
      continue;
    }
    while (outputs.count(next))
      ++next;
    resultNumbers.push_back(next++);
  }
  int64_t numOutputs = outputs.size() + resultNumbers.size();

  unsigned numArguments = func.getNumArguments();
  bool hasExec = numArguments && func.getArgAttr(0, kExecAttr);
  func::FuncOp wrapper =
      startWrapper(func, ("ba_run_" + program.getValue()).str());
  wrapper->setAttr(kProgramAttr, program);
  Block *entry = &wrapper.getBody().front();
  auto arguments = entry->addArgument(LLVM::LLVMPointerType::get(&getContext()),
                                      wrapper.getLoc());
  KernelBuilder b(wrapper.getLoc(), entry, entry->begin());
  auto replace = [&](unsigned i, Value value) {
    entry->getArgument(i).replaceAllUsesWith(value);
  };
  if (hasExec)
    replace(0, argument(b, arguments, 0));
  int64_t slot = 1;
  auto replaceMemref = [&](unsigned i, int64_t at) {
    replace(i, loadMemref(b, argument(b, arguments, at),
                          cast<MemRefType>(entry->getArgument(i).getType())));
  };
  for (unsigned i : inputs)
    replaceMemref(i, slot++);
  for (auto [number, i] : outputs)
    replaceMemref(i, slot + number);
  int64_t firstOutput = slot;
  slot += numOutputs;
  for (unsigned i : weights)
    replaceMemref(i, slot++);
  if (!buffers.empty()) {
    Value table = argument(b, arguments, slot);
    for (auto [number, i] : llvm::enumerate(buffers)) {
      auto type = cast<MemRefType>(entry->getArgument(i).getType());
      // Views know their sizes; the buffer's own is never asked for.
      replace(i, memrefFromPointer(b, argument(b, table, number), type,
                                   ValueRange{b.index(0)}));
    }
  }
  replaceReturns(wrapper, [&](KernelBuilder &b, ValueRange results) {
    for (auto [result, number] : llvm::zip(results, resultNumbers)) {
      Type type = llvmTypeOf(result.getType());
      LLVM::StoreOp::create(b, castTo(b, result, type),
                            argument(b, arguments, firstOutput + number));
    }
  });
  entry->eraseArguments(0, numArguments);
  func.erase();
  return success();
}

void FinalizeAbi::wrapPlan(func::FuncOp func, StringRef program) {
  unsigned numArguments = func.getNumArguments();
  bool hasExec = numArguments && func.getArgAttr(0, kExecAttr);
  func::FuncOp wrapper = startWrapper(func, ("ba_plan_" + program).str());
  Block *entry = &wrapper.getBody().front();
  auto arguments = entry->addArgument(LLVM::LLVMPointerType::get(&getContext()),
                                      wrapper.getLoc());
  KernelBuilder b(wrapper.getLoc(), entry, entry->begin());
  if (hasExec)
    entry->getArgument(0).replaceAllUsesWith(argument(b, arguments, 0));
  int64_t slot = 1;
  for (unsigned i = hasExec; i < numArguments; ++i) {
    BlockArgument old = entry->getArgument(i);
    old.replaceAllUsesWith(loadMemref(b, argument(b, arguments, slot++),
                                      cast<MemRefType>(old.getType())));
  }
  Value out = argument(b, arguments, slot);
  replaceReturns(wrapper, [&](KernelBuilder &b, ValueRange results) {
    for (auto [i, result] : llvm::enumerate(results)) {
      Value address =
          LLVM::GEPOp::create(b, out.getType(), b.getI64Type(), out,
                              ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      LLVM::StoreOp::create(b, castTo(b, result, b.getI64Type()), address);
    }
  });
  entry->eraseArguments(0, numArguments);
  func.erase();
}

//===----------------------------------------------------------------------===//
// Memory that depends on data
//===----------------------------------------------------------------------===//

/// Memory that cannot be had ends the program: the runtime has recorded why.
void FinalizeAbi::lowerAlloc(AllocOp op) {
  auto func = op->getParentOfType<func::FuncOp>();
  KernelBuilder b(op.getLoc(), op);
  Value exec = argument(b, func.getArgument(0), 0);
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  Value bytes = castTo(b, op.getBytes(), b.getI64Type());
  Value pointer = func::CallOp::create(b, runtimeCallName(RuntimeCall::Alloc),
                                       TypeRange{ptr}, ValueRange{exec, bytes})
                      .getResult(0);
  Value null = LLVM::ZeroOp::create(b, ptr);
  Value absent =
      LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, pointer, null);
  Value memref = memrefFromPointer(
      b, pointer, cast<MemRefType>(op.getBuffer().getType()), op.getBytes());
  op.getBuffer().replaceAllUsesWith(memref);
  Block *before = op->getBlock();
  Block *after = before->splitBlock(op);
  Block *failed = b.createBlock(after);
  func::ReturnOp::create(b, ValueRange{b.i32(BA_KERNEL_FAIL_MEMORY)});
  b.setInsertionPointToEnd(before);
  cf::CondBranchOp::create(b, absent, failed, ValueRange(), after,
                           ValueRange());
  op.erase();
}

/// A failure that is found between kernels ends the program: what follows may
/// rely on what does not hold, sizes above all.
static void stopAfterFailure(func::CallOp call) {
  Block *block = call->getBlock();
  while (&block->back() != call)
    block->back().erase();
  KernelBuilder b(call.getLoc(), call);
  b.setInsertionPointAfter(call);
  func::ReturnOp::create(b, ValueRange{call.getOperand(1)});
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

LogicalResult FinalizeAbi::callThroughTable(func::CallOp call,
                                            RuntimeCall which) {
  std::optional<unsigned> slotNumber = runtimeCallSlot(which, cuda);
  if (!slotNumber)
    return call.emitError("the runtime has no '")
           << call.getCallee() << "' for programs of target "
           << (cuda ? "cuda" : "cpu");
  KernelBuilder b(call.getLoc(), call);
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  Value table = LLVM::LoadOp::create(
      b, ptr, LLVM::AddressOfOp::create(b, ptr, kTable).getResult());
  Value slot = LLVM::GEPOp::create(
      b, ptr, ptr, table,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(*slotNumber)});
  Value function = LLVM::LoadOp::create(b, ptr, slot);
  FunctionType type = runtimeCallType(which, &getContext());
  Type result = type.getNumResults()
                    ? type.getResult(0)
                    : Type(LLVM::LLVMVoidType::get(&getContext()));
  auto llvmType = LLVM::LLVMFunctionType::get(result, type.getInputs());
  SmallVector<Value> operands{function};
  llvm::append_range(operands, call.getOperands());
  auto indirect = LLVM::CallOp::create(b, llvmType, operands);
  call.replaceAllUsesWith(indirect.getResults());
  call.erase();
  return success();
}

void FinalizeAbi::addInit() {
  ModuleOp module = getOperation();
  Type ptr = LLVM::LLVMPointerType::get(&getContext());
  KernelBuilder b(module.getLoc(), module.getBody(), module.getBody()->begin());
  LLVM::GlobalOp::create(b, ptr, /*isConstant=*/false, LLVM::Linkage::Internal,
                         kTable, Attribute());
  // A global without a value would be external.
  auto global = cast<LLVM::GlobalOp>(module.lookupSymbol(kTable));
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&global.getInitializerRegion());
    LLVM::ReturnOp::create(b, LLVM::ZeroOp::create(b, ptr).getResult());
  }
  b.setInsertionPointToEnd(module.getBody());
  auto init = func::FuncOp::create(
      b, cuda ? "ba_init_cuda" : "ba_init",
      b.getFunctionType({b.getI32Type(), ptr}, {b.getI32Type()}));
  Block *entry = init.addEntryBlock();
  b.setInsertionPointToStart(entry);
  LLVM::StoreOp::create(b, entry->getArgument(1),
                        LLVM::AddressOfOp::create(b, ptr, kTable).getResult());
  Value other = arith::CmpIOp::create(
      b, arith::CmpIPredicate::ne, entry->getArgument(0),
      b.i32(cuda ? BA_KERNEL_ABI_CUDA_VERSION : BA_KERNEL_ABI_VERSION));
  func::ReturnOp::create(
      b, ValueRange{arith::ExtUIOp::create(b, b.getI32Type(), other)});
}

void FinalizeAbi::runOnOperation() {
  ModuleOp module = getOperation();
  SmallVector<func::FuncOp> programs;
  for (auto func : module.getOps<func::FuncOp>())
    if (func->hasAttr(kProgramAttr))
      programs.push_back(func);
  for (func::FuncOp func : programs) {
    auto program = func->getAttrOfType<StringAttr>(kProgramAttr);
    auto plan =
        module.lookupSymbol<func::FuncOp>(("plan_" + func.getName()).str());
    if (!plan) {
      func.emitError("program '")
          << program.getValue() << "' has no plan function '@plan_"
          << func.getName() << "' (--blockattn-plan-memory makes it)";
      return signalPassFailure();
    }
    wrapPlan(plan, program.getValue());
    if (failed(wrapProgram(func)))
      return signalPassFailure();
  }
  addInit();

  SmallVector<AllocOp> allocs;
  WalkResult result = module.walk([&](AllocOp op) {
    auto func = op->getParentOfType<func::FuncOp>();
    if (!func->hasAttr(kProgramAttr)) {
      op.emitError("memory can be asked for by a program function only, not "
                   "by '")
          << func.getName() << "'";
      return WalkResult::interrupt();
    }
    allocs.push_back(op);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return signalPassFailure();
  for (AllocOp op : allocs)
    lowerAlloc(op);
  SmallVector<func::CallOp> calls;
  module.walk([&](func::CallOp call) { calls.push_back(call); });
  for (func::CallOp call : calls) {
    std::optional<RuntimeCall> which = runtimeCallOf(call.getCallee());
    if (!which)
      continue;
    auto func = call->getParentOfType<func::FuncOp>();
    // Launched kernels of a device still use the memory of the run.
    if (*which == RuntimeCall::Fail && !cuda &&
        func.getName().starts_with("ba_"))
      stopAfterFailure(call);
    if (failed(callThroughTable(call, *which)))
      return signalPassFailure();
  }

  for (auto func : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    if (runtimeCallOf(func.getName())) {
      func.erase();
      continue;
    }
    if (func.isDeclaration() || func.getName().starts_with("ba_"))
      continue;
    if (func.getNumArguments())
      func.removeArgAttr(0, kExecAttr);
    // What the runtime does not call is nobody's business, and the host code
    // must not grow by inlined kernels.
    func->setAttr("llvm.linkage", LLVM::LinkageAttr::get(
                                      &getContext(), LLVM::Linkage::Internal));
    func->setAttr("passthrough",
                  ArrayAttr::get(&getContext(),
                                 StringAttr::get(&getContext(), "noinline")));
  }
}
