//===- Artifact.h - writes the deployable file ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_EMIT_ARTIFACT_H
#define BLOCKATTN_COMPILER_EMIT_ARTIFACT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace blockattn {

/// One section, as a list of byte ranges that are written one after the other:
/// weights go from the mapped model file to the artifact without a copy in
/// between.
struct ArtifactSection {
  std::string name;
  struct Piece {
    llvm::ArrayRef<char> bytes;
    /// Zeros are written until the piece begins at a multiple of this within
    /// the section.
    uint64_t alignment = 1;
  };
  std::vector<Piece> pieces;
};

/// Writes an artifact with these sections to `path`, by way of a temporary file
/// beside it: on failure nothing is left behind and an old artifact stays.
llvm::Error writeArtifact(llvm::StringRef path,
                          llvm::ArrayRef<ArtifactSection> sections);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_EMIT_ARTIFACT_H
