//===- AttendSharedSinks.cpp - every block sees the shared sinks ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Under a layout a query sees one interval of keys. The first block of a
// packed sequence holds the shared sinks, so that it and the global blocks of
// its segment see them. For all other blocks a second attention reads the
// sinks' keys alone, and the two are merged by their log-sum-exps, which is
// exact.
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <limits>

namespace blockattn {
#define GEN_PASS_DEF_ATTENDSHAREDSINKS
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Builds onnx ops behind one another. Shapes follow from the operands, of
/// which the first has the shape of the result unless it is said.
class Rewrite {
public:
  Rewrite(InsertSinksOp sinks, bool isRelative)
      : b(sinks.getLoc(), sinks), sinks(sinks), isRelative(isRelative) {
    b.setInsertionPointAfter(sinks);
    makeShared();
  }
  /// Empty, or why the attention can't be rewritten.
  std::string refuse(AttentionOp op);
  void run(AttentionOp op);

private:
  void makeShared();
  Value integers(ArrayRef<int64_t> values) {
    auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                      b.getI64Type());
    return onnx::ConstantOp::create(b, type,
                                    DenseElementsAttr::get(type, values));
  }
  Value number(float value) {
    auto type = RankedTensorType::get({}, b.getF32Type());
    return onnx::ConstantOp::create(b, type,
                                    DenseElementsAttr::get(type, value));
  }
  /// One dimension of a tensor, as a vector of one element.
  Value sizeOf(Value value, int64_t dim) {
    return onnx::ShapeOp::create(b, RankedTensorType::get({1}, b.getI64Type()),
                                 value, b.getI64IntegerAttr(dim),
                                 b.getI64IntegerAttr(dim + 1));
  }
  Value unsqueeze(Value value, ArrayRef<int64_t> axes) {
    SmallVector<int64_t> shape(typeOf(value).getShape());
    for (int64_t axis : axes)
      shape.insert(shape.begin() + axis, 1);
    return onnx::UnsqueezeOp::create(
        b, RankedTensorType::get(shape, typeOf(value).getElementType()), value,
        integers(axes));
  }
  template <typename OpT> Value like(Value a, Value other) {
    return OpT::create(b, a.getType(), a, other);
  }
  Value cast(Value value, Type element) {
    if (typeOf(value).getElementType() == element)
      return value;
    return onnx::CastOp::create(b, typeOf(value).clone(element), value,
                                TypeAttr::get(element));
  }
  /// The rows of the sinks, of keys or values [1, N, heads, head size].
  Value firstRows(Value value) {
    SmallVector<int64_t> shape(typeOf(value).getShape());
    shape[1] = ShapedType::kDynamic;
    return onnx::SliceOp::create(
        b, RankedTensorType::get(shape, typeOf(value).getElementType()), value,
        integers({0}), count, integers({1}), Value());
  }

  ImplicitLocOpBuilder b;
  InsertSinksOp sinks;
  /// Keys and queries are rotated, and blocks are encoded from position 0 on.
  bool isRelative;
  /// How many sinks there are [1]; which queries see them by themselves
  /// [1, N, 1]; where a query stands when its block follows the sinks [1, N].
  Value count, included, places;
};

void Rewrite::makeShared() {
  Value positions = sinks.getResultPositions();
  int64_t tokens = typeOf(positions).getDimSize(1);
  Value length = tensor::DimOp::create(b, positions, 1);
  auto vector = RankedTensorType::get({tokens}, b.getI64Type());
  Value first = FirstKeyOp::create(b, vector, sinks.getResultLayout(), length);
  count = sizeOf(sinks.getTable(), 0);
  included = unsqueeze(
      onnx::LessOp::create(b, vector.clone(b.getI1Type()), first, count),
      {0, 2});
  auto scalar = RankedTensorType::get({}, b.getI64Type());
  auto constant = [&](int64_t value) -> Value {
    return onnx::ConstantOp::create(
        b, scalar, DenseElementsAttr::get(scalar, ArrayRef<int64_t>(value)));
  };
  Value limit =
      onnx::SqueezeOp::create(b, scalar, sizeOf(positions, 1), integers({0}));
  Value index = onnx::RangeOp::create(b, vector, constant(0), limit,
                                      constant(1), TypeAttr());
  places =
      unsqueeze(like<onnx::AddOp>(like<onnx::SubOp>(index, first), count), {0});
}

