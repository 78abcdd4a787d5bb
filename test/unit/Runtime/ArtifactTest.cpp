//===- ArtifactTest.cpp - whole and damaged artifacts --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"
#include "blockattn/artifact_format.h"

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

using namespace blockattn;
using namespace blockattn::test;

namespace {

std::string openError(const std::string &bytes) {
  TemporaryFile file(bytes);
  return errorOf([&] { Model model(file.path()); });
}

/// Sections whose checksums are right but whose contents are not.
std::string openError(const Sections &sections) {
  return openError(makeArtifact(sections));
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

TEST(Artifact, Opens) {
  TestModel test;
  EXPECT_EQ(test.model.programs().size(), 7u);
  EXPECT_EQ(test.model.vocabSize(), 16);
  EXPECT_TRUE(test.model.hasProgram("extend"));
  EXPECT_FALSE(test.model.hasProgram("train"));
  EXPECT_EQ(test.model.kvInfo().layers, 2);
  EXPECT_EQ(test.model.threads(), 2);
  std::vector<ba_value_info> inputs = test.model.inputs("block");
  ASSERT_EQ(inputs.size(), 3u);
  EXPECT_STREQ(inputs[2].role, "layout");
  EXPECT_EQ(inputs[0].shape[0], 1);
  EXPECT_EQ(inputs[0].shape[1], -1);
}

TEST(Artifact, Sections) {
  TemporaryFile file(makeArtifact(testSections()));
  Artifact artifact(file.path());
  std::vector<ba_section> sections = artifact.sections();
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_STREQ(sections[0].name, "manifest");
  EXPECT_EQ(sections[2].size, 128u);
  EXPECT_EQ(nlohmann::json::parse(artifact.manifest()), testManifest());
  artifact.verify();
}

TEST(Artifact, TwoModelsAtOnce) {
  // The loader must not take the second file in memory for the first.
  nlohmann::json manifest = testManifest();
  TestModel a, b;
  Session first(a.model), second(b.model);
  int64_t token = 3;
  for (Session *session : {&first, &second}) {
    session->setInput("input_ids", view(&token, {1, 1}));
    session->run("full");
    EXPECT_EQ(static_cast<float *>(session->output("logits").data)[2], 6);
  }
}

TEST(Artifact, NotAnArtifact) {
  EXPECT_TRUE(contains(openError(std::string()), "too short"));
  EXPECT_TRUE(contains(openError(std::string(63, 'x')), "too short"));
  EXPECT_TRUE(
      contains(openError(std::string(200, 'x')), "not a blockattn artifact"));
  EXPECT_TRUE(contains(errorOf([] { Model model("/nonexistent/m.ba"); }),
                       "cannot open"));
  EXPECT_TRUE(
      contains(errorOf([] { Model model("/tmp"); }), "not a regular file"));
}

TEST(Artifact, OtherVersionNamesBoth) {
  std::string bytes = makeArtifact(testSections());
  bytes[offsetof(ArtifactHeader, version)] = 9;
  std::string message = openError(bytes);
  EXPECT_TRUE(contains(message, "format 9")) << message;
  EXPECT_TRUE(contains(message, "format 1")) << message;
  EXPECT_TRUE(contains(message, "compile the model again")) << message;
}

TEST(Artifact, EveryTruncationIsAnError) {
  std::string bytes = makeArtifact(testSections());
  // Every length near the edges of the file's parts, others in steps.
  size_t errors = 0, tried = 0;
  TemporaryFile file("");
  for (size_t length = 0; length < bytes.size();
       length += length < 512 || bytes.size() - length < 512 ? 1 : 251) {
    file.write(bytes.substr(0, length));
    ++tried;
    errors += !errorOf([&] { Model model(file.path()); }).empty();
  }
  EXPECT_EQ(errors, tried);
  EXPECT_FALSE(openError(bytes + "x").empty());
}

TEST(Artifact, EveryFlippedByteBeforeTheWeightsIsAnError) {
  Sections sections = testSections();
  std::string bytes = makeArtifact(sections);
  size_t manifestEnd = kSectionAlignment + sections[0].second.size();
  size_t code = alignUp(manifestEnd, kSectionAlignment);
  size_t codeEnd = code + sections[1].second.size();
  size_t weights = alignUp(codeEnd, kSectionAlignment);
  ASSERT_EQ(weights + sections[2].second.size(), bytes.size());
  TemporaryFile file(bytes);
  auto openError = [&] {
    return errorOf([&] { Artifact artifact(file.path()); });
  };
  // All of header, table, manifest and padding; samples of the code.
  for (size_t i = 0; i < weights; i += i >= code && i < codeEnd ? 97 : 1) {
    file.poke(i, static_cast<char>(bytes[i] ^ (1 << (i % 8))));
    ASSERT_NE(openError(), "") << "byte " << i;
    file.poke(i, bytes[i]);
  }
  ASSERT_EQ(openError(), "");
  file.poke(weights - 1, 1);
  EXPECT_TRUE(contains(openError(), "damaged before section 'weights'"));
}

TEST(Artifact, SectionsThatOverlap) {
  Sections sections = testSections();
  std::string bytes = makeArtifact(sections);
  std::vector<SectionEntry> table(sections.size());
  char *at = bytes.data() + sizeof(ArtifactHeader);
  std::memcpy(table.data(), at, table.size() * sizeof(SectionEntry));
  // The weights are the bytes of the manifest as well.
  table[2].offset = table[0].offset;
  std::memcpy(at, table.data(), table.size() * sizeof(SectionEntry));
  ArtifactHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.tableChecksum = XXH3_64bits(at, table.size() * sizeof(SectionEntry));
  header.headerChecksum =
      XXH3_64bits(&header, offsetof(ArtifactHeader, headerChecksum));
  std::memcpy(bytes.data(), &header, sizeof header);
  EXPECT_TRUE(contains(openError(bytes), "overlaps another part"));
}

TEST(Artifact, BytesAfterTheLastSection) {
  std::string bytes = makeArtifact(testSections());
  ArtifactHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.fileSize += 1;
  header.headerChecksum =
      XXH3_64bits(&header, offsetof(ArtifactHeader, headerChecksum));
  std::memcpy(bytes.data(), &header, sizeof header);
  EXPECT_EQ(openError(bytes + '\0'), "");
  EXPECT_TRUE(contains(openError(bytes + 'x'), "after its last section"));
}

TEST(Artifact, FlippedCodeIsAnError) {
  std::string bytes = makeArtifact(testSections());
  TemporaryFile file(bytes);
  Artifact artifact(file.path());
  ba_section code = artifact.sections()[1];
  for (uint64_t i = 0; i < code.size; i += 97) {
    std::string damaged = bytes;
    damaged[code.offset + i] ^= 0x10;
    // Another file: the one that is mapped must not change.
    std::string message = openError(damaged);
    ASSERT_TRUE(contains(message, "code.")) << message;
    ASSERT_TRUE(contains(message, "damaged")) << message;
  }
}

TEST(Artifact, FlippedWeightsAreFoundByVerify) {
  std::string bytes = makeArtifact(testSections());
  bytes.back() ^= 1;
  TemporaryFile file(bytes);
  Model model(file.path());
  Artifact artifact(file.path());
  EXPECT_TRUE(
      contains(errorOf([&] { artifact.verify(); }), "section 'weights'"));
}

TEST(Artifact, MissingSections) {
  Sections sections = testSections();
  EXPECT_TRUE(
      contains(openError(Sections{sections[1], sections[2]}), "no manifest"));
  EXPECT_TRUE(contains(openError(Sections{sections[0], sections[2]}),
                       "has code for none"));
  EXPECT_TRUE(
      contains(openError(Sections{sections[0], sections[1]}), "weight 'w0'"));
  Sections twice = sections;
  twice.push_back(sections[1]);
  EXPECT_TRUE(contains(openError(twice), "two sections"));
}

TEST(Artifact, CodeThatIsNoCode) {
  Sections sections = testSections();
  sections[1].second = "not an ELF file";
  EXPECT_TRUE(contains(openError(sections), "cannot be loaded"));
  sections[1].second.clear();
  EXPECT_FALSE(openError(sections).empty());
}

TEST(Artifact, CpuLevel) {
  TemporaryFile file(makeArtifact(testSections()));
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.cpu_level = "x86-64-v9";
  EXPECT_TRUE(contains(errorOf([&] { Model model(file.path(), options); }),
                       "CPU level 'x86-64-v9' cannot be used"));
  options.cpu_level = nullptr;
  options.threads = -1;
  EXPECT_TRUE(
      contains(errorOf([&] { Model model(file.path(), options); }), "threads"));
}

TEST(Artifact, WeightsFile) {
  Sections sections = testSections();
  TemporaryFile weights(sections[2].second, ".bin");
  nlohmann::json manifest = testManifest();
  std::string name = weights.path().substr(weights.path().rfind('/') + 1);
  char checksum[17];
  std::snprintf(checksum, sizeof checksum, "%016" PRIx64,
                XXH3_64bits(sections[2].second.data(), 128));
  manifest["weights_files"] = {
      {{"path", name}, {"bytes", 128}, {"xxh3", checksum}}};
  manifest["weights"][0]["file"] = 0;
  TemporaryFile file(
      makeArtifact({{"manifest", manifest.dump()}, sections[1]}));
  Artifact(file.path()).verify();
  {
    Model model(file.path());
    Session session(model);
    int64_t token = 2;
    session.setInput("input_ids", view(&token, {1, 1}));
    session.run("full");
    EXPECT_EQ(static_cast<float *>(session.output("logits").data)[5], 10);
  }
  // Another byte is found by who looks for it; another size by everybody.
  weights.poke(3, 'x');
  Model other(file.path());
  EXPECT_TRUE(contains(errorOf([&] { Artifact(file.path()).verify(); }),
                       "is not what it was"));
  weights.write(sections[2].second + "more");
  EXPECT_TRUE(
      contains(errorOf([&] { Model model(file.path()); }), "132 bytes"));
  EXPECT_TRUE(
      contains(errorOf([&] { Artifact(file.path()).verify(); }), "132 bytes"));
  std::remove(weights.path().c_str());
  EXPECT_TRUE(contains(errorOf([&] { Model model(file.path()); }),
                       "refers to weights in another file"));
  manifest["weights"][0]["file"] = 1;
  EXPECT_TRUE(
      contains(openError(Sections{{"manifest", manifest.dump()}, sections[1]}),
               "there is no weights file 1"));
}

TEST(Artifact, MisalignedWeightsAreCopied) {
  Sections sections = testSections();
  nlohmann::json manifest = testManifest();
  manifest["weights"][0]["offset"] = 61;
  sections[0].second = manifest.dump();
  sections[2].second = sections[2].second.substr(3);
  TemporaryFile file(makeArtifact(sections));
  Model model(file.path());
  Session session(model);
  int64_t token = 2;
  session.setInput("input_ids", view(&token, {1, 1}));
  session.run("full");
  EXPECT_EQ(static_cast<float *>(session.output("logits").data)[5], 10);
}

} // namespace
