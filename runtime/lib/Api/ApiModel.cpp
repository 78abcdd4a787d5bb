//===- ApiModel.cpp - C API: artifacts and models -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api/Handles.h"

#include <algorithm>
#include <cinttypes>

using namespace blockattn::rt;

namespace {

const ProgramInfo *findProgram(const ba_model *model, const char *name) {
  return name ? unwrap(model)->manifest().find(name) : nullptr;
}

ba_status *describe(const ba_model *model, const char *program, size_t index,
                    std::vector<ValueInfo> ProgramInfo::*list,
                    ba_value_info *info) {
  return guarded({{program, "program"}, {info, "info"}}, [&]() -> Status {
    Expected<const Program *> found = unwrap(model)->get(program);
    if (!found)
      return found.takeError();
    const std::vector<ValueInfo> &values = (*found)->info->*list;
    if (index >= values.size())
      return error(BA_NOT_FOUND,
                   "program %s has %zu of these, and no number "
                   "%zu",
                   program, values.size(), index);
    const ValueInfo &value = values[index];
    *info = {value.name.c_str(),
             roleName(value.role),
             value.dtype,
             static_cast<int32_t>(value.shape.size()),
             {}};
    for (size_t d = 0; d < value.shape.size(); ++d)
      info->shape[d] = value.shape[d].isFixed() ? value.shape[d].size() : -1;
    return Status();
  });
}

} // namespace

extern "C" {

ba_status *ba_artifact_open(const char *path, ba_artifact **artifact) {
  return guarded({{path, "path"}, {artifact, "artifact"}}, [&]() -> Status {
    Expected<std::unique_ptr<Artifact>> file = Artifact::open(path);
    if (!file)
      return file.takeError();
    auto result = std::make_unique<ba_artifact>();
    result->artifact = std::move(*file);
    for (const Artifact::Section &section : result->artifact->sections())
      result->sections.push_back({section.name.c_str(), section.offset,
                                  section.size, section.checksum});
    *artifact = result.release();
    return Status();
  });
}

void ba_artifact_close(ba_artifact *artifact) { delete artifact; }

size_t ba_artifact_section_count(const ba_artifact *artifact) {
  return artifact->sections.size();
}

const ba_section *ba_artifact_section(const ba_artifact *artifact,
                                      size_t index) {
  return index < artifact->sections.size() ? &artifact->sections[index]
                                           : nullptr;
}

const char *ba_artifact_manifest(const ba_artifact *artifact) {
  return artifact->artifact->manifest().c_str();
}

ba_status *ba_artifact_verify(const ba_artifact *artifact) {
  return guarded({{artifact, "artifact"}}, [&]() -> Status {
    const Artifact &file = *artifact->artifact;
    // The manifest may be whole and still make no sense.
    Expected<Manifest> manifest = parseManifest(file.manifest(), file.path());
    if (!manifest)
      return manifest.takeError();
    for (const WeightsFile &reference : manifest->weightsFiles)
      if (Status status = file.verifyWeightsFile(reference))
        return status;
    return file.verifyWeights();
  });
}

ba_status *ba_model_open(const char *path, const ba_model_options *options,
                         ba_model **model) {
  return guarded({{path, "path"}, {model, "model"}}, [&]() -> Status {
    ba_model_options chosen = BA_MODEL_OPTIONS_INIT;
    if (options) {
      if (options->struct_size != sizeof chosen)
        return error(BA_INVALID_ARGUMENT,
                     "the options have a struct_size of %zu, and should have "
                     "%zu; use BA_MODEL_OPTIONS_INIT",
                     options->struct_size, sizeof chosen);
      chosen = *options;
    }
    Expected<Ref<Model>> result = Model::open(path, chosen);
    if (!result)
      return result.takeError();
    *model = wrap(result->detach());
    return Status();
  });
}

ba_model *ba_model_retain(ba_model *model) {
  if (model)
    unwrap(model)->retain();
  return model;
}

void ba_model_release(ba_model *model) {
  if (model)
    unwrap(model)->release();
}

const char *ba_model_manifest(const ba_model *model) {
  return unwrap(model)->artifact().manifest().c_str();
}

const char *ba_model_cpu_level(const ba_model *model) {
  return unwrap(model)->device().level().c_str();
}

const char *ba_model_device(const ba_model *model) {
  return unwrap(model)->device().name().c_str();
}

ba_device_memory ba_model_device_memory(const ba_model *model) {
  Device::MemoryUse use = unwrap(model)->device().memoryUse();
  return {use.current, use.peak};
}

void ba_model_reset_peak_memory(ba_model *model) {
  unwrap(model)->device().resetPeak();
}

int32_t ba_model_threads(const ba_model *model) {
  return unwrap(model)->device().threads();
}

int64_t ba_model_vocab_size(const ba_model *model) {
  return unwrap(model)->manifest().vocabSize;
}

ba_kv_info ba_model_kv_info(const ba_model *model) {
  return unwrap(model)->manifest().kv;
}

size_t ba_model_program_count(const ba_model *model) {
  return unwrap(model)->manifest().programs.size();
}

const char *ba_model_program_name(const ba_model *model, size_t index) {
  const std::vector<ProgramInfo> &programs = unwrap(model)->manifest().programs;
  return index < programs.size() ? programs[index].name.c_str() : nullptr;
}

int ba_model_has_program(const ba_model *model, const char *program) {
  return findProgram(model, program) != nullptr;
}

size_t ba_model_input_count(const ba_model *model, const char *program) {
  const ProgramInfo *info = findProgram(model, program);
  return info ? info->inputs.size() : 0;
}

size_t ba_model_output_count(const ba_model *model, const char *program) {
  const ProgramInfo *info = findProgram(model, program);
  return info ? info->outputs.size() : 0;
}

ba_status *ba_model_input(const ba_model *model, const char *program,
                          size_t index, ba_value_info *info) {
  return describe(model, program, index, &ProgramInfo::inputs, info);
}

ba_status *ba_model_output(const ba_model *model, const char *program,
                           size_t index, ba_value_info *info) {
  return describe(model, program, index, &ProgramInfo::outputs, info);
}

} // extern "C"
