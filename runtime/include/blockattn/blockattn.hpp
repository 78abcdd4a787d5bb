//===- blockattn.hpp - the runtime's C++ interface --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// blockattn.h with objects that free themselves. A failure is thrown as a
// blockattn::Error; everything else is as blockattn.h says. Header only: the
// library itself throws nothing.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_BLOCKATTN_HPP
#define BLOCKATTN_BLOCKATTN_HPP

#include "blockattn/blockattn.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace blockattn {

class Error : public std::runtime_error {
public:
  Error(ba_status_code code, const std::string &message)
      : std::runtime_error(message), statusCode(code) {}
  ba_status_code code() const { return statusCode; }

private:
  ba_status_code statusCode;
};

/// Throws what a C function returned, if it is an error.
inline void check(ba_status *status) {
  if (!status)
    return;
  std::unique_ptr<ba_status, void (*)(ba_status *)> owner(status,
                                                          ba_status_free);
  throw Error(ba_status_get_code(status), ba_status_message(status));
}

namespace detail {
template <auto Free> struct Deleter {
  template <typename T> void operator()(T *object) const { Free(object); }
};
template <typename T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

template <typename T> struct DtypeOf;
template <> struct DtypeOf<float> {
  static constexpr ba_dtype value = BA_F32;
};
template <> struct DtypeOf<double> {
  static constexpr ba_dtype value = BA_F64;
};
template <> struct DtypeOf<int64_t> {
  static constexpr ba_dtype value = BA_I64;
};
template <> struct DtypeOf<int32_t> {
  static constexpr ba_dtype value = BA_I32;
};
template <> struct DtypeOf<bool> {
  static constexpr ba_dtype value = BA_BOOL;
};
} // namespace detail

/// A view of row-major memory. `shape` has at most BA_MAX_RANK sizes.
template <typename T>
ba_tensor view(T *data, const std::vector<int64_t> &shape) {
  if (shape.size() > BA_MAX_RANK)
    throw Error(BA_INVALID_ARGUMENT, "a tensor has too many dimensions");
  ba_tensor tensor{};
  tensor.data = const_cast<std::remove_const_t<T> *>(data);
  tensor.dtype = detail::DtypeOf<std::remove_const_t<T>>::value;
  tensor.rank = static_cast<int32_t>(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    tensor.shape[i] = shape[i];
  return tensor;
}

/// The number of elements.
inline int64_t elements(const ba_tensor &tensor) {
  int64_t count = 1;
  for (int32_t i = 0; i < tensor.rank; ++i)
    count *= tensor.shape[i];
  return count;
}

/// A tensor with its memory, from a .npy file.
class Array {
public:
  static Array read(const std::string &path) {
    ba_array *array;
    check(ba_npy_read(path.c_str(), &array));
    return Array(array);
  }
  const ba_tensor &tensor() const { return *ba_array_tensor(handle.get()); }

private:
  explicit Array(ba_array *array) : handle(array) {}
  detail::Handle<ba_array, ba_array_free> handle;
};

inline void writeNpy(const std::string &path, const ba_tensor &tensor) {
  check(ba_npy_write(path.c_str(), &tensor));
}

/// The contents of an artifact file, without its code being loaded.
class Artifact {
public:
  explicit Artifact(const std::string &path) {
    ba_artifact *artifact;
    check(ba_artifact_open(path.c_str(), &artifact));
    handle.reset(artifact);
  }
  std::vector<ba_section> sections() const {
    std::vector<ba_section> result;
    for (size_t i = 0; i < ba_artifact_section_count(handle.get()); ++i)
      result.push_back(*ba_artifact_section(handle.get(), i));
    return result;
  }
  const char *manifest() const { return ba_artifact_manifest(handle.get()); }
  void verify() const { check(ba_artifact_verify(handle.get())); }

private:
  detail::Handle<ba_artifact, ba_artifact_close> handle;
};

/// A loaded artifact; copies share it.
class Model {
public:
  explicit Model(const std::string &path,
                 const ba_model_options &options = BA_MODEL_OPTIONS_INIT) {
    ba_model *model;
    check(ba_model_open(path.c_str(), &options, &model));
    handle.reset(model, ba_model_release);
  }
  ba_model *get() const { return handle.get(); }
  const char *manifest() const { return ba_model_manifest(get()); }
  std::string cpuLevel() const { return ba_model_cpu_level(get()); }
  std::string device() const { return ba_model_device(get()); }
  ba_device_memory deviceMemory() const {
    return ba_model_device_memory(get());
  }
  void resetPeakMemory() { ba_model_reset_peak_memory(get()); }
  int threads() const { return ba_model_threads(get()); }
  int64_t vocabSize() const { return ba_model_vocab_size(get()); }
  ba_kv_info kvInfo() const { return ba_model_kv_info(get()); }
  bool hasProgram(const std::string &program) const {
    return ba_model_has_program(get(), program.c_str());
  }
  std::vector<std::string> programs() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < ba_model_program_count(get()); ++i)
      names.push_back(ba_model_program_name(get(), i));
    return names;
  }
  std::vector<ba_value_info> inputs(const std::string &program) const {
    std::vector<ba_value_info> infos(
        ba_model_input_count(get(), program.c_str()));
    for (size_t i = 0; i < infos.size(); ++i)
      check(ba_model_input(get(), program.c_str(), i, &infos[i]));
    return infos;
  }
  std::vector<ba_value_info> outputs(const std::string &program) const {
    std::vector<ba_value_info> infos(
        ba_model_output_count(get(), program.c_str()));
    for (size_t i = 0; i < infos.size(); ++i)
      check(ba_model_output(get(), program.c_str(), i, &infos[i]));
    return infos;
  }

