//===- GatherTables.cpp - rows cut from a table are looked up -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Embeddings of positions and cosines are tables. A graph that looks rows up by
// number says what the positions are; one that cuts the rows [past, past + n)
// out of the table does not. Here the latter becomes the former.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Passes.h"
#include "passes/Raise/Trial.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

namespace blockattn {
#define GEN_PASS_DEF_GATHERTABLES
#include "passes/Raise/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// The axis of a slice of one axis in steps of 1 from a table of floats;
/// std::nullopt for any other slice.
static std::optional<int64_t> tableAxis(Subject &subject, onnx::SliceOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getData().getType());
  auto result = dyn_cast<RankedTensorType>(op.getOutput().getType());
  if (!type || !result || !isa<FloatType>(type.getElementType()) ||
      type.getRank() < 2 || !type.hasStaticShape() ||
      !subject.deps.isConstant(op.getData()) || !op.getAxes())
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes = integerConstant(op.getAxes());
  if (!axes || axes->size() != 1 ||
      (op.getSteps() && !isScalar(op.getSteps(), 1)))
    return std::nullopt;
  int64_t axis =
      axes->front() < 0 ? axes->front() + type.getRank() : axes->front();
  if (axis < 0 || axis >= type.getRank() || !result.isDynamicDim(axis))
    return std::nullopt;
  // Where rows are looked up in what was cut, positions are known already.
  if (llvm::all_of(op.getOutput().getUsers(), [&](Operation *user) {
        auto gather = dyn_cast<onnx::GatherOp>(user);
        return gather && gather.getData() == op.getOutput() &&
               static_cast<int64_t>(gather.getAxis()) == axis;
      }))
    return std::nullopt;
  // The bounds say how many tokens there are, or were.
  for (Value bound : {op.getStarts(), op.getEnds()}) {
    auto bounds = dyn_cast<RankedTensorType>(bound.getType());
    if (!bounds || bounds.getRank() != 1 || bounds.getDimSize(0) != 1 ||
        subject.deps.isData(bound))
      return std::nullopt;
  }
  return axis;
}

/// Whether there is a row for each token: those from `past` on.
static bool cutsTokens(Subject &subject, onnx::SliceOp op, int64_t axis) {
  constexpr std::pair<int64_t, int64_t> kSizes[] = {{5, 0}, {3, 4}, {1, 2}};
  int64_t rows =
      cast<RankedTensorType>(op.getData().getType()).getDimSize(axis);
  for (auto [length, past] : kSizes) {
    Setting wanted;
    wanted.length = length;
    wanted.past = past;
    Setting setting = subject.clamp(wanted);
    Trial trial(subject, setting);
    auto isAt = [&](Value bound, int64_t place) {
      const onnx::HostTensor *tensor = trial.evaluate(bound);
      return tensor && tensor->getI(0) == place;
    };
    if (setting.total() > rows || !isAt(op.getStarts(), setting.past) ||
        !isAt(op.getEnds(), setting.total()))
      return false;
  }
  return true;
}

static void replace(onnx::SliceOp op, int64_t axis) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Type i64 = b.getI64Type();
  auto create = [&](StringRef name, ValueRange operands, Type type,
                    ArrayRef<NamedAttribute> attributes = {}) {
    OperationState state(loc, name, operands, type, attributes);
    return b.create(state)->getResult(0);
  };
  auto constant = [&](ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
    auto type = RankedTensorType::get(shape, i64);
    return onnx::ConstantOp::create(b, loc, type,
                                    DenseElementsAttr::get(type, values));
  };
  auto scalar = [&](Value bound) {
    auto type = cast<RankedTensorType>(bound.getType());
    if (type.getElementType() != i64)
      bound = create(onnx::CastOp::getOperationName(), bound, type.clone(i64),
                     b.getNamedAttr("to", TypeAttr::get(i64)));
    return create(onnx::SqueezeOp::getOperationName(),
                  {bound, constant({1}, {0})}, RankedTensorType::get({}, i64));
  };
  Value first = scalar(op.getStarts()), last = scalar(op.getEnds());
  Value rows = create(onnx::RangeOp::getOperationName(),
                      {first, last, constant({}, {1})},
                      RankedTensorType::get({ShapedType::kDynamic}, i64));
  Value result = create(onnx::GatherOp::getOperationName(),
                        {op.getData(), rows}, op.getOutput().getType(),
                        b.getNamedAttr("axis", b.getI64IntegerAttr(axis)));
  op.getOutput().replaceAllUsesWith(result);
  op.erase();
}

namespace {
struct GatherTables : blockattn::impl::GatherTablesBase<GatherTables> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      if (func.isExternal() || !func.getBody().hasOneBlock())
        continue;
      Subject subject(func);
      SmallVector<std::pair<onnx::SliceOp, int64_t>> found;
      for (auto op : func.getBody().front().getOps<onnx::SliceOp>())
        if (std::optional<int64_t> axis = tableAxis(subject, op))
          if (cutsTokens(subject, op, *axis))
            found.push_back({op, *axis});
      for (auto [op, axis] : found)
        replace(op, axis);
    }
  }
};
} // namespace
