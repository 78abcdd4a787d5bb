//===- RulesPackedProduct.cpp - products with weights of few bits ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace blockattn;

/// The operand as a matrix of f32: all dimensions but the last are its rows.
static Value rowsOf(Lowering &l, Value operand) {
  Value tensor = l.get(operand);
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = type.getRank();
  Type f32 = l.b.getF32Type();
  // A view with gaps between the elements would be no matrix of the library's.
  if (type.getElementType() != f32 ||
      tensor.getDefiningOp<tensor::ExtractSliceOp>())
    tensor = l.generic({tensor}, {l.identity(rank)}, l.sizes(operand), f32,
                       [&](OpBuilder &b, Location loc, ValueRange v) {
                         return Lowering::convertFloat(b, loc, v[0], f32);
                       });
  if (rank == 1)
    return l.expand(tensor, {{0, 1}},
                    {l.b.getIndexAttr(1), l.sizes(operand)[0]});
  ReassociationIndices rows =
      llvm::to_vector<2>(llvm::seq<int64_t>(0, rank - 1));
  return l.collapse(tensor, {rows, {rank - 1}});
}

static LogicalResult lowerMatMulNBits(onnx::MSMatMulNBitsOp op, Lowering &l,
                                      std::string &why) {
  RankedTensorType type = l.resultType(op.getY());
  if (!type || type.getRank() < 1 || !onnx::staysPacked(op)) {
    why = "its weight is not in the form that stays packed; "
          "--blockattn-decompose-microsoft spells it out";
    return failure();
  }
  Value a = rowsOf(l, op.getA());
  int64_t columns = op.getK(), outputs = op.getN();
  auto rowsType = cast<RankedTensorType>(a.getType());
  if (rowsType.isDynamicDim(1)) {
    l.checkEqual(l.sizesOf(a)[1], l.b.getIndexAttr(columns),
                 "the last dimension of A is not K");
    a = tensor::CastOp::create(
        l.b, l.loc,
        RankedTensorType::get({rowsType.getDimSize(0), columns},
                              rowsType.getElementType()),
        a);
  }
  OpFoldResult rows = l.sizesOf(a)[0];
  Value output = l.empty({rows, l.b.getIndexAttr(outputs)}, l.b.getF32Type());
  Value zeros = op.getZeroPoints() ? l.get(op.getZeroPoints()) : Value();
  Value product =
      PackedProductOp::create(l.b, l.loc, output.getType(), a, l.get(op.getB()),
                              l.get(op.getScales()), zeros, output,
                              op.getBits(), op.getBlockSize())
          .getResult();

  // Back to the shape of A.
  int64_t rank = type.getRank();
  SmallVector<OpFoldResult> sizes = l.sizes(op.getA());
  sizes.back() = l.b.getIndexAttr(outputs);
  if (rank == 1)
    product = l.collapse(product, {{0, 1}});
  else
    product = l.expand(
        product,
        {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank - 1)), {rank - 1}},
        sizes);
  Type element = type.getElementType();
  Value bias = op.getBias() ? l.get(op.getBias()) : Value();
  if (!bias && element.isF32()) {
    l.set(op.getY(), product);
    return success();
  }
  SmallVector<Value> inputs = {product};
  SmallVector<AffineMap> maps = {l.identity(rank)};
  if (bias) {
    inputs.push_back(bias);
    maps.push_back(AffineMap::get(rank, 0, l.b.getAffineDimExpr(rank - 1)));
  }
  l.set(op.getY(),
        l.generic(inputs, maps, sizes, element,
                  [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
                    Value sum = v[0];
                    if (bias)
                      sum = arith::AddFOp::create(
                          b, loc, sum,
                          Lowering::convertFloat(b, loc, v[1], b.getF32Type()));
                    return Lowering::convertFloat(b, loc, sum, element);
                  }));
  return success();
}

void blockattn::populatePackedProductRules(LoweringRules &rules) {
  rules.add<onnx::MSMatMulNBitsOp>(lowerMatMulNBits);
}
