//===- ProductGroup.cpp - products of one matrix in one launch ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ProductGroup.h"

using namespace mlir;
using namespace blockattn;

/// The arguments of each product.
enum Argument { Matrix, Leading, Columns, Result, ResultLeading, NumArguments };

SmallVector<Type> blockattn::groupTypes(MLIRContext *context) {
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i64 = IntegerType::get(context, 64);
  SmallVector<Type> types;
  for (unsigned i = 0; i < kMostGroupedProducts; ++i)
    llvm::append_range(types, ArrayRef<Type>{ptr, i64, i64, ptr, i64});
  return types;
}

SmallVector<Value>
blockattn::groupArguments(KernelBuilder &b, ArrayRef<GroupedProduct> products) {
  Value null =
      LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()));
  Value none =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(0));
  auto toI64 = [&](Value index) {
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
  };
  SmallVector<Value> arguments;
  for (const GroupedProduct &product : products)
    llvm::append_range(arguments,
                       ArrayRef<Value>{product.matrix, toI64(product.leading),
                                       toI64(product.columns), product.result,
                                       toI64(product.resultLeading)});
  for (size_t i = products.size(); i < kMostGroupedProducts; ++i)
    llvm::append_range(arguments,
                       ArrayRef<Value>{null, none, none, null, none});
  return arguments;
}

Value blockattn::tilesOfGroup(KernelBuilder &b,
                              ArrayRef<GroupedProduct> products,
                              int64_t tileColumns) {
  Value count = b.index(0);
  for (const GroupedProduct &product : products)
    count = b.add(count, b.ceilDiv(product.columns, tileColumns));
  return count;
}

GroupedProduct blockattn::chooseProduct(DeviceBuilder &b, gpu::GPUFuncOp kernel,
                                        unsigned first, Value &tile,
                                        int64_t tileColumns) {
  auto of = [&](unsigned product, unsigned which) -> Value {
    return kernel.getArgument(first + product * NumArguments + which);
  };
  auto tilesOf = [&](unsigned product) {
    return b.ceilDiv(of(product, Columns), tileColumns);
  };
  Value chosen[NumArguments];
  for (unsigned i = 0; i < NumArguments; ++i)
    chosen[i] = of(0, i);
  Value start = b.i64(0), end = tilesOf(0);
  for (unsigned product = 1; product < kMostGroupedProducts; ++product) {
    Value isBeyond = b.lessEqual(end, tile);
    for (unsigned i = 0; i < NumArguments; ++i)
      chosen[i] = b.select(isBeyond, of(product, i), chosen[i]);
    start = b.select(isBeyond, end, start);
    end = b.add(end, tilesOf(product));
  }
  tile = b.sub(tile, start);
  auto global = [&](Value pointer) -> Value {
    return LLVM::AddrSpaceCastOp::create(b, b.pointer(kGlobalMemory), pointer);
  };
  return {global(chosen[Matrix]), chosen[Leading], chosen[Columns],
          global(chosen[Result]), chosen[ResultLeading]};
}
