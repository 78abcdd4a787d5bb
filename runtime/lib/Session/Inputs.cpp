//===- Inputs.cpp - the inputs of one run ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session/Inputs.h"
#include "Support/Checked.h"

#include <cinttypes>
#include <cstring>

using namespace blockattn::rt;

namespace {

bool isPast(Role role) {
  return role == Role::PastKey || role == Role::PastValue;
}

/// Inputs that the runtime alone makes.
bool isInternal(Role role) { return role == Role::Layout || role == Role::KV; }

int64_t readInteger(const ba_tensor &tensor, int64_t index) {
  if (tensor.dtype == BA_I32)
    return static_cast<const int32_t *>(tensor.data)[index];
  return static_cast<const int64_t *>(tensor.data)[index];
}

template <typename T, typename Value>
void fillRows(char *data, int64_t count, int64_t length, Value value) {
  T *elements = reinterpret_cast<T *>(data);
  for (int64_t i = 0; i < count; ++i)
    elements[i] = static_cast<T>(value(length ? i % length : 0));
}

/// Sets element i of each row to value(i). False for a type that no exporter
/// gives positions and masks.
template <typename Value>
bool fill(ba_dtype dtype, char *data, int64_t count, int64_t length,
          Value value) {
  switch (dtype) {
  case BA_I64:
    fillRows<int64_t>(data, count, length, value);
    return true;
  case BA_I32:
    fillRows<int32_t>(data, count, length, value);
    return true;
  case BA_F32:
    fillRows<float>(data, count, length, value);
    return true;
  case BA_BOOL:
  case BA_U8:
  case BA_I8:
    fillRows<uint8_t>(data, count, length, value);
    return true;
  default:
    return false;
  }
}

} // namespace

int64_t Inputs::tokens() const {
  for (size_t i = 0; i < program.inputs.size(); ++i)
    if (program.inputs[i].role == Role::Tokens) {
      int64_t count = 1;
      for (int32_t d = 0; d < all[i].rank; ++d)
        count *= all[i].shape[d];
      return count;
    }
  return 0;
}

int64_t Inputs::rowLength() const {
  for (size_t i = 0; i < program.inputs.size(); ++i)
    if (program.inputs[i].role == Role::Tokens && all[i].rank > 0)
      return all[i].shape[all[i].rank - 1];
  return 0;
}

std::optional<int64_t> Inputs::symbol(const std::string &name) const {
  auto found = symbols.find(name);
  if (found == symbols.end())
    return std::nullopt;
  return found->second.size;
}

std::string Inputs::inputList() const {
  std::string result;
  for (const ValueInfo &input : program.inputs)
    if (!isInternal(input.role))
      result += (result.empty() ? "" : ", ") + escape(input.name);
  return result.empty() ? "none" : result;
}

Status Inputs::checkNames() const {
  for (const auto &[name, tensor] : named) {
    const ValueInfo *info = program.findInput(name);
    if (!info || isInternal(info->role))
      return error(
          BA_NOT_FOUND, "program %s has no input %s; its inputs are %s",
          program.name.c_str(), quote(name).c_str(), inputList().c_str());
    if (byRole.count(info->role) ||
        (positionsGiven && info->role == Role::Positions))
      return error(BA_INVALID_ARGUMENT,
                   "input %s of program %s is set from the tokens and their "
                   "place in the prompt; it cannot be bound as well",
                   quote(name).c_str(), program.name.c_str());
  }
  return Status();
}

