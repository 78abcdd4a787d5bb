//===- Rearrange.cpp - moving the dimensions of heads ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Rearrange.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

Value Rearranger::create(StringRef name, ValueRange operands, Type type,
                         ArrayRef<NamedAttribute> attributes) {
  OperationState state(loc, name, operands, type, attributes);
  return b.create(state)->getResult(0);
}

Value Rearranger::constant(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    b.getI64Type());
  return onnx::ConstantOp::create(b, loc, type,
                                  DenseElementsAttr::get(type, values));
}

Value Rearranger::transpose(Value value, ArrayRef<int64_t> perm) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  for (int64_t dim : perm)
    shape.push_back(type.getDimSize(dim));
  return create(onnx::TransposeOp::getOperationName(), value, type.clone(shape),
                b.getNamedAttr("perm", b.getDenseI64ArrayAttr(perm)));
}

Value Rearranger::turn(Value value) {
  auto rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<int64_t> perm(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  std::swap(perm[rank - 2], perm[rank - 1]);
  // What was turned before becomes what it was.
  if (isTransposed(value, perm))
    return value.getDefiningOp()->getOperand(0);
  return transpose(value, perm);
}

Value Rearranger::reshape(Value value, ArrayRef<int64_t> target,
                          ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  return create(onnx::ReshapeOp::getOperationName(), {value, constant(target)},
                type.clone(shape));
}

Value Rearranger::unsqueeze(Value value, int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + axis, 1);
  return create(onnx::UnsqueezeOp::getOperationName(), {value, constant(axis)},
                type.clone(shape));
}

Value Rearranger::squeeze(Value value, int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + axis);
  return create(onnx::SqueezeOp::getOperationName(), {value, constant(axis)},
                type.clone(shape));
}

void raise::eraseUnused(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

ArrayRef<int64_t> raise::shapeOfRank(Value value, int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == rank ? type.getShape() : ArrayRef<int64_t>();
}

bool raise::isTransposed(Value value, ArrayRef<int64_t> perm) {
  auto op = value.getDefiningOp<onnx::TransposeOp>();
  return op && op.getPerm() && *op.getPerm() == perm;
}

bool EqualSizes::operator()(Value a, int64_t dimA, Value b, int64_t dimB) {
  int64_t sizeA = cast<RankedTensorType>(a.getType()).getDimSize(dimA);
  int64_t sizeB = cast<RankedTensorType>(b.getType()).getDimSize(dimB);
  if (!ShapedType::isDynamic(sizeA) && !ShapedType::isDynamic(sizeB))
    return sizeA == sizeB;
  auto dimsA = known().dims(a), dimsB = known().dims(b);
  return dimsA && dimsB && known().provenEqual((*dimsA)[dimA], (*dimsB)[dimB]);
}

bool EqualSizes::isMultiple(Value value, int64_t dim, int64_t of) {
  int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
  if (!ShapedType::isDynamic(size))
    return size % of == 0;
  auto dims = known().dims(value);
  return dims && (*dims)[dim].isMultipleOf(of);
}

onnx::SymbolicShapes &EqualSizes::known() {
  if (!shapes) {
    shapes.emplace(func.getContext());
    (void)shapes->run(func);
  }
  return *shapes;
}
