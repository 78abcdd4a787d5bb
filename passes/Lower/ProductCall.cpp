//===- ProductCall.cpp - a matrix product as libraries are told -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ProductCall.h"

using namespace mlir;
using namespace blockattn;

ProductCall::ProductCall(KernelBuilder &b, const MatrixProduct &product)
    : b(b), product(product), left(describe(product.a)),
      right(describe(product.b)), result(describe(product.c)),
      m(size(result, product.c.row)), n(size(result, product.c.column)),
      k(size(left, product.a.column)) {
  if (!product.c.transposed)
    return;
  std::swap(left, right);
  std::swap(m, n);
  left.transposed = !left.transposed;
  right.transposed = !right.transposed;
}

ProductCall::Operand ProductCall::describe(const MatrixForm &form) {
  return {&form, StridedMemory(b, form.memref), form.transposed};
}

Value ProductCall::size(const Operand &operand, int64_t position) {
  return position < 0 ? b.index(1) : operand.memory.sizes[position];
}

Value ProductCall::leadingDim(const Operand &operand) {
  // A matrix of one stored row has no distance between rows; libraries want at
  // least the row's length all the same.
  const MatrixForm &form = *operand.form;
  int64_t outer = form.transposed ? form.column : form.row;
  int64_t inner = form.transposed ? form.row : form.column;
  Value length = b.max(size(operand, inner), b.index(1));
  return outer < 0 ? length : operand.memory.strides[outer];
}

void ProductCall::forEachBatch(size_t depth,
                               function_ref<void(ArrayRef<Value>)> call) {
  SmallVector<Value> batch;
  auto emit = [&](auto &self) -> void {
    if (batch.size() == depth)
      return call(batch);
    Value count = size(result, result.form->batch[batch.size()]);
    b.loop(b.index(0), count, 1, [&](Value i) {
      batch.push_back(i);
      self(self);
      batch.pop_back();
    });
  };
  emit(emit);
}