/// Checks type and shape and takes note of the sizes of symbols.
Status Inputs::match(const ValueInfo &info, const ba_tensor &tensor) {
  std::string name = quote(info.name);
  if (tensor.dtype != info.dtype) {
    const char *given = ba_dtype_name(tensor.dtype);
    return error(BA_INVALID_ARGUMENT, "input %s is %s, and must be %s",
                 name.c_str(), given ? given : "of an unknown type",
                 ba_dtype_name(info.dtype));
  }
  if (tensor.rank < 0 || tensor.rank > BA_MAX_RANK ||
      static_cast<size_t>(tensor.rank) != info.shape.size())
    return error(BA_INVALID_ARGUMENT,
                 "input %s has %" PRId32 " dimensions, and must be %s",
                 name.c_str(), tensor.rank, typeText(info).c_str());
  std::string shape = shapeText(tensor.shape, tensor.rank);
  std::optional<int64_t> bytes =
      tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(tensor.dtype));
  if (!bytes)
    return error(BA_INVALID_ARGUMENT, "input %s has the impossible shape %s",
                 name.c_str(), shape.c_str());
  if (*bytes != 0 && !tensor.data)
    return error(BA_INVALID_ARGUMENT, "input %s of shape %s has no data",
                 name.c_str(), shape.c_str());
  if (reinterpret_cast<uintptr_t>(tensor.data) % ba_dtype_size(tensor.dtype))
    return error(BA_INVALID_ARGUMENT,
                 "the data of input %s is not aligned to its %zu-byte elements",
                 name.c_str(), ba_dtype_size(tensor.dtype));
  for (int32_t i = 0; i < tensor.rank; ++i) {
    const DimExpr &dim = info.shape[i];
    int64_t size = tensor.shape[i];
    if (dim.isFixed() && dim.size() != size)
      return error(BA_INVALID_ARGUMENT,
                   "input %s has shape %s, and must be %s: dimension %" PRId32
                   " is %" PRId64 " in place of %" PRId64,
                   name.c_str(), shape.c_str(), typeText(info).c_str(), i, size,
                   dim.size());
    if (!dim.isSymbol())
      continue;
    auto [entry, isNew] = symbols.insert({dim.text(), {size, info.name}});
    if (!isNew && entry->second.size != size)
      return error(BA_INVALID_ARGUMENT,
                   "%s is %" PRId64 " in input %s but %" PRId64 " in input %s",
                   quote(dim.text()).c_str(), entry->second.size,
                   quote(entry->second.where).c_str(), size, name.c_str());
  }
  return Status();
}

/// Dimensions such as "past + seq".
Status Inputs::checkExpressions() const {
  auto lookup = [&](const std::string &name) { return symbol(name); };
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const ValueInfo &info = program.inputs[i];
    for (size_t d = 0; d < info.shape.size(); ++d) {
      if (!info.shape[d].isExpression())
        continue;
      std::optional<int64_t> size = info.shape[d].evaluate(lookup);
      if (size && *size != all[i].shape[d])
        return error(BA_INVALID_ARGUMENT,
                     "input %s has shape %s, and must be %s: dimension %zu is "
                     "%" PRId64 " in place of %" PRId64,
                     quote(info.name).c_str(),
                     shapeText(all[i].shape, all[i].rank).c_str(),
                     typeText(info).c_str(), d, all[i].shape[d], *size);
    }
  }
  return Status();
}

Status Inputs::checkTokens(const ValueInfo &info,
                           const ba_tensor &tensor) const {
  if (manifest.vocabSize <= 0)
    return Status();
  int64_t count = 1;
  for (int32_t d = 0; d < tensor.rank; ++d)
    count *= tensor.shape[d];
  for (int64_t i = 0; i < count; ++i) {
    int64_t token = readInteger(tensor, i);
    if (token < 0 || token >= manifest.vocabSize)
      return error(BA_INVALID_ARGUMENT,
                   "token %" PRId64 " at index %" PRId64 " of input %s is "
                   "outside the vocabulary; ids are 0 to %" PRId64,
                   token, i, quote(info.name).c_str(), manifest.vocabSize - 1);
  }
  return Status();
}

/// How many tokens precede the new ones: the symbolic dimension of the past
/// that is not the batch.
int64_t Inputs::pastLength() const {
  std::string batch;
  if (const ValueInfo *tokens = program.inputOf(Role::Tokens))
    if (tokens->shape.size() > 1 && tokens->shape[0].isSymbol())
      batch = tokens->shape[0].text();
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const ValueInfo &info = program.inputs[i];
    if (!isPast(info.role))
      continue;
    for (size_t d = info.shape.size(); d-- > 0;)
      if (!info.shape[d].isFixed() && info.shape[d].text() != batch)
        return all[i].shape[d];
  }
  return 0;
}

/// No past: every size that is still open is 0.
Status Inputs::derivePast(const ValueInfo &info, ba_tensor &tensor) {
  auto lookup = [&](const std::string &name) { return symbol(name); };
  tensor = {nullptr, info.dtype, static_cast<int32_t>(info.shape.size()), {}};
  for (size_t d = 0; d < info.shape.size(); ++d) {
    const DimExpr &dim = info.shape[d];
    tensor.shape[d] = dim.evaluate(lookup).value_or(0);
    if (dim.isSymbol())
      symbols.insert({dim.text(), {tensor.shape[d], info.name}});
  }
  std::optional<int64_t> bytes =
      tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(info.dtype));
  // A past whose length is known from elsewhere is not empty.
  if (!bytes || *bytes != 0)
    return missing(info);
  return Status();
}

