//===- artifact_format.h - the layout of an artifact file -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An artifact (model.ba) is one file:
//
//     ArtifactHeader                      64 bytes
//     SectionEntry[sectionCount]          the section table
//     sections, each at a multiple of kSectionAlignment, zeros in between
//
// Sections: `manifest` (JSON, UTF-8), `code.x86-64`, `code.x86-64-v3`,
// `code.x86-64-v4` (ELF shared objects, see kernel_abi.h; on another
// architecture `code.<arch>`) and `weights` (absent when the manifest has
// a `weights_file`). For the target cuda there are, in place of `code.*`,
// `host.x86-64`, `ptx` and `cubin.sm_*` (kernel_abi_cuda.h).
//
// Checksums are XXH3_64bits (seed 0). Integers are little-endian. The writer
// is in the compiler, the reader in the runtime; both use these structs.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_ARTIFACT_FORMAT_H
#define BLOCKATTN_ARTIFACT_FORMAT_H

#include <cstddef>
#include <cstdint>

namespace blockattn {

constexpr char kArtifactMagic[8] = {'B', 'L', 'K', 'A', 'T', 'T', 'N', '\0'};
constexpr uint32_t kArtifactVersion = 1;

/// More sections than any artifact has; a count above it is damage.
constexpr uint32_t kMaxSections = 64;

/// Sections begin at multiples of this, so that each can be mapped by itself.
constexpr uint64_t kSectionAlignment = 4096;

/// Weights begin at multiples of this within their section.
constexpr uint64_t kWeightAlignment = 64;

constexpr char kManifestSection[] = "manifest";
constexpr char kWeightsSection[] = "weights";
constexpr char kCodeSectionPrefix[] = "code.";
constexpr char kHostSectionPrefix[] = "host.";
constexpr char kPtxSection[] = "ptx";
constexpr char kCubinSectionPrefix[] = "cubin.";

struct ArtifactHeader {
  char magic[8];
  /// The version of this layout and of the manifest's keys.
  uint32_t version;
  uint32_t sectionCount;
  uint64_t fileSize;
  /// Of the whole section table.
  uint64_t tableChecksum;
  /// Zeros.
  uint8_t reserved[24];
  /// Of all bytes of the header before this field.
  uint64_t headerChecksum;
};
static_assert(sizeof(ArtifactHeader) == 64, "the header is 64 bytes");
static_assert(offsetof(ArtifactHeader, headerChecksum) == 56,
              "the header's checksum covers its first 56 bytes");

struct SectionEntry {
  /// Padded with zeros; at least one.
  char name[24];
  /// From the start of the file.
  uint64_t offset;
  uint64_t size;
  /// Of the section's `size` bytes.
  uint64_t checksum;
};
static_assert(sizeof(SectionEntry) == 48, "an entry is 48 bytes");

/// The first multiple of `alignment` that is not below `offset`.
constexpr uint64_t alignUp(uint64_t offset, uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

} // namespace blockattn

#endif // BLOCKATTN_ARTIFACT_FORMAT_H
