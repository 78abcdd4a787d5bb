//===- DeviceKernel.h - a kernel and its launch -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_DEVICEKERNEL_H
#define BLOCKATTN_PASSES_LOWERCUDA_DEVICEKERNEL_H

#include "passes/Lower/KernelBuilder.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"

namespace blockattn {

/// The module's `gpu.module @kernels`, which is made on first use.
mlir::gpu::GPUModuleOp deviceModule(mlir::ModuleOp module);

/// Declares the shared memory of kernels written by hand: as much as a launch
/// asks for.
void declareSharedMemory(mlir::gpu::GPUModuleOp module, llvm::StringRef name);

/// Whether the kernel, of the gpu or the llvm dialect, waits inside of itself
/// for those before it, so that it may be launched early.
bool waitsForOthers(mlir::Operation *kernel);

/// f32, bf16 or f16, as kernels are named.
llvm::StringRef floatName(mlir::Type type);

/// A `gpu.launch` of one thread; the builder is left inside.
mlir::gpu::LaunchOp makeLaunch(KernelBuilder &b);

/// A `gpu.func` in the making, seen from the host code that launches it.
///
/// The kernel gets scalars and bare pointers: of a memref it gets the pointer,
/// and what its type doesn't say of offset, sizes and strides. `mapping` takes
/// each of the host's values to the same value (memrefs included) in the
/// kernel.
class DeviceKernel {
public:
  /// `values`: memrefs, index values, integers, floats and !llvm.ptr that the
  /// kernel uses. `name` must be new in the device module.
  DeviceKernel(mlir::ModuleOp module, KernelBuilder &host,
               mlir::ValueRange values, llvm::StringRef name,
               llvm::ArrayRef<int64_t> block);

  /// Builds in the kernel, before its return.
  KernelBuilder &body() { return device; }
  mlir::gpu::GPUFuncOp function() { return func; }
  mlir::IRMapping mapping;

  /// Index values, in the kernel.
  mlir::Value
  threadId(mlir::gpu::Dimension dimension = mlir::gpu::Dimension::x);
  mlir::Value blockId(mlir::gpu::Dimension dimension = mlir::gpu::Dimension::x);

  /// Emits the launch on the host. `grid`: one to three index values.
  void launch(mlir::ValueRange grid, mlir::Value sharedBytes = {});

private:
  mlir::Value parameter(mlir::Value hostValue, mlir::Type type = {});
  mlir::Value mapMemref(mlir::Value memref);

  mlir::ModuleOp module;
  KernelBuilder &host;
  mlir::gpu::GPUFuncOp func;
  KernelBuilder device;
  llvm::SmallVector<int64_t, 3> block;
  llvm::SmallVector<mlir::Value> arguments;
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_DEVICEKERNEL_H
