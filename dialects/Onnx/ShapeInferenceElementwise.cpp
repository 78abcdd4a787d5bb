//===- ShapeInferenceElementwise.cpp - rules of elementwise ops -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Bitwise.h"
#include "dialects/Onnx/ShapeInferenceRules.h"

#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;

namespace blockattn::onnx {

//===----------------------------------------------------------------------===//
// Arithmetic and decisions on elements
//===----------------------------------------------------------------------===//

static AffineExpr divide(SymbolicShapes &shapes, AffineExpr a, AffineExpr b) {
  std::optional<int64_t> left = asConstant(a), right = asConstant(b);
  if (right == 0)
    return {};
  // ONNX rounds towards zero. An overflowing division is nobody's shape.
  if (left && right)
    return *left == std::numeric_limits<int64_t>::min()
               ? AffineExpr()
               : shapes.constant(*left / *right);
  if (AffineExpr exact = shapes.exactQuotient(a, b))
    return exact;
  if (shapes.lowerBound(a).value_or(-1) < 0 ||
      shapes.lowerBound(b).value_or(0) < 1)
    return {};
  return a.floorDiv(b);
}

static AffineExpr modulo(SymbolicShapes &shapes, AffineExpr a, AffineExpr b,
                         bool signOfDividend) {
  if (asConstant(b) == 0)
    return {};
  // Both conventions are one where no negative number is involved.
  bool positive = shapes.lowerBound(a).value_or(-1) >= 0 &&
                  shapes.lowerBound(b).value_or(0) >= 1;
  std::optional<int64_t> left = asConstant(a), right = asConstant(b);
  if (left && right && !positive) {
    if (*right == -1)
      return shapes.constant(0);
    int64_t rest = *left % *right;
    if (!signOfDividend && rest != 0 && (rest < 0) != (*right < 0))
      rest += *right;
    return shapes.constant(rest);
  }
  return positive ? a % b : AffineExpr();
}

/// Whether a <= b (or, if `strict`, a < b); std::nullopt if it depends.
static std::optional<bool> decideLess(SymbolicShapes &shapes, AffineExpr a,
                                      AffineExpr b, bool strict) {
  AffineExpr up = shapes.canonical(b - a), down = shapes.canonical(a - b);
  if (!up || !down)
    return std::nullopt;
  std::optional<int64_t> gap = shapes.lowerBound(up);
  if (gap && *gap >= (strict ? 1 : 0))
    return true;
  gap = shapes.lowerBound(down);
  if (gap && *gap >= (strict ? 0 : 1))
    return false;
  return std::nullopt;
}

static std::optional<bool> decideEqual(SymbolicShapes &shapes, AffineExpr a,
                                       AffineExpr b) {
  if (shapes.provenEqual(a, b))
    return true;
  std::optional<bool> less = decideLess(shapes, a, b, /*strict=*/true);
  std::optional<bool> more = decideLess(shapes, b, a, /*strict=*/true);
  if (less == true || more == true)
    return false;
  return std::nullopt;
}

static AffineExpr extremum(SymbolicShapes &shapes, AffineExpr a, AffineExpr b,
                           bool isMax) {
  std::optional<bool> less = decideLess(shapes, a, b, /*strict=*/false);
  if (!less)
    return {};
  return *less == isMax ? b : a;
}

static std::optional<bool> negate(std::optional<bool> decision) {
  return decision ? std::optional<bool>(!*decision) : std::nullopt;
}

/// True, false or unknown as an element.
static AffineExpr truth(SymbolicShapes &shapes, std::optional<bool> value) {
  return value ? shapes.constant(*value) : AffineExpr();
}

/// The result of one op on elements; null where it is not known.
static AffineExpr compute(Operation *op, SymbolicShapes &shapes,
                          ArrayRef<AffineExpr> in) {
  using Case = llvm::TypeSwitch<Operation *, AffineExpr>;
  auto less = [&](AffineExpr a, AffineExpr b, bool strict) {
    return truth(shapes, decideLess(shapes, a, b, strict));
  };
  auto all = [&](bool isMax) {
    AffineExpr result = in.front();
    for (AffineExpr next : in.drop_front())
      if (result)
        result = extremum(shapes, result, next, isMax);
    return result;
  };
  auto logic = [&](bool neutral) -> AffineExpr {
    for (auto [element, other] :
         {std::pair(in[0], in[1]), std::pair(in[1], in[0])}) {
      if (asConstant(element) == int64_t(!neutral))
        return element;
      if (asConstant(element) == int64_t(neutral))
        return other;
    }
    return {};
  };
  return Case(op)
      .Case<AddOp>([&](auto) { return in[0] + in[1]; })
      .Case<SubOp>([&](auto) { return in[0] - in[1]; })
      .Case<MulOp>([&](auto) { return shapes.product(in); })
      .Case<DivOp>([&](auto) { return divide(shapes, in[0], in[1]); })
      .Case<ModOp>([&](ModOp mod) {
        return modulo(shapes, in[0], in[1], mod.getFmod() != 0);
      })
      .Case<NegOp>([&](auto) { return -in[0]; })
      .Case<AbsOp>([&](auto) {
        return shapes.lowerBound(in[0]).value_or(-1) >= 0 ? in[0]
                                                          : AffineExpr();
      })
      .Case<MaxOp>([&](auto) { return all(true); })
      .Case<MinOp>([&](auto) { return all(false); })
      .Case<EqualOp>([&](auto) {
        return truth(shapes, decideEqual(shapes, in[0], in[1]));
      })
      .Case<LessOp>([&](auto) { return less(in[0], in[1], true); })
      .Case<LessOrEqualOp>([&](auto) { return less(in[0], in[1], false); })
      .Case<GreaterOp>([&](auto) { return less(in[1], in[0], true); })
      .Case<GreaterOrEqualOp>([&](auto) { return less(in[1], in[0], false); })
      .Case<AndOp>([&](auto) { return logic(true); })
      .Case<OrOp>([&](auto) { return logic(false); })
      .Case<XorOp>([&](auto) {
        return truth(shapes, negate(decideEqual(shapes, in[0], in[1])));
      })
      .Case<NotOp>([&](auto) { return shapes.constant(1) - in[0]; })
      .Case<WhereOp>([&](auto) {
        if (std::optional<int64_t> condition = asConstant(in[0]))
          return *condition ? in[1] : in[2];
        return shapes.provenEqual(in[1], in[2]) ? in[1] : AffineExpr();
      })
      .Default([](Operation *) { return AffineExpr(); });
}

/// Follows the elements through an elementwise operation on small tensors.
static void inferContents(Operation *op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(result);
  if (!dims || dims->size() > 1)
    return;
  // Where nothing at all is known of the operands, nothing follows.
  if (llvm::none_of(op->getOperands(),
                    [&](Value v) { return shapes.contents(v).has_value(); }))
    return;
  std::optional<int64_t> count = dims->empty() ? 1 : asConstant(dims->front());
  SmallVector<ArrayRef<AffineExpr>> operands;
  for (Value operand : op->getOperands()) {
    std::optional<ArrayRef<AffineExpr>> list =
        shapes.contentsOrSymbols(operand);
    if (!count || !list ||
        (list->size() != 1 && int64_t(list->size()) != *count))
      return;
    operands.push_back(*list);
  }
  SmallVector<AffineExpr> elements;
  for (int64_t index = 0; index < *count; ++index) {
    SmallVector<AffineExpr> in;
    for (ArrayRef<AffineExpr> list : operands)
      in.push_back(list.size() == 1 ? list.front() : list[index]);
    elements.push_back(compute(op, shapes, in));
  }
  shapes.setContents(result, elements);
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static LogicalResult unary(Operation *op, SymbolicShapes &shapes) {
  if (failed(sameAsFirst(op, shapes)))
    return failure();
  inferContents(op, shapes);
  return success();
}

static LogicalResult test(Operation *op, SymbolicShapes &shapes) {
  return shapes.set(op->getResult(0), IntegerType::get(op->getContext(), 1),
                    shapes.dims(op->getOperand(0)));
}

static LogicalResult broadcast(Operation *op, SymbolicShapes &shapes,
                               Type elementType) {
  FailureOr<std::optional<Dims>> dims =
      broadcastDims(op, shapes, llvm::to_vector(op->getOperands()));
  if (failed(dims) || failed(shapes.set(op->getResult(0), elementType, *dims)))
    return failure();
  inferContents(op, shapes);
  return success();
}

static LogicalResult arithmetic(Operation *op, SymbolicShapes &shapes) {
  return broadcast(op, shapes, commonElementType(shapes, op->getOperands()));
}

static LogicalResult power(Operation *op, SymbolicShapes &shapes) {
  return broadcast(op, shapes, shapes.elementType(op->getOperand(0)));
}

static LogicalResult comparison(Operation *op, SymbolicShapes &shapes) {
  return broadcast(op, shapes, IntegerType::get(op->getContext(), 1));
}

static LogicalResult where(Operation *op, SymbolicShapes &shapes) {
  return broadcast(op, shapes,
                   commonElementType(shapes, op->getOperands().drop_front()));
}

static LogicalResult inferCast(CastOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  if (failed(shapes.set(result, op.getTo(), shapes.dims(op.getInput()))))
    return failure();
  std::optional<ArrayRef<AffineExpr>> elements = shapes.contents(op.getInput());
  if (!elements)
    return success();
  SmallVector<AffineExpr> list(*elements);
  // Any number that is not 0 is true.
  if (op.getTo().isInteger(1))
    for (AffineExpr &element : list)
      element = truth(shapes,
                      negate(decideEqual(shapes, element, shapes.constant(0))));
  shapes.setContents(result, list);
  return success();
}

static LogicalResult inferCastLike(CastLikeOp op, SymbolicShapes &shapes) {
  return shapes.set(op->getResult(0), shapes.elementType(op.getTargetType()),
                    shapes.dims(op.getInput()));
}

static LogicalResult dequantize(DequantizeLinearOp op, SymbolicShapes &shapes) {
  std::optional<Type> type = op.getOutputDtype();
  return shapes.set(op->getResult(0),
                    type ? *type : shapes.elementType(op.getXScale()),
                    shapes.dims(op.getX()));
}

static LogicalResult quantize(QuantizeLinearOp op, SymbolicShapes &shapes) {
  Type type = op.getOutputDtype().value_or(
      IntegerType::get(op.getContext(), 8, IntegerType::Unsigned));
  if (Value zero = op.getYZeroPoint())
    type = shapes.elementType(zero);
  return shapes.set(op->getResult(0), type, shapes.dims(op.getX()));
}

void addElementwiseRules(ShapeRules &rules) {
  rules.addAll<AbsOp, AtanOp, CeilOp, ClipOp, CosOp, CoshOp, EluOp, ErfOp,
               ExpOp, FloorOp, GeluOp, HardSigmoidOp, HardSwishOp, LeakyReluOp,
               LogOp, MishOp, NegOp, NotOp, ReciprocalOp, ReluOp, RoundOp,
               SeluOp, SigmoidOp, SignOp, SinOp, SinhOp, SoftplusOp, SoftsignOp,
               SqrtOp, SwishOp, TanOp, TanhOp>(unary);
  rules.addAll<IsInfOp, IsNaNOp>(test);
  rules.addAll<AddOp, DivOp, MaxOp, MeanOp, MinOp, ModOp, MulOp, SubOp, SumOp>(
      arithmetic);
  rules.addAll<BitwiseAndOp, BitwiseOrOp, BitwiseXorOp, BitShiftOp>(arithmetic);
  rules.addAll<BitwiseNotOp>(sameAsFirst);
  rules.addAll<PowOp>(power);
  rules.addAll<AndOp, EqualOp, GreaterOp, GreaterOrEqualOp, LessOp,
               LessOrEqualOp, OrOp, XorOp>(comparison);
  rules.addAll<WhereOp>(where);
  rules.add<CastOp>(inferCast);
  rules.add<CastLikeOp>(inferCastLike);
  rules.add<DequantizeLinearOp>(dequantize);
  rules.add<QuantizeLinearOp>(quantize);
}

} // namespace blockattn::onnx
