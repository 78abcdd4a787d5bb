//===- CompositeOps.cpp - verifiers of composite ops ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Those of the reductions are with the other ones.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/EinsumEquation.h"
#include "dialects/Onnx/OnnxVerify.h"

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult EinsumOp::verify() {
  std::string why;
  std::optional<EinsumEquation> equation =
      EinsumEquation::parse(getEquation(), getInputs().size(), why);
  if (!equation)
    return emitOpError(why);
  SmallVector<int64_t> ranks;
  for (Value operand : getInputs()) {
    RankedTensorType type = rankedType(operand);
    if (!type)
      return success();
    ranks.push_back(type.getRank());
  }
  std::optional<EinsumTensors> tensors = equation->labels(ranks, why);
  if (!tensors)
    return emitOpError(why);

  // What each label is, where it is known not to be 1.
  llvm::DenseMap<int, int64_t> extents;
  for (auto [operand, labels] : llvm::zip(getInputs(), tensors->operands)) {
    ArrayRef<int64_t> shape = rankedType(operand).getShape();
    // A diagonal does not broadcast.
    for (auto [i, label] : llvm::enumerate(labels)) {
      size_t first = llvm::find(labels, label) - labels.begin();
      if (!mayAgree(shape[first], shape[i]))
        return emitOpError("(C5) the dimensions of '")
               << static_cast<char>(label) << "' are " << shape[first]
               << " and " << shape[i] << " in one operand";
    }
    for (auto [label, extent] : llvm::zip(labels, shape)) {
      if (!isKnown(extent) || extent == 1)
        continue;
      int64_t &known = extents.try_emplace(label, extent).first->second;
      if (known == extent)
        continue;
      InFlightDiagnostic error = emitOpError("(C5) ");
      if (label > 0)
        error << "the dimensions of '" << static_cast<char>(label) << "' are ";
      else
        error << "the dimensions of '...' do not broadcast: ";
      return error << known << " and " << extent;
    }
  }
  RankedTensorType out = rankedType(getOutput());
  if (!out)
    return success();
  SmallVector<int64_t> shape;
  for (int label : tensors->result) {
    auto known = extents.find(label);
    shape.push_back(known == extents.end() ? ShapedType::kDynamic
                                           : known->second);
  }
  return verifyShape(*this, 5, getOutput(), shape);
}

LogicalResult blockattn::onnx::verifyPerLine(Operation *op, int number,
                                             Value value, Value matrix,
                                             bool rows, StringRef name) {
  RankedTensorType type = rankedType(value), of = rankedType(matrix);
  if (!type || !of || mayBeSingle(value))
    return success();
  auto refuse = [&] {
    return op->emitOpError()
           << "(C" << number << ") " << name
           << " must be one number, or one for each "
           << (rows ? "row" : "column") << " of " << of << ", but is " << type;
  };
  int64_t rank = of.getRank();
  if (rank < 2)
    return refuse();
  int64_t line = rank - (rows ? 2 : 1), other = rank - (rows ? 1 : 2);
  if (type.getRank() == 1)
    return mayAgree(type.getDimSize(0), of.getDimSize(line)) ? success()
                                                             : refuse();
  if (type.getRank() != rank || !mayAgree(type.getDimSize(other), 1) ||
      !mayBroadcastTo(type.getShape(), of.getShape()))
    return refuse();
  return success();
}

LogicalResult MatMulIntegerOp::verify() {
  struct {
    Value zero, matrix;
    bool rows;
    StringRef name;
  } sides[] = {{getAZeroPoint(), getA(), true, "a_zero_point"},
               {getBZeroPoint(), getB(), false, "b_zero_point"}};
  for (auto &side : sides)
    if (side.zero &&
        (failed(verifyElementTypes(*this, 1, "a matrix and its zero point",
                                   ValueRange{side.matrix, side.zero})) ||
         failed(verifyPerLine(*this, 2, side.zero, side.matrix, side.rows,
                              side.name))))
      return failure();
  return verifyProduct(*this, 3, getA(), getB(), getY());
}

LogicalResult QLinearMatMulOp::verify() {
  if (failed(verifyElementTypes(*this, 1, "a and its zero point",
                                {getA(), getAZeroPoint()})) ||
      failed(verifyElementTypes(*this, 1, "b and its zero point",
                                {getB(), getBZeroPoint()})) ||
      failed(verifyElementTypes(*this, 1, "y and its zero point",
                                {getY(), getYZeroPoint()})) ||
      failed(verifyElementTypes(*this, 1, "the scales",
                                {getAScale(), getBScale(), getYScale()})))
    return failure();
  struct {
    Value value, matrix;
    bool rows;
    StringRef name;
  } lines[] = {{getAScale(), getA(), true, "a_scale"},
               {getAZeroPoint(), getA(), true, "a_zero_point"},
               {getBScale(), getB(), false, "b_scale"},
               {getBZeroPoint(), getB(), false, "b_zero_point"}};
  for (auto &line : lines)
    if (failed(verifyPerLine(*this, 2, line.value, line.matrix, line.rows,
                             line.name)))
      return failure();
  for (Value value : {getYScale(), getYZeroPoint()})
    if (!mayBeSingle(value))
      return emitOpError("(C2) y_scale and y_zero_point must have one element, "
                         "but one is ")
             << value.getType();
  return verifyProduct(*this, 3, getA(), getB(), getY());
}