/// Positions and masks: rows that cover the past and the tokens.
Status Inputs::derive(const ValueInfo &info, ba_tensor &tensor) {
  auto lookup = [&](const std::string &name) { return symbol(name); };
  int64_t past = pastLength();
  bool isMask = info.role == Role::AttentionMask;
  int64_t length = rowLength() + (isMask ? past : 0);
  tensor = {nullptr, info.dtype, static_cast<int32_t>(info.shape.size()), {}};
  for (int32_t d = 0; d < tensor.rank; ++d) {
    // An open size is the row's length in the last dimension, and in the
    // others 1, which serves every row.
    std::optional<int64_t> size = info.shape[d].evaluate(lookup);
    tensor.shape[d] = size ? *size : d + 1 == tensor.rank ? length : 1;
    if (info.shape[d].isSymbol())
      symbols.insert({info.shape[d].text(), {tensor.shape[d], info.name}});
  }
  std::optional<int64_t> bytes =
      tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(info.dtype));
  if (!bytes)
    return missing(info);
  Expected<AlignedBuffer> buffer =
      AlignedBuffer::allocate(*bytes, "a derived input");
  if (!buffer)
    return buffer.takeError();
  int64_t count = *bytes / static_cast<int64_t>(ba_dtype_size(info.dtype));
  int64_t row = tensor.rank > 0 ? tensor.shape[tensor.rank - 1] : 1;
  int64_t first = firstPosition + past;
  bool done = isMask ? fill(info.dtype, buffer->data(), count, row,
                            [](int64_t) { return int64_t(1); })
                     : fill(info.dtype, buffer->data(), count, row,
                            [first](int64_t i) { return first + i; });
  if (!done)
    return missing(info);
  tensor.data = buffer->data();
  owned.push_back(std::move(*buffer));
  return Status();
}

Status Inputs::missing(const ValueInfo &info) const {
  if (info.role == Role::Layout)
    return error(BA_INVALID_ARGUMENT,
                 "program %s needs the block starts: --blocks=0,... or "
                 "ba_session_set_blocks",
                 program.name.c_str());
  if (info.role == Role::Sinks)
    return error(BA_INVALID_ARGUMENT,
                 "input %s of program %s is missing: give the learned table of "
                 "%" PRId64 " sinks, %s with that many rows (--input "
                 "%s=FILE.npy), or one without rows to run without sinks",
                 quote(info.name).c_str(), program.name.c_str(),
                 manifest.sinks.count, typeText(info).c_str(),
                 info.name.c_str());
  if (info.role == Role::KV)
    return error(BA_INVALID_ARGUMENT,
                 "program %s reads cached blocks; run it with ba_extend",
                 program.name.c_str());
  return error(BA_INVALID_ARGUMENT,
               "input %s of program %s is missing: give a tensor %s",
               quote(info.name).c_str(), program.name.c_str(),
               typeText(info).c_str());
}

Status Inputs::complete() {
  if (Status status = checkNames())
    return status;
  size_t count = program.inputs.size();
  all.assign(count, ba_tensor{});
  there.assign(count, false);
  std::vector<bool> done(count, false);
  for (size_t i = 0; i < count; ++i) {
    const ValueInfo &info = program.inputs[i];
    auto role = byRole.find(info.role);
    auto name = named.find(info.name);
    if (role != byRole.end())
      all[i] = role->second;
    else if (name != named.end()) {
      all[i] = name->second;
      there[i] = unreadable.count(info.name);
    } else
      continue;
    if (Status status = match(info, all[i]))
      return status;
    if (info.role == Role::Tokens && !there[i])
      if (Status status = checkTokens(info, all[i]))
        return status;
    if (info.role == Role::Sinks)
      if (Status status = checkSinks(info, all[i]))
        return status;
    done[i] = true;
  }
  // Part of a past is a mistake, not an empty past.
  for (size_t i = 0; i < count; ++i)
    for (size_t j = 0; done[i] && isPast(program.inputs[i].role) && j < count;
         ++j)
      if (!done[j] && isPast(program.inputs[j].role))
        return missing(program.inputs[j]);
  // The past first: the lengths of masks and positions follow from it.
  for (bool past : {true, false})
    for (size_t i = 0; i < count; ++i) {
      const ValueInfo &info = program.inputs[i];
      if (done[i] || isPast(info.role) != past)
        continue;
      bool isDerived =
          info.role == Role::Positions || info.role == Role::AttentionMask;
      Status status = past        ? derivePast(info, all[i])
                      : isDerived ? derive(info, all[i])
                                  : missing(info);
      if (status)
        return status;
      done[i] = true;
    }
  if (Status status = checkExpressions())
    return status;
  if (Status status = checkBlockPositions())
    return status;
  return checkLastPosition();
}

