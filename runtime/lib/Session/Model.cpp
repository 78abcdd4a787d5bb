//===- Model.cpp - a loaded artifact --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Model.h"
#include "blockattn/artifact_format.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

using namespace blockattn;
using namespace blockattn::rt;

Expected<Ref<Model>> Model::open(const std::string &path,
                                 const ba_model_options &options) {
  // More threads than any machine has cores.
  constexpr int32_t mostThreads = 1024;
  if (options.threads < 0 || options.threads > mostThreads)
    return error(BA_INVALID_ARGUMENT,
                 "%" PRId32 " threads: give a number from 1 to %" PRId32
                 ", or 0 for all cores",
                 options.threads, mostThreads);
  Expected<std::unique_ptr<Artifact>> artifact = Artifact::open(path);
  if (!artifact)
    return artifact.takeError();
  Ref<Model> model(new Model);
  model->file = std::move(*artifact);
  Expected<Manifest> manifest = parseManifest(model->file->manifest(), path);
  if (!manifest)
    return manifest.takeError();
  model->contents = std::move(*manifest);
  if (model->contents.target != "cpu")
    return error(BA_UNSUPPORTED,
                 "%s was compiled for target %s, and this runtime runs cpu; "
                 "compile the model with --target=cpu",
                 quote(path).c_str(), quote(model->contents.target).c_str());
  if (Status status = model->mapWeights())
    return status;
  Expected<std::unique_ptr<ThreadPool>> threads = ThreadPool::create(
      options.threads ? options.threads
                      : std::min<int>(availableCores(), mostThreads));
  if (!threads)
    return threads.takeError();
  model->threads = std::move(*threads);
  Expected<std::unique_ptr<CodeModule>> module =
      CodeModule::load(*model->file, options.cpu_level, Exec::api());
  if (!module)
    return module.takeError();
  model->module = std::move(*module);
  if (Status status = model->loadPrograms())
    return status;
  return model;
}

Expected<std::unique_ptr<MappedFile>>
blockattn::rt::openWeightsFile(const Artifact &artifact,
                               const WeightsFile &reference) {
  std::string subject = quote(artifact.path()), path = reference.path;
  size_t slash = artifact.path().rfind('/');
  if ((path.empty() || path.front() != '/') && slash != std::string::npos)
    path = artifact.path().substr(0, slash + 1) + path;
  Expected<std::unique_ptr<MappedFile>> mapped = MappedFile::open(path);
  if (!mapped) {
    Status status = mapped.takeError();
    return error(status.code(),
                 "%s keeps its weights in a file of their own: %s; put it "
                 "back, or compile the model with the weights inside",
                 subject.c_str(), status.text());
  }
  if ((*mapped)->size() != reference.bytes)
    return error(BA_CORRUPT,
                 "the weights file %s has %zu bytes, and had %" PRIu64
                 " when %s was compiled; compile the model again",
                 quote(path).c_str(), (*mapped)->size(), reference.bytes,
                 subject.c_str());
  return mapped;
}

Status Model::mapWeights() {
  const char *data = nullptr;
  uint64_t size = 0;
  std::string subject = file->path();
  if (contents.weightsFile) {
    Expected<std::unique_ptr<MappedFile>> mapped =
        openWeightsFile(*file, *contents.weightsFile);
    if (!mapped)
      return mapped.takeError();
    weightsFile = std::move(*mapped);
    data = weightsFile->data();
    size = weightsFile->size();
    subject = weightsFile->path();
  } else if (const Artifact::Section *section = file->find(kWeightsSection)) {
    data = section->data;
    size = section->size;
  }
  for (const WeightInfo &info : contents.weights) {
    if (info.offset > size || info.bytes > size - info.offset)
      return error(BA_CORRUPT,
                   "weight %s lies at bytes %" PRIu64 "+%" PRIu64
                   " of the %" PRIu64 " bytes of weights in %s; compile the "
                   "model again",
                   quote(info.name).c_str(), info.offset, info.bytes, size,
                   quote(subject).c_str());
    ba_tensor view{};
    view.dtype = info.dtype;
    view.rank = static_cast<int32_t>(info.shape.size());
    std::copy(info.shape.begin(), info.shape.end(), view.shape);
    // Compiled code reads weights only.
    view.data = const_cast<char *>(data ? data + info.offset : nullptr);
    if (reinterpret_cast<uintptr_t>(view.data) % ba_dtype_size(info.dtype)) {
      Expected<AlignedBuffer> copy =
          AlignedBuffer::allocate(info.bytes, "a weight");
      if (!copy)
        return copy.takeError();
      std::memcpy(copy->data(), view.data, info.bytes);
      view.data = copy->data();
      copies.push_back(std::move(*copy));
    }
    weights.emplace_back(view);
  }
  return Status();
}

Status Model::loadPrograms() {
  for (const ProgramInfo &info : contents.programs) {
    Expected<CodeModule::Program> code = module->program(info.name);
    if (!code)
      return code.takeError();
    Program program{&info, *code, {}};
    for (size_t index : info.weights)
      program.weights.push_back(&weights[index]);
    loaded.push_back(std::move(program));
  }
  return Status();
}

const Program *Model::find(std::string_view name) const {
  for (const Program &program : loaded)
    if (program.info->name == name)
      return &program;
  return nullptr;
}

Expected<const Program *> Model::get(std::string_view name) const {
  if (const Program *program = find(name))
    return program;
  std::string known;
  for (const Program &program : loaded)
    known += (known.empty() ? "" : ", ") + program.info->name;
  std::string subject = quote(file->path()), wanted = quote(name);
  if (known.empty())
    known = "none";
  if (name != "full" && !contents.refused.empty())
    return error(BA_NOT_FOUND,
                 "%s has no program %s, only %s, as the compiler could not "
                 "make it: %s",
                 subject.c_str(), wanted.c_str(), known.c_str(),
                 contents.refused.c_str());
  return error(BA_NOT_FOUND,
               "%s has no program %s, only %s; compile the model with "
               "--programs=%s to have it",
               subject.c_str(), wanted.c_str(), known.c_str(),
               std::string(name).c_str());
}
