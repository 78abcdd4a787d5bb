//===- ShapeInferenceMicrosoft.cpp - rules of com.microsoft ops -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"
#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

/// Sets a result that may be absent.
static LogicalResult setResult(SymbolicShapes &shapes, Value result, Type type,
                               std::optional<ArrayRef<AffineExpr>> dims) {
  return result ? shapes.set(cast<OpResult>(result), type, dims) : success();
}

/// A dimension of a value; null where it is not known.
static AffineExpr dimOf(SymbolicShapes &shapes, Value value, size_t index) {
  std::optional<ArrayRef<AffineExpr>> dims =
      value ? shapes.dims(value) : std::nullopt;
  return dims && index < dims->size() ? (*dims)[index] : AffineExpr();
}

static AffineExpr sum(SymbolicShapes &shapes, AffineExpr a, AffineExpr b) {
  return a && b ? shapes.canonical(a + b) : AffineExpr();
}

//===----------------------------------------------------------------------===//
// Norms and embeddings
//===----------------------------------------------------------------------===//

/// A vector has one element for each column of rows; it may be absent.
static LogicalResult refuseColumns(Operation *op, SymbolicShapes &shapes,
                                   Value vector, AffineExpr columns,
                                   const Twine &name) {
  return refuseDifferent(op, dimOf(shapes, vector, 0), columns,
                         "has " + name + " of another length than the rows");
}

static Value betaOf(MSSkipLayerNormalizationOp op) { return op.getBeta(); }
static Value betaOf(MSSkipSimplifiedLayerNormalizationOp) { return {}; }

template <typename OpT>
static LogicalResult skipNorm(OpT op, SymbolicShapes &shapes) {
  Type type = commonElementType(shapes, {op.getInput(), op.getGamma()});
  std::optional<Dims> dims = copyDims(shapes, op.getInput());
  if (dims && !dims->empty()) {
    AffineExpr columns = dims->back();
    std::optional<ArrayRef<AffineExpr>> skip = shapes.dims(op.getSkip());
    // The skip may be one for the whole batch.
    for (size_t i = 1; skip && i <= 2 && i <= skip->size() && i <= dims->size();
         ++i)
      if (failed(refuseDifferent(op, skip->end()[-i], dims->end()[-i],
                                 "has a skip of another size than the input")))
        return failure();
    if (failed(refuseColumns(op, shapes, op.getGamma(), columns, "a gamma")) ||
        failed(refuseColumns(op, shapes, betaOf(op), columns, "a beta")) ||
        failed(refuseColumns(op, shapes, op.getBias(), columns, "a bias")))
      return failure();
  }
  if (failed(setResult(shapes, op.getOutput(), type, dims)) ||
      failed(setResult(shapes, op.getInputSkipBiasSum(), type, dims)))
    return failure();
  if (dims && !dims->empty())
    dims->back() = shapes.constant(1);
  Type f32 = Float32Type::get(op.getContext());
  return success(succeeded(setResult(shapes, op.getMean(), f32, dims)) &&
                 succeeded(setResult(shapes, op.getInvStdVar(), f32, dims)));
}

static LogicalResult embedNorm(MSEmbedLayerNormalizationOp op,
                               SymbolicShapes &shapes) {
  Type type = commonElementType(
      shapes, {op.getWordEmbedding(), op.getGamma(), op.getBeta()});
  Dims dims = {dimOf(shapes, op.getInputIds(), 0),
               dimOf(shapes, op.getInputIds(), 1),
               dimOf(shapes, op.getWordEmbedding(), 1)};
  AffineExpr columns = dims.back();
  if (failed(refuseColumns(op, shapes, op.getGamma(), columns, "a gamma")) ||
      failed(refuseColumns(op, shapes, op.getBeta(), columns, "a beta")))
    return failure();
  for (Value table : {op.getPositionEmbedding(), op.getSegmentEmbedding()})
    if (failed(refuseDifferent(op, dimOf(shapes, table, 1), columns,
                               "has embeddings of different widths")))
      return failure();
  ArrayRef<AffineExpr> all = dims;
  Type i32 = IntegerType::get(op.getContext(), 32);
  return success(
      succeeded(setResult(shapes, op.getOutput(), type, all)) &&
      succeeded(setResult(shapes, op.getEmbeddingSum(), type, all)) &&
      succeeded(setResult(shapes, op.getMaskIndex(), i32, all.take_front(1))));
}

