//===- RaiseActivations.cpp - GELU and Swish spelled out ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Dataflow.h"
#include "passes/Raise/Passes.h"

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include <cmath>

namespace blockattn {
#define GEN_PASS_DEF_RAISEACTIVATIONS
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// A function of one variable made of elementwise ops and scalar constants.
struct Region {
  Value x, y;
  SmallVector<Operation *> ops;
};

bool isElementwise(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::NegOp,
             onnx::PowOp, onnx::ErfOp, onnx::TanhOp, onnx::SigmoidOp,
             onnx::ExpOp, onnx::ReciprocalOp, onnx::SqrtOp>(op);
}

/// A user of the value that may belong to the same function.
bool continues(Operation *op, Value value) {
  if (!isElementwise(op) || op->getNumResults() != 1)
    return false;
  // The other operand may also come from x; the walk back tells.
  return op->getResult(0).getType() == value.getType();
}

class Fitter {
public:
  /// Evaluates the region where activations differ most.
  bool sample(const Region &region) {
    Type element = getElementTypeOrSelf(region.x);
    xs.clear();
    for (int i = -32; i <= 32; ++i)
      xs.push_back(i * 0.1875);
    onnx::Evaluator evaluator;
    auto input = onnx::HostTensor::fromFloats(
        element, {static_cast<int64_t>(xs.size())}, xs);
    if (!input)
      return false;
    xs = input.toFloats();
    evaluator.bind(region.x, std::move(input));
    const onnx::HostTensor *result = evaluator.lookup(region.y);
    if (!result || result->getNumElements() != static_cast<int64_t>(xs.size()))
      return false;
    ys = result->toFloats();
    tolerance = element.isF32() || element.isF64() ? 2e-6
                : element.isF16()                  ? 4e-3
                                                   : 3e-2;
    return true;
  }

  template <typename Function> bool equals(Function function) const {
    for (auto [x, y] : llvm::zip_equal(xs, ys))
      if (!(std::abs(function(x) - y) <= tolerance * (1 + std::abs(x))))
        return false;
    return true;
  }

private:
  std::vector<double> xs, ys;
  double tolerance = 0;
};

double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

double tanhGelu(double x) {
  constexpr double kRoot2OverPi = 0.79788456080286535588;
  return 0.5 * x * (1 + std::tanh(kRoot2OverPi * (x + 0.044715 * x * x * x)));
}

struct RaiseActivations
    : blockattn::impl::RaiseActivationsBase<RaiseActivations> {
  void runOnOperation() override {
    SmallVector<Operation *> anchors;
    getOperation().walk([&](Operation *op) {
      if (isa<onnx::ErfOp, onnx::TanhOp, onnx::SigmoidOp, onnx::ExpOp>(op))
        anchors.push_back(op);
    });
    for (Operation *anchor : anchors)
      raise(anchor);
  }

  /// Tries every value that the anchor flows into, nearest first.
  void raise(Operation *anchor) {
    constexpr size_t kMaxValues = 12;
    SmallVector<Value> reached = {anchor->getResult(0)};
    for (size_t i = 0; i < reached.size() && reached.size() < kMaxValues; ++i)
      for (Operation *user : reached[i].getUsers())
        if (continues(user, reached[i]) &&
            !llvm::is_contained(reached, user->getResult(0)))
          reached.push_back(user->getResult(0));
    for (Value y : ArrayRef<Value>(reached).drop_front())
      if (raise(anchor, y))
        return;
  }

  /// Tries every x that y is a function of.
  bool raise(Operation *anchor, Value y) {
    CutWalker walker(ValueRange(y), [](Value value) {
      return scalarConstant(value).has_value();
    });
    constexpr size_t kMaxOps = 16;
    while (Value x = walker.next()) {
      if (walker.passed().size() > kMaxOps ||
          !llvm::all_of(walker.passed(), isElementwise))
        return false;
      if (!llvm::is_contained(walker.passed(), anchor) ||
          x.getType() != y.getType())
        continue;
      Region region{x, y, llvm::to_vector(walker.passed())};
      if (Value raised = build(region, anchor)) {
        y.replaceAllUsesWith(raised);
        return true;
      }
    }
    return false;
  }

  Value build(const Region &region, Operation *anchor) {
    Fitter fitter;
    if (!fitter.sample(region))
      return {};
    OpBuilder b(region.y.getDefiningOp());
    Location loc = region.y.getDefiningOp()->getLoc();
    auto create = [&](StringRef name, NamedAttribute attribute) {
      OperationState state(loc, name);
      state.addOperands(region.x);
      state.addTypes(region.y.getType());
      state.addAttribute(attribute.getName(), attribute.getValue());
      return b.create(state)->getResult(0);
    };
    // In 16 bits the two forms of GELU are hard to tell apart by value, but one
    // has an Erf and the other has not.
    StringRef geluName = onnx::GeluOp::getOperationName();
    if (isa<onnx::ErfOp>(anchor) && fitter.equals(gelu))
      return create(geluName,
                    b.getNamedAttr("approximate", b.getStringAttr("none")));
    if (!isa<onnx::ErfOp>(anchor) && fitter.equals(tanhGelu))
      return create(geluName,
                    b.getNamedAttr("approximate", b.getStringAttr("tanh")));
    for (double alpha : swishFactors(region))
      if (fitter.equals(
              [&](double x) { return x / (1 + std::exp(-alpha * x)); }))
        return create(onnx::SwishOp::getOperationName(),
                      b.getNamedAttr("alpha", b.getF32FloatAttr(
                                                  static_cast<float>(alpha))));
    return {};
  }

  /// x * sigmoid(alpha * x): alpha is 1 or one of the region's constants.
  static SmallVector<double> swishFactors(const Region &region) {
    SmallVector<double> factors = {1.0};
    for (Operation *op : region.ops)
      for (Value operand : op->getOperands())
        if (std::optional<double> scalar = scalarConstant(operand))
          if (*scalar != 0)
            for (double factor : {*scalar, -*scalar, 1 / *scalar})
              factors.push_back(factor);
    return factors;
  }
};

} // namespace
