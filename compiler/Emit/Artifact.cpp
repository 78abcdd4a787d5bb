//===- Artifact.cpp - writes the deployable file --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Artifact.h"

#include "runtime/include/blockattn/artifact_format.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace llvm;

namespace blockattn {

static void writeZeros(raw_ostream &os, uint64_t count) {
  static const char zeros[4096] = {};
  for (; count > sizeof(zeros); count -= sizeof(zeros))
    os.write(zeros, sizeof(zeros));
  os.write(zeros, count);
}

/// Writes one section at the stream's place and describes it in `entry`.
static void writeSection(raw_fd_ostream &os, const ArtifactSection &section,
                         SectionEntry &entry) {
  static const char zeros[kSectionAlignment] = {};
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  uint64_t size = 0;
  auto append = [&](const char *data, uint64_t count) {
    os.write(data, count);
    XXH3_64bits_update(&state, data, count);
    size += count;
  };
  for (const ArtifactSection::Piece &piece : section.pieces) {
    append(zeros, alignUp(size, piece.alignment) - size);
    // In parts, so that what was hashed is still in the cache when written
    // and a mapped file is read once.
    constexpr uint64_t part = 4 << 20;
    for (uint64_t at = 0, total = piece.bytes.size(); at < total; at += part)
      append(piece.bytes.data() + at, std::min(part, total - at));
  }
  entry.size = size;
  entry.checksum = XXH3_64bits_digest(&state);
  std::copy(section.name.begin(), section.name.end(), entry.name);
}

Error writeArtifact(StringRef path, ArrayRef<ArtifactSection> sections) {
  // A device or a pipe would be replaced by a file of its name.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status) && sys::fs::exists(status) &&
      !sys::fs::is_regular_file(status))
    return createStringError("can't write '" + path +
                             "': it is not a regular file; an artifact is "
                             "made beside its name and takes its place");
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".tmp-%%%%%%%%");
  if (!file)
    return createStringError("can't write '" + path +
                             "': " + toString(file.takeError()));
  auto discard = make_scope_exit([&] { consumeError(file->discard()); });

  std::vector<SectionEntry> table(sections.size());
  ArtifactHeader header = {};
  std::copy(std::begin(kArtifactMagic), std::end(kArtifactMagic), header.magic);
  header.version = kArtifactVersion;
  header.sectionCount = sections.size();
  uint64_t tableSize = table.size() * sizeof(SectionEntry);
  {
    raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    writeZeros(os, sizeof(header) + tableSize);
    for (auto [section, entry] : zip_equal(sections, table)) {
      entry = SectionEntry{};
      writeZeros(os, alignUp(os.tell(), kSectionAlignment) - os.tell());
      entry.offset = os.tell();
      writeSection(os, section, entry);
    }
    header.fileSize = os.tell();
    header.tableChecksum = XXH3_64bits(table.data(), tableSize);
    header.headerChecksum =
        XXH3_64bits(&header, offsetof(ArtifactHeader, headerChecksum));
    os.seek(0);
    os.write(reinterpret_cast<const char *>(&header), sizeof(header));
    os.write(reinterpret_cast<const char *>(table.data()), tableSize);
    os.flush();
    if (std::error_code error = os.error()) {
      os.clear_error();
      return createStringError("can't write '" + path +
                               "': " + error.message());
    }
  }
  discard.release();
  if (Error error = file->keep(path))
    return createStringError("can't write '" + path +
                             "': " + toString(std::move(error)));
  return Error::success();
}

} // namespace blockattn
