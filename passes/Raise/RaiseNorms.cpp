//===- RaiseNorms.cpp - RMS and layer normalization spelled out -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Dataflow.h"
#include "passes/Raise/Passes.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

namespace blockattn {
#define GEN_PASS_DEF_RAISENORMS
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// x * x or x^2: gives x.
Value matchSquare(Value value) {
  if (auto mul = value.getDefiningOp<onnx::MulOp>())
    return mul.getA() == mul.getB() ? mul.getA() : Value();
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return isScalar(pow.getY(), 2.0) ? pow.getX() : Value();
  return {};
}

/// The operand that is not `value`; null where neither or both are.
template <typename BinaryOp> Value otherOperand(BinaryOp op, Value value) {
  if ((op.getA() == value) == (op.getB() == value))
    return {};
  return op.getA() == value ? op.getB() : op.getA();
}

/// The mean of `x` over its last dimension.
bool isMeanOf(Value value, Value x) {
  auto mean = value.getDefiningOp<onnx::ReduceMeanOp>();
  return mean && mean.getData() == x &&
         reducesLastDim(x, mean.getAxes(), mean.getKeepdims() != 0);
}

struct Norm {
  Value x;           ///< what is normalized
  Value result;      ///< the last value of the spelling
  Value scale, bias; ///< vectors; null where absent
  double epsilon = 0;
  bool centered = false; ///< a layer norm
};

class NormMatcher {
public:
  explicit NormMatcher(const Dependences &deps) : deps(deps) {}

  /// Follows the users of the mean of squares of `x` to the normalized value.
  std::optional<Norm> match(onnx::ReduceMeanOp mean) {
    Value x = matchSquare(mean.getData());
    if (!x || !reducesLastDim(mean.getData(), mean.getAxes(),
                              mean.getKeepdims() != 0))
      return std::nullopt;
    for (Operation *user : mean.getReduced().getUsers()) {
      auto add = dyn_cast<onnx::AddOp>(user);
      Value other = add ? otherOperand(add, mean.getReduced()) : Value();
      std::optional<double> epsilon = scalarConstant(other);
      if (!epsilon || *epsilon < 0)
        continue;
      if (Value normalized = matchRoot(add.getC(), x)) {
        Norm norm{x, normalized, {}, {}, *epsilon, false};
        finish(norm);
        return norm;
      }
    }
    return std::nullopt;
  }

private:
  /// x / sqrt(u), x * (1 / sqrt(u)) or x * u^-0.5.
  Value matchRoot(Value u, Value x) {
    for (Operation *user : u.getUsers()) {
      if (auto root = dyn_cast<onnx::SqrtOp>(user)) {
        if (Value found = matchQuotient(root.getY(), x))
          return found;
      } else if (auto pow = dyn_cast<onnx::PowOp>(user)) {
        if (pow.getX() != u)
          continue;
        if (isScalar(pow.getY(), -0.5))
          if (Value found = matchProduct(pow.getZ(), x))
            return found;
        if (isScalar(pow.getY(), 0.5))
          if (Value found = matchQuotient(pow.getZ(), x))
            return found;
      }
    }
    return {};
  }

  /// x / root, or x * (1 / root).
  Value matchQuotient(Value root, Value x) {
    for (Operation *user : root.getUsers()) {
      Value inverse;
      if (auto div = dyn_cast<onnx::DivOp>(user)) {
        if (div.getB() != root)
          continue;
        if (div.getA() == x)
          return div.getC();
        if (isScalar(div.getA(), 1.0))
          inverse = div.getC();
      } else if (auto reciprocal = dyn_cast<onnx::ReciprocalOp>(user)) {
        inverse = reciprocal.getY();
      }
      if (inverse)
        if (Value found = matchProduct(inverse, x))
          return found;
    }
    return {};
  }

  Value matchProduct(Value inverse, Value x) {
    for (Operation *user : inverse.getUsers())
      if (auto mul = dyn_cast<onnx::MulOp>(user))
        if (otherOperand(mul, inverse) == x)
          return mul.getC();
    return {};
  }

