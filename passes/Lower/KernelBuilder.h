//===- KernelBuilder.h - short forms for building loop nests ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_KERNELBUILDER_H
#define BLOCKATTN_PASSES_LOWER_KERNELBUILDER_H

#include "passes/Lower/CodeBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace blockattn {

/// Elements of a vector in generated code. One AVX-512 register of f32, two of
/// AVX, four of SSE: the instruction selector splits it.
constexpr int64_t kLanes = 16;

/// Builds loops and vectors, and host code of any target: counts are indices,
/// values are f32.
class KernelBuilder : public CodeBuilder {
public:
  using CodeBuilder::CodeBuilder;

  mlir::VectorType lanes(mlir::Type element) {
    return mlir::VectorType::get({kLanes}, element);
  }

  // Index arithmetic.
  Value index(int64_t value);
  Value toIndex(Value integer);
  Value toI32(Value index);

  // f32 arithmetic, on scalars and vectors alike. Products and sums may be
  // contracted to fused ones.
  Value f32Lanes(double value);
  Value addF(Value a, Value b);
  Value subF(Value a, Value b);
  Value mulF(Value a, Value b);
  /// a * b + c.
  Value mulAdd(Value a, Value b, Value c);
  Value broadcast(Value scalar);

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
  using CodeBuilder::loop;
  llvm::SmallVector<Value> loop(Value begin, Value end, int64_t step,
                                ValueRange init, LoopBody body);
  void loop(Value begin, Value end, int64_t step,
            llvm::function_ref<void(Value)> body);
  /// Iterations [0, count) in any order and on any thread.
  void parallel(Value count, llvm::function_ref<void(Value)> body);
};

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_KERNELBUILDER_H
