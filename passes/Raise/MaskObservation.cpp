//===- MaskObservation.cpp - what masks are when they are run -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/MaskFit.h"

#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

std::string MaskFitter::Observation::picture() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "\nqueries (rows) see (x) keys (columns)";
  if (!setting.positions.empty()) {
    os << " at positions ";
    llvm::interleave(ArrayRef(setting.positions).take_front(setting.length), os,
                     " ");
  }
  os << ':';
  for (int64_t i = 0; i < std::min<int64_t>(rows, 12); ++i) {
    os << "\n  ";
    for (int64_t j = 0; j < std::min<int64_t>(columns, 24); ++j)
      os << (at(0, i, j) == 1 ? 'x' : at(0, i, j) == 0 ? '.' : '?');
  }
  return text;
}

/// A name for the sizes and contents of a setting.
static std::string keyOf(const Setting &setting) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << setting.batch << ',' << setting.length << ',' << setting.past << ','
     << setting.seed << ";";
  llvm::interleave(setting.positions, os, ",");
  for (ArrayRef<int64_t> row : setting.mask) {
    os << ';';
    llvm::interleave(row, os, ",");
  }
  return key;
}

std::optional<MaskFitter::Observation>
MaskFitter::observe(AttentionSite &site, const Setting &wanted,
                    const MaskFit &fit, Reason &reason) {
  Setting setting = subject.clamp(wanted);
  // Contents were chosen for the sizes that were wanted.
  if (setting.length != wanted.length || setting.past != wanted.past) {
    setting.positions.clear();
    setting.mask.clear();
  }
  constexpr int64_t kKept = 64;
  if (setting.total() > kKept) {
    Trial trial(subject, setting);
    return observe(site, trial, fit, reason);
  }
  std::unique_ptr<Trial> &trial = trials[keyOf(setting)];
  if (!trial)
    trial = std::make_unique<Trial>(subject, setting);
  return observe(site, *trial, fit, reason);
}

std::optional<MaskFitter::Observation> MaskFitter::observe(AttentionSite &site,
                                                           Trial &trial,
                                                           const MaskFit &fit,
                                                           Reason &reason) {
  onnx::HostTensor scores = evaluateScores(subject, site, trial, 0, reason);
  if (!scores)
    return std::nullopt;
  const Setting &setting = trial.setting();
  int64_t rank = scores.getRank();
  Observation seen;
  seen.setting = setting;
  seen.batch = setting.batch;
  seen.rows = rank >= 2 ? scores.getDim(rank - 2) : 0;
  seen.columns = rank >= 2 ? scores.getDim(rank - 1) : 0;
  int64_t plane = seen.rows * seen.columns;
  if (seen.batch < 1 || seen.rows != setting.length ||
      seen.columns != setting.total() || plane == 0 ||
      scores.getNumElements() % (plane * seen.batch) != 0) {
    reason = "its scores have an unexpected shape";
    return std::nullopt;
  }
  int64_t perBatch = scores.getNumElements() / seen.batch;
  int64_t heads = perBatch / plane;
  if (fit.slopes.size() > 1 &&
      heads != static_cast<int64_t>(fit.slopes.size())) {
    reason = "its bias has another number of heads at another length";
    return std::nullopt;
  }
  bool single = getElementTypeOrSelf(site.scores).isF32();
  for (int64_t b = 0; b < seen.batch; ++b) {
    // What a row's visible scores have in common has no effect on its weights.
    std::vector<double> common(heads * seen.rows, std::nan(""));
    for (int64_t place = 0; place < plane; ++place) {
      int64_t i = place / seen.columns, j = place % seen.columns;
      int8_t state = -1;
      for (int64_t head = 0; head < heads; ++head) {
        double raw = scores.getF(b * perBatch + head * plane + place);
        double value = raw - fit.bias(setting, b, head, i, j);
        int8_t here = 0;
        if (value > kMaskedScore) {
          double tolerance = 1e-6;
          if (!fit.slopes.empty()) {
            double &base = common[head * seen.rows + i];
            if (std::isnan(base))
              base = value;
            value -= base;
            tolerance += (single ? 1e-6 : 4e-3) * std::abs(raw);
          }
          here = std::abs(value) <= tolerance ? 1 : -1;
        }
        // Heads that are masked differently are a bias, too.
        state = head == 0 || state == here ? here : -1;
        if (state < 0)
          break;
      }
      seen.states.push_back(state);
    }
  }
  return seen;
}

