//===- KernelModule.cpp - an artifact's kernels on a GPU ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/KernelModule.h"
#include "blockattn/artifact_format.h"

#include <algorithm>

using namespace blockattn;
using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

/// The levels of machine code that a GPU runs, best first: its own, with and
/// without the instructions that only it has, then those of earlier GPUs of
/// its generation.
std::vector<std::string> levelsOf(int architecture) {
  std::vector<std::string> levels = {"sm_" + std::to_string(architecture) +
                                     "a"};
  for (int minor = architecture; minor >= architecture / 10 * 10; --minor)
    levels.push_back("sm_" + std::to_string(minor));
  return levels;
}

} // namespace

Expected<std::unique_ptr<KernelModule>>
KernelModule::load(Gpu &gpu, const Artifact &artifact,
                   const Manifest &manifest) {
  std::unique_ptr<KernelModule> module(new KernelModule(gpu));
  Gpu::Scope scope(gpu);
  if (Status status = module->loadCode(artifact))
    return status;
  if (Status status = module->find(artifact, manifest))
    return status;
  return module;
}

KernelModule::~KernelModule() {
  if (!module)
    return;
  Gpu::Scope scope(gpu);
  gpu.driver().moduleUnload(module);
}

Status KernelModule::loadCode(const Artifact &artifact) {
  for (const std::string &level : levelsOf(gpu.architecture()))
    if (const Artifact::Section *section =
            artifact.find(kCubinSectionPrefix + level)) {
      levelName = level;
      return gpu.check(
          gpu.driver().moduleLoad(&module, section->data, 0, nullptr, nullptr),
          "loading section " + quote(section->name) + " of " +
              quote(artifact.path()));
    }
  if (const Artifact::Section *ptx = artifact.find(kPtxSection))
    return compile(artifact, *ptx);
  return error(BA_UNSUPPORTED,
               "%s has no kernels for %s, which needs sm_%d or PTX; compile "
               "the model with --target=cuda",
               quote(artifact.path()).c_str(), gpu.title().c_str(),
               gpu.architecture());
}

Status KernelModule::compile(const Artifact &artifact,
                             const Artifact::Section &ptx) {
  levelName = "ptx";
  std::string text(ptx.data, ptx.size), log(4096, '\0');
  int options[] = {kJitErrorLogBuffer, kJitErrorLogBufferSize};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size())};
  Result result =
      gpu.driver().moduleLoad(&module, text.c_str(), 2, options, values);
  if (result == kSuccess)
    return Status();
  std::string said(log.c_str());
  said = said.substr(0, said.find('\n', said.find("error")));
  std::replace(said.begin(), said.end(), '\n', ' ');
  const char *way = "compile the model again";
  if (result == kErrorUnsupportedPtxVersion)
    way = "install a newer NVIDIA driver";
  else if (result == kErrorNoBinaryForGpu || result == kErrorInvalidPtx)
    way = "compile the model with --target=cuda, for every GPU";
  return error(BA_UNSUPPORTED,
               "the kernels of %s cannot be compiled for %s: %s%s%s; %s",
               quote(artifact.path()).c_str(), gpu.title().c_str(),
               gpu.driver().describe(result).c_str(), said.empty() ? "" : ": ",
               said.c_str(), way);
}

Status KernelModule::find(const Artifact &artifact, const Manifest &manifest) {
  const Driver &driver = gpu.driver();
  for (const std::string &name : manifest.kernels) {
    Kernel kernel{name, nullptr, 0};
    if (driver.moduleFunction(&kernel.function, module, name.c_str()))
      return error(BA_CORRUPT,
                   "kernel %s is not in the code of %s for %s; compile the "
                   "model again",
                   quote(name).c_str(), quote(artifact.path()).c_str(),
                   gpu.title().c_str());
    // Whatever the GPU has beyond the kernel's own share may be asked for.
    int fixed = 0;
    if (Status status = gpu.check(
            driver.functionAttribute(&fixed, kSharedSizeBytes, kernel.function),
            "looking at kernel " + quote(name)))
      return status;
    kernel.mostShared = std::max(gpu.sharedMemory() - fixed, 0);
    if (Status status =
            gpu.check(driver.functionSetAttribute(
                          kernel.function, kMaxDynamicSharedSizeBytes,
                          static_cast<int>(kernel.mostShared)),
                      "setting up kernel " + quote(name)))
      return status;
    list.push_back(std::move(kernel));
  }
  return Status();
}
