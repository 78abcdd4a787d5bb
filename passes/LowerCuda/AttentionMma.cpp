//===- AttentionMma.cpp - attention on tensor cores: products, softmax ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionMma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

std::optional<std::string> blockattn::whyNotMma(AttentionKernelOp op) {
  auto aligned = [](MemRefType type) {
    auto [strides, offset] = type.getStridesAndOffset();
    if (ShapedType::isDynamic(offset) || offset % 8)
      return false;
    for (int64_t i = 0; i < 3; ++i) {
      // A dynamic stride is that of a row-major buffer, a multiple of the
      // static ones below it; a batch of one never uses its stride.
      bool one = type.getDimSize(i) == 1;
      bool rowMajor = type.getLayout().isIdentity();
      if (ShapedType::isDynamic(strides[i]) ? !rowMajor && !one
                                            : strides[i] % 8 != 0 && !one)
        return false;
    }
    return strides[3] == 1;
  };
  auto type = cast<MemRefType>(op.getQuery().getType());
  if (type.getElementType().isF32())
    return "f32 has no tensor core instruction of full precision";
  for (Value operand : {op.getKey(), op.getValue()}) {
    int64_t size = cast<MemRefType>(operand.getType()).getDimSize(3);
    if (ShapedType::isDynamic(size))
      return "the head size is not known";
    if (size % 8 || size < 8 || size > 256)
      return "head size " + std::to_string(size) +
             " is not a multiple of 8 from 8 to 256";
  }
  for (Value operand :
       {op.getQuery(), op.getKey(), op.getValue(), op.getOutputs()[0]})
    if (!aligned(cast<MemRefType>(operand.getType())))
      return "rows are not known to be aligned to 16 bytes";
  return std::nullopt;
}

static int64_t stripsOf(int64_t headSize, int64_t valueSize) {
  // Outputs of 32 rows and 128 columns fill half of a thread's registers.
  return std::max(headSize, valueSize) <= 128 ? 2 : 1;
}

int64_t blockattn::mmaTileRows(AttentionKernelOp op) {
  auto sizeOf = [](Value operand) {
    return cast<MemRefType>(operand.getType()).getDimSize(3);
  };
  return 16 * MmaAttention::kWarps *
         stripsOf(sizeOf(op.getKey()), sizeOf(op.getValue()));
}

std::unique_ptr<AttentionEmitter>
blockattn::makeMmaAttention(AttentionKernelOp op, gpu::GPUFuncOp kernel,
                            const CudaChip &chip) {
  return std::make_unique<MmaAttention>(op, kernel, chip);
}

MmaAttention::MmaAttention(AttentionKernelOp op, gpu::GPUFuncOp kernel,
                           const CudaChip &chip)
    : FragmentAttention(op, kernel) {
  strips = stripsOf(headSize, valueSize);
  stages = 2;
  // As many scores as the outputs leave registers for, and two thread blocks'
  // worth of shared memory.
  keyTile = strips == 1 ? 32 : std::max(paddedHead, paddedValue) > 64 ? 48 : 64;
  // Long heads do not fit everywhere.
  while (keyTile > 16 &&
         MmaAttention::geometry().sharedBytes > chip.sharedBytes)
    keyTile -= 16;
}

AttentionEmitter::Geometry MmaAttention::geometry() const {
  return {kThreads, tileRows(), keyTile,
          scratchBytes() + queryBytes() + stages * stageBytes(),
          /*residents=*/2};
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

MmaAttention::Fragment MmaAttention::loadFragment(Value address,
                                                  bool transposed) {
  Type i32 = b.getI32Type();
  auto type =
      LLVM::LLVMStructType::getLiteral(b.getContext(), {i32, i32, i32, i32});
  auto shape = NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8);
  Value loaded = NVVM::LdMatrixOp::create(b, type, address, 4,
                                          transposed ? NVVM::MMALayout::col
                                                     : NVVM::MMALayout::row,
                                          shape, NVVM::LdStMatrixEltType::B16);
  Fragment fragment;
  for (int64_t i = 0; i < 4; ++i)
    fragment[i] = LLVM::ExtractValueOp::create(b, loaded, i);
  return fragment;
}

