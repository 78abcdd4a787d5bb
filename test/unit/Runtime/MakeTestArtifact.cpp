//===- MakeTestArtifact.cpp - an artifact for tests of the tools ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// make-test-artifact FILE [JSON-PATCH]: writes the artifact of TestArtifact.h,
// with its manifest changed by a JSON merge patch (RFC 7386).
//
//===----------------------------------------------------------------------===//

#include "TestArtifact.h"

#include <cstdio>
#include <fstream>

using namespace blockattn::test;

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr,
                 "error: usage: make-test-artifact FILE [JSON-PATCH]\n");
    return 1;
  }
  nlohmann::json manifest = testManifest();
  if (argc == 3)
    manifest.merge_patch(nlohmann::json::parse(argv[2]));
  std::ofstream file(argv[1], std::ios::binary | std::ios::trunc);
  file << makeArtifact(testSections(manifest));
  file.close();
  if (!file) {
    std::fprintf(stderr, "error: cannot write '%s'\n", argv[1]);
    return 1;
  }
  return 0;
}
