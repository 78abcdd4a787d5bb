//===- RuntimeCalls.cpp - calls of the runtime, before the ABI ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace blockattn;

StringRef blockattn::runtimeCallName(RuntimeCall call) {
  switch (call) {
  case RuntimeCall::ParallelFor:
    return "ba_rt_parallel_for";
  case RuntimeCall::Gemm:
    return "ba_rt_gemm_f32";
  case RuntimeCall::Alloc:
    return "ba_rt_alloc";
  case RuntimeCall::Fail:
    return "ba_rt_fail";
  case RuntimeCall::HalfGemm:
    return "ba_rt_gemm_16";
  case RuntimeCall::PackedGemm:
    return "ba_rt_gemm_packed";
  case RuntimeCall::Launch:
    return "ba_cuda_launch";
  case RuntimeCall::DeviceGemm:
    return "ba_cuda_gemm";
  case RuntimeCall::Copy:
    return "ba_cuda_copy";
  case RuntimeCall::Fill:
    return "ba_cuda_fill";
  case RuntimeCall::Check:
    return "ba_cuda_check";
  case RuntimeCall::Read:
    return "ba_cuda_read";
  }
  llvm_unreachable("not a runtime call");
}

static constexpr RuntimeCall cpuTable[] = {
    RuntimeCall::ParallelFor, RuntimeCall::Gemm,     RuntimeCall::Alloc,
    RuntimeCall::Fail,        RuntimeCall::HalfGemm, RuntimeCall::PackedGemm};
static constexpr RuntimeCall cudaTable[] = {
    RuntimeCall::Launch, RuntimeCall::DeviceGemm, RuntimeCall::Copy,
    RuntimeCall::Fill,   RuntimeCall::Check,      RuntimeCall::Read,
    RuntimeCall::Alloc,  RuntimeCall::Fail};

std::optional<unsigned> blockattn::runtimeCallSlot(RuntimeCall call,
                                                   bool cuda) {
  ArrayRef<RuntimeCall> table =
      cuda ? ArrayRef<RuntimeCall>(cudaTable) : ArrayRef<RuntimeCall>(cpuTable);
  const RuntimeCall *found = llvm::find(table, call);
  if (found == table.end())
    return std::nullopt;
  return static_cast<unsigned>(found - table.begin());
}

std::optional<RuntimeCall> blockattn::runtimeCallOf(StringRef name) {
  for (ArrayRef<RuntimeCall> table :
       {ArrayRef<RuntimeCall>(cpuTable), ArrayRef<RuntimeCall>(cudaTable)})
    for (RuntimeCall call : table)
      if (name == runtimeCallName(call))
        return call;
  return std::nullopt;
}

FunctionType blockattn::runtimeCallType(RuntimeCall call,
                                        MLIRContext *context) {
  Builder b(context);
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i32 = b.getI32Type(), i64 = b.getI64Type(), f32 = b.getF32Type();
  switch (call) {
  case RuntimeCall::ParallelFor:
    return b.getFunctionType({ptr, i64, i64, ptr, ptr}, {});
  case RuntimeCall::Gemm:
    return b.getFunctionType(
        {ptr, i32, i32, i64, i64, i64, ptr, i64, ptr, i64, f32, ptr, i64}, {});
  case RuntimeCall::Alloc:
    return b.getFunctionType({ptr, i64}, {ptr});
  case RuntimeCall::Fail:
    return b.getFunctionType({ptr, i32, ptr}, {});
  case RuntimeCall::HalfGemm:
    return b.getFunctionType(
        {ptr, i32, i32, i32, i64, i64, i64, ptr, i64, ptr, i64, f32, ptr, i64},
        {});
  case RuntimeCall::PackedGemm:
    return b.getFunctionType(
        {ptr, i64, i64, i64, ptr, i64, i32, i64, ptr, i32, ptr, ptr, ptr, i64},
        {});
  case RuntimeCall::Launch:
    return b.getFunctionType({ptr, i32, i64, i64, i64, i32, i32, i32, i64, ptr},
                             {});
  case RuntimeCall::DeviceGemm:
    return b.getFunctionType({ptr, ptr}, {});
  case RuntimeCall::Copy:
  case RuntimeCall::Read:
    return b.getFunctionType({ptr, ptr, ptr, i64}, {});
  case RuntimeCall::Fill:
    return b.getFunctionType({ptr, ptr, i32, i32, i64}, {});
  case RuntimeCall::Check:
    return b.getFunctionType({ptr, ptr, i32, ptr}, {});
  }
  llvm_unreachable("not a runtime call");
}

void blockattn::declareRuntimeCall(ModuleOp module, RuntimeCall call) {
  StringRef name = runtimeCallName(call);
  if (module.lookupSymbol(name))
    return;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  auto func = func::FuncOp::create(b, module.getLoc(), name,
                                   runtimeCallType(call, module.getContext()));
  func.setPrivate();
}

Value blockattn::execOf(func::FuncOp func) {
  if (func.getNumArguments() && func.getArgAttr(0, kExecAttr))
    return func.getArgument(0);
  MLIRContext *context = func.getContext();
  Builder b(context);
  DictionaryAttr attrs =
      b.getDictionaryAttr(b.getNamedAttr(kExecAttr, b.getUnitAttr()));
  // Fails only for functions whose type cannot grow; func.func's can.
  (void)func.insertArgument(0, LLVM::LLVMPointerType::get(context), attrs,
                            func.getLoc());
  return func.getArgument(0);
}

Value blockattn::messageAddress(ImplicitLocOpBuilder &b, ModuleOp module,
                                StringRef message) {
  std::string text = message.str();
  text.push_back('\0');
  StringAttr value = b.getStringAttr(text);
  LLVM::GlobalOp found;
  unsigned number = 0;
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    if (!global.getSymName().starts_with("message_"))
      continue;
    ++number;
    if (global.getValueAttr() == value)
      found = global;
  }
  if (!found) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
    found = LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                   LLVM::Linkage::Internal,
                                   ("message_" + Twine(number)).str(), value);
  }
  return LLVM::AddressOfOp::create(b, found);
}
