//===- MicrosoftOpsExperts.cpp - verifiers of mixtures of experts ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"
#include "dialects/Onnx/OnnxVerify.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace blockattn::onnx;

/// Constraints C2 to C6, which both forms have.
template <typename OpT> static LogicalResult verifyExperts(OpT op) {
  // C2
  RankedTensorType input = rankedType(op.getInput());
  if (input && input.getRank() != 2 && input.getRank() != 3)
    return op.emitOpError("(C2) input must have rank 2 or 3, but is ") << input;
  RankedTensorType router = rankedType(op.getRouterProbs());
  if (router && router.getRank() != 2)
    return op.emitOpError("(C2) router_probs must be a matrix, but are ")
           << router;
  int64_t experts = router ? router.getDimSize(1) : ShapedType::kDynamic;
  // C3
  auto verifyExpertsOf = [&](Value value, int64_t rank,
                             StringRef name) -> LogicalResult {
    RankedTensorType type = rankedType(value);
    if (!type ||
        (type.getRank() == rank && mayAgree(type.getDimSize(0), experts)))
      return success();
    InFlightDiagnostic diag = op.emitOpError("(C3) ")
                              << name << " must have rank " << rank;
    if (isKnown(experts))
      diag << " and be of " << experts << " experts";
    return diag << ", but is " << type;
  };
  for (auto [value, name] :
       {std::pair<Value, StringRef>(op.getFc1ExpertsWeights(),
                                    "the weight of fc1"),
        {op.getFc2ExpertsWeights(), "the weight of fc2"},
        {op.getFc3ExpertsWeights(), "the weight of fc3"}})
    if (failed(verifyExpertsOf(value, 3, name)))
      return failure();
  for (auto [value, name] :
       {std::pair<Value, StringRef>(op.getFc1ExpertsBias(), "the bias of fc1"),
        {op.getFc2ExpertsBias(), "the bias of fc2"},
        {op.getFc3ExpertsBias(), "the bias of fc3"}})
    if (failed(verifyExpertsOf(value, 2, name)))
      return failure();
  // C4
  if (!op.getFc2ExpertsWeights())
    return op.emitOpError("(C4) fc2_experts_weights must not be left out");
  if (op.getFc3ExpertsBias() && !op.getFc3ExpertsWeights())
    return op.emitOpError("(C4) fc3 has a bias, but no weight");
  // C5
  int64_t k = op.getK();
  if (k <= 0 || (isKnown(experts) && k > experts)) {
    InFlightDiagnostic diag = op.emitOpError("(C5) k must be positive");
    if (isKnown(experts))
      diag << " and at most " << experts;
    return diag << ", but is " << k;
  }
  // C6
  StringRef activation = op.getActivationType();
  if (!llvm::is_contained({"relu", "gelu", "silu", "swiglu", "identity"},
                          activation))
    return op.emitOpError("(C6) activation_type must be relu, gelu, silu, "
                          "swiglu or identity, but is '")
           << activation << "'";
  if (op.getSwigluFusion() < 0 || op.getSwigluFusion() > 2)
    return op.emitOpError("(C6) swiglu_fusion must be 0, 1 or 2, but is ")
           << op.getSwigluFusion();
  return success();
}

LogicalResult MSMoEOp::verify() {
  // C1
  SmallVector<Value> floats;
  for (Value value : getOperation()->getOperands())
    floats.push_back(value);
  floats.push_back(getOutput());
  if (failed(verifyElementTypes(*this, 1, "input, weights, biases and output",
                                floats)))
    return failure();
  return verifyExperts(*this);
}

LogicalResult MSQMoEOp::verify() {
  // C1
  SmallVector<Value> floats = {getInput(), getOutput()};
  for (Value bias :
       {getFc1ExpertsBias(), getFc2ExpertsBias(), getFc3ExpertsBias()})
    if (bias)
      floats.push_back(bias);
  if (failed(
          verifyElementTypes(*this, 1, "input, biases and output", floats)) ||
      failed(verifyExperts(*this)))
    return failure();
  // C7
  int64_t bits = getExpertWeightBits();
  for (std::optional<int64_t> given :
       {std::optional<int64_t>(bits), getFc1ExpertWeightBits(),
        getFc2ExpertWeightBits(), getFc3ExpertWeightBits()})
    if (given && *given != 2 && *given != 4 && *given != 8)
      return emitOpError(
                 "(C7) the bits of a weight must be 2, 4 or 8, but are ")
             << *given;
  if (std::optional<int64_t> block = getBlockSize();
      block && *block > 0 && (*block < 16 || !llvm::isPowerOf2_64(*block)))
    return emitOpError("(C7) block_size must be a power of two and at least "
                       "16, but is ")
           << *block;
  // C8
  for (auto [weight, scales, name] :
       {std::tuple<Value, Value, StringRef>(getFc1ExpertsWeights(),
                                            getFc1Scales(), "fc1"),
        {getFc2ExpertsWeights(), getFc2Scales(), "fc2"},
        {getFc3ExpertsWeights(), getFc3Scales(), "fc3"}})
    if (weight && !scales)
      return emitOpError("(C8) ") << name << "_scales must not be left out";
  return success();
}
