//===- RuntimeAxes.h - operations whose axes are data -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Axes are nearly always constants, and code is then made for them. Where they
// come from data, what they say is spread over the dimensions first: a value
// for each dimension, whether an axis names it or not.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_RUNTIMEAXES_H
#define BLOCKATTN_PASSES_LOWER_RUNTIMEAXES_H

#include "passes/Lower/Lowering.h"

namespace blockattn {

/// The one element of a tensor, given as an original value.
Value onlyElement(Lowering &l, Value original);

/// Numbers that go with a list of axes: the number of axis j is element
/// j + `offset` of `tensor`. A dimension that no axis names has `absent`. Where
/// `tensor` is null, all have.
struct AxisList {
  Value tensor;
  OpFoldResult offset;
  SmallVector<Value> absent;
};

/// By dimension: whether it is named, and its number from each list.
struct SpreadAxes {
  SmallVector<Value> named;
  SmallVector<SmallVector<Value>> numbers;
};

/// Spreads `count` axes of a tensor of rank `rank`. `axes` is a lowered vector,
/// or null for 0, 1, 2, ... An axis that is no dimension is an error at run
/// time. The lists must have `count` elements.
SpreadAxes spreadAxes(Lowering &l, Value axes, Value count, int64_t rank,
                      ArrayRef<AxisList> lists = {});

using CombineElement = llvm::function_ref<Value(
    OpBuilder &builder, Location loc, Value accumulator, Value element)>;

/// Reduces `data` along the dimensions for which `along` (i1) holds; they
/// remain, with an extent of 1.
Value reduceAlong(Lowering &l, Value data, ArrayRef<OpFoldResult> sizes,
                  ArrayRef<Value> along, mlir::TypedAttr init,
                  CombineElement combine);

/// The sizes of `rank` dimensions that are left when those for which `gone`
/// holds are removed; another number of them is an error at run time.
SmallVector<OpFoldResult> remainingSizes(Lowering &l,
                                         ArrayRef<OpFoldResult> sizes,
                                         ArrayRef<Value> gone, int64_t rank);

} // namespace blockattn

#endif // BLOCKATTN_PASSES_LOWER_RUNTIMEAXES_H
