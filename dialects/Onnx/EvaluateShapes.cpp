//===- EvaluateShapes.cpp - shape arithmetic without the data -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Masks and positions read lengths off tensors deep in the model (the shape of
// the embeddings, say). Symbolic shapes tell these lengths from the shapes of
// the function's arguments, so that the model itself is not evaluated.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/ShapeInference.h"
#include "dialects/Onnx/ShapeInferenceExpr.h"

using namespace mlir;
using namespace blockattn::onnx;

// The value of an expression; nothing where a symbol has none, on overflow and
// on division by what is not positive.
static std::optional<int64_t>
evaluateExpr(AffineExpr expr,
             llvm::function_ref<std::optional<int64_t>(unsigned)> symbol) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto named = dyn_cast<AffineSymbolExpr>(expr))
    return symbol(named.getPosition());
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> a = evaluateExpr(binary.getLHS(), symbol);
  std::optional<int64_t> b = evaluateExpr(binary.getRHS(), symbol);
  if (!a || !b)
    return std::nullopt;
  return evaluateBinary(expr.getKind(), *a, *b);
}

// Symbols whose places refer to one another in a circle cannot be read.
static constexpr unsigned kMaxDepth = 16;

std::optional<int64_t> Evaluator::symbolValue(unsigned position,
                                              unsigned depth) const {
  if (depth > kMaxDepth)
    return std::nullopt;
  ArrayRef<SymbolicShapes::Symbol> symbols = shapes->symbols();
  if (position >= symbols.size() || !symbols[position].value)
    return std::nullopt;
  const SymbolicShapes::Symbol &symbol = symbols[position];
  const HostTensor *tensor = find(symbol.value);
  if (!tensor || !tensor->isValid() || symbol.dim < 0)
    return std::nullopt;
  int64_t read;
  if (symbol.isElement) {
    if (symbol.dim >= tensor->getNumElements())
      return std::nullopt;
    read = tensor->getI(symbol.dim);
  } else {
    if (symbol.dim >= tensor->getRank())
      return std::nullopt;
    read = tensor->getDim(symbol.dim);
  }
  if (!symbol.offset)
    return read;
  std::optional<int64_t> offset =
      evaluateExpr(symbol.offset, [&](unsigned other) {
        return symbolValue(other, depth + 1);
      });
  int64_t result;
  if (!offset || llvm::SubOverflow(read, *offset, result))
    return std::nullopt;
  return result;
}

HostTensor Evaluator::fromShapes(Value value) const {
  auto elements = shapes->contents(value);
  auto dims = shapes->dims(value);
  if (!elements || !dims || dims->size() > 1)
    return HostTensor();
  SmallVector<int64_t> numbers;
  for (AffineExpr expr : *elements) {
    std::optional<int64_t> number;
    if (expr)
      number = evaluateExpr(expr, [&](unsigned i) { return symbolValue(i); });
    if (!number)
      return HostTensor();
    numbers.push_back(*number);
  }
  SmallVector<int64_t> shape(dims->size(), numbers.size());
  return HostTensor::fromInts(shapes->elementType(value), shape, numbers);
}