  /// The only user of a value, if it is a BinaryOp of it and of a vector that
  /// does not depend on data; `vector` becomes that.
  template <typename BinaryOp> BinaryOp vectorUser(Value value, Value &vector) {
    if (!value.hasOneUse())
      return {};
    auto op = dyn_cast<BinaryOp>(*value.user_begin());
    vector = op ? otherOperand(op, value) : Value();
    if (!vector || !deps.isConstant(vector))
      return {};
    auto type = dyn_cast<RankedTensorType>(vector.getType());
    auto full = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !full || type.getRank() != 1 ||
        type.getElementType() != full.getElementType() || full.getRank() < 1 ||
        full.getShape().back() != type.getDimSize(0))
      return {};
    return op;
  }

  /// Takes in what stands around the bare norm: the subtraction of the mean,
  /// the casts around an f32 computation, scale and bias.
  void finish(Norm &norm) {
    if (auto sub = norm.x.getDefiningOp<onnx::SubOp>())
      if (isMeanOf(sub.getB(), sub.getA())) {
        norm.x = sub.getA();
        norm.centered = true;
      }
    if (auto up = norm.x.getDefiningOp<onnx::CastOp>())
      if (norm.result.hasOneUse())
        if (auto down = dyn_cast<onnx::CastOp>(*norm.result.user_begin()))
          if (down.getTo() == getElementTypeOrSelf(up.getInput()) &&
              isa<FloatType>(down.getTo())) {
            norm.x = up.getInput();
            norm.result = down.getOutput();
          }
    Value vector;
    if (auto mul = vectorUser<onnx::MulOp>(norm.result, vector)) {
      norm.scale = vector;
      norm.result = mul.getC();
    }
    if (!norm.centered || !norm.scale)
      return;
    if (auto add = vectorUser<onnx::AddOp>(norm.result, vector)) {
      norm.bias = vector;
      norm.result = add.getC();
    }
  }

  const Dependences &deps;
};

struct RaiseNorms : blockattn::impl::RaiseNormsBase<RaiseNorms> {
  void runOnOperation() override {
    Dependences deps(getOperation());
    NormMatcher matcher(deps);
    SmallVector<onnx::ReduceMeanOp> means;
    getOperation().walk([&](onnx::ReduceMeanOp op) { means.push_back(op); });
    for (onnx::ReduceMeanOp mean : means)
      if (std::optional<Norm> norm = matcher.match(mean))
        replace(*norm);
  }

  void replace(Norm &norm) {
    auto type = dyn_cast<RankedTensorType>(norm.result.getType());
    if (!type || type.getRank() < 1 || norm.x.getType() != type ||
        (!norm.scale && type.isDynamicDim(type.getRank() - 1)))
      return;
    Operation *last = norm.result.getDefiningOp();
    OpBuilder b(last);
    Location loc = last->getLoc();
    auto splat = [&](double value) -> Value {
      auto vector = RankedTensorType::get({type.getShape().back()},
                                          type.getElementType());
      return onnx::ConstantOp::create(
          b, loc, vector,
          DenseElementsAttr::get(vector,
                                 b.getFloatAttr(type.getElementType(), value)));
    };
    if (!norm.scale)
      norm.scale = splat(1.0);
    FloatAttr epsilon = b.getF32FloatAttr(static_cast<float>(norm.epsilon));
    Value raised;
    if (norm.centered) {
      OperationState state(loc, onnx::LayerNormalizationOp::getOperationName());
      state.addOperands({norm.x, norm.scale});
      if (norm.bias)
        state.addOperands(norm.bias);
      state.addTypes(type);
      state.addAttribute("epsilon", epsilon);
      state.addAttribute("resultSegmentSizes",
                         b.getDenseI32ArrayAttr({1, 0, 0}));
      raised = b.create(state)->getResult(0);
    } else {
      OperationState state(loc, onnx::RMSNormalizationOp::getOperationName());
      state.addOperands({norm.x, norm.scale});
      state.addTypes(type);
      state.addAttribute("epsilon", epsilon);
      raised = b.create(state)->getResult(0);
    }
    norm.result.replaceAllUsesWith(raised);
  }
};

} // namespace
