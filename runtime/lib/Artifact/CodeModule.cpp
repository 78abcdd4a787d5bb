//===- CodeModule.cpp - the compiled code of an artifact ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifact/CodeModule.h"
#include "blockattn/artifact_format.h"

#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace blockattn;
using namespace blockattn::rt;

namespace {

/// The levels of code that this machine runs, best first.
std::vector<std::string> hostLevels() {
#if defined(__x86_64__)
  std::vector<std::string> levels;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    levels.push_back("x86-64-v4");
  if (__builtin_cpu_supports("x86-64-v3"))
    levels.push_back("x86-64-v3");
  // Code for the base level is compiled for x86-64-v2.
  if (__builtin_cpu_supports("x86-64-v2"))
    levels.push_back("x86-64");
  return levels;
#elif defined(__aarch64__)
  return {"aarch64"};
#else
  return {};
#endif
}

std::string joined(const std::vector<std::string> &names) {
  std::string result;
  for (const std::string &name : names)
    result += (result.empty() ? "" : ", ") + name;
  return result.empty() ? "none" : result;
}

std::vector<std::string> artifactLevels(const Artifact &artifact,
                                        const char *prefix) {
  std::vector<std::string> levels;
  size_t length = std::strlen(prefix);
  for (const Artifact::Section &section : artifact.sections())
    if (section.name.compare(0, length, prefix) == 0)
      levels.push_back(section.name.substr(length));
  return levels;
}

Expected<std::string> chooseLevel(const Artifact &artifact, const char *prefix,
                                  const char *wanted) {
  std::vector<std::string> host = hostLevels();
  std::vector<std::string> offered = artifactLevels(artifact, prefix);
  for (const std::string &level : host) {
    if (wanted && level != wanted)
      continue;
    for (const std::string &other : offered)
      if (other == level)
        return level;
  }
  if (wanted)
    return error(BA_UNSUPPORTED,
                 "CPU level %s cannot be used: %s has code for %s, and this "
                 "machine runs %s",
                 quote(wanted).c_str(), quote(artifact.path()).c_str(),
                 joined(offered).c_str(), joined(host).c_str());
  return error(BA_UNSUPPORTED,
               "%s has code for %s, and this machine runs %s; compile the "
               "model for this machine",
               quote(artifact.path()).c_str(), joined(offered).c_str(),
               joined(host).c_str());
}

} // namespace

/// The loader takes files only: one that lives in memory.
Status CodeModule::loadFromMemory(const Artifact::Section &section) {
  file = memfd_create("blockattn-code", MFD_CLOEXEC);
  if (file < 0)
    return systemError("cannot make a file in memory for", section.name);
  for (uint64_t done = 0; done < section.size;) {
    ssize_t written = write(file, section.data + done, section.size - done);
    if (written < 0)
      return systemError("cannot copy section", section.name);
    done += written;
  }
  std::string name =
      "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file);
  handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle)
    return Status();
  const char *problem = dlerror();
  return error(
      BA_CORRUPT,
      "section %s of %s cannot be loaded (%s); compile the model again",
      quote(section.name).c_str(), quote(path).c_str(),
      problem ? problem : "the loader gave no reason");
}

Expected<std::unique_ptr<CodeModule>>
CodeModule::open(const Artifact &artifact, const char *prefix,
                 const std::string &level) {
  std::unique_ptr<CodeModule> module(new CodeModule(level, artifact.path()));
  if (Status status = module->loadFromMemory(*artifact.find(prefix + level)))
    return status;
  return module;
}

template <typename Init, typename Api>
Status CodeModule::initialise(const char *name, uint32_t version,
                              const Api *api) {
  Expected<void *> init = symbol(name);
  if (!init)
    return init.takeError();
  if (reinterpret_cast<Init>(*init)(version, api) == 0)
    return Status();
  return error(BA_VERSION_MISMATCH,
               "the code in %s was compiled for another runtime than this one "
               "(blockattn %s, kernel interface %u); compile the model again "
               "with blockattn-compile %s",
               quote(path).c_str(), BA_VERSION_STRING, version,
               BA_VERSION_STRING);
}

Expected<std::unique_ptr<CodeModule>> CodeModule::load(const Artifact &artifact,
                                                       const char *level,
                                                       const ba_rt_api *api) {
  Expected<std::string> chosen =
      chooseLevel(artifact, kCodeSectionPrefix, level);
  if (!chosen)
    return chosen.takeError();
  Expected<std::unique_ptr<CodeModule>> module =
      open(artifact, kCodeSectionPrefix, *chosen);
  if (!module)
    return module;
  if (Status status = (*module)->initialise<ba_init_fn>(
          "ba_init", BA_KERNEL_ABI_VERSION, api))
    return status;
  return module;
}

Expected<std::unique_ptr<CodeModule>>
CodeModule::loadHost(const Artifact &artifact, const ba_cuda_api *api) {
  Expected<std::string> chosen =
      chooseLevel(artifact, kHostSectionPrefix, nullptr);
  if (!chosen)
    return chosen.takeError();
  Expected<std::unique_ptr<CodeModule>> module =
      open(artifact, kHostSectionPrefix, *chosen);
  if (!module)
    return module;
  if (Status status = (*module)->initialise<ba_init_cuda_fn>(
          "ba_init_cuda", BA_KERNEL_ABI_CUDA_VERSION, api))
    return status;
  return module;
}

CodeModule::~CodeModule() {
  if (handle)
    dlclose(handle);
  if (file >= 0)
    close(file);
}

Expected<void *> CodeModule::symbol(const std::string &name) const {
  if (void *address = dlsym(handle, name.c_str()))
    return address;
  return error(BA_CORRUPT,
               "the code for %s in %s has no %s; compile the model again",
               levelName.c_str(), quote(path).c_str(), name.c_str());
}

Expected<CodeModule::Program>
CodeModule::program(const std::string &name) const {
  Expected<void *> plan = symbol("ba_plan_" + name);
  if (!plan)
    return plan.takeError();
  Expected<void *> run = symbol("ba_run_" + name);
  if (!run)
    return run.takeError();
  return Program{reinterpret_cast<ba_plan_fn>(*plan),
                 reinterpret_cast<ba_run_fn>(*run)};
}
