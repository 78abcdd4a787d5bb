//===- RaiseSoftmax.cpp - softmax spelled out -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Dataflow.h"
#include "passes/Raise/Passes.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

namespace blockattn {
#define GEN_PASS_DEF_RAISESOFTMAX
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// The sum of exponentials over the last dimension, sum(exp(z)).
struct Partition {
  onnx::ExpOp exp;
  onnx::ReduceSumOp sum;
};

std::optional<Partition> matchPartition(onnx::ReduceSumOp sum) {
  auto exp = sum.getData().getDefiningOp<onnx::ExpOp>();
  if (!exp || !sum.getAxes() ||
      !reducesLastDim(exp.getOutput(), sum.getAxes(), sum.getKeepdims() != 0))
    return std::nullopt;
  return Partition{exp, sum};
}

/// x where z is x - max(x), which is there to keep exp from overflowing.
Value withoutMaximum(Value z) {
  auto sub = z.getDefiningOp<onnx::SubOp>();
  auto max =
      sub ? sub.getB().getDefiningOp<onnx::ReduceMaxOp>() : onnx::ReduceMaxOp();
  if (!max || max.getData() != sub.getA() || !max.getAxes() ||
      sub.getA().getType() != z.getType() ||
      !reducesLastDim(max.getData(), max.getAxes(), max.getKeepdims() != 0))
    return z;
  return sub.getA();
}

/// The values that are exp(z) / sum(exp(z)).
class SoftmaxMatcher {
public:
  explicit SoftmaxMatcher(Partition partition) : partition(partition) {}

  SmallVector<Value> match() {
    followSum(partition.sum.getReduced());
    return std::move(found);
  }

private:
  void followSum(Value sum) {
    for (Operation *user : sum.getUsers()) {
      if (auto div = dyn_cast<onnx::DivOp>(user)) {
        if (div.getB() != sum)
          continue;
        if (div.getA() == partition.exp.getOutput())
          found.push_back(div.getC());
        else if (isScalar(div.getA(), 1.0))
          followInverse(div.getC());
      } else if (auto reciprocal = dyn_cast<onnx::ReciprocalOp>(user)) {
        followInverse(reciprocal.getY());
      } else if (auto log = dyn_cast<onnx::LogOp>(user)) {
        followLogarithm(log.getOutput());
      }
    }
  }

  /// exp(z) * (1 / sum)
  void followInverse(Value inverse) {
    for (Operation *user : inverse.getUsers())
      if (auto mul = dyn_cast<onnx::MulOp>(user)) {
        Value e = partition.exp.getOutput();
        if ((mul.getA() == e && mul.getB() == inverse) ||
            (mul.getB() == e && mul.getA() == inverse))
          found.push_back(mul.getC());
      }
  }

  /// exp(z - log(sum))
  void followLogarithm(Value log) {
    for (Operation *user : log.getUsers())
      if (auto sub = dyn_cast<onnx::SubOp>(user);
          sub && sub.getB() == log && sub.getA() == partition.exp.getInput())
        for (Operation *last : sub.getC().getUsers())
          if (auto exp = dyn_cast<onnx::ExpOp>(last))
            found.push_back(exp.getOutput());
  }

  Partition partition;
  SmallVector<Value> found;
};

struct RaiseSoftmax : blockattn::impl::RaiseSoftmaxBase<RaiseSoftmax> {
  void runOnOperation() override {
    SmallVector<onnx::ReduceSumOp> sums;
    getOperation().walk([&](onnx::ReduceSumOp op) { sums.push_back(op); });
    for (onnx::ReduceSumOp sum : sums)
      if (std::optional<Partition> partition = matchPartition(sum))
        for (Value result : SoftmaxMatcher(*partition).match())
          replace(*partition, result);
  }

  static void replace(Partition partition, Value result) {
    Value x = withoutMaximum(partition.exp.getInput());
    if (x.getType() != result.getType())
      return;
    Operation *last = result.getDefiningOp();
    OpBuilder b(last);
    result.replaceAllUsesWith(onnx::SoftmaxOp::create(
        b, last->getLoc(), result.getType(), x, b.getI64IntegerAttr(-1)));
  }
};

} // namespace
