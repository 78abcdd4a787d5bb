//===- Passes.h - lowering to CUDA ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs in memory form (passes/Lower) -> host code that calls the services
// of runtime/include/blockattn/kernel_abi_cuda.h, and kernels in the one
// `gpu.module @kernels`. All memrefs of a program function are device memory:
// host code computes with their dimensions and hands their addresses on.
//
// How a kernel comes about: --blockattn-outline-kernels puts each computation
// into a function with the attribute `blockattn.kernel`, one for all alike. A
// lowering of a computation replaces the body of that function by host code
// that ends in a `gpu.launch_func` (DeviceKernel.h builds both sides).
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_PASSES_H
#define BLOCKATTN_PASSES_LOWERCUDA_PASSES_H

#include "passes/Lower/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace blockattn {

#define GEN_PASS_DECL
#include "passes/LowerCuda/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/LowerCuda/Passes.h.inc"

struct LowerCudaOptions : public LowerOptions {
  Option<std::string> chip{*this, "chip",
                           llvm::cl::desc("the architecture of the kernels"),
                           llvm::cl::init("sm_80")};
  Option<bool> productEpilogues{
      *this, "product-epilogues",
      llvm::cl::desc("leave biases and activations of matrix products to the "
                     "library; without it they are kernels, to compare"),
      llvm::cl::init(true)};
};

/// Programs in the onnx and blockattn dialects -> programs on planned device
/// memory.
void buildLowerToDeviceMemoryPipeline(mlir::OpPassManager &pm,
                                      const LowerCudaOptions &options);

/// Programs on planned device memory -> kernels in the nvvm dialect and host
/// code in the llvm dialect.
void buildDeviceMemoryToLlvmPipeline(mlir::OpPassManager &pm,
                                     const LowerCudaOptions &options);

/// All of the lowering for CUDA.
void buildLowerToCudaPipeline(mlir::OpPassManager &pm,
                              const LowerCudaOptions &options);

/// All passes of this phase, `--blockattn-lower-to-device-memory`,
/// `--blockattn-device-memory-to-llvm` and both: `--blockattn-lower-to-cuda`.
void registerLowerCudaPasses();

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_PASSES_H
