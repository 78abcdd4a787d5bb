//===- RotaryFit.cpp - fitting a rotary embedding to a region -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A rotary embedding is linear in x. Its matrix at a position is what the
// region makes of unit vectors that all stand at this position. From the
// matrices at 0 and 1 follow scale, pairing and frequencies; whether the region
// really is what they say is then tested, at many positions.
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/RotaryFit.h"

#include "dialects/Onnx/Onnx.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// Larger heads, or more of them, are taken for something else.
static constexpr int64_t kMaxHeadSize = 1024, kMaxHeads = 1024;
/// A trial with more tokens takes too long.
static constexpr int64_t kMaxTokens = 512;

bool RotaryFitter::bindPositions(Trial &trial, Subject &subject,
                                 Value positions, ArrayRef<int64_t> list) {
  std::optional<SmallVector<int64_t>> dims =
      subject.dims(positions, trial.setting());
  if (!dims || onnx::countElements(*dims) != static_cast<int64_t>(list.size()))
    return false;
  auto tensor = onnx::HostTensor::zeros(getElementTypeOrSelf(positions), *dims);
  for (auto [i, position] : llvm::enumerate(list))
    if (onnx::isFloat(tensor.getScalar()))
      tensor.setF(i, static_cast<double>(position));
    else
      tensor.setI(i, position);
  if (!tensor)
    return false;
  trial.bind(positions, std::move(tensor));
  return true;
}

static int64_t indexOf(bool headsFirst, int64_t tokens, int64_t heads,
                       int64_t size, int64_t token, int64_t head, int64_t d) {
  return headsFirst ? (head * tokens + token) * size + d
                    : (token * heads + head) * size + d;
}

SmallVector<RotaryFitter::Candidate>
RotaryFitter::candidates(const RotaryRegion &region) {
  if (region.tables.empty() && subject.fixedTokens() > 0)
    return {Candidate()};
  CutWalker walker(region.tables, [&](Value value) {
    return subject.deps.isConstant(value) || subject.isSize(value);
  });
  SmallVector<Candidate> integers, floats;
  auto consider = [&](Value value) {
    auto type = dyn_cast<ShapedType>(value.getType());
    if (!type)
      return;
    Candidate candidate{value, {}};
    for (Operation *op : walker.passed())
      if (isa<onnx::CosOp>(op))
        candidate.cosines.push_back(op);
    (type.getElementType().isIntOrIndex() ? integers : floats)
        .push_back(candidate);
  };
  if (region.tables.size() == 1)
    consider(region.tables.front());
  constexpr int kMaxCuts = 64;
  for (int i = 0; i < kMaxCuts; ++i) {
    Value cut = walker.next();
    if (!cut)
      break;
    consider(cut);
  }
  // The farther from the tables the better: those are the positions as they
  // came. Floats only where positions were made as floats.
  SmallVector<Candidate> result(llvm::reverse(integers));
  for (Candidate &candidate : floats)
    if (candidate.positions.getDefiningOp<onnx::RangeOp>())
      result.push_back(candidate);
  return result;
}

bool RotaryFitter::chooseLayout(const RotaryRegion &region, RotaryMatch &match,
                                bool xFirst, bool yFirst) {
  Setting setting = subject.clamp(Setting());
  setting.length = std::max<int64_t>(setting.length, 1);
  auto x = subject.dims(region.x, setting), y = subject.dims(region.y, setting);
  if (!x || !y || x->size() != 4 || y->size() != 4)
    return false;
  int64_t xTokens = xFirst ? 2 : 1, yTokens = yFirst ? 2 : 1;
  heads = (*x)[3 - xTokens];
  headSize = (*x)[3];
  match.xHeadsFirst = xFirst;
  match.yHeadsFirst = yFirst;
  return (*x)[xTokens] == setting.length && (*y)[yTokens] == setting.length &&
         (*y)[3 - yTokens] == heads && (*y)[3] == headSize && headSize >= 2 &&
         headSize <= kMaxHeadSize && heads <= kMaxHeads;
}

