//===- Handles.h - what the C API's handles are -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_API_HANDLES_H
#define BLOCKATTN_RUNTIME_API_HANDLES_H

#include "Artifact/Artifact.h"
#include "Session/Model.h"
#include "Session/Sampler.h"
#include "Session/Session.h"
#include "Support/Npy.h"
#include "blockattn/blockattn.h"

#include <vector>

struct ba_array {
  blockattn::rt::Array array;
};

struct ba_artifact {
  std::unique_ptr<blockattn::rt::Artifact> artifact;
  std::vector<ba_section> sections;
};

struct ba_session {
  blockattn::rt::Session session;
  /// The profile that was read last, and its view for the caller.
  std::vector<blockattn::rt::StepTime> times;
  std::vector<ba_step_time> shownTimes;
};

struct ba_prompt {
  blockattn::rt::Prompt prompt;
};

struct ba_sampler {
  blockattn::rt::Sampler sampler;
};

namespace blockattn::rt {

// Objects with a count of references are their handles.
inline Model *unwrap(ba_model *model) {
  return reinterpret_cast<Model *>(model);
}
inline const Model *unwrap(const ba_model *model) {
  return reinterpret_cast<const Model *>(model);
}
inline ba_model *wrap(Model *model) {
  return reinterpret_cast<ba_model *>(model);
}
inline KVBlock *unwrap(ba_kv_block *block) {
  return reinterpret_cast<KVBlock *>(block);
}
inline const KVBlock *unwrap(const ba_kv_block *block) {
  return reinterpret_cast<const KVBlock *>(block);
}
inline ba_kv_block *wrap(KVBlock *block) {
  return reinterpret_cast<ba_kv_block *>(block);
}

/// For arguments that must not be null.
inline Status required(const void *pointer, const char *name) {
  if (pointer)
    return Status();
  return error(BA_INVALID_ARGUMENT, "argument '%s' is null", name);
}

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_API_HANDLES_H
