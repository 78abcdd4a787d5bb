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

template <int BitCount, int Rows>
void dots(const PackedWeight &w, int64_t row, const float *a, float *c) {
  const int64_t blockBytes = w.blockSize * BitCount / 8;
  const Bits magic = kMagicBits - Bits{};
  Vector sums[Rows] = {};
  for (int64_t block = 0; block < w.blocks; ++block) {
    const float *left = a + block * w.blockSize;
    for (int r = 0; r < Rows; ++r) {
      const uint8_t *bytes =
          w.data + ((row + r) * w.blocks + block) * blockBytes;
      Vector zero = kMagic + zeroAt(w, row + r, block) - Vector{};
      Vector part = {};
      for (int64_t i = 0; i < blockBytes; i += kLanes) {
        Bits byte = loadBytes(bytes + i);
        if (BitCount == 4) {
          Bits low = (byte & 15) | magic, high = (byte >> 4) | magic;
          part += (reinterpret_cast<Vector>(low) - zero) * load(left + 2 * i);
          part += (reinterpret_cast<Vector>(high) - zero) *
                  load(left + 2 * i + kLanes);
        } else {
          part +=
              (reinterpret_cast<Vector>(byte | magic) - zero) * load(left + i);
        }
      }
      sums[r] += part * scaleAt(w, (row + r) * w.blocks + block);
    }
  }
  for (int r = 0; r < Rows; ++r)
    c[r] = sum(sums[r]);
}

/// c[j] = the product of an arranged row with row j of the weight, for j in
/// [begin, end). `scratch` holds a row of whole blocks.
void product(const PackedWeight &w, int64_t begin, int64_t end, const float *a,
             float *c, float *scratch) {
  constexpr int rows = 4;
  int64_t j = begin;
  if (!isFused(w)) {
    int64_t padded = w.blocks * w.blockSize;
    for (; j < end; ++j) {
      unpack(w, j, j + 1, scratch, padded);
      ::dots<F32, 1, 1>(padded, a, padded, scratch, padded, 0, c + j, 1);
    }
    return;
  }
  auto *several = w.bits == 4 ? &dots<4, rows> : &dots<8, rows>;
  auto *single = w.bits == 4 ? &dots<4, 1> : &dots<8, 1>;
  for (; j + rows <= end; j += rows)
    several(w, j, a, c + j);
  for (; j < end; ++j)
    single(w, j, a, c + j);
}

} // namespace packed
