//===- EvaluatePrograms.h - a model's programs, interpreted -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the functions that the blockify phase derives as the runtime would:
// block attention in one run, or blocks that are encoded alone and reused.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TEST_UNIT_EVALUATE_EVALUATEPROGRAMS_H
#define BLOCKATTN_TEST_UNIT_EVALUATE_EVALUATEPROGRAMS_H

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/Weights.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace blockattn {

using Tensors = llvm::SmallVector<onnx::HostTensor>;

/// Runs a function with all ops of both dialects.
mlir::FailureOr<Tensors> runFunction(mlir::func::FuncOp func,
                                     llvm::ArrayRef<onnx::HostTensor> inputs,
                                     onnx::WeightFiles &weights,
                                     std::string &why);

/// The prompt and where its blocks start. The last block is global.
struct Prompt {
  onnx::HostTensor tokens;    // [1, N]
  onnx::HostTensor positions; // [1, N]; invalid: 0, 1, 2, ...
  llvm::SmallVector<int64_t> starts;
};

/// The outputs of @block for all tokens, or, with `reuse`, those of @extend for
/// the last block after the others went through @encode.
mlir::FailureOr<Tensors> runPrompt(mlir::ModuleOp module, const Prompt &prompt,
                                   bool reuse, onnx::WeightFiles &weights,
                                   std::string &why);

} // namespace blockattn

#endif // BLOCKATTN_TEST_UNIT_EVALUATE_EVALUATEPROGRAMS_H
