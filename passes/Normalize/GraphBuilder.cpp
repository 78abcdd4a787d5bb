//===- GraphBuilder.cpp - onnx ops with inferred types --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/GraphBuilder.h"

using namespace mlir;

namespace blockattn {

SmallVector<Value> GraphBuilder::makeAll(StringRef name,
                                         ArrayRef<Value> operands,
                                         ArrayRef<NamedAttribute> attributes,
                                         unsigned count) {
  OperationState state(loc, name);
  if (std::optional<unsigned> slots = onnx::operandSlots(state.name)) {
    SmallVector<int32_t> sizes(*slots, 0);
    for (auto [i, operand] : llvm::enumerate(operands))
      sizes[i] = operand ? 1 : 0;
    state.addAttribute("operandSegmentSizes", b.getDenseI32ArrayAttr(sizes));
  }
  for (Value operand : operands)
    if (operand)
      state.operands.push_back(operand);
  if (std::optional<unsigned> slots = onnx::resultSlots(state.name)) {
    SmallVector<int32_t> sizes(*slots, 0);
    std::fill_n(sizes.begin(), count, 1);
    state.addAttribute("resultSegmentSizes", b.getDenseI32ArrayAttr(sizes));
  }
  state.addAttributes(attributes);
  state.types.assign(
      count, UnrankedTensorType::get(onnx::UnknownType::get(b.getContext())));
  Operation *op = b.create(state);
  anyFailed |= mlir::failed(shapes.visit(op));
  for (Value result : op->getResults())
    result.setType(shapes.refinedType(result));
  return SmallVector<Value>(op->getResults());
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value GraphBuilder::constant(ElementsAttr value) {
  auto op = onnx::ConstantOp::create(b, loc, value.getType(), value);
  anyFailed |= mlir::failed(shapes.visit(op));
  return op.getOutput();
}

Value GraphBuilder::ints(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    b.getI64Type());
  return constant(DenseElementsAttr::get(type, values));
}

Value GraphBuilder::number(Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  if (auto integer = dyn_cast<IntegerType>(element))
    return constant(DenseElementsAttr::get(
        type, b.getIntegerAttr(integer, static_cast<int64_t>(value))));
  bool lossy = false;
  APFloat rounded(value);
  rounded.convert(llvm::cast<FloatType>(element).getFloatSemantics(),
                  APFloat::rmNearestTiesToEven, &lossy);
  return constant(DenseElementsAttr::get(type, rounded));
}

Value GraphBuilder::floats(Type element, ArrayRef<double> values) {
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, element);
  SmallVector<Attribute> elements;
  for (double value : values)
    elements.push_back(b.getFloatAttr(element, value));
  return constant(DenseElementsAttr::get(type, elements));
}

//===----------------------------------------------------------------------===//
// Common ops
//===----------------------------------------------------------------------===//

Value GraphBuilder::cast(Value value, Type to) {
  if (element(value) == to)
    return value;
  return make<onnx::CastOp>(value, attr("to", TypeAttr::get(to)));
}

Value GraphBuilder::reshape(Value value, ArrayRef<int64_t> shape) {
  return make<onnx::ReshapeOp>({value, ints(shape)});
}

Value GraphBuilder::unsqueeze(Value value, ArrayRef<int64_t> axes) {
  return make<onnx::UnsqueezeOp>({value, ints(axes)});
}

Value GraphBuilder::transpose(Value value, ArrayRef<int64_t> perm) {
  return make<onnx::TransposeOp>(value,
                                 attr("perm", b.getDenseI64ArrayAttr(perm)));
}

Value GraphBuilder::at(Value value, int64_t axis, int64_t index) {
  return make<onnx::GatherOp>({value, number(b.getI64Type(), index)},
                              attr("axis", axis));
}

Value GraphBuilder::slice(Value value, int64_t axis, int64_t begin,
                          int64_t end) {
  return make<onnx::SliceOp>({value, ints(begin), ints(end), ints(axis)});
}

Value GraphBuilder::shapeOf(Value value, int64_t begin, int64_t end) {
  return make<onnx::ShapeOp>(value, {attr("start", begin), attr("end", end)});
}

Value GraphBuilder::dim(Value value, int64_t i) {
  return make<onnx::SqueezeOp>({shapeOf(value, i, i + 1), ints(0)});
}

Value GraphBuilder::ofSize(Value value, int64_t axis, Value like,
                           int64_t likeAxis) {
  std::optional<ArrayRef<AffineExpr>> own = shapes.dims(value);
  std::optional<ArrayRef<AffineExpr>> other = shapes.dims(like);
  if (own && other && shapes.provenEqual((*own)[axis], (*other)[likeAxis]))
    return value;
  int64_t given = size(value, axis), wanted = size(like, likeAxis);
  if (!ShapedType::isDynamic(given) && !ShapedType::isDynamic(wanted)) {
    emitError(loc) << "an operand has size " << given << " in dimension "
                   << axis << ", where " << wanted
                   << " goes with the other operands";
    anyFailed = true;
    return value;
  }
  return make<onnx::SplitOp>({value, shapeOf(like, likeAxis, likeAxis + 1)},
                             attr("axis", axis));
}

Value GraphBuilder::range(Value first, Value count) {
  return make<onnx::RangeOp>(
      {first, binary<onnx::AddOp>(first, count), number(b.getI64Type(), 1)});
}

//===----------------------------------------------------------------------===//
// What is known
//===----------------------------------------------------------------------===//

int64_t GraphBuilder::rank(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

int64_t GraphBuilder::size(Value value, int64_t i) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && i < type.getRank() ? type.getDimSize(i) : ShapedType::kDynamic;
}

void GraphBuilder::replace(Value result, Value with) {
  // Others rely on the type, those of other dialects on the very type. What was
  // found out beyond it the next inference finds again.
  if (with.getType() != result.getType())
    with.setType(result.getType());
  result.replaceAllUsesWith(with);
}

LogicalResult
spellOut(func::FuncOp function, ArrayRef<Operation *> ops,
         llvm::function_ref<Refusal(Operation *, GraphBuilder &)> rewrite) {
  onnx::SymbolicShapes shapes(function.getContext());
  if (failed(shapes.run(function)))
    return failure();
  bool ok = true;
  SmallVector<Operation *> done;
  for (Operation *op : ops) {
    GraphBuilder g(op, shapes);
    Refusal refusal = rewrite(op, g);
    StringRef name = op->getName().stripDialect();
    name.consume_front("ms.");
    if (!refusal.empty())
      op->emitError() << name << " is not supported as it is here: " << refusal;
    else
      done.push_back(op);
    ok &= refusal.empty() && !g.failed();
  }
  // What is known about shapes is told by value, so that no op may go before
  // the last was made.
  for (Operation *op : llvm::reverse(done))
    op->erase();
  return success(ok);
}

} // namespace blockattn
