//===- Manifest.cpp - what an artifact says about itself ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifact/Manifest.h"
#include "Support/Checked.h"
#include "blockattn/artifact_format.h"

#include <nlohmann/json.hpp>

#include <set>

using namespace blockattn;
using namespace blockattn::rt;
using Json = nlohmann::json;

namespace {

struct RoleName {
  Role role;
  const char *name;
};
constexpr RoleName kRoles[] = {
    {Role::Input, "input"},
    {Role::Tokens, "tokens"},
    {Role::Positions, "positions"},
    {Role::AttentionMask, "attention_mask"},
    {Role::PastKey, "past_key"},
    {Role::PastValue, "past_value"},
    {Role::Layout, "layout"},
    {Role::KV, "kv"},
    {Role::Sinks, "sinks"},
    {Role::Output, "output"},
    {Role::KVKey, "kv_key"},
    {Role::KVValue, "kv_value"},
    {Role::Output, "present_key"},
    {Role::Output, "present_value"},
    // Keys and values of a layer in one tensor are given, or not, like keys.
    {Role::PastKey, "past_key_value"},
    {Role::Output, "present_key_value"},
};

/// A manifest that does not say what it must. Thrown inside this file alone,
/// beside the JSON library's own exceptions.
struct Malformed {
  std::string what;
};

[[noreturn]] void malformed(std::string what) {
  throw Malformed{std::move(what)};
}

const Json &member(const Json &object, const char *key) {
  if (!object.is_object())
    malformed(std::string("an object with key '") + key + "' is expected");
  auto found = object.find(key);
  if (found == object.end())
    malformed(std::string("key '") + key + "' is missing");
  return *found;
}

const Json &list(const Json &object, const char *key) {
  const Json &value = member(object, key);
  if (!value.is_array())
    malformed(std::string("'") + key + "' is not a list");
  return value;
}

std::string text(const Json &object, const char *key) {
  const Json &value = member(object, key);
  if (!value.is_string())
    malformed(std::string("'") + key + "' is not a string");
  std::string result = value.get<std::string>();
  // Names go through C strings.
  if (result.find('\0') != std::string::npos)
    malformed(std::string("'") + key + "' has a zero byte");
  return result;
}

int64_t asCount(const Json &value, const char *key) {
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) ||
      value.get<int64_t>() < 0)
    malformed(std::string("'") + key + "' is not a count");
  return value.get<int64_t>();
}

int64_t count(const Json &object, const char *key) {
  return asCount(member(object, key), key);
}

ba_dtype dtype(const Json &object) {
  std::string name = text(object, "dtype");
  for (int i = BA_F32; i <= BA_BOOL; ++i)
    if (name == ba_dtype_name(static_cast<ba_dtype>(i)))
      return static_cast<ba_dtype>(i);
  malformed("unknown dtype " + quote(name));
}

Role role(const Json &object) {
  std::string name = text(object, "role");
  for (const RoleName &entry : kRoles)
    if (name == entry.name)
      return entry.role;
  malformed("unknown role " + quote(name));
}

/// The layer of a past_*, kv_* value: its own key, or the number in a name
/// such as "kv.3.key".
int64_t layerOf(const Json &object, const std::string &name) {
  if (object.contains("layer"))
    return count(object, "layer");
  size_t begin = name.find_first_of("0123456789");
  if (begin == std::string::npos)
    return -1;
  int64_t layer = 0;
  for (size_t i = begin;
       i < name.size() && name[i] >= '0' && name[i] <= '9' && layer < 1000000;
       ++i)
    layer = layer * 10 + (name[i] - '0');
  return layer;
}