std::string Rewrite::refuse(AttentionOp op) {
  if (op.getWindow() > 0)
    return "has a sliding window, which shared sinks slide out of";
  // What came to attention later than this pass is not known to merge.
  static const StringLiteral known[] = {
      "scale", "softcap",         "window",       "causal",
      "layer", "blockattn.layer", "query_rotary", "operandSegmentSizes"};
  for (NamedAttribute attr : op->getAttrDictionary())
    if (!llvm::is_contained(known, attr.getName().getValue()))
      return "has scores that depend on positions ('" +
             attr.getName().getValue().str() + "')";
  if (isRelative && op.getKey().getDefiningOp<RotaryOp>() &&
      !op.getQuery().getDefiningOp<RotaryOp>())
    return "has a query that is changed after it was rotated";
  return "";
}

void Rewrite::run(AttentionOp op) {
  b.setLoc(op.getLoc());
  b.setInsertionPoint(op);
  // The same attention, with its log-sum-exp.
  auto queryType = typeOf(op.getQuery());
  auto lseType =
      RankedTensorType::get(queryType.getShape().drop_back(), b.getF32Type());
  OperationState state(op.getLoc(), op->getName());
  state.addOperands(op->getOperands());
  state.addTypes({op.getResult().getType(), lseType});
  state.addAttributes(op->getAttrDictionary().getValue());
  auto own = ::cast<AttentionOp>(b.create(state));

  // The sinks as they stand right before a block that is encoded alone.
  Value query = op.getQuery();
  if (auto rotary = query.getDefiningOp<RotaryOp>(); rotary && isRelative)
    query = RotaryOp::create(b, rotary.getInput(), places, rotary.getRope());
  auto shared = ::cast<AttentionOp>(b.clone(*own));
  shared.getQueryMutable().assign(query);
  shared.getKeyMutable().assign(firstRows(op.getKey()));
  shared.getValueMutable().assign(firstRows(op.getValue()));
  shared.getLayoutMutable().clear();
  shared.getKeyMaskMutable().clear();
  shared.removeCausalAttr();
  shared.removeLayerAttr();
  shared->moveBefore(op);

  // Weights of the two: exp(lse - greatest), and a sum of 1. Who sees the
  // sinks already has no share of the second, and keeps the first exactly. A
  // query that sees nothing at all has two zeros.
  constexpr float infinity = std::numeric_limits<float>::infinity();
  Value second = onnx::WhereOp::create(b, lseType, included, number(-infinity),
                                       shared.getLse());
  Value greatest = onnx::MaxOp::create(
      b, lseType, ValueRange{own.getLse(), second, number(-1e30f)});
  auto weigh = [&](Value lse) -> Value {
    return onnx::ExpOp::create(b, lseType, like<onnx::SubOp>(lse, greatest));
  };
  Value ownWeight = weigh(own.getLse()), sharedWeight = weigh(second);
  Value total = onnx::MaxOp::create(
      b, lseType,
      ValueRange{like<onnx::AddOp>(ownWeight, sharedWeight), number(1e-30f)});
  auto part = [&](Value result, Value weight) {
    Value share = unsqueeze(like<onnx::DivOp>(weight, total), {3});
    return like<onnx::MulOp>(cast(result, b.getF32Type()), share);
  };
  Value sum = like<onnx::AddOp>(part(own.getResult(), ownWeight),
                                part(shared.getResult(), sharedWeight));
  op.getResult().replaceAllUsesWith(
      cast(sum, typeOf(op.getResult()).getElementType()));
  if (op.getLse())
    op.getLse().replaceAllUsesWith(
        like<onnx::AddOp>(greatest, onnx::LogOp::create(b, lseType, total)));
  op.erase();
}

struct AttendSharedSinks
    : blockattn::impl::AttendSharedSinksBase<AttendSharedSinks> {
  void runOnOperation() override {
    auto kv = getOperation()->getAttrOfType<DictionaryAttr>(kKvAttr);
    auto independent =
        kv ? kv.getAs<BoolAttr>("position_independent") : BoolAttr();
    SmallVector<InsertSinksOp> all;
    getOperation()->walk([&](InsertSinksOp op) {
      if (op.getShared())
        all.push_back(op);
    });
    for (InsertSinksOp sinks : all) {
      SmallVector<AttentionOp> attentions;
      for (Operation *user : sinks.getResultLayout().getUsers())
        if (auto op = dyn_cast<AttentionOp>(user);
            op && op.getLayout() == sinks.getResultLayout())
          attentions.push_back(op);
      if (attentions.empty())
        continue;
      Rewrite rewrite(sinks, independent && independent.getValue());
      for (AttentionOp op : attentions) {
        std::string reason = rewrite.refuse(op);
        if (reason.empty()) {
          rewrite.run(op);
          continue;
        }
        op.emitError() << "the attention at node '"
                       << onnx::nodeName(op.getLoc()) << "' " << reason
                       << "; put the sinks before every block "
                          "(--sink-placement=block)";
        signalPassFailure();
      }
    }
  }
};

} // namespace
