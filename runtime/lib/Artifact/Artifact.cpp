//===- Artifact.cpp - reading an artifact file ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifact/Artifact.h"
#include "blockattn/artifact_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cinttypes>
#include <cstring>

using namespace blockattn;
using namespace blockattn::rt;

Expected<std::unique_ptr<Artifact>> Artifact::open(const std::string &path) {
  Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  std::unique_ptr<Artifact> artifact(new Artifact(std::move(*file)));
  uint32_t sectionCount = 0;
  if (Status status = artifact->readHeader(sectionCount))
    return status;
  if (Status status = artifact->readTable(sectionCount))
    return status;
  for (const Section &section : artifact->table)
    if (section.name != kWeightsSection)
      if (Status status = artifact->verify(section))
        return status;
  const Section *manifest = artifact->find(kManifestSection);
  if (!manifest)
    return error(BA_CORRUPT, "%s has no manifest; compile the model again",
                 quote(path).c_str());
  artifact->manifestText.assign(manifest->data, manifest->size);
  return artifact;
}

Status Artifact::readHeader(uint32_t &sectionCount) {
  std::string name = quote(path());
  ArtifactHeader header;
  if (file->size() < sizeof header)
    return error(BA_CORRUPT,
                 "%s is too short for an artifact (%zu bytes, the header alone "
                 "has %zu); compile the model again",
                 name.c_str(), file->size(), sizeof header);
  std::memcpy(&header, file->data(), sizeof header);
  if (std::memcmp(header.magic, kArtifactMagic, sizeof header.magic) != 0)
    return error(BA_CORRUPT,
                 "%s is not a blockattn artifact; blockattn-compile makes one "
                 "from an ONNX model",
                 name.c_str());
  // Before the checksum, as another version may put that elsewhere.
  if (header.version != kArtifactVersion)
    return error(BA_VERSION_MISMATCH,
                 "%s has artifact format %" PRIu32
                 ", and this runtime (blockattn %s) reads format %" PRIu32
                 "; compile the model again with blockattn-compile %s",
                 name.c_str(), header.version, BA_VERSION_STRING,
                 kArtifactVersion, BA_VERSION_STRING);
  if (XXH3_64bits(&header, offsetof(ArtifactHeader, headerChecksum)) !=
      header.headerChecksum)
    return error(BA_CORRUPT,
                 "the header of %s is damaged (its checksum is wrong); copy "
                 "the file again or compile the model again",
                 name.c_str());
  if (header.fileSize != file->size())
    return error(BA_CORRUPT,
                 "%s should have %" PRIu64 " bytes and has %zu: it was cut "
                 "off or added to; copy the file again or compile the model "
                 "again",
                 name.c_str(), header.fileSize, file->size());
  if (header.sectionCount > kMaxSections ||
      sizeof header + header.sectionCount * sizeof(SectionEntry) > file->size())
    return error(BA_CORRUPT,
                 "%s claims %" PRIu32 " sections, which it cannot "
                 "hold; compile the model again",
                 name.c_str(), header.sectionCount);
  if (XXH3_64bits(file->data() + sizeof header,
                  header.sectionCount * sizeof(SectionEntry)) !=
      header.tableChecksum)
    return error(BA_CORRUPT,
                 "the section table of %s is damaged (its checksum is wrong); "
                 "copy the file again or compile the model again",
                 name.c_str());
  sectionCount = header.sectionCount;
  return Status();
}

Status Artifact::readTable(uint32_t sectionCount) {
  std::string name = quote(path());
  for (uint32_t i = 0; i < sectionCount; ++i) {
    SectionEntry entry;
    std::memcpy(&entry,
                file->data() + sizeof(ArtifactHeader) + i * sizeof entry,
                sizeof entry);
    if (entry.name[0] == '\0' || entry.name[sizeof entry.name - 1] != '\0')
      return error(BA_CORRUPT,
                   "section %" PRIu32 " of %s has no proper name; "
                   "compile the model again",
                   i, name.c_str());
    std::string section = quote(entry.name);
    if (entry.offset % kSectionAlignment != 0 || entry.offset > file->size() ||
        entry.size > file->size() - entry.offset)
      return error(BA_CORRUPT,
                   "section %s of %s lies at bytes %" PRIu64 "+%" PRIu64
                   " of a file of %zu bytes; compile the model again",
                   section.c_str(), name.c_str(), entry.offset, entry.size,
                   file->size());
    if (find(entry.name))
      return error(BA_CORRUPT,
                   "%s has two sections %s; compile the model again",
                   name.c_str(), section.c_str());
    table.push_back({entry.name, file->data() + entry.offset, entry.offset,
                     entry.size, entry.checksum});
  }
  return Status();
}

const Artifact::Section *Artifact::find(std::string_view name) const {
  for (const Section &section : table)
    if (section.name == name)
      return &section;
  return nullptr;
}

Status Artifact::verify(const Section &section) const {
  if (XXH3_64bits(section.data, section.size) == section.checksum)
    return Status();
  return error(BA_CORRUPT,
               "section %s of %s is damaged (its checksum is wrong); copy the "
               "file again or compile the model again",
               quote(section.name).c_str(), quote(path()).c_str());
}

Status Artifact::verifyWeights() const {
  if (const Section *weights = find(kWeightsSection))
    return verify(*weights);
  return Status();
}
