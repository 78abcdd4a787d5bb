//===- DecomposeMicrosoft.cpp - com.microsoft ops spelled out -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeMicrosoft.h"

#include "passes/Normalize/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_DECOMPOSEMICROSOFT
#include "passes/Normalize/Passes.h.inc"

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// Rows, and the vectors that go with them, which may be absent: each has an
/// element for each column.
static void fitColumns(GraphBuilder &g, Value &rows,
                       ArrayRef<Value *> vectors) {
  int64_t last = g.rank(rows) - 1;
  if (last < 0)
    return;
  for (Value *vector : vectors) {
    if (!*vector || g.rank(*vector) != 1)
      continue;
    if (ShapedType::isDynamic(g.size(rows, last)))
      rows = g.ofSize(rows, last, *vector, 0);
    else
      *vector = g.ofSize(*vector, 0, rows, last);
  }
}

static Refusal decompose(onnx::MSBiasGeluOp op, GraphBuilder &g) {
  Value x = op.getA(), bias = op.getB();
  fitColumns(g, x, &bias);
  g.replace(op.getC(), g.make<onnx::GeluOp>(g.binary<onnx::AddOp>(x, bias)));
  return {};
}

static Refusal decompose(onnx::MSFastGeluOp op, GraphBuilder &g) {
  Value x = op.getX();
  if (Value bias = op.getBias()) {
    fitColumns(g, x, &bias);
    x = g.binary<onnx::AddOp>(x, bias);
  }
  g.replace(
      op.getY(),
      g.make<onnx::GeluOp>(
          x, g.attr("approximate", StringAttr::get(op.getContext(), "tanh"))));
  return {};
}

static Refusal decompose(onnx::MSQuickGeluOp op, GraphBuilder &g) {
  g.replace(op.getY(),
            g.make<onnx::SwishOp>(op.getX(), g.attr("alpha", op.getAlpha())));
  return {};
}

//===----------------------------------------------------------------------===//
// Norms and embeddings
//===----------------------------------------------------------------------===//

/// input + skip + bias, which is also a result of the op. It has a column for
/// each element of the `vectors`.
template <typename OpT>
static Value sumOf(OpT op, GraphBuilder &g, ArrayRef<Value *> vectors) {
  Value input = op.getInput(), skip = op.getSkip(), bias = op.getBias();
  SmallVector<Value *> all(vectors);
  all.push_back(&bias);
  fitColumns(g, input, all);
  // The skip may be one for the whole batch.
  for (int64_t i = 1; i <= 2 && i <= g.rank(skip) && i <= g.rank(input); ++i)
    skip = g.ofSize(skip, g.rank(skip) - i, input, g.rank(input) - i);
  Value sum = g.binary<onnx::AddOp>(input, skip);
  if (bias)
    sum = g.binary<onnx::AddOp>(sum, bias);
  if (Value result = op.getInputSkipBiasSum())
    g.replace(result, sum);
  return sum;
}

static Refusal decompose(onnx::MSSkipLayerNormalizationOp op, GraphBuilder &g) {
  // The statistics come as a pair.
  unsigned count = op.getMean() || op.getInvStdVar() ? 3 : 1;
  Value gamma = op.getGamma(), beta = op.getBeta();
  Value sum = sumOf(op, g, {&gamma, &beta});
  SmallVector<Value> norm = g.makeAll<onnx::LayerNormalizationOp>(
      {sum, gamma, beta}, g.attr("epsilon", op.getEpsilon()), count);
  g.replace(op.getOutput(), norm[0]);
  if (Value mean = op.getMean())
    g.replace(mean, norm[1]);
  if (Value deviation = op.getInvStdVar())
    g.replace(deviation, norm[2]);
  return {};
}

static Refusal decompose(onnx::MSSkipSimplifiedLayerNormalizationOp op,
                         GraphBuilder &g) {
  for (Value statistic : {op.getMean(), op.getInvStdVar()})
    if (statistic && !statistic.use_empty())
      return "its statistics (outputs 1 and 2) are used, which is not "
             "supported; compute them with other ops";
  Value gamma = op.getGamma();
  Value sum = sumOf(op, g, &gamma);
  g.replace(op.getOutput(),
            g.make<onnx::RMSNormalizationOp>(
                {sum, gamma}, g.attr("epsilon", op.getEpsilon())));
  return {};
}

