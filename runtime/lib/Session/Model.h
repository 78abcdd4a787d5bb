//===- Model.h - a loaded artifact ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_MODEL_H
#define BLOCKATTN_RUNTIME_SESSION_MODEL_H

#include "Artifact/Artifact.h"
#include "Artifact/CodeModule.h"
#include "Artifact/Manifest.h"
#include "Cpu/ThreadPool.h"
#include "Session/Execution.h"
#include "Support/RefCounted.h"

#include <memory>
#include <string>
#include <vector>

namespace blockattn::rt {

/// A program with its code and its weights.
struct Program {
  const ProgramInfo *info;
  CodeModule::Program code;
  std::vector<const Descriptor *> weights;
};

/// A loaded artifact: immutable, shared by all sessions and threads.
class Model : public RefCounted {
public:
  static Expected<Ref<Model>> open(const std::string &path,
                                   const ba_model_options &options);
  ~Model() override = default;

  const Artifact &artifact() const { return *file; }
  const Manifest &manifest() const { return contents; }
  const CodeModule &code() const { return *module; }
  ThreadPool &pool() const { return *threads; }
  const std::vector<Program> &programs() const { return loaded; }
  /// Null if the artifact has no such program.
  const Program *find(std::string_view name) const;
  /// The same, with an error that says what there is.
  Expected<const Program *> get(std::string_view name) const;

private:
  Model() = default;
  Status mapWeights();
  Status loadPrograms();

  std::unique_ptr<Artifact> file;
  Manifest contents;
  std::unique_ptr<MappedFile> weightsFile;
  std::vector<Descriptor> weights;
  /// Weights that do not lie at a multiple of their element's size in a file
  /// which is not ours.
  std::vector<AlignedBuffer> copies;
  std::unique_ptr<ThreadPool> threads;
  std::unique_ptr<CodeModule> module;
  std::vector<Program> loaded;
};

/// The file that holds the weights of an artifact which does not hold them
/// itself; an error if it is gone or has another size.
Expected<std::unique_ptr<MappedFile>>
openWeightsFile(const Artifact &artifact, const WeightsFile &reference);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_MODEL_H
