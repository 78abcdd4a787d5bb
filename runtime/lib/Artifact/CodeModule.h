//===- CodeModule.h - the compiled code of an artifact ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_ARTIFACT_CODEMODULE_H
#define BLOCKATTN_RUNTIME_ARTIFACT_CODEMODULE_H

#include "Artifact/Artifact.h"
#include "Support/Status.h"
#include "blockattn/kernel_abi.h"
#include "blockattn/kernel_abi_cuda.h"

#include <memory>
#include <string>

namespace blockattn::rt {

/// One code section, loaded as a shared object from memory.
class CodeModule {
public:
  /// Loads the section for `level`, or, if that is null, the best one that
  /// this machine can run, and initialises it with `api`, which must outlive
  /// the module.
  static Expected<std::unique_ptr<CodeModule>>
  load(const Artifact &artifact, const char *level, const ba_rt_api *api);
  /// The same for the host's part of code for a GPU.
  static Expected<std::unique_ptr<CodeModule>>
  loadHost(const Artifact &artifact, const ba_cuda_api *api);
  ~CodeModule();
  CodeModule(const CodeModule &) = delete;
  CodeModule &operator=(const CodeModule &) = delete;

  struct Program {
    ba_plan_fn plan;
    ba_run_fn run;
  };
  Expected<Program> program(const std::string &name) const;

  /// For example "x86-64-v3".
  const std::string &level() const { return levelName; }

private:
  CodeModule(std::string level, std::string path)
      : levelName(std::move(level)), path(std::move(path)) {}
  static Expected<std::unique_ptr<CodeModule>>
  open(const Artifact &artifact, const char *prefix, const std::string &level);
  Status loadFromMemory(const Artifact::Section &section);
  template <typename Init, typename Api>
  Status initialise(const char *name, uint32_t version, const Api *api);
  Expected<void *> symbol(const std::string &name) const;

  /// The file in memory. It stays open: the loader knows objects by their path,
  /// which holds this number, and would take a second one for the first.
  int file = -1;
  void *handle = nullptr;
  std::string levelName;
  std::string path;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_ARTIFACT_CODEMODULE_H
