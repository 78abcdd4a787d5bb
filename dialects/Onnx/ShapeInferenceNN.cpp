//===- ShapeInferenceNN.cpp - rules of products, norms and attention ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceRules.h"

using namespace mlir;

namespace blockattn::onnx {

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

FailureOr<std::optional<Dims>>
productDims(Operation *op, SymbolicShapes &shapes,
            std::optional<ArrayRef<AffineExpr>> a,
            std::optional<ArrayRef<AffineExpr>> b) {
  if (!a || !b)
    return std::optional<Dims>();
  if (a->empty() || b->empty())
    return op->emitOpError() << "has an operand of rank 0";
  AffineExpr rows = b->size() == 1 ? b->front() : (*b)[b->size() - 2];
  if (failed(requireEqual(op, shapes, a->back(), rows,
                          "has operands whose columns and rows differ")))
    return failure();
  FailureOr<std::optional<Dims>> dims =
      broadcastDims(op, shapes,
                    ArrayRef<ArrayRef<AffineExpr>>{
                        a->drop_back(std::min<size_t>(2, a->size())),
                        b->drop_back(std::min<size_t>(2, b->size()))});
  if (failed(dims))
    return failure();
  if (a->size() > 1)
    (*dims)->push_back((*a)[a->size() - 2]);
  if (b->size() > 1)
    (*dims)->push_back(b->back());
  return dims;
}

static LogicalResult matMul(MatMulOp op, SymbolicShapes &shapes) {
  FailureOr<std::optional<Dims>> dims =
      productDims(op, shapes, shapes.dims(op.getA()), shapes.dims(op.getB()));
  if (failed(dims))
    return failure();
  return shapes.set(op->getResult(0),
                    commonElementType(shapes, op->getOperands()), *dims);
}

static LogicalResult gemm(GemmOp op, SymbolicShapes &shapes) {
  OpResult result = op->getResult(0);
  Type type = commonElementType(shapes, op->getOperands());
  std::optional<ArrayRef<AffineExpr>> a = shapes.dims(op.getA());
  std::optional<ArrayRef<AffineExpr>> b = shapes.dims(op.getB());
  if ((a && a->size() != 2) || (b && b->size() != 2))
    return op->emitOpError() << "has an operand that is not a matrix";
  bool transA = op.getTransA() != 0, transB = op.getTransB() != 0;
  Dims dims = {a ? (*a)[transA] : AffineExpr(),
               b ? (*b)[!transB] : AffineExpr()};
  if (a && b &&
      failed(requireEqual(op, shapes, (*a)[!transA], (*b)[transB],
                          "has operands whose columns and rows differ")))
    return failure();
  return shapes.set(result, type, ArrayRef<AffineExpr>(dims));
}

//===----------------------------------------------------------------------===//
// Norms and the like
//===----------------------------------------------------------------------===//

static LogicalResult layerNorm(LayerNormalizationOp op,
                               SymbolicShapes &shapes) {
  Type type = commonElementType(shapes, {op.getX(), op.getScale()});
  std::optional<Dims> dims = copyDims(shapes, op.getX());
  if (failed(shapes.set(cast<OpResult>(op.getY()), type, dims)) ||
      (dims &&
       (failed(requireBroadcast(op, shapes, op.getScale(), *dims, "a scale")) ||
        failed(requireBroadcast(op, shapes, op.getB(), *dims, "a bias")))))
    return failure();
  if (dims) {
    FailureOr<int64_t> axis = normalAxis(op, op.getAxis(), dims->size());
    if (failed(axis))
      return failure();
    for (AffineExpr &dim : MutableArrayRef(*dims).drop_front(*axis))
      dim = shapes.constant(1);
  }
  std::optional<Type> stash = op.getStashType();
  for (Value statistic : {Value(op.getMean()), Value(op.getInvStdDev())})
    if (statistic &&
        failed(shapes.set(
            cast<OpResult>(statistic),
            stash ? *stash : Type(Float32Type::get(op->getContext())), dims)))
      return failure();
  return success();
}

static LogicalResult rmsNorm(RMSNormalizationOp op, SymbolicShapes &shapes) {
  std::optional<Dims> dims = copyDims(shapes, op.getX());
  if (dims &&
      failed(requireBroadcast(op, shapes, op.getScale(), *dims, "a scale")))
    return failure();
  return shapes.set(op->getResult(0), shapes.elementType(op.getScale()), dims);
}

static LogicalResult dropout(DropoutOp op, SymbolicShapes &shapes) {
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(op.getData());
  if (failed(shapes.set(cast<OpResult>(op.getOutput()),
                        shapes.elementType(op.getData()), dims)))
    return failure();
  if (Value mask = op.getMask())
    return shapes.set(cast<OpResult>(mask),
                      IntegerType::get(op->getContext(), 1), dims);
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
/// An operand of attention as [batch, heads, tokens, size].
struct Heads {
  AffineExpr batch, count, tokens, size;
};
} // namespace

static FailureOr<Heads> headsOf(AttentionOp op, SymbolicShapes &shapes,
                                Value value, std::optional<int64_t> count) {
  Heads heads;
  std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(value);
  if (!dims)
    return heads;
  if (dims->size() == 4) {
    heads = {(*dims)[0], (*dims)[1], (*dims)[2], (*dims)[3]};
    return heads;
  }
  if (dims->size() != 3)
    return op->emitOpError() << "has an operand of rank " << dims->size()
                             << "; it must be 3 or 4";
  heads.batch = (*dims)[0];
  heads.tokens = (*dims)[1];
  if (!count || *count <= 0)
    return op->emitOpError() << "needs positive q_num_heads and kv_num_heads "
                                "for operands of rank 3";
  heads.count = shapes.constant(*count);
  if (std::optional<int64_t> hidden = asConstant((*dims)[2]);
      hidden && *hidden % *count != 0)
    return op->emitOpError() << "has a hidden size of " << *hidden << " for "
                             << *count << " heads";
  heads.size = shapes.exactQuotient((*dims)[2], heads.count);
  return heads;
}

static LogicalResult attention(AttentionOp op, SymbolicShapes &shapes) {
  FailureOr<Heads> q = headsOf(op, shapes, op.getQ(), op.getQNumHeads());
  FailureOr<Heads> k = headsOf(op, shapes, op.getK(), op.getKvNumHeads());
  FailureOr<Heads> v = headsOf(op, shapes, op.getV(), op.getKvNumHeads());
  if (failed(q) || failed(k) || failed(v))
    return failure();
  if (failed(requireEqual(op, shapes, q->batch, k->batch,
                          "has queries and keys of different batch sizes")) ||
      failed(requireEqual(op, shapes, k->batch, v->batch,
                          "has keys and values of different batch sizes")) ||
      failed(requireEqual(op, shapes, k->tokens, v->tokens,
                          "has keys and values of different lengths")) ||
      failed(requireEqual(op, shapes, q->size, k->size,
                          "has queries and keys of different head sizes")))
    return failure();
  Type keyType = commonElementType(shapes, {op.getQ(), op.getK()});
  Type valueType = shapes.elementType(op.getV());

  // Keys of the past come before the new ones.
  AffineExpr total = k->tokens;
  if (Value past = op.getPastKey()) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(past);
    if (dims && dims->size() != 4)
      return op->emitOpError() << "has past keys of rank " << dims->size();
    total = dims && total ? shapes.canonical(total + (*dims)[2]) : AffineExpr();
  }

