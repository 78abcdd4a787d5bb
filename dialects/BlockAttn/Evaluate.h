//===- Evaluate.h - the evaluator's rules for blockattn ops -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the ops of the dialect mean, in the plainest form: for every pair of
// query and key the visibility rule is asked. Passes verify what they raise
// with it, and tests compare the programs of a model with its own graph.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_BLOCKATTN_EVALUATE_H
#define BLOCKATTN_DIALECTS_BLOCKATTN_EVALUATE_H

#include "dialects/Onnx/Evaluate.h"
#include <utility>
#include <vector>

namespace blockattn {

/// The cached blocks that a `!blockattn.kv` stands for.
struct EvaluationCache {
  struct Block {
    /// By how many positions the keys lie before their place in the prompt.
    int64_t shift = 0;
    /// For each layer the keys and values, [1, length, kv_heads, head_size].
    std::vector<std::pair<onnx::HostTensor, onnx::HostTensor>> layers;
  };
  std::vector<Block> blocks;
};

/// Teaches an evaluator the blockattn ops, and the few of other dialects that
/// programs hold beside them. A layout is an i64 tensor [blocks, 3] of start,
/// is_global and segment. A value of type `!blockattn.kv` may be bound to any
/// tensor; its blocks are those of `cache`, which must outlive the evaluator.
void addEvaluationRules(onnx::Evaluator &evaluator,
                        const EvaluationCache *cache = nullptr);

} // namespace blockattn

#endif // BLOCKATTN_DIALECTS_BLOCKATTN_EVALUATE_H
