//===- TestArtifact.cpp - artifacts made by tests -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"
#include "blockattn/artifact_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace blockattn;
using namespace blockattn::test;
using Json = nlohmann::json;

std::string test::makeArtifact(const Sections &sections) {
  std::vector<SectionEntry> table(sections.size());
  size_t tableBytes = table.size() * sizeof(SectionEntry);
  std::string bytes(sizeof(ArtifactHeader) + tableBytes, '\0');
  for (size_t i = 0; i < sections.size(); ++i) {
    const auto &[name, contents] = sections[i];
    bytes.resize(alignUp(bytes.size(), kSectionAlignment));
    std::strncpy(table[i].name, name.c_str(), sizeof table[i].name - 1);
    table[i].offset = bytes.size();
    table[i].size = contents.size();
    table[i].checksum = XXH3_64bits(contents.data(), contents.size());
    bytes += contents;
  }
  ArtifactHeader header{};
  std::memcpy(header.magic, kArtifactMagic, sizeof header.magic);
  header.version = kArtifactVersion;
  header.sectionCount = static_cast<uint32_t>(sections.size());
  header.fileSize = bytes.size();
  header.tableChecksum = XXH3_64bits(table.data(), tableBytes);
  header.headerChecksum =
      XXH3_64bits(&header, offsetof(ArtifactHeader, headerChecksum));
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, table.data(), tableBytes);
  return bytes;
}

static Json value(const char *name, const char *dtype, Json shape,
                  const char *role) {
  return {{"name", name},
          {"dtype", dtype},
          {"shape", std::move(shape)},
          {"role", role}};
}

Json test::testManifest() {
  Json tokens = value("input_ids", "i64", {1, "seq"}, "tokens");
  Json positions = value("position_ids", "i64", {1, "seq"}, "positions");
  Json logits = value("logits", "f32", {1, "seq", 16}, "output");
  Json layout = value("layout", "i64", {"?", 3}, "layout");
  Json kv = value("kv", "i64", {"?", "?"}, "kv");
  Json kvOutputs = Json::array();
  for (const char *name : {"kv.0.key", "kv.0.value", "kv.1.key", "kv.1.value"})
    kvOutputs.push_back(
        value(name, "f32", {1, "seq", 1, 2},
              std::strstr(name, "key") ? "kv_key" : "kv_value"));
  Json extendOutputs = Json::array({logits});
  for (const Json &output : kvOutputs)
    extendOutputs.push_back(output);
  Json past = {"batch", 2, "past", 4};

  auto program = [](const char *name, Json inputs, Json outputs) {
    return Json{{"name", name},
                {"inputs", std::move(inputs)},
                {"outputs", std::move(outputs)},
                {"weights", Json::array()},
                {"buffers", Json::array()}};
  };
  Json full =
      program("full", Json::array({tokens, positions}), Json::array({logits}));
  full["weights"] = {0};
  full["buffers"] = {{{"first", 0}, {"last", 3}}, {{"first", 2}, {"last", 4}}};
  Json huge = program("huge", Json::array({value("x", "f32", {"n"}, "input")}),
                      Json::array({value("y", "f32", {1}, "output")}));
  huge["buffers"] = {{{"first", 0}, {"last", 0}}};

  Json manifest;
  manifest["format"] = kArtifactVersion;
  manifest["compiler"] = "blockattn 0.1.0";
  manifest["target"] = "cpu";
  manifest["model"] = {{"file", "test.onnx"}};
  manifest["weights"] = Json::array({Json{{"name", "w0"},
                                          {"dtype", "f32"},
                                          {"shape", {16}},
                                          {"offset", 64},
                                          {"bytes", 64}}});
  manifest["weights_files"] = Json::array();
  manifest["programs"] = Json::array(
      {full,
       program("block", Json::array({tokens, positions, layout}),
               Json::array({logits})),
       program("encode", Json::array({tokens, positions}), kvOutputs),
       program("extend", Json::array({tokens, positions, kv}), extendOutputs),
       program("positive", Json::array({value("x", "f32", {"n"}, "input")}),
               Json::array({value("y", "f32", {"?"}, "output")})),
       program("past",
               Json::array(
                   {value("input_ids", "i64", {"batch", "seq"}, "tokens"),
                    value("attention_mask", "i64", {"batch", "past + seq"},
                          "attention_mask"),
                    value("position_ids", "i64", {"batch", "seq"}, "positions"),
                    value("past.0.key", "f32", past, "past_key"),
                    value("past.0.value", "f32", past, "past_value")}),
               Json::array({value("out", "f32", {4}, "output")})),
       huge});
  manifest["kv"] = {{"layers", 2},
                    {"kv_heads", 1},
                    {"head_size", 2},
                    {"position_independent", true}};
  manifest["attentions"] = Json::array();
  manifest["vocab_size"] = 16;
  return manifest;
}

Sections test::testSections(const Json &manifest) {
  // The build folder is not there where a bundle of fuzz targets is run.
  const char *elsewhere = std::getenv("BLOCKATTN_TEST_KERNELS");
  std::ifstream file(elsewhere ? elsewhere : BLOCKATTN_TEST_KERNELS,
                     std::ios::binary);
  std::string code((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  // w[v] = v, after 64 bytes that belong to nobody.
  std::string weights(64, '\xee');
  for (int v = 0; v < 16; ++v) {
    float weight = static_cast<float>(v);
    weights.append(reinterpret_cast<const char *>(&weight), sizeof weight);
  }
#if defined(__x86_64__)
  const char *level = "code.x86-64";
#else
  const char *level = "code.aarch64";
#endif
  return {{"manifest", manifest.dump()}, {level, code}, {"weights", weights}};
}

TemporaryFile::TemporaryFile(const std::string &contents,
                             const std::string &suffix) {
  static std::atomic<int> count{0};
  const char *folder = std::getenv("TMPDIR");
  name = std::string(folder ? folder : "/tmp") + "/blockattn-test-" +
         std::to_string(getpid()) + "-" + std::to_string(count++) + suffix;
  write(contents);
}

TemporaryFile::~TemporaryFile() { std::remove(name.c_str()); }

void TemporaryFile::write(const std::string &contents) const {
  std::ofstream(name, std::ios::binary | std::ios::trunc) << contents;
}

void TemporaryFile::poke(size_t offset, char byte) const {
  std::fstream file(name, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

std::string TemporaryFile::read() const {
  std::ifstream file(name, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)),
                     std::istreambuf_iterator<char>());
}

static Model openTestModel(const Json &manifest, int threads) {
  TemporaryFile file(makeArtifact(testSections(manifest)));
  ba_model_options options = BA_MODEL_OPTIONS_INIT;
  options.threads = threads;
  // The mapping outlives the name of the file.
  return Model(file.path(), options);
}

TestModel::TestModel(const Json &manifest, int threads)
    : model(openTestModel(manifest, threads)) {}
