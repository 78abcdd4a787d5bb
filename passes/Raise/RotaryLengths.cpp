//===- RotaryLengths.cpp - rotary embeddings of many tokens ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Frequencies may change with the number of tokens (dynamic NTK scaling), or
// positions beyond some number be something else. Either is no rotary embedding
// of the positions alone, however well it fits a few tokens.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/RotaryFit.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

static SmallVector<int64_t> firstPositions(int64_t tokens) {
  return llvm::to_vector(llvm::seq<int64_t>(0, tokens));
}

/// The constants of one element that the tables are made with, the positions
/// aside.
static SmallVector<std::pair<double, Value>>
scalars(Subject &subject, const RotaryRegion &region, Value positions) {
  SmallVector<std::pair<double, Value>> result;
  SetVector<Value> values;
  SmallVector<Value> worklist = region.tables;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *def = value.getDefiningOp();
    if (!def || value == positions || subject.deps.isData(value) ||
        !values.insert(value))
      continue;
    llvm::append_range(worklist, def->getOperands());
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (type && type.hasStaticShape() && type.getNumElements() == 1 &&
        subject.deps.isConstant(value))
      if (std::optional<double> scalar = scalarConstant(value))
        result.push_back({*scalar, value});
  }
  return result;
}

/// Whether the tables' rows are the same with `few` tokens and with `many`;
/// std::nullopt if there cannot be so many.
std::optional<bool>
RotaryFitter::tablesAgree(const RotaryRegion &region, const RotaryMatch &match,
                          int64_t few, int64_t many,
                          std::optional<std::pair<Value, double>> replaced) {
  Setting small, large;
  small.length = few;
  large.length = many;
  if (subject.clamp(small).length != few)
    return std::nullopt;
  Trial first(subject, subject.clamp(small));
  Trial second(subject, subject.clamp(large));
  for (Trial *trial : {&first, &second}) {
    if (replaced) {
      auto type = cast<RankedTensorType>(replaced->first.getType());
      trial->substitute(replaced->first,
                        onnx::HostTensor::full(type.getElementType(),
                                               type.getShape(),
                                               replaced->second));
    }
    if (!bindPositions(*trial, subject, match.positions,
                       firstPositions(trial->setting().length)))
      return std::nullopt;
  }
  constexpr double kTolerance = 1e-5;
  for (Value table : region.tables) {
    const onnx::HostTensor *a = first.evaluate(table);
    const onnx::HostTensor *b = second.evaluate(table);
    if (!a || !b || a->getRank() != b->getRank())
      return std::nullopt;
    // The tokens are in the one dimension that has become longer.
    int64_t rank = a->getRank(), tokens = rank;
    for (int64_t i = 0; i < rank; ++i)
      if (a->getDim(i) != b->getDim(i)) {
        if (tokens != rank || a->getDim(i) > b->getDim(i))
          return std::nullopt;
        tokens = i;
      }
    int64_t rows = tokens < rank ? a->getDim(tokens) : 1;
    int64_t longer = tokens < rank ? b->getDim(tokens) : 1, inner = 1;
    for (int64_t i = tokens + 1; i < rank; ++i)
      inner *= a->getDim(i);
    for (int64_t i = 0, e = a->getNumElements(); i < e; ++i) {
      int64_t row = i / inner % rows, outer = i / inner / rows;
      int64_t j = (outer * longer + row) * inner + i % inner;
      if (!(std::abs(a->getF(i) - b->getF(j)) <= kTolerance))
        return false;
    }
  }
  return true;
}

bool RotaryFitter::holdsAtLengths(const RotaryRegion &region,
                                  const RotaryMatch &match) {
  if (refuted(agreesAt(region, match, firstPositions(40)), "with 40 tokens"))
    return false;
  // Layers share their tables, and queries and keys do.
  std::vector<uintptr_t> key = {
      reinterpret_cast<uintptr_t>(match.rope.getAsOpaquePointer()),
      numbers.of(match.positions)};
  for (Value table : region.tables)
    key.push_back(numbers.of(table));
  auto [it, inserted] = lengths.try_emplace(std::move(key));
  if (inserted && !tablesHold(region, match))
    it->second = lastLimit;
  lastLimit = it->second;
  return lastLimit.empty();
}

/// Whether the tables are right for many tokens and around all constants that
/// they are made with.
bool RotaryFitter::tablesHold(const RotaryRegion &region,
                              const RotaryMatch &match) {
  if (refuted(agreesAt(region, match, firstPositions(300)),
              "with 300 tokens") ||
      refuted(tablesAgree(region, match, 7, 1100), "with 1100 tokens"))
    return false;
  constexpr double kLeast = 8, kMost = 131072;
  for (auto [number, constant] : scalars(subject, region, match.positions)) {
    double size = std::abs(number);
    bool isReciprocal = size > 0 && size <= 1 / kLeast;
    double length = isReciprocal ? 1 / size : size;
    if (!(length >= kLeast && length < double(1 << 24)))
      continue;
    auto at = static_cast<int64_t>(std::floor(length));
    std::string name = std::to_string(at);
    if (length <= kMost &&
        refuted(agreesAt(region, match, {at - 1, at, at + 1, 0, 1, 2, 2 * at}),
                "at position " + name))
      return false;
    // As many tokens as a large constant says are too many to try: a smaller
    // one in its place may not make a difference between few and more of them.
    double sign = number < 0 ? -1 : 1;
    double smaller = isReciprocal ? sign / 20 : sign * 20;
    if (refuted(tablesAgree(region, match, 7, 40, std::pair(constant, smaller)),
                "with " + name + " tokens"))
      return false;
  }
  return true;
}
