//===- Manifest.h - what an artifact says about itself ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_ARTIFACT_MANIFEST_H
#define BLOCKATTN_RUNTIME_ARTIFACT_MANIFEST_H

#include "Artifact/Artifact.h"
#include "Artifact/DimExpr.h"
#include "Support/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blockattn::rt {

/// What an input or output is for. Those of the runtime's own making (layout,
/// kv) are never set by name.
enum class Role {
  Input,
  Tokens,
  Positions,
  AttentionMask,
  PastKey,
  PastValue,
  Layout,
  KV,
  Sinks,
  Output,
  KVKey,
  KVValue
};

struct ValueInfo {
  std::string name;
  ba_dtype dtype;
  Role role;
  std::vector<DimExpr> shape;
  /// Of past_*, kv_*: which layer; -1 elsewhere.
  int64_t layer = -1;
};

struct WeightInfo {
  std::string name;
  ba_dtype dtype;
  std::vector<int64_t> shape;
  /// From the start of the weights section or file.
  uint64_t offset;
  uint64_t bytes;
  /// Which of Manifest::weightsFiles; none: the artifact's own section.
  std::optional<size_t> file;
};

/// A buffer of a program: alive from step `first` through step `last`.
struct BufferInfo {
  int64_t first;
  int64_t last;
};

struct ProgramInfo {
  std::string name;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::vector<size_t> weights;
  std::vector<BufferInfo> buffers;
  /// Dimensions of all outputs together.
  size_t outputDims = 0;

  const ValueInfo *findInput(std::string_view name) const;
  /// The first input of that role, or null.
  const ValueInfo *inputOf(Role role) const;
};

/// A kernel for a GPU.
struct KernelInfo {
  std::string name;
  /// Whether it waits itself for the kernels launched before it.
  bool waits;
};

/// Sink tokens that the programs of blocks put in (see insert_sinks of the
/// blockattn dialect).
struct SinkInfo {
  /// Rows of the table; 0: the model has no sinks.
  int64_t count = 0;
  /// Once at the head of a prompt, in place of before every block.
  bool isPrefix = false;
};

struct Manifest {
  std::string compiler;
  std::string target;
  std::vector<WeightInfo> weights;
  /// Files that hold weights in place of the artifact.
  std::vector<WeightsFile> weightsFiles;
  std::vector<ProgramInfo> programs;
  /// Of the target cuda: the kernels, by number.
  std::vector<KernelInfo> kernels;
  /// layers = 0: no programs for cached blocks.
  ba_kv_info kv{0, 0, 0, 0};
  /// Why cached blocks are tied to their place; empty if they are not.
  std::string kvReason;
  /// Why the compiler left out the programs for blocks; empty if it did not.
  std::string refused;
  /// 0: unknown.
  int64_t vocabSize = 0;
  /// Learned positions; 0: there is no table of them, or it is not known.
  int64_t maxPositions = 0;
  SinkInfo sinks;

  const ProgramInfo *find(std::string_view program) const;
};

/// Reads a manifest. Everything that the runtime relies on later is checked
/// here: known types and roles, indices in range, sizes that agree. `subject`
/// names the file in errors.
Expected<Manifest> parseManifest(std::string_view json,
                                 const std::string &subject);

const char *roleName(Role role);

/// "f32 [1, seq, 256]"
std::string typeText(const ValueInfo &value);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_ARTIFACT_MANIFEST_H
