//===- MicrosoftOps.cpp - verifiers of com.microsoft ops ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"
#include "dialects/Onnx/OnnxVerify.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace blockattn::onnx;

/// Those of the values that are there.
static SmallVector<Value> present(ArrayRef<Value> values) {
  return llvm::filter_to_vector(values, [](Value value) { return !!value; });
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

static LogicalResult verifyBias(Operation *op, int number, Value x,
                                Value bias) {
  RankedTensorType type = rankedType(x), added = rankedType(bias);
  if (!type || !added || mayBroadcastTo(added.getShape(), type.getShape()))
    return success();
  return op->emitOpError() << "(C" << number << ") the bias, " << added
                           << ", does not broadcast to " << type;
}

LogicalResult MSBiasGeluOp::verify() {
  return verifyBias(*this, 3, getA(), getB());
}

LogicalResult MSFastGeluOp::verify() {
  return verifyBias(*this, 3, getX(), getBias());
}

//===----------------------------------------------------------------------===//
// Norms and embeddings
//===----------------------------------------------------------------------===//

template <typename OpT>
static LogicalResult verifySkipNorm(OpT op, ArrayRef<Value> vectors) {
  // C1
  SmallVector<Value> values = present(vectors);
  for (Value value : {Value(op.getInput()), Value(op.getSkip()),
                      Value(op.getOutput()), Value(op.getInputSkipBiasSum())})
    if (value)
      values.push_back(value);
  if (failed(verifyElementTypes(op, 1, "operands, output and sum", values)))
    return failure();
  // C2
  RankedTensorType input = rankedType(op.getInput());
  RankedTensorType skip = rankedType(op.getSkip());
  if (input && skip && !mayBroadcastTo(skip.getShape(), input.getShape()))
    return op.emitOpError("(C2) skip, ")
           << skip << ", does not broadcast to " << input;
  if (input && (failed(verifyShape(op, 2, op.getOutput(), input.getShape())) ||
                failed(verifyShape(op, 2, op.getInputSkipBiasSum(),
                                   input.getShape(), "the sum"))))
    return failure();
  // C3
  int64_t size = input && input.getRank() > 0 ? input.getShape().back()
                                              : ShapedType::kDynamic;
  for (Value vector : vectors)
    if (failed(verifyShape(op, 3, vector, size, "a weight")))
      return failure();
  return verifyEpsilon(op, 4, op.getEpsilon());
}

LogicalResult MSSkipLayerNormalizationOp::verify() {
  return verifySkipNorm(*this, {getGamma(), getBeta(), getBias()});
}

LogicalResult MSSkipSimplifiedLayerNormalizationOp::verify() {
  return verifySkipNorm(*this, {getGamma(), getBias()});
}

LogicalResult MSEmbedLayerNormalizationOp::verify() {
  // C6
  for (auto [value, name] :
       {std::pair<Value, StringRef>(getWordEmbedding(), "word_embedding"),
        {getPositionEmbedding(), "position_embedding"},
        {getGamma(), "gamma"},
        {getBeta(), "beta"}})
    if (!value)
      return emitOpError("(C6) ") << name << " must not be left out";
  // C1
  RankedTensorType ids = rankedType(getInputIds());
  if (ids && ids.getRank() != 2)
    return emitOpError("(C1) input_ids must be a matrix, but are ") << ids;
  if (ids && (failed(verifyShape(*this, 1, getSegmentIds(), ids.getShape(),
                                 "segment_ids")) ||
              failed(verifyShape(*this, 1, getMask(), ids.getShape(), "mask"))))
    return failure();
  RankedTensorType positions = rankedType(getPositionIds());
  if (positions &&
      (positions.getRank() != 2 ||
       (ids && !mayBroadcastTo(positions.getShape(), ids.getShape()))))
    return emitOpError("(C1) position_ids must have the shape of input_ids, or "
                       "one row, but are ")
           << positions;
  // C2
  int64_t columns = ShapedType::kDynamic;
  for (Value table :
       {getWordEmbedding(), getPositionEmbedding(), getSegmentEmbedding()}) {
    RankedTensorType type = rankedType(table);
    if (!type)
      continue;
    if (type.getRank() != 2 || !mayAgree(type.getDimSize(1), columns))
      return emitOpError("(C2) the embeddings must be matrices with one number "
                         "of columns, but one is ")
             << type;
    if (!type.isDynamicDim(1))
      columns = type.getDimSize(1);
  }
  // C3
  if (!getSegmentIds() != !getSegmentEmbedding())
    return emitOpError("(C3) segment_ids and segment_embedding must both be "
                       "given or both be left out");
  // C4
  for (Value vector : {getGamma(), getBeta()})
    if (failed(verifyShape(*this, 4, vector, columns, "gamma and beta")))
      return failure();
  return verifyEpsilon(*this, 5, getEpsilon());
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult MSFusedMatMulOp::verify() {
  for (auto [value, isTransposed] :
       {std::pair<Value, bool>(getA(), getTransA() || getTransBatchA()),
        {getB(), getTransB() || getTransBatchB()}}) {
    RankedTensorType type = rankedType(value);
    int64_t least = isTransposed ? 2 : 1;
    if (type && type.getRank() < least)
      return emitOpError("(C2) an operand must have a rank of at least ")
             << least << ", but is " << type;
  }
  return success();
}

static LogicalResult verifyBlocks(Operation *op, int64_t bits,
                                  ArrayRef<int64_t> allowed,
                                  int64_t blockSize) {
  if (!llvm::is_contained(allowed, bits)) {
    InFlightDiagnostic diag = op->emitOpError("(C2) bits must be ");
    for (auto [i, value] : llvm::enumerate(allowed))
      diag << (i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ") << value;
    return diag << ", but is " << bits;
  }
  if (blockSize < 16 || !llvm::isPowerOf2_64(blockSize))
    return op->emitOpError("(C2) block_size must be a power of two and at "
                           "least 16, but is ")
           << blockSize;
  return success();
}

LogicalResult MSMatMulNBitsOp::verify() {
  // C1
  SmallVector<Value> floats = present({getA(), getScales(), getBias(), getY()});
  if (failed(verifyElementTypes(*this, 1, "A, scales, bias and Y", floats)))
    return failure();
  // C2
  int64_t rows = getN(), columns = getK(), bits = getBits();
  if (failed(verifyBlocks(*this, bits, {2, 4, 8}, getBlockSize())))
    return failure();
  constexpr int64_t kMost = int64_t(1) << 30;
  if (rows <= 0 || columns <= 0 || rows > kMost || columns > kMost)
    return emitOpError("(C2) N and K must be positive, and at most 2^30, but "
                       "are ")
           << rows << " and " << columns;
  // C3
  int64_t blocks = llvm::divideCeil(columns, getBlockSize());
  auto verifyCount = [&](Value value, ArrayRef<int64_t> counts,
                         StringRef name) -> LogicalResult {
    RankedTensorType type = rankedType(value);
    std::optional<int64_t> count =
        type ? numElements(type.getShape()) : std::nullopt;
    if (!count || llvm::is_contained(counts, *count))
      return success();
    return emitOpError("(C3) ") << name << " must have " << counts.front()
                                << " elements, but is " << type;
  };
  int64_t blob = getBlockSize() * bits / 8;
  int64_t zeroBytes = llvm::divideCeil(blocks * bits, 8);
  if (failed(verifyCount(getB(), rows * blocks * blob, "B")) ||
      failed(verifyCount(getScales(), rows * blocks, "scales")))
    return failure();
  if (Value zeros = getZeroPoints()) {
    Type type = knownElementType(zeros);
    int64_t count =
        type && isa<FloatType>(type) ? rows * blocks : rows * zeroBytes;
    if (type && failed(verifyCount(zeros, count, "zero_points")))
      return failure();
  }
  // C4
  if (RankedTensorType a = rankedType(getA())) {
    if (a.getRank() == 0 || !mayAgree(a.getShape().back(), columns))
      return emitOpError("(C4) the last dimension of A must be ")
             << columns << ", but A is " << a;
    SmallVector<int64_t> shape(a.getShape());
    shape.back() = rows;
    if (failed(verifyShape(*this, 4, getY(), shape)))
      return failure();
  }
  // C5
  RankedTensorType groups = rankedType(getGIdx());
  if (groups && (groups.getRank() != 1 ||
                 (!groups.isDynamicDim(0) && groups.getDimSize(0) < columns)))
    return emitOpError("(C5) g_idx must be a vector of at least ")
           << columns << " elements, but is " << groups;
  return verifyShape(*this, 5, getBias(), rows, "the bias");
}

bool blockattn::onnx::staysPacked(MSMatMulNBitsOp op) {
  auto isByte = [](Value value) {
    Type type = knownElementType(value);
    return type && type.isUnsignedInteger(8);
  };
  RankedTensorType a = rankedType(op.getA()), weight = rankedType(op.getB());
  RankedTensorType scales = rankedType(op.getScales());
  Type element = knownElementType(op.getA());
  auto isKnown = [](RankedTensorType type) {
    return type && type.hasStaticShape();
  };
  return a && a.getRank() > 0 && element &&
         (element.isF32() || element.isF16() || element.isBF16()) &&
         knownElementType(op.getScales()) == element && isKnown(scales) &&
         isKnown(weight) && weight.getRank() == 3 && isByte(op.getB()) &&
         (op.getBits() == 4 || op.getBits() == 8) && !op.getGIdx() &&
         (!op.getZeroPoints() || (isByte(op.getZeroPoints()) &&
                                  isKnown(rankedType(op.getZeroPoints()))));
}

LogicalResult MSGatherBlockQuantizedOp::verify() {
  // C1
  if (failed(verifyElementTypes(*this, 1, "scales and output",
                                {getScales(), getOutput()})) ||
      failed(verifyBlocks(*this, getBits(), {2, 4, 8}, getBlockSize())))
    return failure();
  // C3
  RankedTensorType data = rankedType(getData());
  if (!data)
    return success();
  if (failed(
          verifyAxis(*this, 3, getGatherAxis(), data.getRank(), "gather_axis")))
    return failure();
  if (failed(verifyAxis(*this, 3, getQuantizeAxis(), data.getRank(),
                        "quantize_axis")))
    return failure();
  if (normalizeAxis(getGatherAxis(), data.getRank()) ==
      normalizeAxis(getQuantizeAxis(), data.getRank()))
    return emitOpError("(C3) gather_axis and quantize_axis must differ, but "
                       "both are ")
           << getGatherAxis();
  return success();
}