ValueInfo value(const Json &object) {
  ValueInfo info;
  info.name = text(object, "name");
  info.dtype = dtype(object);
  info.role = role(object);
  for (const Json &dim : list(object, "shape")) {
    if (dim.is_string())
      info.shape.push_back(DimExpr::parse(dim.get<std::string>()));
    else
      info.shape.push_back(DimExpr::fixed(asCount(dim, "shape")));
  }
  if (info.shape.size() > BA_MAX_RANK)
    malformed("a rank above " + std::to_string(BA_MAX_RANK));
  switch (info.role) {
  case Role::PastKey:
  case Role::PastValue:
  case Role::KVKey:
  case Role::KVValue:
    info.layer = layerOf(object, info.name);
    break;
  case Role::Layout:
  case Role::KV:
    if (info.dtype != BA_I64 || info.shape.size() != 2)
      malformed("it is not an i64 matrix");
    break;
  case Role::Tokens:
    if (info.dtype != BA_I64 && info.dtype != BA_I32)
      malformed("token ids are not integers");
    break;
  default:
    break;
  }
  return info;
}

/// Runs `read` and says in errors what it was reading.
template <typename Read> auto within(const std::string &what, Read read) {
  try {
    return read();
  } catch (Malformed &problem) {
    malformed(what + ": " + problem.what);
  }
}

std::vector<ValueInfo> values(const Json &program, const char *key) {
  std::vector<ValueInfo> result;
  std::set<std::string> names;
  for (const Json &entry : list(program, key)) {
    std::string what = std::string(key) + " " + std::to_string(result.size());
    if (entry.is_object() && entry.contains("name") &&
        entry["name"].is_string())
      what += " " + quote(entry["name"].get<std::string>());
    within(what, [&] {
      result.push_back(value(entry));
      if (!names.insert(result.back().name).second)
        malformed("the name is used twice");
    });
  }
  return result;
}

/// An input's dimension such as "query-length" looks like an expression; it is
/// one only if its symbols are dimensions of inputs themselves.
void settleExpressions(std::vector<ValueInfo> &inputs) {
  std::set<std::string> known;
  for (const ValueInfo &input : inputs)
    for (const DimExpr &dim : input.shape)
      if (dim.isSymbol())
        known.insert(dim.text());
  for (ValueInfo &input : inputs)
    for (DimExpr &dim : input.shape)
      if (dim.isExpression())
        for (const std::string &symbol : dim.symbols())
          if (!known.count(symbol)) {
            dim.makeOpaque();
            break;
          }
}

/// Programs for cached blocks return one key and one value for each layer.
void checkKVOutputs(const ProgramInfo &program, int64_t layers) {
  std::set<std::pair<Role, int64_t>> seen;
  for (const ValueInfo &output : program.outputs) {
    if (output.role != Role::KVKey && output.role != Role::KVValue)
      continue;
    if (output.layer < 0 || output.layer >= layers)
      malformed("output " + quote(output.name) + " has no layer below " +
                std::to_string(layers));
    if (output.shape.size() != 4)
      malformed("output " + quote(output.name) + " has not four dimensions");
    if (!seen.insert({output.role, output.layer}).second)
      malformed("layer " + std::to_string(output.layer) + " has two results");
  }
  if (seen.size() != static_cast<size_t>(2 * layers))
    malformed("not every layer has a key and a value result");
  if (!program.inputOf(Role::Tokens))
    malformed("it has no token input");
}

ProgramInfo program(const Json &object, size_t weightCount) {
  ProgramInfo info;
  info.name = text(object, "name");
  if (info.name.empty() ||
      info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
          std::string::npos)
    malformed("a program's name has letters, digits and underscores only");
  info.inputs = values(object, "inputs");
  info.outputs = values(object, "outputs");
  settleExpressions(info.inputs);
  for (const ValueInfo &output : info.outputs)
    info.outputDims += output.shape.size();
  for (const Json &entry : list(object, "weights")) {
    int64_t index = asCount(entry, "weights");
    if (static_cast<uint64_t>(index) >= weightCount)
      malformed("there is no weight " + std::to_string(index));
    info.weights.push_back(index);
  }
  for (const Json &entry : list(object, "buffers")) {
    BufferInfo buffer{count(entry, "first"), count(entry, "last")};
    if (buffer.last < buffer.first)
      malformed("a buffer ends before it begins");
    info.buffers.push_back(buffer);
  }
  return info;
}