std::optional<RotaryFitter::Matrix>
RotaryFitter::matrixAt(const RotaryRegion &region, const RotaryMatch &match,
                       int64_t position) {
  if (!match.positions)
    return fixedMatrixAt(region, match, position);
  // Some graphs cut their tables to the number of tokens.
  std::optional<Matrix> matrix = matrixAt(region, match, position, headSize);
  if (!matrix && position >= headSize && position < kMaxTokens)
    matrix = matrixAt(region, match, position, position + 1);
  return matrix;
}

std::optional<RotaryFitter::Matrix>
RotaryFitter::matrixAt(const RotaryRegion &region, const RotaryMatch &match,
                       int64_t position, int64_t tokens) {
  Setting setting;
  setting.length = tokens;
  setting = subject.clamp(setting);
  tokens = setting.length;
  if (tokens < 1)
    return std::nullopt;
  Matrix matrix(headSize * headSize);
  for (int64_t first = 0; first < headSize; first += tokens) {
    Trial trial(subject, setting);
    std::optional<SmallVector<int64_t>> dims =
        subject.dims(region.x, trial.setting());
    SmallVector<int64_t> positions(tokens, position);
    if (!dims || !bindPositions(trial, subject, match.positions, positions))
      return std::nullopt;
    std::optional<int64_t> count = onnx::countElements(*dims);
    if (!count || *count > Trial::kMaxElements)
      return std::nullopt;
    auto units = onnx::HostTensor::zeros(getElementTypeOrSelf(region.x), *dims);
    if (units.getNumElements() < tokens * heads * headSize)
      return std::nullopt;
    for (int64_t token = 0; token < tokens && first + token < headSize; ++token)
      for (int64_t head = 0; head < heads; ++head)
        units.setF(indexOf(match.xHeadsFirst, tokens, heads, headSize, token,
                           head, first + token),
                   1.0);
    trial.bind(region.x, std::move(units));
    const onnx::HostTensor *y = trial.evaluate(region.y);
    if (!y || y->getNumElements() < tokens * heads * headSize)
      return std::nullopt;
    for (int64_t token = 0; token < tokens && first + token < headSize; ++token)
      for (int64_t d = 0; d < headSize; ++d)
        matrix[d * headSize + first + token] = y->getF(
            indexOf(match.yHeadsFirst, tokens, heads, headSize, token, 0, d));
  }
  return matrix;
}

/// The matrix of the token that stands there: heads are turned alike, so that
/// each can have a unit vector.
std::optional<RotaryFitter::Matrix>
RotaryFitter::fixedMatrixAt(const RotaryRegion &region,
                            const RotaryMatch &match, int64_t position) {
  Setting setting = subject.clamp(Setting());
  int64_t tokens = setting.length;
  std::optional<SmallVector<int64_t>> dims = subject.dims(region.x, setting);
  std::optional<int64_t> count =
      dims ? onnx::countElements(*dims) : std::nullopt;
  if (position >= tokens || !count || *count > Trial::kMaxElements ||
      *count < tokens * heads * headSize)
    return std::nullopt;
  Matrix matrix(headSize * headSize);
  for (int64_t first = 0; first < headSize; first += heads) {
    int64_t used = std::min(heads, headSize - first);
    auto units = onnx::HostTensor::zeros(getElementTypeOrSelf(region.x), *dims);
    for (int64_t head = 0; head < used; ++head)
      units.setF(indexOf(match.xHeadsFirst, tokens, heads, headSize, position,
                         head, first + head),
                 1.0);
    Trial trial(subject, setting);
    trial.bind(region.x, std::move(units));
    const onnx::HostTensor *y = trial.evaluate(region.y);
    if (!y || y->getNumElements() < tokens * heads * headSize)
      return std::nullopt;
    for (int64_t head = 0; head < used; ++head)
      for (int64_t d = 0; d < headSize; ++d)
        matrix[d * headSize + first + head] = y->getF(indexOf(
            match.yHeadsFirst, tokens, heads, headSize, position, head, d));
  }
  return matrix;
}

