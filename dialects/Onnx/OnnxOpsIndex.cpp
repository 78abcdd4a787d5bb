//===- OnnxOpsIndex.cpp - verifiers of ops that select and combine --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxVerify.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace blockattn::onnx;

//===----------------------------------------------------------------------===//
// Parts and joins
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError("(C2) needs at least one operand, but has 0");
  SmallVector<Value> values(getInputs());
  values.push_back(getConcatResult());
  RankedTensorType first;
  for (Value value : values) {
    RankedTensorType type = rankedType(value);
    if (!type)
      continue;
    if (!first)
      first = type;
    if (type.getRank() != first.getRank())
      return emitOpError("(C2) operands and result must have one rank, but "
                         "there are ")
             << first << " and " << type;
  }
  if (!first)
    return success();
  if (failed(verifyAxis(*this, 3, getAxis(), first.getRank())))
    return failure();
  int64_t axis = *normalizeAxis(getAxis(), first.getRank());
  // C4: an unranked operand leaves the length open, not the other dimensions.
  SmallVector<int64_t> shape(first.getRank(), ShapedType::kDynamic);
  std::optional<int64_t> length = 0;
  for (Value operand : getInputs()) {
    RankedTensorType type = rankedType(operand);
    int64_t sum;
    if (!type || !length || type.isDynamicDim(axis) ||
        llvm::AddOverflow(*length, type.getDimSize(axis), sum))
      length.reset();
    else
      length = sum;
    if (!type)
      continue;
    for (auto [i, extent] : llvm::enumerate(type.getShape())) {
      if (static_cast<int64_t>(i) == axis)
        continue;
      if (!mayAgree(shape[i], extent))
        return emitOpError("(C4) the operands differ in dimension ")
               << i << ": " << shape[i] << " and " << extent;
      if (isKnown(extent))
        shape[i] = extent;
    }
  }
  shape[axis] = length.value_or(ShapedType::kDynamic);
  return verifyShape(*this, 4, getConcatResult(), shape);
}

LogicalResult SplitOp::verify() {
  RankedTensorType in = rankedType(getInput());
  // C2
  if (in && failed(verifyAxis(*this, 2, getAxis(), in.getRank())))
    return failure();
  // C3
  if (in) {
    SmallVector<int64_t> shape(in.getShape());
    shape[*normalizeAxis(getAxis(), in.getRank())] = ShapedType::kDynamic;
    for (Value output : getOutputs())
      if (failed(verifyShape(*this, 3, output, shape)))
        return failure();
  }
  // C4
  int64_t outputs = getOutputs().size();
  if (getSplit() && !mayBeVector(getSplit()))
    return emitOpError("(C4) split must be a vector, but is ")
           << getSplit().getType();
  std::optional<int64_t> length = vectorLength(getSplit());
  if (length && *length != outputs)
    return emitOpError("(C4) there are ")
           << *length << " lengths for " << outputs << " outputs";
  if (auto split = constantInts(getSplit())) {
    int64_t sum = 0;
    for (auto [part, output] : llvm::zip_equal(*split, getOutputs())) {
      if (part < 0 || llvm::AddOverflow(sum, part, sum))
        return emitOpError("(C4) the lengths [")
               << *split << "] are no lengths";
      RankedTensorType type = rankedType(output);
      if (!type || !in)
        continue;
      int64_t extent =
          type.getDimSize(*normalizeAxis(getAxis(), type.getRank()));
      if (!mayAgree(extent, part))
        return emitOpError("(C4) an output of length ")
               << part << " is " << type;
    }
    if (in) {
      int64_t extent = in.getDimSize(*normalizeAxis(getAxis(), in.getRank()));
      if (!mayAgree(extent, sum))
        return emitOpError("(C4) the lengths are together ")
               << sum << ", but the input has " << extent;
    }
  }
  // C5
  if (outputs == 0)
    return emitOpError("(C5) needs at least one output, but has 0");
  if (getNumOutputs() && *getNumOutputs() != outputs)
    return emitOpError("(C5) num_outputs is ")
           << *getNumOutputs() << ", but there are " << outputs;
  return success();
}

/// Constraint C4 of Slice and Pad.
static LogicalResult verifyConstantAxes(Operation *op, Value axes,
                                        RankedTensorType type) {
  std::optional<SmallVector<int64_t>> values = constantInts(axes);
  if (!values || !type)
    return success();
  return verifyAxes(op, 4, *values, type.getRank());
}

/// Constraint C2 of Slice and Pad.
static LogicalResult verifyRanks(Operation *op, RankedTensorType in,
                                 RankedTensorType out) {
  if (!in || !out || in.getRank() == out.getRank())
    return success();
  return op->emitOpError("(C2) data and output must have one rank, but are ")
         << in << " and " << out;
}

