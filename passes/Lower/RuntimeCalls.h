//===- RuntimeCalls.h - calls of the runtime, before the ABI ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Until --blockattn-finalize-abi the services of the runtime are ordinary
// function declarations with the C signatures of
// runtime/include/blockattn/kernel_abi.h and kernel_abi_cuda.h.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_RUNTIMECALLS_H
#define BLOCKATTN_PASSES_LOWER_RUNTIMECALLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <optional>

namespace blockattn {

constexpr llvm::StringLiteral kExecAttr = "blockattn.exec";
constexpr llvm::StringLiteral kKernelAttr = "blockattn.kernel";
/// On a `gpu.launch` of linalg operations that are done row by row: how many
/// of their loops, the first ones, go over rows.
constexpr llvm::StringLiteral kRowLoopsAttr = "blockattn.row_loops";
/// On an attention in a kernel: the number of the kernel's argument that is
/// the layer to read, in place of the attribute `layer`.
constexpr llvm::StringLiteral kLayerArgumentAttr = "blockattn.layer_argument";
constexpr llvm::StringLiteral kProgramAttr = "blockattn.program";
constexpr llvm::StringLiteral kWeightAttr = "blockattn.weight";
constexpr llvm::StringLiteral kOutputAttr = "blockattn.output";
constexpr llvm::StringLiteral kBufferAttr = "blockattn.buffer";

/// The services of both tables: those of the CPU's, those that the tables
/// share, and those of CUDA's.
enum class RuntimeCall {
  ParallelFor,
  Gemm,
  Alloc,
  Fail,
  HalfGemm,
  PackedGemm,
  Launch,
  DeviceGemm,
  Copy,
  Fill,
  Check,
  Read
};

/// The place of a service in the table that code for a target is given;
/// std::nullopt where that table doesn't have it.
std::optional<unsigned> runtimeCallSlot(RuntimeCall call, bool cuda);

/// "ba_rt_gemm_f32" and the like.
llvm::StringRef runtimeCallName(RuntimeCall call);
std::optional<RuntimeCall> runtimeCallOf(llvm::StringRef name);
mlir::FunctionType runtimeCallType(RuntimeCall call,
                                   mlir::MLIRContext *context);

/// Declares the service in the module unless it is declared already.
void declareRuntimeCall(mlir::ModuleOp module, RuntimeCall call);

/// The handle of the running program: the function's first argument, which
/// is added when it is not there yet.
mlir::Value execOf(mlir::func::FuncOp func);

/// The address of a message's text, which the module keeps once, ended by a
/// zero byte.
mlir::Value messageAddress(mlir::ImplicitLocOpBuilder &b, mlir::ModuleOp module,
                           llvm::StringRef message);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_RUNTIMECALLS_H