std::vector<double> RotaryFitter::anglesOfOne(const RotaryMatch &match,
                                              const Candidate &candidate) {
  std::vector<double> angles;
  Setting setting = subject.clamp(Setting());
  // Without positions there are no cosines on the way to them.
  for (Operation *cosine : candidate.cosines) {
    Trial trial(subject, setting);
    SmallVector<int64_t> ones(setting.length, 1);
    if (!bindPositions(trial, subject, match.positions, ones))
      continue;
    if (const onnx::HostTensor *input = trial.evaluate(cosine->getOperand(0)))
      for (int64_t i = 0, e = input->getNumElements(); i < e; ++i)
        angles.push_back(input->getF(i));
  }
  return angles;
}

/// Where the cosines are a table, each frequency is known from the matrix at 1
/// as well as a cosine is; the matrices at 2, 4, 8, ... tell more digits.
void RotaryFitter::refine(const RotaryRegion &region, const RotaryMatch &match,
                          ArrayRef<std::pair<int64_t, int64_t>> pairs,
                          MutableArrayRef<double> angles) {
  constexpr double kTurn = 6.283185307179586;
  for (int64_t position = 2; position <= 4096; position *= 2) {
    std::optional<Matrix> matrix = matrixAt(region, match, position);
    if (!matrix)
      return;
    for (auto [pair, angle] : llvm::zip_equal(pairs, angles)) {
      auto [a, b] = pair;
      double phase =
          std::atan2((*matrix)[b * headSize + a], (*matrix)[a * headSize + a]);
      double turns = std::round((position * angle - phase) / kTurn);
      angle = (phase + turns * kTurn) / position;
    }
  }
}

/// How far an angle may be off that a cosine and a sine of this type tell: as
/// far as these are, each in proportion, and a product with a scale besides.
/// Below the least normal f16 they are off by a fixed amount.
static double angleError(Type element, double angle) {
  if (element.isBF16())
    return std::abs(angle) / 128;
  return std::abs(angle) / 1024 + (element.isF16() ? 6e-8 : 0);
}

RotaryAttr RotaryFitter::derive(const RotaryRegion &region,
                                const RotaryMatch &match,
                                const Candidate &candidate) {
  std::optional<Matrix> zero = matrixAt(region, match, 0);
  std::optional<Matrix> one = matrixAt(region, match, 1);
  if (!zero || !one)
    return {};
  auto at = [&](const Matrix &m, int64_t row, int64_t column) {
    return m[row * headSize + column];
  };
  double scale = at(*zero, 0, 0);
  // The partner of element 0 tells the pairing.
  int64_t partner = 0;
  for (int64_t i = 1; i < headSize; ++i)
    if (std::abs(at(*one, i, 0)) > std::abs(at(*one, partner, 0)) ||
        (partner == 0 && at(*one, i, 0) != 0))
      partner = i;
  if (partner == 0 || !(scale > 0))
    return {};
  int64_t rotated = 2 * partner;
  bool interleaved = partner == 1;
  if (interleaved) {
    // Up to the last element that is mixed with another.
    for (int64_t i = 0; i + 1 < headSize; i += 2)
      if (at(*one, i + 1, i) != 0)
        rotated = i + 2;
  }
  if (rotated > headSize)
    return {};
  SmallVector<std::pair<int64_t, int64_t>> pairs;
  SmallVector<double> angles;
  for (int64_t i = 0; i < rotated / 2; ++i) {
    auto [a, b] = interleaved ? std::pair(2 * i, 2 * i + 1)
                              : std::pair(i, i + rotated / 2);
    pairs.push_back({a, b});
    angles.push_back(std::atan2(at(*one, b, a), at(*one, a, a)));
  }
  std::vector<double> exact = anglesOfOne(match, candidate);
  if (exact.empty())
    refine(region, match, pairs, angles);
  if (!exact.empty())
    for (double &angle : angles) {
      double nearest = exact.front();
      for (double other : exact)
        if (std::abs(other - angle) < std::abs(nearest - angle))
          nearest = other;
      if (std::abs(nearest - angle) <=
          angleError(getElementTypeOrSelf(region.y), nearest))
        angle = nearest;
    }
  SmallVector<float> frequencies;
  for (double angle : angles)
    frequencies.push_back(static_cast<float>(angle));
  MLIRContext *context = region.y.getContext();
  auto type = RankedTensorType::get({rotated / 2}, Float32Type::get(context));
  // Factors such as 1 and 1.2079 were floats once.
  return RotaryAttr::get(context,
                         cast<DenseFPElementsAttr>(
                             DenseElementsAttr::get<float>(type, frequencies)),
                         interleaved,
                         static_cast<double>(static_cast<float>(scale)));
}

