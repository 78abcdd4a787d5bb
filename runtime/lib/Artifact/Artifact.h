//===- Artifact.h - reading an artifact file --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_ARTIFACT_ARTIFACT_H
#define BLOCKATTN_RUNTIME_ARTIFACT_ARTIFACT_H

#include "Support/MappedFile.h"
#include "Support/Status.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace blockattn::rt {

/// A file beside the artifact that the manifest refers to.
struct WeightsFile {
  /// Relative to the artifact's folder, or absolute.
  std::string path;
  uint64_t bytes;
  /// Of the whole file.
  uint64_t checksum;
};

/// An artifact file whose header, table, manifest and code were found whole.
/// Everything points into the mapped file.
class Artifact {
public:
  struct Section {
    std::string name;
    const char *data;
    uint64_t offset;
    uint64_t size;
    uint64_t checksum;
  };

  static Expected<std::unique_ptr<Artifact>> open(const std::string &path);

  const std::string &path() const { return file->path(); }
  const std::vector<Section> &sections() const { return table; }
  /// Null if there is none of that name.
  const Section *find(std::string_view name) const;
  const std::string &manifest() const { return manifestText; }

  /// Checks the sections that `open` leaves out.
  Status verifyWeights() const;

  /// A file that holds weights in place of the artifact; an error if it is
  /// gone or has another size.
  Expected<std::unique_ptr<MappedFile>>
  openWeightsFile(const WeightsFile &reference) const;
  /// Opens it and reads all of it, to compare the checksum.
  Status verifyWeightsFile(const WeightsFile &reference) const;

private:
  explicit Artifact(std::unique_ptr<MappedFile> file) : file(std::move(file)) {}
  Status readHeader(uint32_t &sectionCount);
  Status readTable(uint32_t sectionCount);
  /// What no checksum covers, the space between the sections, is zero.
  Status checkPadding() const;
  Status verify(const Section &section) const;

  std::unique_ptr<MappedFile> file;
  std::vector<Section> table;
  std::string manifestText;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_ARTIFACT_ARTIFACT_H