WeightsFile weightsFile(const Json &object) {
  WeightsFile file{text(object, "path"), 0, 0};
  file.bytes = count(object, "bytes");
  std::string checksum = text(object, "xxh3");
  if (checksum.size() != 16 ||
      checksum.find_first_not_of("0123456789abcdef") != std::string::npos)
    malformed("'xxh3' is not a checksum of 16 hexadecimal digits");
  file.checksum = std::stoull(checksum, nullptr, 16);
  return file;
}

WeightInfo weight(const Json &object, size_t files) {
  WeightInfo info;
  info.name = text(object, "name");
  info.dtype = dtype(object);
  for (const Json &dim : list(object, "shape"))
    info.shape.push_back(asCount(dim, "shape"));
  info.offset = count(object, "offset");
  info.bytes = count(object, "bytes");
  if (info.shape.size() > BA_MAX_RANK)
    malformed("a rank above " + std::to_string(BA_MAX_RANK));
  std::optional<int64_t> bytes = tensorBytes(
      info.shape.data(), info.shape.size(), ba_dtype_size(info.dtype));
  if (!bytes || static_cast<uint64_t>(*bytes) != info.bytes)
    malformed("'bytes' is not what its shape and dtype make");
  if (object.contains("file")) {
    info.file = count(object, "file");
    if (*info.file >= files)
      malformed("there is no weights file " + std::to_string(*info.file));
  }
  return info;
}

SinkInfo sinks(const Json &object) {
  SinkInfo info;
  info.count = count(object, "count");
  std::string placement = text(object, "placement");
  if (placement != "block" && placement != "prefix")
    malformed("unknown placement " + quote(placement));
  info.isPrefix = placement == "prefix";
  return info;
}

void kv(const Json &object, Manifest &manifest) {
  manifest.kv.layers = count(object, "layers");
  manifest.kv.kv_heads = count(object, "kv_heads");
  manifest.kv.head_size = count(object, "head_size");
  const Json &independent = member(object, "position_independent");
  if (!independent.is_boolean())
    malformed("'position_independent' is neither true nor false");
  manifest.kv.position_independent = independent.get<bool>();
  if (manifest.kv.layers > 100000)
    malformed("too many layers");
}

/// The strings of a list, if there is one, as one text.
std::string sentences(const Json &object, const char *key) {
  std::string result;
  auto list = object.find(key);
  if (list != object.end() && list->is_array())
    for (const Json &sentence : *list)
      if (sentence.is_string())
        result += (result.empty() ? "" : "; ") + sentence.get<std::string>();
  return result;
}

/// The reasons that the compiler gave for not making blocks position
/// independent.
std::string kvReason(const Json &document) {
  auto attentions = document.find("attentions");
  if (attentions == document.end() || !attentions->is_array())
    return {};
  for (const Json &entry : *attentions) {
    if (!entry.is_object() ||
        entry.value("kv_position_independent", Json()) != false)
      continue;
    return sentences(entry, "reasons");
  }
  return {};
}