private:
  std::shared_ptr<ba_model> handle;
};

/// The keys and values of an encoded block; copies share it.
class KVBlock {
public:
  /// Takes over a reference.
  explicit KVBlock(ba_kv_block *block) : handle(block, ba_kv_block_release) {}
  ba_kv_block *get() const { return handle.get(); }
  int64_t length() const { return ba_kv_block_length(get()); }
  uint64_t bytes() const { return ba_kv_block_bytes(get()); }

private:
  std::shared_ptr<ba_kv_block> handle;
};

/// Cached blocks in order and a tail that Session::extend grows.
class Prompt {
public:
  explicit Prompt(const Model &model) {
    ba_prompt *prompt;
    check(ba_prompt_create(model.get(), &prompt));
    handle.reset(prompt);
  }
  ba_prompt *get() const { return handle.get(); }
  void start(int64_t position) { check(ba_prompt_start(get(), position)); }
  void append(const KVBlock &block) {
    check(ba_prompt_append(get(), block.get()));
  }
  int64_t length() const { return ba_prompt_length(get()); }
  uint64_t tailBytes() const { return ba_prompt_tail_bytes(get()); }

private:
  detail::Handle<ba_prompt, ba_prompt_free> handle;
};

/// Runs programs; for one thread at a time.
class Session {
public:
  explicit Session(const Model &model) {
    ba_session *session;
    check(ba_session_create(model.get(), &session));
    handle.reset(session);
  }
  ba_session *get() const { return handle.get(); }
  void setInput(const std::string &name, const ba_tensor &tensor) {
    check(ba_session_set_input(get(), name.c_str(), &tensor));
  }
  void setOutput(const std::string &name, const ba_tensor &tensor) {
    check(ba_session_set_output(get(), name.c_str(), &tensor));
  }
  void setDeviceInput(const std::string &name, const ba_tensor &tensor) {
    check(ba_session_set_device_input(get(), name.c_str(), &tensor));
  }
  void setDeviceOutput(const std::string &name, const ba_tensor &tensor) {
    check(ba_session_set_device_output(get(), name.c_str(), &tensor));
  }
  void setStream(void *stream) { check(ba_session_set_stream(get(), stream)); }
  void setBlocks(const std::vector<int64_t> &starts) {
    // An empty vector's pointer may be null; the runtime says what is wrong.
    static const int64_t none = 0;
    check(ba_session_set_blocks(get(), starts.empty() ? &none : starts.data(),
                                starts.size()));
  }
  void setLayout(const std::vector<ba_block> &blocks) {
    static const ba_block none{};
    check(ba_session_set_layout(get(), blocks.empty() ? &none : blocks.data(),
                                blocks.size()));
  }
  void clear() { ba_session_clear(get()); }
  void run(const std::string &program) {
    check(ba_session_run(get(), program.c_str()));
  }
  ba_tensor output(const std::string &name) const {
    ba_tensor tensor;
    check(ba_session_output(get(), name.c_str(), &tensor));
    return tensor;
  }
  ba_tensor deviceOutput(const std::string &name) const {
    ba_tensor tensor;
    check(ba_session_device_output(get(), name.c_str(), &tensor));
    return tensor;
  }
  KVBlock encode(const int64_t *tokens, int64_t count, int64_t position) {
    ba_kv_block *block;
    check(ba_encode_block(get(), tokens, count, position, &block));
    return KVBlock(block);
  }
  void extend(Prompt &prompt, const int64_t *tokens, int64_t count) {
    check(ba_extend(get(), prompt.get(), tokens, count));
  }
  ba_counters counters(const std::string &program) const {
    return ba_session_counters(get(), program.c_str());
  }
  ba_memory_use memoryUse() const { return ba_session_memory_use(get()); }
  void profile(bool enable) { check(ba_session_profile(get(), enable)); }
  /// The names are valid until the next call.
  std::vector<ba_step_time> readProfile() {
    const ba_step_time *steps;
    size_t count;
    check(ba_session_read_profile(get(), &steps, &count));
    return std::vector<ba_step_time>(steps, steps + count);
  }

private:
  detail::Handle<ba_session, ba_session_free> handle;
};

/// Chooses tokens by their logits.
class Sampler {
public:
  explicit Sampler(
      const ba_sampler_options &options = BA_SAMPLER_OPTIONS_INIT) {
    ba_sampler *sampler;
    check(ba_sampler_create(&options, &sampler));
    handle.reset(sampler);
  }
  int64_t sample(const float *logits, int64_t count) {
    int64_t token;
    check(ba_sampler_sample(handle.get(), logits, count, &token));
    return token;
  }

private:
  detail::Handle<ba_sampler, ba_sampler_free> handle;
};

} // namespace blockattn

#endif // BLOCKATTN_BLOCKATTN_HPP
