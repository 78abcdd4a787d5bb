//===- PackedKernels.h - weights of few bits, for one CPU level -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Part of GemvKernels.h, which see. A byte is put into the last bits of 2^23:
// the float that these bits make, less 2^23 and the zero point, is the number.
//
//===----------------------------------------------------------------------===//

namespace packed {

using blockattn::rt::PackedWeight;

constexpr uint32_t kMagicBits = 0x4b000000;
constexpr float kMagic = 0x1p23f;

typedef uint8_t LooseBytes
    __attribute__((vector_size(kLanes * sizeof(uint8_t)), aligned(1)));

inline Bits loadBytes(const uint8_t *p) {
  return __builtin_convertvector(*reinterpret_cast<const LooseBytes *>(p),
                                 Bits);
}

/// Whether vectors end where blocks do.
inline bool isFused(const PackedWeight &w) {
  return w.blockSize * w.bits / 8 % kLanes == 0;
}

inline float scaleAt(const PackedWeight &w, int64_t i) {
  switch (w.scaleType) {
  case blockattn::rt::ScaleType::F16:
    return F16::one(static_cast<const uint16_t *>(w.scales) + i);
  case blockattn::rt::ScaleType::BF16:
    return BF16::one(static_cast<const uint16_t *>(w.scales) + i);
  case blockattn::rt::ScaleType::F32:
    break;
  }
  return static_cast<const float *>(w.scales)[i];
}

inline float zeroAt(const PackedWeight &w, int64_t row, int64_t block) {
  if (!w.zeroPoints)
    return w.bits == 4 ? 8 : 128;
  if (w.bits == 8)
    return w.zeroPoints[row * w.blocks + block];
  uint8_t pair = w.zeroPoints[row * ((w.blocks + 1) / 2) + block / 2];
  return block % 2 ? pair >> 4 : pair & 15;
}

/// Rows [begin, end) as f32, whole blocks of them, `ld` apart.
void unpack(const PackedWeight &w, int64_t begin, int64_t end, float *to,
            int64_t ld) {
  int64_t blockBytes = w.blockSize * w.bits / 8;
  for (int64_t row = begin; row < end; ++row, to += ld) {
    const uint8_t *bytes = w.data + row * w.blocks * blockBytes;
    float *out = to;
    for (int64_t block = 0; block < w.blocks; ++block) {
      float scale = scaleAt(w, row * w.blocks + block);
      float zero = zeroAt(w, row, block);
      if (w.bits == 4)
        for (int64_t i = 0; i < blockBytes; ++i) {
          out[2 * i] = (float(bytes[i] & 15) - zero) * scale;
          out[2 * i + 1] = (float(bytes[i] >> 4) - zero) * scale;
        }
      else
        for (int64_t i = 0; i < blockBytes; ++i)
          out[i] = (float(bytes[i]) - zero) * scale;
      bytes += blockBytes;
      out += w.blockSize;
    }
  }
}

/// A row of A in the order in which `product` meets the elements of the weight,
/// with zeros up to whole blocks.
void arrange(const PackedWeight &w, int64_t k, const float *a, float *to) {
  int64_t padded = w.blocks * w.blockSize;
  auto at = [&](int64_t i) { return i < k ? a[i] : 0; };
  if (w.bits == 8 || !isFused(w)) {
    for (int64_t i = 0; i < padded; ++i)
      to[i] = at(i);
    return;
  }
  // The low halves of as many bytes as a vector has, then the high ones.
  for (int64_t i = 0; i < padded; i += 2 * kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      to[i + lane] = at(i + 2 * lane);
      to[i + kLanes + lane] = at(i + 2 * lane + 1);
    }
}

/// What a block of a row of the weight is multiplied with, and 2^23 plus the
/// zero point that is taken from its numbers first.
struct Blocks {
  const float *scales, *zeros;
};

/// `Rows` arranged rows of A, `padded` apart, with `Cols` rows of the weight.
template <int BitCount, int Rows, int Cols>
void dots(const PackedWeight &w, int64_t row, const Blocks *blocks,
          const float *a, int64_t padded, float *c, int64_t ldc) {
  const int64_t blockBytes = w.blockSize * BitCount / 8;
  const uint8_t *data = w.data + row * w.blocks * blockBytes;
  const Bits magic = kMagicBits - Bits{};
  Vector sums[Rows][Cols] = {};
  for (int64_t block = 0; block < w.blocks; ++block) {
    const float *left = a + block * w.blockSize;
    for (int j = 0; j < Cols; ++j) {
      const uint8_t *bytes = data + (j * w.blocks + block) * blockBytes;
      Vector zero = blocks[j].zeros[block] - Vector{};
      Vector parts[Rows] = {};
      for (int64_t i = 0; i < blockBytes; i += kLanes) {
        Bits byte = loadBytes(bytes + i);
        if (BitCount == 4) {
          Bits low = (byte & 15) | magic, high = (byte >> 4) | magic;
          Vector first = reinterpret_cast<Vector>(low) - zero;
          Vector second = reinterpret_cast<Vector>(high) - zero;
          for (int r = 0; r < Rows; ++r) {
            const float *at = left + r * padded + 2 * i;
            parts[r] += first * load(at);
            parts[r] += second * load(at + kLanes);
          }
        } else {
          Vector number = reinterpret_cast<Vector>(byte | magic) - zero;
          for (int r = 0; r < Rows; ++r)
            parts[r] += number * load(left + r * padded + i);
        }
      }
      for (int r = 0; r < Rows; ++r)
        sums[r][j] += parts[r] * blocks[j].scales[block];
    }
  }
  for (int r = 0; r < Rows; ++r)
    for (int j = 0; j < Cols; ++j)
      c[r * ldc + j] = sum(sums[r][j]);
}

/// The blocks of `count` rows of the weight; what is not there as it is wanted
/// goes into `scratch`, 2 * count rows of blocks.
inline void describe(const PackedWeight &w, int64_t row, int64_t count,
                     float *scratch, Blocks *blocks) {
  for (int64_t j = 0; j < count; ++j) {
    float *zeros = scratch + 2 * j * w.blocks, *scales = zeros + w.blocks;
    // Without zero points all rows have the same.
    if (w.zeroPoints || j == 0)
      for (int64_t block = 0; block < w.blocks; ++block)
        zeros[block] = kMagic + zeroAt(w, row + j, block);
    blocks[j].zeros = w.zeroPoints ? zeros : scratch;
    if (w.scaleType == blockattn::rt::ScaleType::F32) {
      blocks[j].scales =
          static_cast<const float *>(w.scales) + (row + j) * w.blocks;
      continue;
    }
    for (int64_t block = 0; block < w.blocks; ++block)
      scales[block] = scaleAt(w, (row + j) * w.blocks + block);
    blocks[j].scales = scales;
  }
}

/// Weight rows that are worked on at a time, so that the registers suffice.
template <int Rows> constexpr int kColumns = Rows == 1 ? 4 : 2;

template <int BitCount, int Rows>
void fused(const PackedWeight &w, int64_t begin, int64_t end, const float *a,
           int64_t padded, float *c, int64_t ldc, float *scratch) {
  constexpr int columns = kColumns<Rows>;
  Blocks blocks[columns];
  int64_t j = begin;
  for (; j + columns <= end; j += columns) {
    describe(w, j, columns, scratch, blocks);
    dots<BitCount, Rows, columns>(w, j, blocks, a, padded, c + j, ldc);
  }
  for (; j < end; ++j) {
    describe(w, j, 1, scratch, blocks);
    dots<BitCount, Rows, 1>(w, j, blocks, a, padded, c + j, ldc);
  }
}

template <int BitCount>
void fusedRows(const PackedWeight &w, int64_t m, int64_t begin, int64_t end,
               const float *a, int64_t padded, float *c, int64_t ldc,
               float *scratch) {
  switch (m) {
  case 1:
    return fused<BitCount, 1>(w, begin, end, a, padded, c, ldc, scratch);
  case 2:
    return fused<BitCount, 2>(w, begin, end, a, padded, c, ldc, scratch);
  case 3:
    return fused<BitCount, 3>(w, begin, end, a, padded, c, ldc, scratch);
  case 4:
    return fused<BitCount, 4>(w, begin, end, a, padded, c, ldc, scratch);
  }
}

/// c[i, j] = the product of arranged row i of A with row j of the weight, for
/// up to 4 rows and j in [begin, end). `scratch` holds a row of whole blocks.
void product(const PackedWeight &w, int64_t m, int64_t begin, int64_t end,
             const float *a, float *c, int64_t ldc, float *scratch) {
  int64_t padded = w.blocks * w.blockSize;
  if (isFused(w)) {
    auto *rows = w.bits == 4 ? &fusedRows<4> : &fusedRows<8>;
    return rows(w, m, begin, end, a, padded, c, ldc, scratch);
  }
  for (int64_t j = begin; j < end; ++j) {
    unpack(w, j, j + 1, scratch, padded);
    dotGroups<F32, 1>(m, padded, a, padded, scratch, padded, 0, c + j, ldc);
  }
}

} // namespace packed
