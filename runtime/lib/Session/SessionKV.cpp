//===- SessionKV.cpp - running the programs of cached blocks --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Session.h"
#include "Support/Checked.h"

#include <cinttypes>

using namespace blockattn::rt;

namespace {

/// The place of an output in KVStorage's order, or nothing.
std::optional<size_t> kvArray(const ValueInfo &output) {
  if (output.role == Role::KVKey)
    return 2 * output.layer;
  if (output.role == Role::KVValue)
    return 2 * output.layer + 1;
  return std::nullopt;
}

/// What the key and value results of a program are going to be.
struct KVShape {
  int64_t tokens = -1;
  std::vector<uint64_t> rowBytes;
};

Expected<KVShape> kvShape(const ProgramInfo &program,
                          const std::vector<int64_t> &outputDims,
                          int64_t layers) {
  KVShape shape;
  shape.rowBytes.assign(2 * layers, 0);
  const int64_t *dims = outputDims.data();
  for (const ValueInfo &output : program.outputs) {
    if (std::optional<size_t> array = kvArray(output)) {
      std::optional<int64_t> bytes =
          tensorBytes(dims + 2, 2, ba_dtype_size(output.dtype));
      if (dims[0] != 1 || dims[1] < 0 || !bytes ||
          (shape.tokens >= 0 && dims[1] != shape.tokens))
        return error(BA_INTERNAL,
                     "program %s would return %s of shape %s for a block",
                     program.name.c_str(), quote(output.name).c_str(),
                     shapeText(dims, 4).c_str());
      shape.tokens = dims[1];
      shape.rowBytes[*array] = *bytes;
    }
    dims += output.shape.size();
  }
  return shape;
}

/// On a GPU, so many new tokens' keys and values are written to a place of the
/// session's and moved to the prompt.
constexpr int64_t kFewTokens = 16;

Status checkTokens(const int64_t *tokens, int64_t count) {
  if (count > 0 && tokens)
    return Status();
  return error(BA_INVALID_ARGUMENT,
               "%" PRId64 " tokens were given; at least one is needed", count);
}

/// Gives the tokens, in the type that the program wants.
void giveTokens(const ProgramInfo &program, Inputs &inputs,
                const int64_t *tokens, int64_t count,
                std::vector<int32_t> &narrow) {
  const ValueInfo &info = *program.inputOf(Role::Tokens);
  ba_tensor tensor{const_cast<int64_t *>(tokens),
                   info.dtype,
                   static_cast<int32_t>(info.shape.size()),
                   {}};
  for (int32_t d = 0; d < tensor.rank; ++d)
    tensor.shape[d] = d + 1 == tensor.rank ? count : 1;
  if (info.dtype == BA_I32) {
    narrow.clear();
    // What does not fit becomes an id that no vocabulary has.
    for (int64_t i = 0; i < count; ++i)
      narrow.push_back(tokens[i] == static_cast<int32_t>(tokens[i])
                           ? static_cast<int32_t>(tokens[i])
                           : -1);
    tensor.data = narrow.data();
  }
  inputs.give(Role::Tokens, tensor);
}

} // namespace

Expected<Ref<KVBlock>> Session::encode(const int64_t *tokens, int64_t count,
                                       int64_t position) {
  Expected<const Program *> program = model->get("encode");
  if (!program)
    return program.takeError();
  if (Status status = checkTokens(tokens, count))
    return status;
  if (position < 0)
    return error(BA_INVALID_ARGUMENT,
                 "position %" PRId64 " of a block is negative", position);
  const ProgramInfo &info = *(*program)->info;
  bool isTied = !model->manifest().kv.position_independent;
  int64_t first = isTied ? position : 0;
  // Behind a prefix of sinks the program counts them for itself.
  int64_t prefix = 0;
  if (model->manifest().sinks.isPrefix)
    if (const ba_tensor *table = boundSinks(info))
      prefix = table->shape[0];
  if (first > 0 && prefix > 0) {
    if (position < prefix)
      return error(BA_INVALID_ARGUMENT,
                   "position %" PRId64 " of a block lies among the prompt's "
                   "%" PRId64 " sinks; the first block is encoded for "
                   "position 0, others for ba_prompt_length",
                   position, prefix);
    first -= prefix;
  }

  Inputs inputs(info, model->manifest());
  giveBound(inputs);
  std::vector<int32_t> narrow;
  giveTokens(info, inputs, tokens, count, narrow);
  inputs.setFirstPosition(first);
  if (Status status = inputs.complete())
    return status;
  Expected<Plan *> sizes = plan(**program, inputs);
  if (!sizes)
    return sizes.takeError();
  Expected<KVShape> shape =
      kvShape(info, (*sizes)->outputDims, model->manifest().kv.layers);
  if (!shape)
    return shape.takeError();
  Expected<KVStorage> storage =
      KVStorage::allocate(model->device(), shape->rowBytes, shape->tokens);
  if (!storage)
    return storage.takeError();
  // The program writes into the block's own memory.
  Placement placement(info.outputs.size(), nullptr);
  for (size_t i = 0; i < info.outputs.size(); ++i)
    if (std::optional<size_t> array = kvArray(info.outputs[i]))
      placement[i] = storage->at(*array, 0);
  if (Status status = execute(**program, inputs, **sizes, placement))
    return status;
  // A moved KVStorage keeps its memory: the addresses stay right.
  return Ref<KVBlock>(new KVBlock(model, std::move(*storage), prefix,
                                  shape->tokens - prefix, first + prefix,
                                  isTied));
}

