//===- AttentionSite.h - attention as it is spelled -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_ATTENTIONSITE_H
#define BLOCKATTN_PASSES_RAISE_ATTENTIONSITE_H

#include "passes/Raise/FixedValues.h"

#include "dialects/Onnx/Onnx.h"

namespace blockattn::raise {

/// A softmax between two matrix products.
struct AttentionSite {
  onnx::SoftmaxOp softmax;
  mlir::Value scores; ///< the softmax's input, but for `sinks`
  /// A last column of the softmax's input, a score for each head that belongs
  /// to no key; null where there is none.
  mlir::Value sinks;
  onnx::MatMulOp product; ///< of queries and transposed keys
  onnx::MatMulOp output;  ///< of weights and values
  /// What enters between product and softmax besides constants and sizes.
  llvm::SmallVector<mlir::Value> maskInputs;
  /// The ops between product and softmax, last first.
  llvm::SmallVector<mlir::Operation *> scoreOps;
  /// What the mask inputs depend on.
  unsigned maskDependence = 0;
  /// Whether the scores of one head can be evaluated in place of all, once
  /// that is known.
  std::optional<bool> oneHead;
};

/// Why something is not raised; empty where it is.
using Reason = std::string;

/// Says that a mask comes from an argument about whose values nothing is known.
Reason runTimeMask(mlir::func::FuncOp func, mlir::BlockArgument argument);

/// Why `--blockattn-decompose-onnx-attention` leaves an op alone; null where it
/// does not.
const char *whyNotDecomposed(onnx::AttentionOp op);

/// The site of a softmax. std::nullopt without a reason when this is no
/// attention at all.
std::optional<AttentionSite> findSite(Subject &subject, onnx::SoftmaxOp softmax,
                                      Reason &reason);

/// Queries, keys or values where they are heads of tokens: of rank 4,
/// [batch, heads, tokens, size] or [batch, tokens, heads, size].
struct Heads {
  mlir::Value value;
  bool headsFirst = false;
  int64_t heads = 0, size = 0;
  /// What they are multiplied by on the way to the product.
  double factor = 1;
};

enum class Operand { Query, Key, Value };

/// Follows an operand of the products back to where its heads come from:
/// through transpositions, reshapes, scaling by a scalar, and the repetition
/// of heads for grouped queries. What the ops do is found by running them. A
/// factor that depends on the length is no part of it: such heads come from
/// behind it. On failure gives a reason.
std::optional<Heads> findHeads(Subject &subject, FixedValues &fixed,
                               AttentionSite &site, Operand operand,
                               Reason &reason);

/// The softmax's input (without sinks) in place of a score that is `score`
/// everywhere.
/// Invalid, with a reason, when it cannot be evaluated.
onnx::HostTensor evaluateScores(Subject &subject, AttentionSite &site,
                                Trial &shared, double score, Reason &reason);

/// Scale and soft cap of the scores: softcap * tanh(scale * s / softcap), or
/// scale * s where `softcap` is 0.
struct ScoreFunction {
  double scale = 1, softcap = 0;
  double operator()(double score) const;
};

/// The sinks of the heads; none, with a reason, where they are not known.
std::optional<llvm::SmallVector<float>>
fitSinks(Subject &subject, AttentionSite &site, int64_t heads, Reason &reason);

/// Finds the function from its values at one place where the mask is 0; it has
/// to be the same for few tokens and for many.
std::optional<ScoreFunction> fitScores(Subject &subject, FixedValues &fixed,
                                       AttentionSite &site, Reason &reason);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_ATTENTIONSITE_H
