//===- AttentionFragments.cpp - softmax on fragments of scores ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionFragments.h"

#include <algorithm>
#include <limits>

using namespace mlir;
using namespace blockattn;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

FragmentAttention::FragmentAttention(AttentionKernelOp op,
                                     gpu::GPUFuncOp kernel)
    : AttentionEmitter(op, kernel), paddedHead(llvm::alignTo(headSize, 16)),
      paddedValue(llvm::alignTo(valueSize, 16)) {}

Value FragmentAttention::laneRow(unsigned i) {
  Value first = b.add(b.mul(warp, 16 * strips), b.div(lane, 4));
  return b.add(first, 16 * (i / 2) + 8 * (i % 2));
}

/// Rotates pieces of 8 pairs; false where the embedding has no such pieces.
bool FragmentAttention::rotatePieces(Value shift, int64_t rows,
                                     function_ref<Value(Value, Value)> place) {
  RotaryAttr rope = op.getQueryRotaryAttr();
  int64_t pairs = rope.getInvFreq().getNumElements(), threads = queryThreads();
  int64_t pieces = pairs / 8, count = rows * pieces;
  // Loads of a few pieces are in flight at once.
  int64_t batch = std::clamp<int64_t>(count / threads, 1, 4);
  if (rope.getInterleaved() || pairs % 8 || count % (batch * threads) ||
      rope.getRotaryDim() != headSize)
    return false;
  auto type = VectorType::get({8}, element);
  auto four = VectorType::get({4}, b.getF32Type());
  Value turns;
  for (int64_t first = 0; first < count / threads; first += batch) {
    SmallVector<std::array<Value, 4>> loads;
    for (int64_t i = first; i < first + batch; ++i) {
      Value number = b.add(thread, i * threads);
      Value row = b.div(number, pieces), piece = b.rem(number, pieces);
      Value address =
          b.offset(rowAddress(query, row), b.wide(b.mul(piece, 16)));
      loads.push_back({b.load(type, address, 16),
                       b.load(type, b.offset(address, 2 * pairs), 16), row,
                       piece});
    }
    // The first loads are under way while the angles are found.
    if (!turns)
      turns = fillTurns(shift);
    for (auto [x, y, row, piece] : loads) {
      Value wideX = b.toF32(x), wideY = b.toF32(y);
      Value cosines = b.offset(turns, b.mul(piece, 32));
      auto read = [&](int64_t bytes) {
        Value low = b.load(four, b.offset(cosines, bytes), 16);
        Value high = b.load(four, b.offset(cosines, bytes + 16), 16);
        return LLVM::ShuffleVectorOp::create(
                   b, low, high, ArrayRef<int32_t>{0, 1, 2, 3, 4, 5, 6, 7})
            .getResult();
      };
      Value cos = read(0), sin = read(4 * pairs);
      Value turnedX = b.fma(wideX, cos, b.mulF(wideY, sin));
      Value turnedY = b.subF(b.mulF(wideY, cos), b.mulF(wideX, sin));
      b.store(b.fromF32(turnedX, element), place(row, piece), 16);
      b.store(b.fromF32(turnedY, element), place(row, b.add(piece, pieces)),
              16);
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

void FragmentAttention::adjust(const KeySegment &segment, Value firstKey,
                               Fragments &scores) {
  if (needsCap())
    for (Fragment &fragment : scores)
      for (Value &score : fragment)
        score = capped(score);
  if (hasSlopes)
    bias(segment, firstKey, scores);
}

void FragmentAttention::bias(const KeySegment &segment, Value firstKey,
                             Fragments &scores) {
  int64_t columns = keyTile / 8;
  Value laneKey = b.add(firstKey, b.mul(b.bitAnd(lane, 3), 2));
  for (int64_t n = 0; n < columns; ++n)
    for (int64_t i = 0; i < 2; ++i) {
      Value place = placeOf(segment, b.add(laneKey, 8 * n + i));
      for (unsigned row = 0; row < rowsOfLane(); ++row) {
        Value &score = scores[row / 2 * columns + n][2 * (row % 2) + i];
        score = biased(segment, row, place, score);
      }
    }
}

void FragmentAttention::mask(const KeySegment &segment, Value firstKey,
                             Fragments &scores) {
  Value none = b.f32(-kInfinity);
  int64_t columns = keyTile / 8;
  // The lane's first key in a fragment; it has this one and the next.
  Value laneKey = b.add(firstKey, b.mul(b.bitAnd(lane, 3), 2));
  for (int64_t n = 0; n < columns; ++n)
    for (int64_t i = 0; i < 2; ++i) {
      Value index = b.add(laneKey, 8 * n + i);
      Value seen;
      if (segment.keyMask)
        seen = keyMaskAt(segment, index);
      for (int64_t s = 0; s < strips; ++s)
        for (int64_t half = 0; half < 2; ++half) {
          Value ok = b.both(b.lessEqual(segment.first[2 * s + half], index),
                            b.lessEqual(index, segment.last[2 * s + half]));
          if (seen)
            ok = b.both(ok, seen);
          Value &score = scores[s * columns + n][2 * half + i];
          score = b.select(ok, score, none);
        }
    }
}

//===----------------------------------------------------------------------===//
// Online softmax
//===----------------------------------------------------------------------===//

AttentionEmitter::Values FragmentAttention::initialState() {
  Values state(outputCount(), b.f32(0));
  state.append(rowsOfLane(), b.f32(-kInfinity));
  state.append(rowsOfLane(), b.f32(0));
  return state;
}

/// What is added to scores in units of log2. A row that has seen nothing yet:
/// -inf - -inf would be NaN.
Value FragmentAttention::baseOf(Value maximum) {
  return b.select(b.equalF(maximum, b.f32(-kInfinity)), b.f32(0),
                  b.mulF(maximum, b.f32(-factor())));
}

AttentionEmitter::Values FragmentAttention::softmax(Fragments &scores,
                                                    Values &state) {
  int64_t columns = keyTile / 8;
  size_t rows = rowsOfLane(), outputs = outputCount();
  Value c = b.f32(factor());
  Values factors;
  for (size_t row = 0; row < rows; ++row) {
    Fragment *strip = &scores[row / 2 * columns];
    size_t half = 2 * (row % 2);
    Value oldMaximum = state[outputs + row];
    // Chains of dependent operations are kept short: few warps take turns.
    constexpr int64_t kChains = 4;
    Value maxima[kChains];
    for (int64_t n = 0; n < columns; ++n) {
      Value &most = maxima[n % kChains];
      Value pair = b.maxF(strip[n][half], strip[n][half + 1]);
      most = most ? b.maxF(most, pair) : pair;
    }
    Value maximum = oldMaximum;
    for (Value most : maxima)
      if (most)
        maximum = b.maxF(maximum, most);
    maximum = b.maxF(maximum, b.shuffleXor(maximum, 1));
    maximum = b.maxF(maximum, b.shuffleXor(maximum, 2));
    Value base = baseOf(maximum);
    Value rescale = b.exp2(b.fma(oldMaximum, c, base));
    Value sums[kChains] = {b.mulF(state[outputs + rows + row], rescale)};
    for (int64_t n = 0; n < columns; ++n)
      for (size_t i = half; i < half + 2; ++i) {
        strip[n][i] = b.exp2(b.fma(strip[n][i], c, base));
        Value &sum = sums[(2 * n + i) % kChains];
        sum = sum ? b.addF(sum, strip[n][i]) : strip[n][i];
      }
    Value sum;
    for (Value part : sums)
      if (part)
        sum = sum ? b.addF(sum, part) : part;
    state[outputs + row] = maximum;
    state[outputs + rows + row] = sum;
    factors.push_back(rescale);
  }
  return factors;
}

void FragmentAttention::scaleOutputs(Values &state, ValueRange factors) {
  size_t columns = paddedValue / 8;
  for (size_t row = 0; row < rowsOfLane(); ++row)
    for (size_t n = 0; n < columns; ++n)
      for (size_t i = 2 * (row % 2); i < 2 * (row % 2) + 2; ++i) {
        Value &output = state[(row / 2 * columns + n) * 4 + i];
        output = b.mulF(output, factors[row]);
      }
}

void FragmentAttention::addState(Values &state, ValueRange other) {
  size_t outputs = outputCount(), rows = rowsOfLane();
  Values theirs(other), factors, theirFactors;
  for (size_t row = outputs; row < outputs + rows; ++row) {
    Value maximum = b.maxF(state[row], theirs[row]);
    Value base = baseOf(maximum);
    auto rescale = [&](Values &of, Values &to) {
      to.push_back(b.exp2(b.fma(of[row], b.f32(factor()), base)));
      of[row + rows] = b.mulF(of[row + rows], to.back());
    };
    rescale(state, factors);
    rescale(theirs, theirFactors);
    state[row] = maximum;
    state[row + rows] = b.addF(state[row + rows], theirs[row + rows]);
  }
  scaleOutputs(state, factors);
  scaleOutputs(theirs, theirFactors);
  for (size_t i = 0; i < outputs; ++i)
    state[i] = b.addF(state[i], theirs[i]);
}

FragmentAttention::Fragment
FragmentAttention::packWeights(const Fragment *fragments) {
  return {b.pack(fragments[0][0], fragments[0][1], element),
          b.pack(fragments[0][2], fragments[0][3], element),
          b.pack(fragments[1][0], fragments[1][1], element),
          b.pack(fragments[1][2], fragments[1][3], element)};
}

void FragmentAttention::finish(ValueRange state) {
  size_t rows = rowsOfLane(), outputs = outputCount();
  int64_t valueColumns = paddedValue / 8;
  for (size_t row = 0; row < rows; ++row) {
    Value sum = state[outputs + rows + row];
    sum = b.addF(sum, b.shuffleXor(sum, 1));
    sum = b.addF(sum, b.shuffleXor(sum, 2));
    auto [inverse, lse] = normalizer(state[outputs + row], sum);
    Value tileRow = laneRow(row);
    Value index = b.add(firstRow, tileRow);
    Value scale = inverse, logarithm = lse;
    size_t first = row / 2 * valueColumns * 4 + 2 * (row % 2);
    auto outputs = [&](Value address, bool partial) {
      Value laneBytes = b.mul(b.bitAnd(lane, 3), partial ? 8 : 4);
      address = b.offset(address, b.wide(laneBytes));
      for (int64_t n = 0; n < valueSize / 8; ++n) {
        Value low = b.mulF(state[first + 4 * n], scale);
        Value high = b.mulF(state[first + 4 * n + 1], scale);
        if (!partial) {
          b.store(b.pack(low, high, element), b.offset(address, 16 * n), 4);
          continue;
        }
        b.store(low, b.offset(address, 32 * n));
        b.store(high, b.offset(address, 32 * n + 4));
      }
    };
    Value leads = b.equal(b.bitAnd(lane, 3), b.i32(0));
    b.when(b.less(index, numRows), [&] {
      eitherResult([&](bool partial) {
        outputs(partial ? partialAddress(index) : rowAddress(result, tileRow),
                partial);
        b.when(leads, [&] {
          partial ? storePartialLse(index, logarithm)
                  : storeLse(index, logarithm);
        });
      });
    });
  }
}
