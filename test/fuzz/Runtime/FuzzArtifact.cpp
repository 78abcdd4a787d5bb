//===- FuzzArtifact.cpp - artifacts with any manifest, header and table ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checksums would stop nearly every changed artifact at the door. So an input
// is a manifest's text, put into an artifact whose checksums are right, behind
// a few changes of the header and the table, after which the checksums may be
// put right as well:
//
//   byte 0   number of changes (its low 3 bits), checksums put right (0x80),
//            the whole input is the file (0x40)
//   3 each   offset (2) and value (1) of a changed byte
//   rest     the manifest
//
// Code is that of the tests' kernels always: it is native, and an artifact
// must be trusted like a program.
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"
#include "blockattn/artifact_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

using namespace blockattn;
using namespace blockattn::test;

namespace {

void repairChecksums(std::string &bytes) {
  ArtifactHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  size_t table = header.sectionCount * sizeof(SectionEntry);
  if (header.sectionCount <= kMaxSections &&
      sizeof header + table <= bytes.size())
    header.tableChecksum = XXH3_64bits(bytes.data() + sizeof header, table);
  header.headerChecksum =
      XXH3_64bits(&header, offsetof(ArtifactHeader, headerChecksum));
  std::memcpy(bytes.data(), &header, sizeof header);
}

std::string makeInput(const uint8_t *data, size_t size) {
  static const Sections sections = testSections();
  if (size == 0 || data[0] & 0x40)
    return std::string(reinterpret_cast<const char *>(data), size);
  uint8_t flags = data[0];
  size_t changes = flags & 7, begin = 1 + 3 * changes;
  if (begin > size)
    begin = size;
  Sections changed = sections;
  changed[0].second.assign(reinterpret_cast<const char *>(data) + begin,
                           size - begin);
  std::string bytes = makeArtifact(changed);
  size_t reach =
      sizeof(ArtifactHeader) + sections.size() * sizeof(SectionEntry);
  for (size_t i = 0; 1 + 3 * i + 2 < begin; ++i) {
    const uint8_t *change = data + 1 + 3 * i;
    bytes[(change[0] + 256 * change[1]) % reach] = static_cast<char>(change[2]);
  }
  if (flags & 0x80)
    repairChecksums(bytes);
  return bytes;
}

/// Everything that can be asked of a model without running its code.
void describe(const Model &model) {
  size_t count = std::strlen(model.manifest());
  for (const std::string &program : model.programs()) {
    for (const ba_value_info &info : model.inputs(program))
      count += std::strlen(info.name) + std::strlen(info.role) + info.rank;
    for (const ba_value_info &info : model.outputs(program))
      count += std::strlen(info.name) + std::strlen(info.role) + info.rank;
  }
  static volatile size_t sink;
  sink = count + model.kvInfo().layers + model.vocabSize();
  Session session(model);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static TemporaryFile file("");
  file.write(makeInput(data, size));
  try {
    Artifact artifact(file.path());
    artifact.verify();
  } catch (const Error &) {
  }
  try {
    ba_model_options options = BA_MODEL_OPTIONS_INIT;
    options.threads = 1;
    describe(Model(file.path(), options));
  } catch (const Error &) {
  }
  return 0;
}