/// Moves what `extend` wrote to `fewTokens` to its place in the prompt: as one
/// copy where the arrays lie at equal distances, as they do if keys and values
/// have one size.
Status Session::moveFewTokens(const std::vector<uint64_t> &rowBytes,
                              int64_t tokens,
                              const std::vector<void *> &addresses) {
  size_t arrays = addresses.size();
  auto to = [&](size_t i) { return static_cast<char *>(addresses[i]); };
  auto from = [&](size_t i) { return fewTokens->at(i, 0); };
  for (size_t i = 0; i < arrays;) {
    // The arrays from `i` on that go with the next copy.
    size_t end = i + 1;
    while (end < arrays && rowBytes[end] == rowBytes[i] && to(end) > to(i) &&
           to(end) - to(end - 1) == to(i + 1) - to(i) &&
           from(end) - from(end - 1) == from(i + 1) - from(i))
      ++end;
    bool isOne = end == i + 1;
    uint64_t bytes = rowBytes[i] * tokens;
    if (Status status = work->copyRows(
            to(i), isOne ? bytes : to(i + 1) - to(i), from(i),
            isOne ? bytes : from(i + 1) - from(i), bytes, end - i))
      return status;
    kvBytesCopied += bytes * (end - i);
    i = end;
  }
  return Status();
}

Status Session::extend(Prompt &prompt, const int64_t *tokens, int64_t count) {
  Expected<const Program *> program = model->get("extend");
  if (!program)
    return program.takeError();
  if (Status status = checkTokens(tokens, count))
    return status;
  if (prompt.getModel().get() != model.get())
    return error(BA_INVALID_ARGUMENT,
                 "the prompt belongs to another model than the session");
  const ProgramInfo &info = *(*program)->info;
  Inputs inputs(info, model->manifest());
  // Sinks begin a block, or a prompt: what goes on with one has them already.
  const ValueInfo *sinks = info.inputOf(Role::Sinks);
  bool hasSinks = model->manifest().sinks.isPrefix ? prompt.pieces() != 0
                                                   : prompt.endsInTail();
  giveBound(inputs);
  if (const ba_tensor *table = boundSinks(info); table && hasSinks)
    inputs.give(sinks->name, {nullptr, table->dtype, 2, {0, table->shape[1]}});
  std::vector<int32_t> narrow;
  giveTokens(info, inputs, tokens, count, narrow);
  inputs.setFirstPosition(prompt.length());
  std::vector<int64_t> table;
  prompt.table(table);
  int64_t columns = 4 + 2 * model->manifest().kv.layers;
  inputs.give(Role::KV, {table.data(),
                         BA_I64,
                         2,
                         {static_cast<int64_t>(prompt.pieces()), columns}});
  if (Status status = inputs.complete())
    return status;
  Expected<Plan *> sizes = plan(**program, inputs);
  if (!sizes)
    return sizes.takeError();
  Expected<KVShape> shape =
      kvShape(info, (*sizes)->outputDims, model->manifest().kv.layers);
  if (!shape)
    return shape.takeError();
  Expected<std::vector<void *>> addresses =
      prompt.reserve(shape->rowBytes, shape->tokens);
  if (!addresses)
    return addresses.takeError();
  // Runs that write to the same addresses again can be repeated as a whole.
  bool isMoved = !isHost() && shape->tokens <= kFewTokens;
  if (isMoved && !fewTokens) {
    Expected<KVStorage> storage =
        KVStorage::allocate(model->device(), shape->rowBytes, kFewTokens);
    if (!storage)
      return storage.takeError();
    fewTokens = std::move(*storage);
  }
  Placement placement(info.outputs.size(), nullptr);
  for (size_t i = 0; i < info.outputs.size(); ++i)
    if (std::optional<size_t> array = kvArray(info.outputs[i]))
      placement[i] = isMoved ? fewTokens->at(*array, 0) : (*addresses)[*array];
  if (Status status = execute(**program, inputs, **sizes, placement))
    return status;
  if (isMoved)
    if (Status status =
            moveFewTokens(shape->rowBytes, shape->tokens, *addresses))
      return status;
  prompt.commit(shape->tokens,
                model->manifest().sinks.isPrefix ? shape->tokens - count : 0);
  return Status();
}
