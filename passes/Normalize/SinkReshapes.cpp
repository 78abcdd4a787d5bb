//===- SinkReshapes.cpp - compute in the shape that the data has ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/Passes.h"

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInference.h"
#include "passes/Normalize/ShapeCode.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_SINKRESHAPES
#include "passes/Normalize/Passes.h.inc"

namespace {
/// Ops are visited in program order, so that a Reshape sinks as far as it can:
/// the op that it sank below is above the next one by then.
struct SinkReshapes : impl::SinkReshapesBase<SinkReshapes> {
  using SinkReshapesBase::SinkReshapesBase;

  void runOnOperation() override {
    onnx::SymbolicShapes analysis(&getContext());
    shapes = &analysis;
    if (failed(analysis.run(getOperation())))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().getBody().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      llvm::TypeSwitch<Operation *>(op)
          .Case<onnx::MatMulOp>([&](auto matMul) { sinkBelow(matMul); })
          .Case<onnx::AddOp>([&](auto add) { sinkBelow(add); })
          .Case<onnx::TransposeOp>([&](auto t) { sinkBelow(t); });
  }

  /// For a Reshape to a matrix of static columns: a tensor of rank 3 or more
  /// whose last dimension are these columns. That is the operand, or (where the
  /// columns are several of its dimensions: heads of a size) it is made here.
  static Value rowsOf(OpBuilder &builder, Value matrix) {
    auto reshape = matrix.getDefiningOp<onnx::ReshapeOp>();
    if (!reshape)
      return {};
    auto from = dyn_cast<RankedTensorType>(reshape.getData().getType());
    auto to = dyn_cast<RankedTensorType>(matrix.getType());
    if (!from || !to || from.getRank() < 3 || to.getRank() != 2 ||
        to.isDynamicDim(1) || to.getDimSize(1) == 0)
      return {};
    int64_t columns = to.getDimSize(1), product = 1;
    int64_t lead = from.getRank();
    while (product < columns && lead > 0 && !from.isDynamicDim(lead - 1) &&
           columns % product == 0 && from.getDimSize(lead - 1) != 0)
      product *= from.getDimSize(--lead);
    if (product != columns || lead < 2)
      return {};
    if (lead == from.getRank() - 1)
      return reshape.getData();
    SmallVector<int64_t> shape(from.getShape().take_front(lead));
    shape.push_back(columns);
    SmallVector<int64_t> target(shape);
    // A dimension that is not known stays in its place.
    llvm::replace(target, ShapedType::kDynamic, int64_t(0));
    if (llvm::is_contained(shape, 0))
      return {};
    return onnx::ReshapeOp::create(
        builder, reshape.getLoc(),
        RankedTensorType::get(shape, from.getElementType()), reshape.getData(),
        integerVector(builder, reshape.getLoc(), target), IntegerAttr());
  }

  /// The type with another last dimension.
  static RankedTensorType withColumns(Value value, int64_t columns) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = columns;
    return RankedTensorType::get(shape, type.getElementType());
  }

  /// Puts `value` back under the matrix type of `old`.
  static void reshapeBack(OpBuilder &builder, Value old, Value value) {
    auto type = cast<RankedTensorType>(old.getType());
    int64_t rows = type.isDynamicDim(0) ? -1 : type.getDimSize(0);
    Location loc = old.getLoc();
    Value target = integerVector(builder, loc, {rows, type.getDimSize(1)});
    Value back = onnx::ReshapeOp::create(builder, loc, type, value, target,
                                         IntegerAttr());
    old.replaceAllUsesWith(back);
  }

  /// MatMul(Reshape(x), W) = Reshape(MatMul(x, W))
  static void sinkBelow(onnx::MatMulOp op) {
    auto weight = dyn_cast<RankedTensorType>(op.getB().getType());
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!weight || weight.getRank() != 2 || weight.isDynamicDim(1) || !type ||
        type.getRank() != 2 || type.isDynamicDim(1) ||
        type.getDimSize(0) == 0 || type.getDimSize(1) == 0)
      return;
    OpBuilder builder(op);
    Value x = rowsOf(builder, op.getA());
    if (!x)
      return;
    Value product = onnx::MatMulOp::create(builder, op.getLoc(),
                                           withColumns(x, weight.getDimSize(1)),
                                           x, op.getB());
    reshapeBack(builder, op.getY(), product);
  }

  /// Add(Reshape(x), b) = Reshape(Add(x, b)) for a vector or scalar b
  static void sinkBelow(onnx::AddOp op) {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    for (unsigned side : {0u, 1u}) {
      Value matrix = op.getOperand(side), bias = op.getOperand(1 - side);
      auto biasType = dyn_cast<RankedTensorType>(bias.getType());
      if (!biasType || biasType.getRank() > 1 || type != matrix.getType() ||
          type.getRank() != 2 || type.getDimSize(0) == 0)
        continue;
      OpBuilder builder(op);
      Value x = rowsOf(builder, matrix);
      if (!x)
        continue;
      Value operands[2];
      operands[side] = x;
      operands[1 - side] = bias;
      Value sum = onnx::AddOp::create(builder, op.getLoc(), x.getType(),
                                      operands[0], operands[1]);
      return reshapeBack(builder, op.getC(), sum);
    }
  }

  /// Transpose(Reshape(x)) = Reshape(Transpose(x)) where the Reshape merges
  /// leading dimensions and the Transpose leaves the merged one in front.
  void sinkBelow(onnx::TransposeOp op) {
    auto reshape = op.getData().getDefiningOp<onnx::ReshapeOp>();
    std::optional<ArrayRef<int64_t>> perm = op.getPerm();
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!reshape || !perm || perm->empty() || perm->front() != 0 || !type)
      return;
    std::optional<ArrayRef<AffineExpr>> from = shapes->dims(reshape.getData());
    std::optional<ArrayRef<AffineExpr>> to =
        shapes->dims(reshape.getReshaped());
    if (!from || !to || from->size() <= to->size())
      return;
    size_t merged = from->size() - to->size();
    for (auto [a, b] :
         llvm::zip_equal(from->drop_front(merged + 1), to->drop_front()))
      if (!shapes->provenEqual(a, b))
        return;
    // The shape of the result must be a constant.
    SmallVector<int64_t> target(type.getShape());
    if (llvm::count(target, ShapedType::kDynamic) > 1 ||
        llvm::is_contained(target, 0))
      return;
    llvm::replace(target, ShapedType::kDynamic, int64_t(-1));

    SmallVector<int64_t> wide =
        llvm::to_vector(llvm::seq<int64_t>(0, merged + 1));
    for (int64_t place : perm->drop_front())
      wide.push_back(place + merged);
    auto dataType = cast<RankedTensorType>(reshape.getData().getType());
    SmallVector<int64_t> shape;
    for (int64_t place : wide)
      shape.push_back(dataType.getDimSize(place));
    OpBuilder builder(op);
    Value transposed = onnx::TransposeOp::create(
        builder, op.getLoc(),
        RankedTensorType::get(shape, type.getElementType()), reshape.getData(),
        builder.getDenseI64ArrayAttr(wide));
    Value back = onnx::ReshapeOp::create(
        builder, op.getLoc(), type, transposed,
        integerVector(builder, op.getLoc(), target), IntegerAttr());
    op.getTransposed().replaceAllUsesWith(back);
  }

  onnx::SymbolicShapes *shapes = nullptr;
};
} // namespace

} // namespace blockattn