/// Compares region and candidate with tokens at the given positions; nothing
/// when the region cannot be evaluated there.
std::optional<bool> RotaryFitter::agreesAt(const RotaryRegion &region,
                                           const RotaryMatch &match,
                                           ArrayRef<int64_t> positions) {
  int64_t tokens = positions.size();
  std::optional<bool> agrees = agreesAt(region, match, positions, tokens);
  int64_t last = *llvm::max_element(positions);
  if (!agrees && last >= tokens && last < kMaxTokens)
    agrees = agreesAt(region, match, positions, last + 1);
  return agrees;
}

std::optional<bool> RotaryFitter::agreesAt(const RotaryRegion &region,
                                           const RotaryMatch &match,
                                           ArrayRef<int64_t> positions,
                                           int64_t tokens) {
  Setting setting;
  setting.length = tokens;
  setting = subject.clamp(setting);
  // Where there are more tokens than positions, these repeat.
  SmallVector<int64_t> list;
  for (int64_t i = 0; i < setting.length; ++i)
    list.push_back(match.positions ? positions[i % positions.size()] : i);
  Trial trial(subject, setting);
  if (match.positions && !bindPositions(trial, subject, match.positions, list))
    return std::nullopt;
  onnx::HostTensor x = trial.bindRandom(region.x, 17);
  if (!x)
    return std::nullopt;
  const onnx::HostTensor *y = trial.evaluate(region.y);
  if (!y || y->getNumElements() != x.getNumElements() ||
      x.getNumElements() < setting.length * heads * headSize)
    return std::nullopt;

  SmallVector<float> frequencies =
      llvm::to_vector(match.rope.getInvFreq().getValues<float>());
  int64_t half = frequencies.size();
  bool interleaved = match.rope.getInterleaved();
  Type element = getElementTypeOrSelf(region.x);
  double rounding = element.isF32() || element.isF64() ? 1e-5
                    : element.isF16()                  ? 8e-3
                                                       : 6e-2;
  double fastest = 0;
  for (float frequency : frequencies)
    fastest = std::max(fastest, std::abs(static_cast<double>(frequency)));
  for (int64_t token = 0; token < setting.length; ++token) {
    double position = static_cast<double>(list[token]);
    // Two roundings of an f32 angle.
    double tolerance =
        (rounding + 2.4e-7 * position * fastest) * match.rope.getScaleValue();
    for (int64_t head = 0; head < heads; ++head) {
      auto xAt = [&](int64_t d) {
        return x.getF(indexOf(match.xHeadsFirst, setting.length, heads,
                              headSize, token, head, d));
      };
      auto differs = [&](int64_t d, double expected) {
        double actual = y->getF(indexOf(match.yHeadsFirst, setting.length,
                                        heads, headSize, token, head, d));
        return !(std::abs(actual - expected) <= tolerance);
      };
      for (int64_t i = 0; i < half; ++i) {
        auto [a, b] =
            interleaved ? std::pair(2 * i, 2 * i + 1) : std::pair(i, i + half);
        float angle = static_cast<float>(position) * frequencies[i];
        double c = std::cos(angle) * match.rope.getScaleValue();
        double s = std::sin(angle) * match.rope.getScaleValue();
        if (differs(a, xAt(a) * c - xAt(b) * s) ||
            differs(b, xAt(b) * c + xAt(a) * s))
          return false;
      }
      for (int64_t d = 2 * half; d < headSize; ++d)
        if (differs(d, xAt(d)))
          return false;
    }
  }
  return true;
}