template <typename OpT>
static LogicalResult withBias(OpT op, Value bias, SymbolicShapes &shapes) {
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op->getOperand(0));
  if (bias && dims && !dims->empty() &&
      failed(refuseColumns(op, shapes, bias, dims->back(), "a bias")))
    return failure();
  return sameAsFirst(op, shapes);
}

static LogicalResult biasGelu(MSBiasGeluOp op, SymbolicShapes &shapes) {
  return withBias(op, op.getB(), shapes);
}

static LogicalResult fastGelu(MSFastGeluOp op, SymbolicShapes &shapes) {
  return withBias(op, op.getBias(), shapes);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The operand's dimensions as MatMul sees them.
static std::optional<Dims> transposed(SymbolicShapes &shapes, Value value,
                                      bool matrix, bool batch) {
  std::optional<Dims> dims = copyDims(shapes, value);
  if (!dims || dims->size() < 2)
    return dims;
  if (batch)
    std::rotate(dims->begin(), dims->begin() + 1, dims->end() - 1);
  if (matrix)
    std::swap(dims->back(), (*dims)[dims->size() - 2]);
  return dims;
}

static LogicalResult fusedMatMul(MSFusedMatMulOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = commonElementType(shapes, op->getOperands());
  std::optional<Dims> a =
      transposed(shapes, op.getA(), op.getTransA(), op.getTransBatchA());
  std::optional<Dims> b =
      transposed(shapes, op.getB(), op.getTransB(), op.getTransBatchB());
  FailureOr<std::optional<Dims>> dims = productDims(op, shapes, a, b);
  if (failed(dims))
    return failure();
  return shapes.set(result, type, *dims);
}

/// A product of integers that is scaled to the type of the scales.
static LogicalResult scaledProduct(Operation *op, SymbolicShapes &shapes,
                                   Value a, Value b, Type type) {
  FailureOr<std::optional<Dims>> dims =
      productDims(op, shapes, shapes.dims(a), shapes.dims(b));
  if (failed(dims))
    return failure();
  return shapes.set(op->getResult(0), type, *dims);
}

static LogicalResult matMulIntegerToFloat(MSMatMulIntegerToFloatOp op,
                                          SymbolicShapes &shapes) {
  return scaledProduct(
      op, shapes, op.getA(), op.getB(),
      commonElementType(shapes, {op.getAScale(), op.getBScale()}));
}

static LogicalResult dynamicQuantizeMatMul(MSDynamicQuantizeMatMulOp op,
                                           SymbolicShapes &shapes) {
  return scaledProduct(op, shapes, op.getA(), op.getB(),
                       commonElementType(shapes, {op.getA(), op.getBScale()}));
}

static LogicalResult matMulNBits(MSMatMulNBitsOp op, SymbolicShapes &shapes) {
  Type type = commonElementType(shapes, {op.getA(), op.getScales()});
  std::optional<Dims> dims = copyDims(shapes, op.getA());
  if (dims && !dims->empty()) {
    if (failed(requireEqual(op, shapes, dims->back(),
                            shapes.constant(op.getK()),
                            "has another number of columns than K")))
      return failure();
    dims->back() = shapes.constant(op.getN());
  }
  return shapes.set(op->getResult(0), type, dims);
}

static LogicalResult gatherBlocks(MSGatherBlockQuantizedOp op,
                                  SymbolicShapes &shapes) {
  Type type = shapes.elementType(op.getScales());
  std::optional<ArrayRef<AffineExpr>> data = shapes.dims(op.getData());
  std::optional<ArrayRef<AffineExpr>> indices = shapes.dims(op.getIndices());
  if (!data || !indices)
    return shapes.set(op->getResult(0), type, std::nullopt);
  FailureOr<int64_t> axis = normalAxis(op, op.getGatherAxis(), data->size());
  if (failed(axis))
    return failure();
  Dims dims(*data);
  if (shapes.elementType(op.getData()).isUnsignedInteger(8) && dims.back())
    dims.back() = shapes.canonical(dims.back() * (8 / op.getBits()));
  dims.erase(dims.begin() + *axis);
  dims.insert(dims.begin() + *axis, indices->begin(), indices->end());
  return shapes.set(op->getResult(0), type, ArrayRef<AffineExpr>(dims));
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

static LogicalResult attention(MSAttentionOp op, SymbolicShapes &shapes) {
  Type type = commonElementType(shapes, {op.getInput(), op.getWeights()});
  AffineExpr keys, values;
  if (std::optional<ArrayRef<int64_t>> sizes = op.getQkvHiddenSizes()) {
    keys = shapes.constant((*sizes)[1]);
    values = shapes.constant((*sizes)[2]);
  } else if (AffineExpr columns = dimOf(shapes, op.getWeights(), 1)) {
    keys = values = shapes.exactQuotient(columns, shapes.constant(3));
  }
  AffineExpr batch = dimOf(shapes, op.getInput(), 0);
  AffineExpr tokens = dimOf(shapes, op.getInput(), 1);
  Dims dims = {batch, tokens, values};
  if (failed(
          setResult(shapes, op.getOutput(), type, ArrayRef<AffineExpr>(dims))))
    return failure();
  AffineExpr heads = shapes.constant(op.getNumHeads());
  AffineExpr total = op.getPast()
                         ? sum(shapes, dimOf(shapes, op.getPast(), 3), tokens)
                         : tokens;
  Dims present = {shapes.constant(2), batch, heads, total,
                  keys ? shapes.exactQuotient(keys, heads) : AffineExpr()};
  return setResult(shapes, op.getPresent(), type,
                   ArrayRef<AffineExpr>(present));
}

/// Sets present keys and values of `tokens` new ones, with one head size.
template <typename OpT>
static LogicalResult setPresent(OpT op, SymbolicShapes &shapes, Type type,
                                int64_t heads, AffineExpr tokens,
                                AffineExpr keySize, AffineExpr valueSize) {
  AffineExpr batch = dimOf(shapes, op.getQuery(), 0);
  AffineExpr total = tokens;
  if (Value past = op.getPastKey())
    total = sum(shapes, dimOf(shapes, past, 2), tokens);
  Dims keys = {batch, shapes.constant(heads), total, keySize};
  Dims values = {batch, shapes.constant(heads), total, valueSize};
  return success(succeeded(setResult(shapes, op.getPresentKey(), type,
                                     ArrayRef<AffineExpr>(keys))) &&
                 succeeded(setResult(shapes, op.getPresentValue(), type,
                                     ArrayRef<AffineExpr>(values))));
}

static LogicalResult multiHead(MSMultiHeadAttentionOp op,
                               SymbolicShapes &shapes) {
  Type type = commonElementType(shapes, {op.getQuery()});
  std::optional<ArrayRef<AffineExpr>> query = shapes.dims(op.getQuery());
  if (!query)
    return setResult(shapes, op.getOutput(), type, std::nullopt);
  AffineExpr heads = shapes.constant(op.getNumHeads());
  auto quotient = [&](AffineExpr hidden) {
    return hidden ? shapes.exactQuotient(hidden, heads) : AffineExpr();
  };
  // The head sizes of keys and values, and how many tokens are new.
  AffineExpr size, valueSize, tokens;
  if (query->size() == 5) {
    size = valueSize = (*query)[4];
    tokens = (*query)[1];
  } else {
    size = quotient((*query)[2]);
    // The verifier compares the two where both are known only.
    for (Value operand : {Value(op.getKey()), Value(op.getValue())}) {
      std::optional<ArrayRef<AffineExpr>> dims =
          operand ? shapes.dims(operand) : std::nullopt;
      if (dims && (dims->size() < 3 || dims->size() > 5))
        return op->emitOpError()
               << "has a key or value of rank " << dims->size();
    }
    std::optional<ArrayRef<AffineExpr>> key =
        op.getKey() ? shapes.dims(op.getKey()) : std::nullopt;
    tokens = key ? (*key)[key->size() == 4 ? 2 : 1] : AffineExpr();
    if (Value value = op.getValue()) {
      std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(value);
      if (dims)
        valueSize = dims->size() == 4 ? (*dims)[3] : quotient((*dims)[2]);
    } else {
      valueSize = size;
    }
  }
  Dims dims = {(*query)[0], (*query)[1],
               valueSize ? shapes.product({heads, valueSize}) : AffineExpr()};
  if (failed(
          setResult(shapes, op.getOutput(), type, ArrayRef<AffineExpr>(dims))))
    return failure();
  return setPresent(op, shapes, type, op.getNumHeads(), tokens, size,
                    valueSize);
}

static LogicalResult groupQuery(MSGroupQueryAttentionOp op,
                                SymbolicShapes &shapes) {
  Type type = commonElementType(shapes, {op.getQuery()});
  std::optional<ArrayRef<AffineExpr>> query = shapes.dims(op.getQuery());
  if (!query)
    return setResult(shapes, op.getOutput(), type, std::nullopt);
  int64_t heads = op.getNumHeads(), kvHeads = op.getKvNumHeads();
  int64_t packed = op.getKey() ? heads : heads + 2 * kvHeads;
  AffineExpr size =
      (*query)[2] ? shapes.exactQuotient((*query)[2], shapes.constant(packed))
                  : AffineExpr();
  Dims dims = {(*query)[0], (*query)[1],
               size ? shapes.product({shapes.constant(heads), size})
                    : AffineExpr()};
  if (failed(
          setResult(shapes, op.getOutput(), type, ArrayRef<AffineExpr>(dims))))
    return failure();
  // The head size of the past is that of the query, whatever it is called.
  for (Value past : {op.getPastKey(), op.getPastValue()})
    if (past && failed(requireEqual(op, shapes, dimOf(shapes, past, 3), size,
                                    "has past keys or values of another head "
                                    "size")))
      return failure();
  Type cache = op.getPastKey() ? shapes.elementType(op.getPastKey()) : type;
  return setPresent(op, shapes, cache, kvHeads, (*query)[1], size, size);
}

void addMicrosoftRules(ShapeRules &rules) {
  rules.add<MSSkipLayerNormalizationOp>(skipNorm);
  rules.add<MSSkipSimplifiedLayerNormalizationOp>(skipNorm);
  rules.add<MSEmbedLayerNormalizationOp>(embedNorm);
  rules.add<MSFusedMatMulOp>(fusedMatMul);
  rules.add<MSMatMulIntegerToFloatOp>(matMulIntegerToFloat);
  rules.add<MSDynamicQuantizeMatMulOp>(dynamicQuantizeMatMul);
  rules.add<MSMatMulNBitsOp>(matMulNBits);
  rules.add<MSGatherBlockQuantizedOp>(gatherBlocks);
  rules.add<MSAttentionOp>(attention);
  rules.add<MSMultiHeadAttentionOp>(multiHead);
  rules.add<MSGroupQueryAttentionOp>(groupQuery);
  rules.add<MSBiasGeluOp>(biasGelu);
  rules.add<MSFastGeluOp>(fastGelu);
  rules.addAll<MSQuickGeluOp, MSRotaryEmbeddingOp, MSMoEOp, MSQMoEOp>(
      sameAsFirst);
}

} // namespace blockattn::onnx
