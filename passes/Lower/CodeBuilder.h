//===- CodeBuilder.h - arithmetic in short forms ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_CODEBUILDER_H
#define BLOCKATTN_PASSES_LOWER_CODEBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace blockattn {

/// A builder whose calls read like the arithmetic they emit: what code for any
/// machine is made of. Integer operations fold where they can.
class CodeBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  // Integers of any width and indices; both sides have one type.
  Value i32(int64_t value);
  Value i64(int64_t value);
  Value add(Value a, Value b);
  Value add(Value a, int64_t b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t b);
  /// Unsigned, as sizes and counts are.
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

  // Floats, on scalars and vectors alike. How sums and products are rounded is
  // for the machine's builder to say.
  Value f32(double value);
  Value select(Value condition, Value a, Value b);
  /// A float of any width as f32, and back.
  Value toF32(Value value);
  Value fromF32(Value value, mlir::Type element);

  // Control flow.
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
  Value integer(mlir::Type type, int64_t value);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_CODEBUILDER_H
