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
  }
  llvm_unreachable("not a runtime call");
}

std::optional<RuntimeCall> blockattn::runtimeCallOf(StringRef name) {
  for (RuntimeCall call : {RuntimeCall::ParallelFor, RuntimeCall::Gemm,
                           RuntimeCall::Alloc, RuntimeCall::Fail})
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
