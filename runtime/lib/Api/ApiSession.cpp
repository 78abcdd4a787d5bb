//===- ApiSession.cpp - C API: sessions, blocks, prompts, sampling --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Api/Handles.h"

using namespace blockattn::rt;

namespace {

ba_status *bind(ba_session *session, const char *name, const ba_tensor *tensor,
                Status (Session::*set)(const char *, const ba_tensor &, bool),
                bool onDevice) {
  return guarded({{session, "session"}, {name, "name"}, {tensor, "tensor"}},
                 [&]() -> Status {
                   return (session->session.*set)(name, *tensor, onDevice);
                 });
}

ba_status *readOutput(const ba_session *session, const char *name,
                      bool onDevice, ba_tensor *tensor) {
  return guarded({{session, "session"}, {name, "name"}, {tensor, "tensor"}},
                 [&]() -> Status {
                   return session->session.output(name, onDevice, *tensor);
                 });
}

/// From blocks, or from where they start.
template <typename T>
ba_status *setLayout(ba_session *session, const T *given, const char *name,
                     size_t count) {
  return guarded({{session, "session"}, {given, name}}, [&]() -> Status {
    Expected<Layout> layout = Layout::make(given, count);
    if (!layout)
      return layout.takeError();
    session->session.setLayout(std::move(*layout));
    return Status();
  });
}

} // namespace

