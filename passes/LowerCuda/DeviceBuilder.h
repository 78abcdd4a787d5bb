//===- DeviceBuilder.h - short forms for building GPU kernels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_DEVICEBUILDER_H
#define BLOCKATTN_PASSES_LOWERCUDA_DEVICEBUILDER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace blockattn {

/// Address spaces of NVPTX.
constexpr unsigned kGlobalMemory = 1;
constexpr unsigned kSharedMemory = 3;
constexpr unsigned kClusterMemory = 7;

/// A builder whose calls read like the arithmetic they emit, for hand-made
/// kernels: i32 counts (a GPU has no 64-bit multiplier), f32 values, bare
/// pointers with byte offsets.
class DeviceBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  // Integers of any width; both sides have one type.
  Value i32(int64_t value);
  Value i64(int64_t value);
  Value add(Value a, Value b);
  Value add(Value a, int64_t b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t b);
  /// Of values that are not negative.
  Value div(Value a, Value b);
  Value div(Value a, int64_t b);
  Value rem(Value a, Value b);
  Value rem(Value a, int64_t b);
  Value ceilDiv(Value a, int64_t b);
  Value bitAnd(Value a, int64_t b);
  Value min(Value a, Value b);
  Value max(Value a, Value b);
  Value less(Value a, Value b);
  Value lessEqual(Value a, Value b);
  Value equal(Value a, Value b);
  Value both(Value a, Value b);
  Value either(Value a, Value b);
  Value wide(Value a);
  Value narrow(Value a);

  // f32, on scalars and vectors alike.
  Value f32(double value);
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
  Value select(Value condition, Value a, Value b);
  Value toF32(Value value);
  Value fromF32(Value value, mlir::Type element);
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
  /// The value of the lane whose number differs in the bits of `mask`.
  Value shuffleXor(Value value, int64_t mask);
  /// Over the 32 lanes of a warp, for i32.
  Value warpMin(Value value);
  Value warpMax(Value value);
  Value warpSum(Value value);

  // Control flow, counted in i32.
  using LoopBody =
      llvm::function_ref<llvm::SmallVector<Value>(Value, ValueRange)>;
  llvm::SmallVector<Value> loop(Value begin, Value end, Value step,
                                ValueRange init, LoopBody body);
  void loop(Value begin, Value end, Value step,
            llvm::function_ref<void(Value)> body);
  llvm::SmallVector<Value>
  branch(Value condition, mlir::TypeRange types,
         llvm::function_ref<llvm::SmallVector<Value>()> then,
         llvm::function_ref<llvm::SmallVector<Value>()> otherwise);
  void when(Value condition, llvm::function_ref<void()> then);

private:
  Value intrinsic(llvm::StringRef name, mlir::Type result, ValueRange operands);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWERCUDA_DEVICEBUILDER_H
