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

#include <initializer_list>
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

/// An argument that must not be null.
struct Argument {
  const void *pointer;
  const char *name;
};

/// `body`, unless one of the arguments is null, and what it throws as a status.
template <typename Body>
ba_status *guarded(std::initializer_list<Argument> required,
                   Body &&body) noexcept {
  return guarded([&]() -> Status {
    for (const Argument &argument : required)
      if (!argument.pointer)
        return error(BA_INVALID_ARGUMENT, "argument '%s' is null",
                     argument.name);
    return body();
  });
}

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_API_HANDLES_H