Status Inputs::checkSinks(const ValueInfo &info,
                          const ba_tensor &tensor) const {
  int64_t rows = tensor.shape[0], count = manifest.sinks.count;
  if (tensor.rank != 2 || rows == 0 || rows == count)
    return Status();
  std::string columns = std::to_string(tensor.shape[1]);
  return error(BA_INVALID_ARGUMENT,
               "input %s has %" PRId64 " rows, and the model was compiled for "
               "%" PRId64 " sinks (--sinks=%" PRId64 "); give a table [%" PRId64
               ", %s], or [0, %s] to run without sinks",
               quote(info.name).c_str(), rows, count, count, count,
               columns.c_str(), columns.c_str());
}

Status Inputs::checkLastPosition() const {
  const ba_tensor *layout = nullptr, *positions = nullptr;
  int64_t sinks = 0;
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    Role role = program.inputs[i].role;
    if (role == Role::Layout)
      layout = &all[i];
    else if (role == Role::Positions && !there[i])
      positions = &all[i];
    else if (role == Role::Sinks)
      sinks = all[i].shape[0];
  }
  if (manifest.maxPositions <= 0 || !positions || positions->rank == 0 ||
      (positions->dtype != BA_I64 && positions->dtype != BA_I32))
    return Status();
  int64_t row = positions->shape[positions->rank - 1], count = 1;
  for (int32_t d = 0; d < positions->rank; ++d)
    count *= positions->shape[d];
  auto *blocks = layout ? static_cast<const int64_t *>(layout->data) : nullptr;
  int64_t block = 0, blockCount = layout ? layout->shape[0] : 0;
  int64_t before = sinks;
  for (int64_t i = 0; i < count; ++i) {
    // Sinks before every block add up in a segment.
    while (block + 1 < blockCount && blocks[3 * (block + 1)] <= i) {
      ++block;
      bool isSame = blocks[3 * block + 2] == blocks[3 * block - 1];
      before = manifest.sinks.isPrefix || !isSame ? sinks : before + sinks;
    }
    int64_t position = readInteger(*positions, i);
    if (position < manifest.maxPositions - before)
      continue;
    return error(BA_INVALID_ARGUMENT,
                 "token %" PRId64 " would stand at position %" PRId64
                 "%s, but the model has %" PRId64 " learned positions (0 to "
                 "%" PRId64 "); use a shorter prompt",
                 row ? i % row : i, position + before,
                 before ? ", sinks counted" : "", manifest.maxPositions,
                 manifest.maxPositions - 1);
  }
  return Status();
}

Status Inputs::checkBlockPositions() const {
  const ba_tensor *layout = nullptr, *positions = nullptr;
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    if (program.inputs[i].role == Role::Layout)
      layout = &all[i];
    if (program.inputs[i].role == Role::Positions && !there[i])
      positions = &all[i];
  }
  if (!layout || !positions || positions->dtype != BA_I64 ||
      positions->rank != 2)
    return Status();
  auto *rows = static_cast<const int64_t *>(layout->data);
  auto *at = static_cast<const int64_t *>(positions->data);
  int64_t tokens = positions->shape[1];
  for (int64_t b = 0; b < layout->shape[0]; ++b) {
    int64_t end = b + 1 < layout->shape[0] ? rows[3 * (b + 1)] : tokens;
    // Blocks that begin behind the last token are the layout's own fault, which
    // is said of it.
    if (rows[3 * b] >= tokens)
      break;
    for (int64_t i = rows[3 * b] + 1; i < end && i < tokens; ++i)
      if (static_cast<uint64_t>(at[i]) - static_cast<uint64_t>(at[i - 1]) != 1)
        return error(
            BA_INVALID_ARGUMENT,
            "the positions go from %lld to %lld inside of the block "
            "that starts at token %lld; those of a block are "
            "consecutive: start a block at token %lld",
            static_cast<long long>(at[i - 1]), static_cast<long long>(at[i]),
            static_cast<long long>(rows[3 * b]), static_cast<long long>(i));
  }
  return Status();
}
