//===- DeviceBuilder.h - short forms for building GPU kernels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_DEVICEBUILDER_H
#define BLOCKATTN_PASSES_LOWERCUDA_DEVICEBUILDER_H

#include "passes/Lower/CodeBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace blockattn {

/// Address spaces of NVPTX.
constexpr unsigned kGlobalMemory = 1;
constexpr unsigned kSharedMemory = 3;
constexpr unsigned kClusterMemory = 7;

/// Builds hand-made kernels: i32 counts (a GPU has no 64-bit multiplier), f32
/// values, bare pointers with byte offsets.
class DeviceBuilder : public CodeBuilder {
public:
  using CodeBuilder::CodeBuilder;

  // Between i32 and i64.
  Value wide(Value a);
  Value narrow(Value a);

  // f32, on scalars and vectors alike; each operation is rounded.
  Value addF(Value a, Value b);
  Value subF(Value a, Value b);
  Value mulF(Value a, Value b);
  Value divF(Value a, Value b);
  /// a * b + c, rounded once.
  Value fma(Value a, Value b, Value c);
  /// The other one where one is NaN.
  Value maxF(Value a, Value b);
  Value equalF(Value a, Value b);
  /// Approximations of the hardware, two units in the last place.
  Value exp2(Value a);
  Value log2(Value a);
  /// Two values as one register of two 16-bit floats, `low` at the lower
  /// address.
  Value pack(Value low, Value high, mlir::Type element);

  // Memory.
  mlir::Type pointer(unsigned space);
  Value offset(Value pointer, Value bytes);
  Value offset(Value pointer, int64_t bytes);
  Value load(mlir::Type type, Value pointer, unsigned alignment = 0);
  void store(Value value, Value pointer, unsigned alignment = 0);

  // Threads.
  Value thread();
  Value blockX();
  Value blockY();
  void barrier();
  /// Of all threads of a cluster's thread blocks.
  void clusterBarrier();
  /// The value of the lane whose number differs in the bits of `mask`.
  Value shuffleXor(Value value, int64_t mask);
  /// Over the 32 lanes of a warp, for i32.
  Value warpMin(Value value);
  Value warpMax(Value value);
  Value warpSum(Value value);

private:
  Value intrinsic(llvm::StringRef name, mlir::Type result, ValueRange operands);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_DEVICEBUILDER_H