LogicalResult DynamicQuantizeLinearOp::verify() {
  for (Value scalar : {Value(getYScale()), Value(getYZeroPoint())})
    if (failed(verifyShape(*this, 2, scalar, {}, "y_scale or y_zero_point")))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Norms and activations
//===----------------------------------------------------------------------===//

template <typename OpT> static LogicalResult verifyAlongAxis(OpT op) {
  RankedTensorType type = rankedType(op.getInput());
  return type ? verifyAxis(op, 3, op.getAxis(), type.getRank()) : success();
}

LogicalResult HardmaxOp::verify() { return verifyAlongAxis(*this); }

LogicalResult LpNormalizationOp::verify() {
  if (getP() != 1 && getP() != 2)
    return emitOpError("(C4) p must be 1 or 2, but is ") << getP();
  return verifyAlongAxis(*this);
}

SmallVector<int64_t> MeanVarianceNormalizationOp::axesOrDefault() {
  return SmallVector<int64_t>(getAxes().value_or(ArrayRef<int64_t>{0, 2, 3}));
}

LogicalResult MeanVarianceNormalizationOp::verify() {
  RankedTensorType type = rankedType(getX());
  SmallVector<int64_t> axes = axesOrDefault();
  return type ? verifyAxes(*this, 3, axes, type.getRank()) : success();
}

LogicalResult GroupNormalizationOp::verify() {
  int64_t groups = getNumGroups(), channels = ShapedType::kDynamic;
  if (groups <= 0)
    return emitOpError("(C3) num_groups must be positive, but is ") << groups;
  if (RankedTensorType type = rankedType(getX())) {
    if (type.getRank() < 2)
      return emitOpError("(C3) X must have a rank of at least 2, but is ")
             << type;
    channels = type.getDimSize(1);
    if (isKnown(channels) && channels % groups != 0)
      return emitOpError("(C3) ")
             << channels << " channels can not be cut into " << groups
             << " groups";
  }
  for (Value vector : {getScale(), getBias()})
    if (failed(verifyShape(*this, 4, vector, channels, "scale or bias")))
      return failure();
  return verifyEpsilon(*this, 5, getEpsilon());
}

LogicalResult PReluOp::verify() {
  RankedTensorType type = rankedType(getX()), slope = rankedType(getSlope());
  if (!type || !slope || mayBroadcastTo(slope.getShape(), type.getShape()))
    return success();
  return emitOpError("(C3) the slope, ")
         << slope << ", does not broadcast to " << type;
}

//===----------------------------------------------------------------------===//
// Elements by place
//===----------------------------------------------------------------------===//

LogicalResult ReverseSequenceOp::verify() {
  int64_t time = getTimeAxis(), batch = getBatchAxis();
  if (time < 0 || time > 1 || batch != 1 - time)
    return emitOpError("(C3) one of time_axis and batch_axis must be 0 and the "
                       "other 1, but they are ")
           << time << " and " << batch;
  int64_t rows = ShapedType::kDynamic;
  if (RankedTensorType type = rankedType(getInput())) {
    if (type.getRank() < 2)
      return emitOpError("(C3) the input must have a rank of at least 2, but "
                         "is ")
             << type;
    rows = type.getDimSize(batch);
  }
  return verifyShape(*this, 4, getSequenceLens(), rows, "sequence_lens");
}

LogicalResult CompressOp::verify() {
  if (!mayBeVector(getCondition()))
    return emitOpError("(C3) condition must be a vector, but is ")
           << getCondition().getType();
  RankedTensorType type = rankedType(getInput());
  std::optional<int64_t> axis = getAxis();
  if (!axis) {
    if (!mayBeVector(getOutput()))
      return emitOpError("(C4) without an axis the output must be a vector, "
                         "but is ")
             << getOutput().getType();
  } else if (type && failed(verifyAxis(*this, 2, *axis, type.getRank()))) {
    return failure();
  }
  if (!type)
    return success();
  SmallVector<int64_t> shape(type.getShape());
  std::optional<int64_t> most = numElements(shape);
  if (axis) {
    int64_t &extent = shape[*normalizeAxis(*axis, type.getRank())];
    most = isKnown(extent) ? std::optional<int64_t>(extent) : std::nullopt;
    extent = ShapedType::kDynamic;
    if (failed(verifyShape(*this, 4, getOutput(), shape)))
      return failure();
  }
  std::optional<int64_t> length = vectorLength(getCondition());
  if (most && length && *length > *most)
    return emitOpError("(C3) condition has ")
           << *length << " elements, to choose from " << *most;
  return success();
}