Manifest read(const Json &document) {
  Manifest manifest;
  if (int64_t format = count(document, "format"); format != kArtifactVersion)
    malformed("it has format " + std::to_string(format) +
              ", and this runtime reads format " +
              std::to_string(kArtifactVersion));
  manifest.compiler = text(document, "compiler");
  manifest.target = text(document, "target");
  if (document.contains("weights_files"))
    for (const Json &entry : list(document, "weights_files"))
      within("weights file " + std::to_string(manifest.weightsFiles.size()),
             [&] { manifest.weightsFiles.push_back(weightsFile(entry)); });
  for (const Json &entry : list(document, "weights"))
    within("weight " + std::to_string(manifest.weights.size()), [&] {
      manifest.weights.push_back(weight(entry, manifest.weightsFiles.size()));
    });
  auto cached = document.find("kv");
  if (cached != document.end() && !cached->is_null())
    within("'kv'", [&] { kv(*cached, manifest); });
  for (const Json &entry : list(document, "programs")) {
    std::string what = "program " + std::to_string(manifest.programs.size());
    if (entry.is_object() && entry.contains("name") &&
        entry["name"].is_string())
      what = "program " + quote(entry["name"].get<std::string>());
    within(what, [&] {
      ProgramInfo info = program(entry, manifest.weights.size());
      if (manifest.find(info.name))
        malformed("the name is used twice");
      if (info.name == "encode" || info.name == "extend")
        checkKVOutputs(info, manifest.kv.layers);
      if (info.name == "extend" && !info.inputOf(Role::KV))
        malformed("it has no input for cached blocks");
      manifest.programs.push_back(std::move(info));
    });
  }
  if (manifest.target == "cuda")
    for (const Json &entry : list(document, "kernels"))
      within("kernel " + std::to_string(manifest.kernels.size()), [&] {
        std::string name = text(entry, "name");
        auto waits = entry.find("waits");
        if (waits != entry.end() && !waits->is_boolean())
          malformed("'waits' must be true or false");
        manifest.kernels.push_back(
            {name, waits != entry.end() && waits->get<bool>()});
      });
  auto vocabulary = document.find("vocab_size");
  if (vocabulary != document.end() && !vocabulary->is_null())
    manifest.vocabSize = asCount(*vocabulary, "vocab_size");
  auto positions = document.find("max_positions");
  if (positions != document.end() && !positions->is_null())
    manifest.maxPositions = asCount(*positions, "max_positions");
  auto sinkInfo = document.find("sinks");
  if (sinkInfo != document.end() && !sinkInfo->is_null())
    within("'sinks'", [&] { manifest.sinks = sinks(*sinkInfo); });
  manifest.kvReason = kvReason(document);
  manifest.refused = sentences(document, "refused");
  if (!manifest.find("encode") && !manifest.find("extend"))
    manifest.kv = {0, 0, 0, 0};
  return manifest;
}

} // namespace

Expected<Manifest> blockattn::rt::parseManifest(std::string_view json,
                                                const std::string &subject) {
  std::string problem;
  try {
    return read(Json::parse(json));
  } catch (const Malformed &malformed) {
    problem = malformed.what;
  } catch (const Json::exception &exception) {
    problem = exception.what();
  }
  return error(BA_CORRUPT,
               "the manifest of %s cannot be used: %s; compile the model again "
               "with blockattn-compile %s",
               quote(subject).c_str(), problem.c_str(), BA_VERSION_STRING);
}

const char *blockattn::rt::roleName(Role role) {
  for (const RoleName &entry : kRoles)
    if (entry.role == role)
      return entry.name;
  return "input";
}

std::string blockattn::rt::typeText(const ValueInfo &value) {
  std::string result = ba_dtype_name(value.dtype);
  result += " [";
  for (size_t i = 0; i < value.shape.size(); ++i)
    result += (i ? ", " : "") + value.shape[i].text();
  return result += ']';
}

const ValueInfo *ProgramInfo::findInput(std::string_view name) const {
  for (const ValueInfo &input : inputs)
    if (input.name == name)
      return &input;
  return nullptr;
}

const ValueInfo *ProgramInfo::inputOf(Role role) const {
  for (const ValueInfo &input : inputs)
    if (input.role == role)
      return &input;
  return nullptr;
}

const ProgramInfo *Manifest::find(std::string_view program) const {
  for (const ProgramInfo &info : programs)
    if (info.name == program)
      return &info;
  return nullptr;
}