extern "C" {

ba_status *ba_session_create(ba_model *model, ba_session **session) {
  return guarded({{model, "model"}, {session, "session"}}, [&]() -> Status {
    Expected<Session> result = Session::create(Ref<Model>(unwrap(model)));
    if (!result)
      return result.takeError();
    *session = new ba_session{std::move(*result), {}, {}};
    return Status();
  });
}

void ba_session_free(ba_session *session) { delete session; }

ba_status *ba_session_set_input(ba_session *session, const char *name,
                                const ba_tensor *tensor) {
  return bind(session, name, tensor, &Session::setInput, false);
}

ba_status *ba_session_set_device_input(ba_session *session, const char *name,
                                       const ba_tensor *tensor) {
  return bind(session, name, tensor, &Session::setInput, true);
}

ba_status *ba_session_set_output(ba_session *session, const char *name,
                                 const ba_tensor *tensor) {
  return bind(session, name, tensor, &Session::setOutput, false);
}

ba_status *ba_session_set_device_output(ba_session *session, const char *name,
                                        const ba_tensor *tensor) {
  return bind(session, name, tensor, &Session::setOutput, true);
}

ba_status *ba_session_set_stream(ba_session *session, void *stream) {
  return guarded({{session, "session"}}, [&]() -> Status {
    return session->session.setStream(stream);
  });
}

ba_status *ba_session_set_layout(ba_session *session, const ba_block *blocks,
                                 size_t count) {
  return setLayout(session, blocks, "blocks", count);
}

ba_status *ba_session_set_blocks(ba_session *session, const int64_t *starts,
                                 size_t count) {
  return setLayout(session, starts, "starts", count);
}

void ba_session_clear(ba_session *session) {
  if (session)
    session->session.clear();
}

ba_status *ba_session_run(ba_session *session, const char *program) {
  return guarded({{session, "session"}, {program, "program"}},
                 [&]() -> Status { return session->session.run(program); });
}

ba_status *ba_session_output(const ba_session *session, const char *name,
                             ba_tensor *tensor) {
  return readOutput(session, name, false, tensor);
}

ba_status *ba_session_device_output(const ba_session *session, const char *name,
                                    ba_tensor *tensor) {
  return readOutput(session, name, true, tensor);
}

ba_counters ba_session_counters(const ba_session *session,
                                const char *program) {
  return session && program ? session->session.counters(program)
                            : ba_counters{0, 0};
}

ba_memory_use ba_session_memory_use(const ba_session *session) {
  return session ? session->session.memoryUse() : ba_memory_use{0, 0, 0};
}

ba_status *ba_session_profile(ba_session *session, int32_t enable) {
  return guarded({{session, "session"}}, [&]() -> Status {
    return session->session.profile(enable != 0);
  });
}

ba_status *ba_session_read_profile(ba_session *session,
                                   const ba_step_time **steps, size_t *count) {
  return guarded({{session, "session"}, {steps, "steps"}, {count, "count"}},
                 [&]() -> Status {
                   Expected<std::vector<StepTime>> times =
                       session->session.takeProfile();
                   if (!times)
                     return times.takeError();
                   session->times = std::move(*times);
                   session->shownTimes.clear();
                   for (const StepTime &step : session->times)
                     session->shownTimes.push_back(
                         {step.name.c_str(), step.count, step.seconds,
                          step.operations, step.bytes});
                   *steps = session->shownTimes.data();
                   *count = session->shownTimes.size();
                   return Status();
                 });
}

ba_status *ba_encode_block(ba_session *session, const int64_t *tokens,
                           int64_t count, int64_t position,
                           ba_kv_block **block) {
  return guarded({{session, "session"}, {block, "block"}}, [&]() -> Status {
    Expected<Ref<KVBlock>> result =
        session->session.encode(tokens, count, position);
    if (!result)
      return result.takeError();
    *block = wrap(result->detach());
    return Status();
  });
}

ba_kv_block *ba_kv_block_retain(ba_kv_block *block) {
  if (block)
    unwrap(block)->retain();
  return block;
}

void ba_kv_block_release(ba_kv_block *block) {
  if (block)
    unwrap(block)->release();
}

int64_t ba_kv_block_length(const ba_kv_block *block) {
  return unwrap(block)->length;
}

uint64_t ba_kv_block_bytes(const ba_kv_block *block) {
  return unwrap(block)->storage.bytes();
}

ba_status *ba_prompt_create(ba_model *model, ba_prompt **prompt) {
  return guarded({{model, "model"}, {prompt, "prompt"}}, [&]() -> Status {
    *prompt = new ba_prompt{Prompt(Ref<Model>(unwrap(model)))};
    return Status();
  });
}

void ba_prompt_free(ba_prompt *prompt) { delete prompt; }

ba_status *ba_prompt_start(ba_prompt *prompt, int64_t position) {
  return guarded({{prompt, "prompt"}},
                 [&]() -> Status { return prompt->prompt.start(position); });
}

ba_status *ba_prompt_append(ba_prompt *prompt, ba_kv_block *block) {
  return guarded({{prompt, "prompt"}, {block, "block"}}, [&]() -> Status {
    return prompt->prompt.append(Ref<KVBlock>(unwrap(block)));
  });
}

int64_t ba_prompt_length(const ba_prompt *prompt) {
  return prompt->prompt.length();
}

uint64_t ba_prompt_tail_bytes(const ba_prompt *prompt) {
  return prompt->prompt.tailBytes();
}

ba_status *ba_extend(ba_session *session, ba_prompt *prompt,
                     const int64_t *tokens, int64_t count) {
  return guarded({{session, "session"}, {prompt, "prompt"}}, [&]() -> Status {
    return session->session.extend(prompt->prompt, tokens, count);
  });
}

ba_status *ba_sampler_create(const ba_sampler_options *options,
                             ba_sampler **sampler) {
  return guarded({{sampler, "sampler"}}, [&]() -> Status {
    ba_sampler_options chosen = BA_SAMPLER_OPTIONS_INIT;
    if (options) {
      if (options->struct_size != sizeof chosen)
        return error(BA_INVALID_ARGUMENT,
                     "the options have a struct_size of %zu, and should have "
                     "%zu; use BA_SAMPLER_OPTIONS_INIT",
                     options->struct_size, sizeof chosen);
      chosen = *options;
    }
    Expected<Sampler> result = Sampler::create(chosen);
    if (!result)
      return result.takeError();
    *sampler = new ba_sampler{std::move(*result)};
    return Status();
  });
}

void ba_sampler_free(ba_sampler *sampler) { delete sampler; }

ba_status *ba_sampler_sample(ba_sampler *sampler, const float *logits,
                             int64_t count, int64_t *token) {
  return guarded({{sampler, "sampler"}, {token, "token"}}, [&]() -> Status {
    Expected<int64_t> result = sampler->sampler.sample(logits, count);
    if (!result)
      return result.takeError();
    *token = *result;
    return Status();
  });
}

} // extern "C"
