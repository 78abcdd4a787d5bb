//===- MaskPieces.cpp - masks that have several bounds --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each large constant of a mask has been tried by itself, with a small number
// in its place, smaller than others. What begins only beyond several of them
// (keys that are seen again behind a window) shows when they are in their
// order.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/MaskFit.h"

#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

bool MaskFitter::fitPieces(AttentionSite &site, MaskFit &fit, double reach) {
  constexpr double kLeast = 33;
  constexpr size_t kMost = 12;
  // A bias for each head has slopes among its constants, not bounds.
  if (!fit.slopes.empty())
    return true;
  std::map<double, SmallVector<std::pair<double, Value>>> bounds;
  for (auto [number, constant] : scalars(site)) {
    double size = std::floor(std::abs(number));
    if (size < kLeast)
      continue;
    // What cannot be another number, or is the one for forbidden, is no bound.
    bool isOther = false;
    if (windowWith(site, fit, constant, number < 0 ? -5 : 5, isOther) ||
        isOther)
      bounds[size].push_back({number, constant});
  }
  if (bounds.empty() || bounds.rbegin()->first <= reach)
    return true;
  if (bounds.size() > kMost) {
    fit.reason = "its mask depends on more than " + std::to_string(kMost) +
                 " large constants";
    return false;
  }
  constexpr int64_t kFirst = 40, kApart = 24;
  Setting setting;
  setting.length = kFirst + kApart * static_cast<int64_t>(bounds.size());
  Trial trial(subject, subject.clamp(setting));
  SmallVector<std::string> names;
  double smaller = kFirst;
  for (auto &[size, constants] : bounds) {
    names.push_back(std::to_string(static_cast<int64_t>(size)));
    for (auto [number, constant] : constants) {
      auto type = cast<RankedTensorType>(constant.getType());
      double value = smaller + (std::abs(number) - size);
      trial.substitute(constant, onnx::HostTensor::full(
                                     type.getElementType(), type.getShape(),
                                     number < 0 ? -value : value));
    }
    smaller += kApart;
  }
  Reason ignored;
  std::optional<Observation> seen = observe(site, trial, fit, ignored);
  if (!seen)
    return true;
  MaskFit expected = fit;
  expected.window = windowOf(*seen);
  if (agrees(*seen, expected) && (expected.window > 0) == (fit.window > 0))
    return true;
  fit.reason =
      names.size() == 1
          ? "its mask depends on the constant " + names.front() +
                " and is neither causal nor a window beyond it"
          : "its mask depends on the constants " + llvm::join(names, ", ") +
                " in a way that is not understood: beyond them it is neither "
                "causal nor a window";
  return false;
}
