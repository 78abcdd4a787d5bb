//===- TestArtifact.h - artifacts made by tests -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TEST_UNIT_RUNTIME_TESTARTIFACT_H
#define BLOCKATTN_TEST_UNIT_RUNTIME_TESTARTIFACT_H

#include "blockattn/blockattn.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace blockattn::test {

using Sections = std::vector<std::pair<std::string, std::string>>;

/// The bytes of an artifact with these sections, right in every checksum.
std::string makeArtifact(const Sections &sections);

/// The manifest of the programs in TestKernels.c, to be changed by tests.
nlohmann::json testManifest();

/// The sections of the artifact with that manifest.
Sections testSections(const nlohmann::json &manifest = testManifest());

/// A file that goes away with the object.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &contents,
                         const std::string &suffix = ".ba");
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  void write(const std::string &contents) const;
  /// Overwrites one byte in place.
  void poke(size_t offset, char byte) const;
  std::string read() const;
  const std::string &path() const { return name; }

private:
  std::string name;
};

/// The message of the error that `body` throws; "" if it throws none.
template <typename Body> std::string errorOf(Body &&body) {
  try {
    body();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

/// The test model, opened.
class TestModel {
public:
  explicit TestModel(const nlohmann::json &manifest = testManifest(),
                     int threads = 2);
  Model model;
};

} // namespace blockattn::test

#endif // BLOCKATTN_TEST_UNIT_RUNTIME_TESTARTIFACT_H
