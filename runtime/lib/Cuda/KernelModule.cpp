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

/// The first version that records launches which need not wait for one
/// another's end.
constexpr int kFirstRecordingEarlyStarts = 12030;

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
  if (Status status = scope.failure())
    return status;
  if (Status status = module->loadCode(artifact))
    return status;
  if (Status status = module->find(artifact, manifest))
    return status;
  return module;
}

KernelModule::~KernelModule() {
  if (!module)
    return;
  if (Gpu::Scope scope(gpu); scope)
    gpu.driver().moduleUnload(module);
}

Result KernelModule::loadMachineCode(const Artifact::Section &section) {
  // The driver is not told the size: what is no ELF file it must not see.
  constexpr std::string_view magic("\177ELF");
  constexpr size_t headerBytes = 64;
  if (section.size < headerBytes ||
      std::string_view(section.data, magic.size()) != magic)
    return kErrorInvalidImage;
  return gpu.driver().moduleLoad(&module, section.data, 0, nullptr, nullptr);
}

Status KernelModule::loadCode(const Artifact &artifact) {
  std::string rejected;
  for (const std::string &level : levelsOf(gpu.architecture()))
    if (const Artifact::Section *section =
            artifact.find(kCubinSectionPrefix + level)) {
      Result result = loadMachineCode(*section);
      // Code of another assembler, or damaged before it came into the file:
      // there may be other code that does.
      if (result == kErrorInvalidImage || result == kErrorNoBinaryForGpu ||
          result == kErrorInvalidSource) {
        rejected += (rejected.empty() ? "" : ", ") + section->name +
                    " is rejected: " + gpu.driver().describe(result);
        continue;
      }
      levelName = level + (rejected.empty() ? "" : " (" + rejected + ")");
      return gpu.check(result, "loading section " + quote(section->name) +
                                   " of " + quote(artifact.path()));
    }
  if (const Artifact::Section *ptx = artifact.find(kPtxSection)) {
    levelName = "ptx" + (rejected.empty() ? "" : " (" + rejected + ")");
    return compile(artifact, *ptx);
  }
  if (!rejected.empty())
    return error(BA_UNSUPPORTED,
                 "%s has no kernels that %s takes, and no PTX: %s; compile the "
                 "model again with --target=cuda",
                 quote(artifact.path()).c_str(), gpu.title().c_str(),
                 rejected.c_str());
  return error(BA_UNSUPPORTED,
               "%s has no kernels for %s, which needs sm_%d or PTX; compile "
               "the model with --target=cuda",
               quote(artifact.path()).c_str(), gpu.title().c_str(),
               gpu.architecture());
}

Status KernelModule::compile(const Artifact &artifact,
                             const Artifact::Section &ptx) {
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
  int version = 0;
  if (Status status = gpu.check(driver.driverVersion(&version),
                                "asking for the driver's version"))
    return status;
  bool canStartEarly =
      gpu.architecture() >= 90 && version >= kFirstRecordingEarlyStarts;
  for (const auto &[name, waits] : manifest.kernels) {
    Kernel kernel{name, nullptr, 0, waits && canStartEarly};
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