MmaAttention::Fragment MmaAttention::multiply(const Fragment &a, Value b0,
                                              Value b1, const Fragment &c) {
  Type f32 = b.getF32Type();
  auto type =
      LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  bool bf16 = element.isBF16();
  auto operand = [&](Value value) -> Value {
    if (bf16)
      return value;
    return LLVM::BitcastOp::create(b, VectorType::get({2}, element), value);
  };
  Values left, right{operand(b0), operand(b1)};
  for (Value value : a)
    left.push_back(operand(value));
  auto kind = bf16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  Value product = NVVM::MmaOp::create(
      b, type, left, right, ValueRange(ArrayRef<Value>(c)), {16, 8, 16},
      std::nullopt, std::nullopt, std::array<NVVM::MMATypes, 2>{kind, kind},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  Fragment result;
  for (int64_t i = 0; i < 4; ++i)
    result[i] = LLVM::ExtractValueOp::create(b, product, i);
  return result;
}

/// Scores of the tile in `stage`: fragment strip * keyTile / 8 + n has keys
/// [8 n, 8 n + 8).
MmaAttention::Fragments MmaAttention::scores(Value stage) {
  Value zero = b.f32(0);
  int64_t columns = keyTile / 8;
  Fragments sums(strips * columns, Fragment{zero, zero, zero, zero});
  Value keys = b.offset(stage, keyLane);
  for (int64_t d = 0; d < paddedHead; d += 16) {
    SmallVector<Fragment> rows;
    for (int64_t s = 0; s < strips; ++s)
      rows.push_back(loadFragment(
          b.offset(queryLane, 16 * s * pitch(paddedHead) + 2 * d), false));
    for (int64_t n = 0; n < columns; n += 2) {
      Fragment k = loadFragment(
          b.offset(keys, 8 * n * pitch(paddedHead) + 2 * d), false);
      for (int64_t s = 0; s < strips; ++s) {
        Fragment *sum = &sums[s * columns + n];
        sum[0] = multiply(rows[s], k[0], k[1], sum[0]);
        sum[1] = multiply(rows[s], k[2], k[3], sum[1]);
      }
    }
  }
  return sums;
}

//===----------------------------------------------------------------------===//
// Online softmax
//===----------------------------------------------------------------------===//

AttentionEmitter::Values MmaAttention::step(const KeySegment &segment,
                                            Value firstKey, Value stage,
                                            Value bounds[2], ValueRange state) {
  int64_t columns = keyTile / 8, valueColumns = paddedValue / 8;
  Fragments weights = scores(stage);
  adjust(segment, firstKey, weights);

  // A tile that all rows of the warp see whole goes without a mask.
  auto flat = [&] {
    Values values;
    for (Fragment &fragment : weights)
      values.append(fragment.begin(), fragment.end());
    return values;
  };
  Value edge = b.either(b.less(firstKey, bounds[0]),
                        b.less(bounds[1], b.add(firstKey, keyTile - 1)));
  if (segment.keyMask)
    edge = b.either(edge, segment.isOwn);
  Values plain = flat();
  Values masked = b.branch(
      edge, ValueRange(plain).getTypes(),
      [&] {
        mask(segment, firstKey, weights);
        return flat();
      },
      [&] { return plain; });
  for (size_t i = 0; i < masked.size(); ++i)
    weights[i / 4][i % 4] = masked[i];

  Values next(state.begin(), state.end());
  scaleOutputs(next, softmax(weights, next));

  Value values = b.offset(stage, valueLane);
  for (int64_t k = 0; k < columns; k += 2) {
    SmallVector<Fragment> left;
    for (int64_t s = 0; s < strips; ++s)
      left.push_back(packWeights(&weights[s * columns + k]));
    for (int64_t n = 0; n < valueColumns; n += 2) {
      Fragment v = loadFragment(
          b.offset(values, 8 * k * pitch(paddedValue) + 16 * n), true);
      for (int64_t s = 0; s < strips; ++s)
        for (int64_t j = 0; j < 2; ++j) {
          Value *output = &next[(s * valueColumns + n + j) * 4];
          Fragment sum = multiply(left[s], v[2 * j], v[2 * j + 1],
                                  {output[0], output[1], output[2], output[3]});
          llvm::copy(sum, output);
        }
    }
  }
  return next;
}

/// Brings in a tile; if there are so many, where that is known.
void MmaAttention::fetch(const KeySegment &segment, Value tile, Value tiles) {
  auto copy = [&] { copyTile(segment, keyOf(segment, tile), stageOf(tile)); };
  tiles ? b.when(b.less(tile, tiles), copy) : copy();
  NVVM::CpAsyncCommitGroupOp::create(b);
}

/// The first key of a tile: tiles go from the last key backwards, and the last
/// of them may begin before the first key.
Value MmaAttention::keyOf(const KeySegment &segment, Value tile) {
  return b.sub(segment.end, b.mul(b.add(tile, 1), keyTile));
}

Value MmaAttention::stageOf(Value tile) {
  return b.offset(firstStage, b.mul(b.rem(tile, stages), stageBytes()));
}

void MmaAttention::prefetch(const KeySegment &segment) {
  for (int64_t i = 0; i + 1 < stages; ++i)
    fetch(segment, b.i32(i), Value());
  prefetched = true;
}

AttentionEmitter::Values MmaAttention::attend(const KeySegment &segment,
                                              ValueRange state) {
  Value zero = b.i32(0), one = b.i32(1);
  Value count = b.max(zero, b.sub(segment.end, segment.begin));
  Value tiles = b.ceilDiv(count, keyTile);
  // The first key that all rows of the warp see, and the last.
  Value most = segment.first[0], least = segment.last[0];
  for (unsigned i = 1; i < rowsOfLane(); ++i) {
    most = b.max(most, segment.first[i]);
    least = b.min(least, segment.last[i]);
  }
  Value bounds[2] = {b.warpMax(most), b.warpMin(least)};

  if (!prefetched) {
    // All are done with the tiles of an earlier call.
    b.barrier();
    for (int64_t i = 0; i + 1 < stages; ++i)
      fetch(segment, b.i32(i), tiles);
  }
  // A warp without rows only brings keys in.
  Value active;
  if (op.getCache())
    active = b.less(b.add(firstRow, b.mul(warp, 16 * strips)), numRows);
  return b.loop(zero, tiles, one, state,
                [&](Value tile, ValueRange carried) -> Values {
                  NVVM::CpAsyncWaitGroupOp::create(b, stages - 2);
                  // The tile is there for all threads, and all are done with
                  // the one whose place the next takes.
                  b.barrier();
                  fetch(segment, b.add(tile, stages - 1), tiles);
                  auto compute = [&] {
                    return step(segment, keyOf(segment, tile), stageOf(tile),
                                bounds, carried);
                  };
                  if (!active)
                    return compute();
                  return b.branch(active, carried.getTypes(), compute,
                                  [&] { return Values(carried); });
                });
}
