//===- LoweringReshape.cpp - reshapes without copies ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row-major reshape is a collapse of dimensions followed by an expansion.
// Where shape inference proves which dimensions make which, only these take
// part, so that a producer or consumer on the other ones can still be fused;
// otherwise all elements become one row first. Neither copies.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

Value Lowering::collapse(Value tensor,
                         ArrayRef<ReassociationIndices> reassociation) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (reassociation.empty() && !type.hasStaticShape())
    tensor = tensor::CastOp::create(
        b, loc,
        RankedTensorType::get(SmallVector<int64_t>(type.getRank(), 1),
                              type.getElementType()),
        tensor);
  if (static_cast<int64_t>(reassociation.size()) == type.getRank())
    return tensor;
  return tensor::CollapseShapeOp::create(b, loc, tensor, reassociation);
}

Value Lowering::expand(Value tensor,
                       ArrayRef<ReassociationIndices> reassociation,
                       ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  // A group is static as a whole or not at all, on both sides.
  SmallVector<int64_t> source;
  for (const ReassociationIndices &group : reassociation) {
    int64_t size = 1;
    for (int64_t i : group)
      size = ShapedType::isDynamic(size) || ShapedType::isDynamic(shape[i])
                 ? ShapedType::kDynamic
                 : size * shape[i];
    source.push_back(size);
  }
  auto sourceType = RankedTensorType::get(source, type.getElementType());
  if (sourceType != type)
    tensor = tensor::CastOp::create(b, loc, sourceType, tensor);
  if (reassociation.size() == sizes.size())
    return tensor;
  return tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), tensor,
      reassociation, sizes);
}

/// Divides the dimensions into groups of equal products. Fails where equality
/// can not be proven.
static LogicalResult match(onnx::SymbolicShapes &shapes,
                           ArrayRef<AffineExpr> from, ArrayRef<AffineExpr> to,
                           SmallVectorImpl<ReassociationIndices> &fromGroups,
                           SmallVectorImpl<ReassociationIndices> &toGroups) {
  auto isOne = [](AffineExpr expr) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    return constant && constant.getValue() == 1;
  };
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    ReassociationIndices fromGroup = {static_cast<int64_t>(i)};
    ReassociationIndices toGroup = {static_cast<int64_t>(j)};
    AffineExpr fromSize = from[i++], toSize = to[j++];
    while (!shapes.provenEqual(fromSize, toSize)) {
      if (i < from.size() &&
          (isOne(fromSize) || shapes.exactQuotient(toSize, fromSize))) {
        fromSize = shapes.product({fromSize, from[i]});
        fromGroup.push_back(i++);
      } else if (j < to.size() &&
                 (isOne(toSize) || shapes.exactQuotient(fromSize, toSize))) {
        toSize = shapes.product({toSize, to[j]});
        toGroup.push_back(j++);
      } else {
        return failure();
      }
      if (!fromSize || !toSize)
        return failure();
    }
    fromGroups.push_back(fromGroup);
    toGroups.push_back(toGroup);
  }
  if (fromGroups.empty())
    return failure();
  for (; i < from.size(); ++i) {
    if (!isOne(from[i]))
      return failure();
    fromGroups.back().push_back(i);
  }
  for (; j < to.size(); ++j) {
    if (!isOne(to[j]))
      return failure();
    toGroups.back().push_back(j);
  }
  return success();
}

Value Lowering::reshape(Value tensor, ArrayRef<AffineExpr> from,
                        ArrayRef<AffineExpr> to,
                        ArrayRef<OpFoldResult> toSizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t fromRank = type.getRank(), toRank = toSizes.size();
  SmallVector<ReassociationIndices> fromGroups, toGroups;
  if (static_cast<int64_t>(from.size()) == fromRank &&
      static_cast<int64_t>(to.size()) == toRank &&
      succeeded(match(shapes, from, to, fromGroups, toGroups))) {
    // Groups of several dimensions on both sides are left whole only where
    // that is needed.
    return expand(collapse(tensor, fromGroups), toGroups, toSizes);
  }
  checkEqual(product(sizesOf(tensor)), product(toSizes),
             "a reshape would change the number of elements");
  // To rank 0 and back there is one element for certain, or the check fails.
  auto all = [](int64_t rank) {
    SmallVector<ReassociationIndices> groups;
    if (rank > 0)
      groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(0, rank)));
    return groups;
  };
  if (fromRank == 0 || toRank == 0) {
    Value one = collapse(tensor, {});
    return toRank == 0
               ? one
               : expand(one, {},
                        SmallVector<OpFoldResult>(toRank, b.getIndexAttr(1)));
  }
  return expand(collapse(tensor, all(fromRank)), all(toRank), toSizes);
}