static Refusal decompose(onnx::MSEmbedLayerNormalizationOp op,
                         GraphBuilder &g) {
  Value ids = op.getInputIds();
  if (g.rank(ids) != 2)
    return "the shape of its input_ids is not known";
  Type i64 = IntegerType::get(op.getContext(), 64);
  Value sum = g.make<onnx::GatherOp>({op.getWordEmbedding(), ids});
  Value positions = op.getPositionIds();
  if (!positions)
    positions = g.unsqueeze(g.range(g.number(i64, 0), g.dim(ids, 1)), 0);
  sum = g.binary<onnx::AddOp>(
      sum, g.make<onnx::GatherOp>({op.getPositionEmbedding(), positions}));
  if (Value segments = op.getSegmentIds())
    sum = g.binary<onnx::AddOp>(
        sum, g.make<onnx::GatherOp>({op.getSegmentEmbedding(), segments}));
  if (Value result = op.getEmbeddingSum())
    g.replace(result, sum);
  g.replace(op.getOutput(), g.make<onnx::LayerNormalizationOp>(
                                {sum, op.getGamma(), op.getBeta()},
                                g.attr("epsilon", op.getEpsilon())));
  Value count = op.getMaskIndex();
  if (!count)
    return {};
  Type i32 = IntegerType::get(op.getContext(), 32);
  if (Value mask = op.getMask()) {
    Value ones = g.cast(
        g.binary<onnx::EqualOp>(mask, g.number(g.element(mask), 1)), i32);
    g.replace(count, g.make<onnx::ReduceSumOp>({ones, g.ints(1)},
                                               g.attr("keepdims", int64_t(0))));
    return {};
  }
  g.replace(count,
            g.make<onnx::ExpandOp>({g.number(i32, 0), g.shapeOf(ids, 0, 1)}));
  return {};
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static Refusal decompose(onnx::MSFusedMatMulOp op, GraphBuilder &g) {
  auto arrange = [&](Value value, bool matrix, bool batch) {
    int64_t rank = g.rank(value);
    if (rank < 2 || (!matrix && !batch))
      return value;
    SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(rank));
    if (batch)
      std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
    if (matrix)
      std::swap(perm[rank - 1], perm[rank - 2]);
    return g.transpose(value, perm);
  };
  if (g.rank(op.getA()) < 1 || g.rank(op.getB()) < 1)
    return "the ranks of its operands are not known";
  Type element = g.element(op.getA());
  if (!isa<FloatType>(element))
    return "the element type of its operands is not known";
  Value product = g.binary<onnx::MatMulOp>(
      arrange(op.getA(), op.getTransA(), op.getTransBatchA()),
      arrange(op.getB(), op.getTransB(), op.getTransBatchB()));
  if (double alpha = op.getAlpha().convertToDouble(); alpha != 1)
    product = g.binary<onnx::MulOp>(product, g.number(element, alpha));
  g.replace(op.getY(), product);
  return {};
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct DecomposeMicrosoft : impl::DecomposeMicrosoftBase<DecomposeMicrosoft> {
  using DecomposeMicrosoftBase::DecomposeMicrosoftBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      auto product = dyn_cast<onnx::MSMatMulNBitsOp>(op);
      bool stays = keepPackedProducts && product && onnx::staysPacked(product);
      if (op->getName().getStringRef().starts_with("onnx.ms.") && !stays)
        ops.push_back(op);
    });
    if (ops.empty())
      return markAllAnalysesPreserved();
    if (failed(spellOut(function, ops, dispatch)))
      signalPassFailure();
  }

  static Refusal dispatch(Operation *op, GraphBuilder &g) {
    return llvm::TypeSwitch<Operation *, Refusal>(op)
        .Case<onnx::MSBiasGeluOp, onnx::MSFastGeluOp, onnx::MSQuickGeluOp,
              onnx::MSSkipLayerNormalizationOp,
              onnx::MSSkipSimplifiedLayerNormalizationOp,
              onnx::MSEmbedLayerNormalizationOp, onnx::MSFusedMatMulOp,
              onnx::MSMatMulNBitsOp, onnx::MSGatherBlockQuantizedOp,
              onnx::MSRotaryEmbeddingOp, onnx::MSAttentionOp,
              onnx::MSMultiHeadAttentionOp, onnx::MSGroupQueryAttentionOp,
              onnx::MSMatMulIntegerToFloatOp, onnx::MSDynamicQuantizeMatMulOp,
              onnx::MSMoEOp, onnx::MSQMoEOp>(
            [&](auto typed) { return decompose(typed, g); })
        .Default([](Operation *) {
          return "there is no rule for it; export the model without this "
                 "fusion";
        });
  }
};
} // namespace

} // namespace blockattn
