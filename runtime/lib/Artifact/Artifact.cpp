//===- Artifact.cpp - reading an artifact file ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifact/Artifact.h"
#include "blockattn/artifact_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <tuple>

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
  if (Status status = artifact->checkPadding())
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

Status Artifact::checkPadding() const {
  std::vector<const Section *> ordered;
  for (const Section &section : table)
    ordered.push_back(&section);
  std::sort(
      ordered.begin(), ordered.end(), [](const Section *a, const Section *b) {
        return std::tie(a->offset, a->size) < std::tie(b->offset, b->size);
      });
  uint64_t end = sizeof(ArtifactHeader) + table.size() * sizeof(SectionEntry);
  auto isZero = [&](uint64_t until) {
    return std::all_of(file->data() + end, file->data() + until,
                       [](char byte) { return byte == 0; });
  };
  for (const Section *section : ordered) {
    if (section->offset < end)
      return error(BA_CORRUPT,
                   "section %s of %s overlaps another part of the file; "
                   "compile the model again",
                   quote(section->name).c_str(), quote(path()).c_str());
    if (!isZero(section->offset))
      return error(BA_CORRUPT,
                   "%s is damaged before section %s (the bytes there should "
                   "be zero); copy the file again or compile the model again",
                   quote(path()).c_str(), quote(section->name).c_str());
    end = section->offset + section->size;
  }
  if (!isZero(file->size()))
    return error(BA_CORRUPT,
                 "%s is damaged after its last section (the bytes there "
                 "should be zero); copy the file again or compile the model "
                 "again",
                 quote(path()).c_str());
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

Expected<std::unique_ptr<MappedFile>>
Artifact::openWeightsFile(const WeightsFile &reference) const {
  std::string name = reference.path;
  size_t slash = path().rfind('/');
  if ((name.empty() || name.front() != '/') && slash != std::string::npos)
    name = path().substr(0, slash + 1) + name;
  Expected<std::unique_ptr<MappedFile>> mapped = MappedFile::open(name);
  if (!mapped) {
    Status status = mapped.takeError();
    return error(status.code(),
                 "%s refers to weights in another file: %s; put it back, or "
                 "compile the model with --weights=embed",
                 quote(path()).c_str(), status.text());
  }
  if ((*mapped)->size() != reference.bytes)
    return error(BA_CORRUPT,
                 "the weights file %s has %zu bytes, and had %" PRIu64
                 " when %s was compiled; put the file of that time back, or "
                 "compile the model again",
                 quote(name).c_str(), (*mapped)->size(), reference.bytes,
                 quote(path()).c_str());
  return mapped;
}

Status Artifact::verifyWeightsFile(const WeightsFile &reference) const {
  Expected<std::unique_ptr<MappedFile>> mapped = openWeightsFile(reference);
  if (!mapped)
    return mapped.takeError();
  if (XXH3_64bits((*mapped)->data(), (*mapped)->size()) == reference.checksum)
    return Status();
  return error(BA_CORRUPT,
               "the weights file %s is not what it was when %s was compiled "
               "(its checksum is wrong); put the file of that time back, or "
               "compile the model again",
               quote((*mapped)->path()).c_str(), quote(path()).c_str());
}