LogicalResult SliceOp::verify() {
  RankedTensorType in = rankedType(getData()), out = rankedType(getOutput());
  if (failed(verifyRanks(*this, in, out)))
    return failure();
  // C3
  std::optional<int64_t> length;
  for (Value operand : getOperands().drop_front()) {
    if (!mayBeVector(operand))
      return emitOpError("(C3) starts, ends, axes and steps must be vectors, "
                         "but one is ")
             << operand.getType();
    std::optional<int64_t> mine = vectorLength(operand);
    if (mine && length && *mine != *length)
      return emitOpError("(C3) starts, ends, axes and steps must have one "
                         "length, but there are ")
             << *length << " and " << *mine;
    if (mine)
      length = mine;
  }
  // C4, C5
  if (failed(verifyConstantAxes(*this, getAxes(), in ? in : out)))
    return failure();
  if (auto steps = constantInts(getSteps());
      steps && llvm::is_contained(*steps, 0))
    return emitOpError("(C5) steps must not be 0, but are [") << *steps << "]";
  return success();
}

LogicalResult PadOp::verify() {
  RankedTensorType in = rankedType(getData()), out = rankedType(getOutput());
  if (failed(verifyRanks(*this, in, out)))
    return failure();
  // C3
  StringRef mode = getMode();
  if (mode != "constant" && mode != "reflect" && mode != "edge" &&
      mode != "wrap")
    return emitOpError("(C3) mode must be \"constant\", \"reflect\", \"edge\" "
                       "or \"wrap\", but is \"")
           << mode << '"';
  // C4
  RankedTensorType type = in ? in : out;
  if (failed(verifyConstantAxes(*this, getAxes(), type)))
    return failure();
  // C5
  if (!mayBeVector(getPads()))
    return emitOpError("(C5) pads must be a vector, but are ")
           << getPads().getType();
  std::optional<int64_t> axes = getAxes() ? vectorLength(getAxes())
                                : type ? std::optional<int64_t>(type.getRank())
                                       : std::nullopt;
  std::optional<int64_t> pads = vectorLength(getPads());
  if (axes && pads && (*pads % 2 != 0 || *pads / 2 != *axes))
    return emitOpError("(C5) there are ")
           << *pads << " pads for " << *axes << " axes";
  // C6
  if (Value value = getConstantValue()) {
    if (!elementTypesMayAgree(value, getData()) || !mayBeSingle(value))
      return emitOpError("(C6) constant_value must be one element of the type "
                         "of the data, but is ")
             << value.getType() << " for " << getData().getType();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  RankedTensorType data = rankedType(getData());
  RankedTensorType indices = rankedType(getIndices());
  RankedTensorType out = rankedType(getOutput());
  if (!data)
    return success();
  if (failed(verifyAxis(*this, 2, getAxis(), data.getRank())))
    return failure();
  if (!indices || !out)
    return success();
  if (out.getRank() != data.getRank() + indices.getRank() - 1)
    return emitOpError("(C3) the result must have rank ")
           << data.getRank() + indices.getRank() - 1 << ", but is " << out;
  int64_t axis = *normalizeAxis(getAxis(), data.getRank());
  SmallVector<int64_t> shape(data.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, data.getShape().drop_front(axis + 1));
  return verifyShape(*this, 4, getOutput(), shape);
}

/// Constraints C2 and C3 of GatherElements, C3 and C4 of ScatterElements.
static LogicalResult verifyElementIndices(Operation *op, int number,
                                          RankedTensorType data,
                                          RankedTensorType indices,
                                          int64_t axis) {
  if (data && indices && data.getRank() != indices.getRank())
    return op->emitOpError() << "(C" << number
                             << ") data and indices must have one rank, but "
                                "are "
                             << data << " and " << indices;
  RankedTensorType type = data ? data : indices;
  if (!type)
    return success();
  if (type.getRank() == 0)
    return op->emitOpError()
           << "(C" << number << ") the rank must be at least 1, but it is 0";
  return verifyAxis(op, number + 1, axis, type.getRank());
}

LogicalResult GatherElementsOp::verify() {
  RankedTensorType indices = rankedType(getIndices());
  if (failed(verifyElementIndices(*this, 2, rankedType(getData()), indices,
                                  getAxis())))
    return failure();
  return indices ? verifyShape(*this, 4, getOutput(), indices.getShape())
                 : success();
}

LogicalResult GatherNDOp::verify() {
  RankedTensorType data = rankedType(getData());
  RankedTensorType indices = rankedType(getIndices());
  // C2
  int64_t batch = getBatchDims();
  if (batch < 0)
    return emitOpError("(C2) batch_dims must not be negative, but is ")
           << batch;
  for (RankedTensorType type : {data, indices})
    if (type && batch >= type.getRank())
      return emitOpError("(C2) batch_dims is ")
             << batch << ", but an operand is " << type;
  if (!data || !indices)
    return success();
  // C5
  for (int64_t i = 0; i < batch; ++i)
    if (!mayAgree(data.getDimSize(i), indices.getDimSize(i)))
      return emitOpError("(C5) data and indices differ in dimension ")
             << i << ": " << data.getDimSize(i) << " and "
             << indices.getDimSize(i);
  // C3
  int64_t length = indices.getShape().back();
  if (!isKnown(length))
    return success();
  if (length < 1 || length > data.getRank() - batch)
    return emitOpError("(C3) an index vector has ")
           << length << " elements, but must have 1 to "
           << data.getRank() - batch;
  // C4
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, data.getShape().drop_front(batch + length));
  return verifyShape(*this, 4, getOutput(), shape);
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

static LogicalResult verifyReduction(Operation *op, int number,
                                     StringRef reduction) {
  if (llvm::is_contained({"none", "add", "mul", "max", "min"}, reduction))
    return success();
  return op->emitOpError() << "(C" << number
                           << ") reduction must be \"none\", \"add\", \"mul\", "
                              "\"max\" or \"min\", but is \""
                           << reduction << '"';
}

LogicalResult ScatterElementsOp::verify() {
  if (failed(verifyElementTypes(*this, 1, "data and updates",
                                {getData(), getUpdates()})))
    return failure();
  RankedTensorType indices = rankedType(getIndices());
  if (failed(verifyElementIndices(*this, 3, rankedType(getData()), indices,
                                  getAxis())))
    return failure();
  RankedTensorType updates = rankedType(getUpdates());
  if (indices && updates &&
      !shapesMayAgree(indices.getShape(), updates.getShape()))
    return emitOpError("(C5) indices and updates must have one shape, but are ")
           << indices << " and " << updates;
  return verifyReduction(*this, 6, getReduction());
}

LogicalResult ScatterNDOp::verify() {
  if (failed(verifyElementTypes(*this, 1, "data and updates",
                                {getData(), getUpdates()})))
    return failure();
  RankedTensorType data = rankedType(getData());
  RankedTensorType indices = rankedType(getIndices());
  RankedTensorType updates = rankedType(getUpdates());
  if (indices && indices.getRank() == 0)
    return emitOpError("(C3) indices must have a rank of at least 1, but are ")
           << indices;
  int64_t length = indices ? indices.getShape().back() : ShapedType::kDynamic;
  if (data && isKnown(length)) {
    if (length > data.getRank())
      return emitOpError("(C3) an index vector has ")
             << length << " elements, but the data is " << data;
    int64_t rank = data.getRank() + indices.getRank() - 1 - length;
    if (updates && updates.getRank() != rank)
      return emitOpError("(C4) the updates must have rank ")
             << rank << ", but are " << updates;
  }
  return verifyReduction(*this, 5, getReduction());
}

LogicalResult TensorScatterOp::verify() {
  if (failed(verifyElementTypes(*this, 1, "cache and update",
                                {getPastCache(), getUpdate()})))
    return failure();
  RankedTensorType cache = rankedType(getPastCache());
  RankedTensorType update = rankedType(getUpdate());
  if (RankedTensorType type = cache ? cache : update) {
    // C3
    std::optional<int64_t> axis = normalizeAxis(getAxis(), type.getRank());
    if (!axis || *axis == 0)
      return emitOpError("(C3) axis is ")
             << getAxis() << ", but must name a dimension after the first of "
             << type;
    // C4
    if (cache && update) {
      SmallVector<int64_t> shape(cache.getShape());
      if (update.getRank() == cache.getRank())
        shape[*axis] = update.getDimSize(*axis);
      if (!shapesMayAgree(shape, update.getShape()))
        return emitOpError("(C4) cache and update may differ in dimension ")
               << *axis << " alone, but are " << cache << " and " << update;
      if (isKnown(update.getDimSize(*axis)) && !cache.isDynamicDim(*axis) &&
          update.getDimSize(*axis) > cache.getDimSize(*axis))
        return emitOpError("(C4) the update has ")
               << update.getDimSize(*axis) << " entries for a cache of "
               << cache.getDimSize(*axis);
    }
    // C5
    std::optional<int64_t> length = vectorLength(getWriteIndices());
    if (!mayBeVector(getWriteIndices()) ||
        (length && !mayAgree(*length, type.getDimSize(0))))
      return emitOpError("(C5) write_indices must be a vector of ")
             << spell(type.getDimSize(0)) << ", but are "
             << getWriteIndices().getType();
  }
  // C6
  if (getMode() != "linear" && getMode() != "circular")
    return emitOpError("(C6) mode must be \"linear\" or \"circular\", but is "
                       "\"")
           << getMode() << '"';
  return success();
}

LogicalResult NonZeroOp::verify() {
  RankedTensorType in = rankedType(getX());
  int64_t rows = in ? in.getRank() : ShapedType::kDynamic;
  return verifyShape(*this, 1, getY(), {rows, ShapedType::kDynamic});
}
