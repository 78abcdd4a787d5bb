//===- Model.cpp - a loaded artifact --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Model.h"
#include "blockattn/artifact_format.h"

#include <algorithm>
#include <cinttypes>

using namespace blockattn;
using namespace blockattn::rt;

Expected<Ref<Model>> Model::open(const std::string &path,
                                 const ba_model_options &options) {
  Expected<std::unique_ptr<Artifact>> artifact = Artifact::open(path);
  if (!artifact)
    return artifact.takeError();
  Ref<Model> model(new Model);
  model->file = std::move(*artifact);
  Expected<Manifest> manifest = parseManifest(model->file->manifest(), path);
  if (!manifest)
    return manifest.takeError();
  model->contents = std::move(*manifest);
  Expected<std::unique_ptr<Device>> device =
      openDevice(*model->file, model->contents, options);
  if (!device)
    return device.takeError();
  model->place = std::move(*device);
  if (Status status = model->mapWeights())
    return status;
  if (Status status = model->loadPrograms())
    return status;
  return model;
}

Status Model::mapWeights() {
  for (const WeightsFile &reference : contents.weightsFiles) {
    Expected<std::unique_ptr<MappedFile>> mapped =
        file->openWeightsFile(reference);
    if (!mapped)
      return mapped.takeError();
    weightsFiles.push_back(std::move(*mapped));
  }
  const Artifact::Section *section = file->find(kWeightsSection);
  std::vector<ba_tensor> views;
  for (const WeightInfo &info : contents.weights) {
    const MappedFile *other =
        info.file ? weightsFiles[*info.file].get() : nullptr;
    const char *data = other     ? other->data()
                       : section ? section->data
                                 : nullptr;
    uint64_t size = other ? other->size() : section ? section->size : 0;
    const std::string &subject = other ? other->path() : file->path();
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
    views.push_back(view);
  }
  if (Status status = place->placeWeights(views))
    return status;
  for (const ba_tensor &view : views)
    weights.emplace_back(view);
  return Status();
}

Status Model::loadPrograms() {
  for (const ProgramInfo &info : contents.programs) {
    Expected<CodeModule::Program> code = place->program(info.name);
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
