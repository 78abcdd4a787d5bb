//===- KernelBuilder.h - short forms for building loop nests ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_KERNELBUILDER_H
#define BLOCKATTN_PASSES_LOWER_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace blockattn {

/// Elements of a vector in generated code. One AVX-512 register of f32, two of
/// AVX, four of SSE: the instruction selector splits it.
constexpr int64_t kLanes = 16;

/// A builder whose calls read like the arithmetic they emit. Index operands
/// fold where they are constant.
class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  mlir::VectorType lanes(mlir::Type element) {
    return mlir::VectorType::get({kLanes}, element);
  }

  // Index arithmetic.
  Value index(int64_t value);
  Value i32(int64_t value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  /// Unsigned, as sizes and counts are.
  Value div(Value a, Value b);
  Value rem(Value a, Value b);
  Value ceilDiv(Value a, int64_t b);
  Value min(Value a, Value b);
  Value max(Value a, Value b);
  Value less(Value a, Value b);
  Value lessEqual(Value a, Value b);
  Value equal(Value a, Value b);
  Value both(Value a, Value b);
  Value toIndex(Value integer);
  Value toI32(Value index);

  // f32 arithmetic, on scalars and vectors alike. Products and sums may be
  // contracted to fused ones.
  Value f32(double value);
  Value f32Lanes(double value);
  Value addF(Value a, Value b);
  Value subF(Value a, Value b);
  Value mulF(Value a, Value b);
  /// a * b + c.
  Value mulAdd(Value a, Value b, Value c);
  Value select(Value condition, Value a, Value b);
  Value broadcast(Value scalar);
  /// A float of any width as f32, and back.
  Value toF32(Value value);
  Value fromF32(Value value, mlir::Type element);

  // Memory.
  Value dim(Value memref, int64_t i);
  Value load(Value memref, ValueRange indices);
  void store(Value value, Value memref, ValueRange indices);
  Value loadLanes(Value memref, ValueRange indices);
  void storeLanes(Value value, Value memref, ValueRange indices);
  /// A buffer on the stack, aligned to cache lines. A dimension that is not
  /// constant is passed in `dynamic`.
  Value scratch(llvm::ArrayRef<int64_t> shape, mlir::Type element,
                ValueRange dynamic = {});

  // Control flow.
  using LoopBody =
      llvm::function_ref<llvm::SmallVector<Value>(Value, ValueRange)>;
  llvm::SmallVector<Value> loop(Value begin, Value end, int64_t step,
                                ValueRange init, LoopBody body);
  void loop(Value begin, Value end, int64_t step,
            llvm::function_ref<void(Value)> body);
  llvm::SmallVector<Value>
  branch(Value condition, mlir::TypeRange types,
         llvm::function_ref<llvm::SmallVector<Value>()> then,
         llvm::function_ref<llvm::SmallVector<Value>()> otherwise);
  void when(Value condition, llvm::function_ref<void()> then);
  /// Iterations [0, count) in any order and on any thread.
  void parallel(Value count, llvm::function_ref<void(Value)> body);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_KERNELBUILDER_H
