//===- DecomposeMicrosoftExperts.cpp - mixtures of experts ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All experts see all tokens, and a matrix [tokens, experts] weighs what they
// say, with zeros for those that a token was not sent to. So the shapes do not
// depend on the data, and the products are few and large.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeMicrosoft.h"

using namespace mlir;

namespace blockattn {

namespace {
/// The weight of a product of each expert, [experts, rows, columns], and its
/// bias, [experts, rows], or null.
struct ExpertLayer {
  Value weight, bias;
  explicit operator bool() const { return !!weight; }
};

struct Experts {
  ExpertLayer fc1, fc2, fc3;
  Value routerWeights; ///< null: those that the router's scores give
};
} // namespace

/// How much each expert counts for each token, [tokens, experts].
template <typename OpT>
static Value gatesOf(OpT op, GraphBuilder &g, Value tokens, Value weights) {
  // One row of scores would broadcast to all tokens.
  Value scores = g.ofSize(op.getRouterProbs(), 0, tokens, 0);
  Type element = g.element(scores);
  Value shares = g.make<onnx::SoftmaxOp>(scores, g.attr("axis", -1));
  SmallVector<Value> best = g.makeAll<onnx::TopKOp>({shares, g.ints(op.getK())},
                                                    g.attr("axis", -1), 2);
  Value chosen = best[0];
  if (weights)
    chosen = g.make<onnx::GatherElementsOp>({g.cast(weights, element), best[1]},
                                            g.attr("axis", 1));
  if (op.getNormalizeRoutingWeights())
    chosen = g.binary<onnx::DivOp>(
        chosen, g.make<onnx::ReduceSumOp>({chosen, g.ints(1)}));
  Value none =
      g.make<onnx::ExpandOp>({g.number(element, 0), g.shapeOf(scores, 0, 2)});
  return g.make<onnx::ScatterElementsOp>({none, best[1], chosen},
                                         g.attr("axis", 1));
}

/// The products of tokens [tokens, columns] with the rows of all experts, as
/// [tokens, experts, rows].
static Value applyFirst(GraphBuilder &g, Value tokens,
                        const ExpertLayer &layer) {
  int64_t experts = g.size(layer.weight, 0), rows = g.size(layer.weight, 1);
  Value weight =
      g.reshape(layer.weight, {experts * rows, g.size(layer.weight, 2)});
  Value product = g.binary<onnx::MatMulOp>(tokens, g.transpose(weight, {1, 0}));
  product = g.reshape(product, {-1, experts, rows});
  return layer.bias ? g.binary<onnx::AddOp>(product, layer.bias) : product;
}

/// min(g, limit) * sigmoid(alpha * min(g, limit)) * (clip(l) + beta)
template <typename OpT>
static Value swiglu(OpT op, GraphBuilder &g, Value gate, Value linear) {
  Type element = g.element(gate);
  if (std::optional<APFloat> limit = op.getSwigluLimit()) {
    Value most = g.number(element, limit->convertToDouble());
    Value least = g.number(element, -limit->convertToDouble());
    gate = g.binary<onnx::MinOp>(gate, most);
    linear = g.make<onnx::ClipOp>({linear, least, most});
  }
  if (double beta = op.getActivationBeta().convertToDouble(); beta != 0)
    linear = g.binary<onnx::AddOp>(linear, g.number(element, beta));
  gate = g.make<onnx::SwishOp>(gate, g.attr("alpha", op.getActivationAlpha()));
  return g.binary<onnx::MulOp>(gate, linear);
}

/// What enters fc2, [tokens, experts, columns].
template <typename OpT>
static Value hiddenOf(OpT op, GraphBuilder &g, Value tokens, const Experts &e) {
  Value first = applyFirst(g, tokens, e.fc1);
  Value third = e.fc3 ? applyFirst(g, tokens, e.fc3) : Value();
  StringRef activation = op.getActivationType();
  if (activation == "swiglu") {
    int64_t half = g.size(first, 2) / 2;
    if (op.getSwigluFusion() == 1) {
      Value pairs = g.reshape(first, {-1, g.size(first, 1), half, 2});
      return swiglu(op, g, g.at(pairs, 3, 0), g.at(pairs, 3, 1));
    }
    if (op.getSwigluFusion() == 2)
      return swiglu(op, g, g.slice(first, 2, 0, half),
                    g.slice(first, 2, half, 2 * half));
    return swiglu(op, g, first, third);
  }
  if (activation == "relu")
    first = g.make<onnx::ReluOp>(first);
  else if (activation == "gelu")
    first = g.make<onnx::GeluOp>(
        first, g.attr("approximate", StringAttr::get(op.getContext(), "tanh")));
  else if (activation == "silu")
    first = g.make<onnx::SwishOp>(first);
  return third ? g.binary<onnx::MulOp>(first, third) : first;
}

static Refusal requireShapes(GraphBuilder &g, const ExpertLayer &layer) {
  constexpr int64_t kMost = int64_t(1) << 24;
  for (int64_t i = 0; i < 3; ++i)
    if (int64_t size = g.size(layer.weight, i);
        ShapedType::isDynamic(size) || size <= 0 || size > kMost)
      return "the shapes of its weights are not known, or too large";
  return {};
}

template <typename OpT>
static Refusal mixture(OpT op, GraphBuilder &g, const Experts &e) {
  Value input = op.getInput();
  int64_t rank = g.rank(input),
          columns = rank > 0 ? g.size(input, rank - 1) : ShapedType::kDynamic;
  if (ShapedType::isDynamic(columns) || !isa<FloatType>(g.element(input)))
    return "the type of its input is not known";
  if (llvm::is_contained(cast<RankedTensorType>(input.getType()).getShape(), 0))
    return "its input has no elements";
  for (const ExpertLayer &layer : {e.fc1, e.fc2, e.fc3})
    if (layer)
      if (Refusal refusal = requireShapes(g, layer); !refusal.empty())
        return refusal;
  bool fused = op.getActivationType() == "swiglu" && op.getSwigluFusion() != 0;
  if (fused && e.fc3)
    return "its swiglu is fused, so that fc3 has no place; export with "
           "swiglu_fusion = 0";
  if (op.getActivationType() == "swiglu" && !fused && !e.fc3)
    return "its swiglu needs fc3, or a swiglu_fusion of 1 or 2";
  int64_t inner = g.size(e.fc1.weight, 1);
  if (g.size(e.fc1.weight, 2) != columns ||
      (e.fc3 && g.size(e.fc3.weight, 2) != columns) ||
      (e.fc3 && g.size(e.fc3.weight, 1) != inner) ||
      (fused && inner % 2 != 0) ||
      g.size(e.fc2.weight, 2) != (fused ? inner / 2 : inner) ||
      g.size(e.fc2.weight, 1) != columns)
    return "the shapes of its weights do not fit to one another or to its "
           "input";

  Value tokens = rank == 2 ? input : g.reshape(input, {-1, columns});
  Value gates = gatesOf(op, g, tokens, e.routerWeights);
  gates = g.cast(gates, g.element(input));
  Value hidden = g.transpose(hiddenOf(op, g, tokens, e), {1, 0, 2});
  Value all =
      g.binary<onnx::MatMulOp>(hidden, g.transpose(e.fc2.weight, {0, 2, 1}));
  if (e.fc2.bias)
    all = g.binary<onnx::AddOp>(all, g.unsqueeze(e.fc2.bias, 1));
  all = g.binary<onnx::MulOp>(all, g.unsqueeze(g.transpose(gates, {1, 0}), 2));
  Value sum = g.make<onnx::ReduceSumOp>({all, g.ints(0)},
                                        g.attr("keepdims", int64_t(0)));
  if (rank == 3)
    sum = g.make<onnx::ReshapeOp>({sum, g.shapeOf(input, 0, 3)});
  g.replace(op.getOutput(), sum);
  return {};
}

static const char *const kNoMixer =
    "use_sparse_mixer (a router that compares scores with one another) is not "
    "supported; export the router as plain operators";

Refusal decompose(onnx::MSMoEOp op, GraphBuilder &g) {
  if (op.getUseSparseMixer())
    return kNoMixer;
  return mixture(op, g,
                 {{op.getFc1ExpertsWeights(), op.getFc1ExpertsBias()},
                  {op.getFc2ExpertsWeights(), op.getFc2ExpertsBias()},
                  {op.getFc3ExpertsWeights(), op.getFc3ExpertsBias()},
                  Value()});
}

/// A layer of few bits, unpacked.
static Refusal unpackLayer(onnx::MSQMoEOp op, GraphBuilder &g, Value packed,
                           Value scales, Value zeros,
                           std::optional<int64_t> ownBits, ExpertLayer &layer) {
  if (!packed)
    return {};
  if (Refusal refusal = requireShapes(g, {packed, Value()}); !refusal.empty())
    return refusal;
  int64_t bits = ownBits.value_or(op.getExpertWeightBits());
  int64_t experts = g.size(packed, 0), rows = g.size(packed, 1);
  int64_t columns = g.size(packed, 2) * (8 / bits);
  int64_t block = op.getBlockSize().value_or(0);
  if (block < 0)
    return "its block_size is negative: " + std::to_string(block);
  if (block != 0 && columns % block != 0)
    return "the columns of a weight, " + std::to_string(columns) +
           ", are not a multiple of block_size " + std::to_string(block);
  Type element = g.element(op.getInput());
  PackedWeight weight{
      packed,         scales,  zeros, Value(),
      experts * rows, columns, bits,  block == 0 ? columns : block};
  if (Refusal refusal = weight.requireBytes(); !refusal.empty())
    return refusal;
  if (zeros && block == 0)
    return "it has zero points of whole rows; export with a block_size, or "
           "without zero points";
  layer.weight = g.reshape(weight.unpack(g, element), {experts, rows, columns});
  return {};
}

Refusal decompose(onnx::MSQMoEOp op, GraphBuilder &g) {
  if (op.getUseSparseMixer())
    return kNoMixer;
  if (op.getQuantType() != "int")
    return "quant_type '" + op.getQuantType().str() +
           "' is not supported; export with 'int'";
  if (op.getWeightsPrepacked() > 0)
    return "its weights are arranged for one device (weights_prepacked = 1); "
           "export with weights_prepacked = 0";
  if (!isa<FloatType>(g.element(op.getInput())))
    return "the type of its input is not known";
  Experts e{{Value(), op.getFc1ExpertsBias()},
            {Value(), op.getFc2ExpertsBias()},
            {Value(), op.getFc3ExpertsBias()},
            op.getRouterWeights()};
  for (Refusal refusal :
       {unpackLayer(op, g, op.getFc1ExpertsWeights(), op.getFc1Scales(),
                    op.getFc1ZeroPoints(), op.getFc1ExpertWeightBits(), e.fc1),
        unpackLayer(op, g, op.getFc2ExpertsWeights(), op.getFc2Scales(),
                    op.getFc2ZeroPoints(), op.getFc2ExpertWeightBits(), e.fc2),
        unpackLayer(op, g, op.getFc3ExpertsWeights(), op.getFc3Scales(),
                    op.getFc3ZeroPoints(), op.getFc3ExpertWeightBits(), e.fc3)})
    if (!refusal.empty())
      return refusal;
  return mixture(op, g, e);
}

} // namespace blockattn
