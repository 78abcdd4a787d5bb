//===- EvaluateSlice.cpp - what a value is computed from ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateSlice.h"
#include "dialects/Onnx/Onnx.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace blockattn::onnx;

// Operands, and what the regions use from around them.
static SmallVector<Value> usedValues(Operation *op) {
  SmallVector<Value> used(op->getOperands());
  if (op->getNumRegions() != 0) {
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    llvm::append_range(used, captured);
  }
  return used;
}

BackwardSlice
blockattn::onnx::backwardSlice(Value value,
                               llvm::function_ref<bool(Value)> stop) {
  BackwardSlice slice;
  // An op is on the stack twice: before and after what it uses.
  struct Entry {
    Value value;
    Operation *done;
  };
  SmallVector<Entry> stack{{value, nullptr}};
  llvm::DenseSet<Operation *> seen;
  while (!stack.empty()) {
    Entry entry = stack.pop_back_val();
    if (entry.done) {
      slice.ops.insert(entry.done);
      continue;
    }
    if (stop && entry.value != value && stop(entry.value)) {
      slice.cuts.insert(entry.value);
      continue;
    }
    Operation *op = entry.value.getDefiningOp();
    if (!op) {
      slice.arguments.insert(cast<BlockArgument>(entry.value));
      continue;
    }
    if (!seen.insert(op).second)
      continue;
    stack.push_back({Value(), op});
    if (isa<ShapeOp, SizeOp>(op)) {
      slice.shapes.insert(op->getOperand(0));
      continue;
    }
    if (isa<WeightOp>(op))
      slice.weights.insert(op);
    for (Value used : usedValues(op))
      stack.push_back({used, nullptr});
  }
  return slice;
}