/// Whether something was seen to differ, which is where the embedding ends.
bool RotaryFitter::refuted(std::optional<bool> agrees,
                           const std::string &where) {
  if (agrees.value_or(true))
    return false;
  lastLimit = where;
  return true;
}

bool RotaryFitter::verify(const RotaryRegion &region,
                          const RotaryMatch &match) {
  if (match.rope.getRotaryDim() > headSize)
    return false;
  // Constant tables are for the tokens that there are, and all of them.
  if (!match.positions)
    return agreesAt(region, match, {0}).value_or(false);
  static const std::vector<int64_t> few[] = {
      {0, 1, 2, 3, 4, 5, 6}, {5, 0, 3, 3, 11, 1, 0}, {7}};
  for (const std::vector<int64_t> &positions : few)
    if (!agreesAt(region, match, positions).value_or(false))
      return false;
  // Scaling that sets in at some length shows at large positions. A table ends
  // somewhere: what lies beyond cannot be evaluated, nor run.
  for (int64_t large : {63, 127, 511, 1023, 2047, 4095, 8191, 32767, 131071}) {
    std::optional<bool> agrees =
        agreesAt(region, match, {large, 0, large - 1, large / 2, 9, 1, 2});
    if (!agrees)
      break;
    if (refuted(agrees, "at position " + std::to_string(large)))
      return false;
  }
  return holdsAtLengths(region, match);
}

/// Whether there is a position for each token when there are earlier ones, too:
/// the positions of all may be made first, and those of the earlier ones cut
/// off.
static bool areOfTokens(Subject &subject, Value positions) {
  Setting setting;
  setting.past = 3;
  setting = subject.clamp(setting);
  std::optional<SmallVector<int64_t>> dims = subject.dims(positions, setting);
  return dims && onnx::countElements(*dims) == setting.length;
}

RotaryFitter::Finding RotaryFitter::search(const RotaryRegion &region) {
  SmallVector<Candidate> positions = candidates(region);
  Finding finding;
  for (bool xFirst : {true, false})
    for (bool yFirst : {xFirst, !xFirst}) {
      RotaryMatch match;
      if (!chooseLayout(region, match, xFirst, yFirst))
        continue;
      auto matches = [&](RotaryAttr rope) {
        match.rope = rope;
        lastLimit.clear();
        if (!rope || !verify(region, match)) {
          if (finding.limit.empty())
            finding.limit = lastLimit;
          return false;
        }
        finding.match = match;
        finding.positions = match.positions ? numbers.of(match.positions) : 0;
        finding.limit.clear();
        return true;
      };
      for (const Candidate &candidate : positions) {
        match.positions = candidate.positions;
        if (match.positions && !areOfTokens(subject, match.positions))
          continue;
        if (llvm::any_of(found, matches))
          return finding;
        if (matches(derive(region, match, candidate))) {
          found.push_back(match.rope);
          return finding;
        }
      }
    }
  return finding;
}

std::optional<RotaryMatch> RotaryFitter::fit(const RotaryRegion &region) {
  unsigned key = numbers.of(region.y, region.x);
  auto it = regions.find(key);
  if (it == regions.end())
    it = regions.try_emplace(key, search(region)).first;
  const Finding &finding = it->second;
  lastLimit = finding.limit;
  if (!finding.match || !finding.match->positions)
    return finding.match;
  // Its positions may be made like those of the first such region.
  for (const Candidate &candidate : candidates(region))
    if (numbers.of(candidate.positions) == finding.positions) {
      RotaryMatch match = *finding.match;
      match.positions = candidate.positions;
      return match;
    }
  return std::nullopt;
}