bool MaskFitter::agrees(const Observation &seen, const MaskFit &fit) {
  for (int64_t b = 0; b < seen.batch; ++b)
    for (int64_t i = 0; i < seen.rows; ++i) {
      SmallVector<bool> expected;
      bool expectsAny = false, seesAny = false;
      for (int64_t j = 0; j < seen.columns; ++j) {
        expected.push_back(fit.allows(seen.setting, b, i, j));
        expectsAny |= expected.back();
        seesAny |= seen.at(b, i, j) != 0;
      }
      // Rows without any key are padding: what comes out is not looked at, and
      // graphs differ in how they avoid a softmax over nothing. Nor does it
      // matter how a padding token itself is masked as a query.
      bool isPadding = fit.padding &&
                       b < static_cast<int64_t>(seen.setting.mask.size()) &&
                       seen.setting.mask[b][seen.setting.past + i] == 0;
      if (!expectsAny || (isPadding && !seesAny))
        continue;
      for (int64_t j = 0; j < seen.columns; ++j)
        if (seen.at(b, i, j) != static_cast<int8_t>(expected[j]))
          return false;
    }
  return true;
}

bool MaskFitter::check(AttentionSite &site, MaskFit &fit,
                       ArrayRef<Setting> settings, StringRef what) {
  for (const Setting &setting : settings) {
    if (!isRunnable(setting))
      continue;
    std::optional<Observation> seen = observe(site, setting, fit, fit.reason);
    if (!seen)
      return false;
    if (!agrees(*seen, fit)) {
      fit.reason = what.str() + seen->picture();
      return false;
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Masks that attention can not say
//===----------------------------------------------------------------------===//

bool MaskFitter::Observation::isChunked(int64_t size) const {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      int64_t query = setting.past + i;
      bool sees = j <= query && j / size == query / size;
      if (at(0, i, j) != static_cast<int8_t>(sees))
        return false;
    }
  return true;
}

bool MaskFitter::Observation::hasPrefix(int64_t size) const {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      if (at(0, i, j) != static_cast<int8_t>(j <= setting.past + i || j < size))
        return false;
  return true;
}

void MaskFitter::setChunked(MaskFit &fit, int64_t size) {
  fit.otherName = "chunked";
  fit.reason = "each query sees the earlier keys of its own chunk of " +
               std::to_string(size) +
               " tokens alone (as in Llama 4), which attention can not say: "
               "the program `full` computes it as it is written";
}

void MaskFitter::nameOther(AttentionSite &site, MaskFit &fit,
                           ArrayRef<Setting> settings) {
  std::vector<Observation> all;
  for (const Setting &setting : settings) {
    Reason ignored;
    if (isRunnable(setting))
      if (std::optional<Observation> seen =
              observe(site, setting, MaskFit(), ignored))
        all.push_back(std::move(*seen));
  }
  constexpr int64_t kTried = 35;
  for (int64_t size = 1; size < kTried; ++size) {
    if (size > 1 && llvm::all_of(all, [&](const Observation &seen) {
          return seen.isChunked(size);
        }))
      return setChunked(fit, size);
    if (llvm::all_of(all, [&](const Observation &seen) {
          return seen.hasPrefix(size);
        })) {
      fit.otherName = "prefix";
      fit.reason = "its first " + std::to_string(size) +
                   " keys are seen by all queries, also by those before them "
                   "(a prefix), which attention can not say: the program "
                   "`full` computes it as it is written";
      return;
    }
  }
}
