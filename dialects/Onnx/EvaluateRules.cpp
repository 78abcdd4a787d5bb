//===- EvaluateRules.cpp - what the evaluator's rules share ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/EvaluateRules.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace blockattn::onnx;

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '[';
  llvm::interleaveComma(shape, os);
  os << ']';
  return text;
}

LogicalResult RuleContext::fail(const Twine &reason) {
  why = reason.str();
  return failure();
}

HostTensor RuleContext::make(Type elementType, ArrayRef<int64_t> shape) {
  if (scalarOf(elementType) == Scalar::None) {
    llvm::raw_string_ostream(why)
        << "elements of type " << elementType << " cannot be evaluated";
    return HostTensor();
  }
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count > maxElements) {
    why = "a tensor of shape " + shapeText(shape) +
          (llvm::any_of(shape, [](int64_t d) { return d < 0; })
               ? " has a negative dimension"
               : " is too large to evaluate (the limit is " +
                     std::to_string(maxElements) + " elements)");
    return HostTensor();
  }
  HostTensor tensor = HostTensor::zeros(elementType, shape);
  if (!tensor)
    why = "a tensor of shape " + shapeText(shape) + " is too large to evaluate";
  return tensor;
}

LogicalResult RuleContext::checkWork(ArrayRef<int64_t> factors) {
  constexpr int64_t kMaxWork = int64_t(1) << 30;
  std::optional<int64_t> work = countElements(factors);
  if (work && *work <= kMaxWork)
    return success();
  return fail("it would take too long to evaluate");
}

LogicalResult RuleContext::set(unsigned i, HostTensor tensor) {
  if (!tensor)
    return failure();
  if (i >= results.size())
    return fail("the op has no result number " + Twine(i));
  results[i] = std::move(tensor);
  return success();
}

FailureOr<int64_t> RuleContext::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return fail("axis " + Twine(axis) + " is outside of rank " + Twine(rank));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> RuleContext::axes(ArrayRef<int64_t> list,
                                                  int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t entry : list) {
    FailureOr<int64_t> one = axis(entry, rank);
    if (failed(one))
      return failure();
    if (llvm::is_contained(result, *one))
      return fail("axis " + Twine(entry) + " is listed twice");
    result.push_back(*one);
  }
  return result;
}

FailureOr<SmallVector<int64_t>> RuleContext::ints(const HostTensor *tensor,
                                                  StringRef name) {
  if (!tensor)
    return fail("operand '" + name + "' is absent");
  if (tensor->getRank() > 1 || isFloat(tensor->getScalar()))
    return fail("operand '" + name + "' must be integers of rank 0 or 1");
  return tensor->toInts();
}

FailureOr<int64_t> RuleContext::scalarInt(const HostTensor *tensor,
                                          StringRef name) {
  if (!tensor || tensor->getNumElements() != 1 || isFloat(tensor->getScalar()))
    return fail("operand '" + name + "' must be one integer");
  return tensor->getI(0);
}

//===----------------------------------------------------------------------===//
// Shapes and walks
//===----------------------------------------------------------------------===//

std::optional<SmallVector<int64_t>>
blockattn::onnx::broadcastShapes(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  size_t rank = std::max(a.size(), b.size());
  SmallVector<int64_t> result(rank);
  for (size_t i = 0; i < rank; ++i) {
    int64_t da = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
    int64_t db = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
    if (da != db && da != 1 && db != 1)
      return std::nullopt;
    result[i] = da == 1 ? db : da;
  }
  return result;
}

SmallVector<int64_t> blockattn::onnx::stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  // Dimensions of an empty tensor may have any product; its strides are never
  // followed.
  for (int64_t i = static_cast<int64_t>(shape.size()) - 1; i > 0; --i)
    if (llvm::MulOverflow(strides[i], shape[i], strides[i - 1]))
      strides[i - 1] = 0;
  return strides;
}

SmallVector<int64_t> blockattn::onnx::broadcastStrides(ArrayRef<int64_t> shape,
                                                       ArrayRef<int64_t> to) {
  SmallVector<int64_t> own = stridesOf(shape), result(to.size(), 0);
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1)
      result[i + to.size() - shape.size()] = own[i];
  return result;
}

void blockattn::onnx::copyElement(HostTensor &to, int64_t i,
                                  const HostTensor &from, int64_t j) {
  char *target = to.getMutableBytes().data();
  const char *source = from.getBytes().data();
  // Copies of a known size are single instructions.
  switch (byteWidth(to.getScalar())) {
  case 1:
    target[i] = source[j];
    return;
  case 2:
    std::memcpy(target + i * 2, source + j * 2, 2);
    return;
  case 4:
    std::memcpy(target + i * 4, source + j * 4, 4);
    return;
  case 8:
    std::memcpy(target + i * 8, source + j * 8, 8);
    return;
  }
}

bool blockattn::onnx::isNaNAt(const HostTensor &x, int64_t i) {
  return isFloat(x.getScalar()) && std::isnan(x.getF(i));
}

int blockattn::onnx::compareElements(const HostTensor &a, int64_t i,
                                     const HostTensor &b, int64_t j) {
  auto order = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (isFloat(a.getScalar()))
    return isNaNAt(a, i) || isNaNAt(b, j) ? 2 : order(a.getF(i), b.getF(j));
  int64_t x = a.getI(i), y = b.getI(j);
  return a.getScalar() == Scalar::U64
             ? order(static_cast<uint64_t>(x), static_cast<uint64_t>(y))
             : order(x, y);
}

AxisSplit::AxisSplit(ArrayRef<int64_t> shape, int64_t axis) {
  // The products of an empty tensor may not fit; nothing is read then.
  auto product = [](ArrayRef<int64_t> dims) {
    return countElements(dims).value_or(0);
  };
  outer = product(shape.take_front(axis));
  length = shape[axis];
  inner = product(shape.drop_front(axis + 1));
}