  auto set = [&](Value result, Type type, Dims dims) {
    return !result ? success()
                   : shapes.set(cast<OpResult>(result), type,
                                ArrayRef<AffineExpr>(dims));
  };
  std::optional<ArrayRef<AffineExpr>> query = shapes.dims(op.getQ());
  if (!query) {
    if (failed(shapes.set(cast<OpResult>(op.getY()), keyType, std::nullopt)))
      return failure();
  } else {
    Dims dims(*query);
    dims.back() = v->size;
    if (query->size() == 3)
      dims.back() =
          v->size ? shapes.product({q->count, v->size}) : AffineExpr();
    if (failed(set(op.getY(), keyType, dims)))
      return failure();
  }
  if (failed(set(op.getPresentKey(), keyType,
                 {k->batch, k->count, total, k->size})) ||
      failed(set(op.getPresentValue(), valueType,
                 {v->batch, v->count, total, v->size})) ||
      failed(set(op.getQkMatmulOutput(), keyType,
                 {q->batch, q->count, q->tokens, total})))
    return failure();
  return success();
}

void addNNRules(ShapeRules &rules) {
  rules.add<MatMulOp>(matMul);
  rules.add<GemmOp>(gemm);
  rules.add<LayerNormalizationOp>(layerNorm);
  rules.add<RMSNormalizationOp>(rmsNorm);
  rules.add<DropoutOp>(dropout);
  rules.add<AttentionOp>(attention);
  rules.addAll<LogSoftmaxOp, RotaryEmbeddingOp, SoftmaxOp>(sameAsFirst);
}

} // namespace blockattn::onnx
