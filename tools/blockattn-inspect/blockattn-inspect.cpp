//===- blockattn-inspect.cpp - what is in an artifact ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "blockattn/blockattn.hpp"
#include "tools/blockattn-inspect/Kernels.h"
#include "tools/common/CommandLine.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace blockattn;
using namespace blockattn::tools;
using Json = nlohmann::json;

namespace {

/// A manifest is read leniently here: what is absent is shown as "-", so that
/// an artifact with a defect can still be looked at.
std::string show(const Json &object, const char *key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null())
    return "-";
  if (found->is_string())
    return found->get<std::string>();
  if (found->is_boolean())
    return found->get<bool>() ? "yes" : "no";
  return found->dump();
}

const Json &listOf(const Json &object, const char *key) {
  static const Json none = Json::array();
  if (!object.is_object())
    return none;
  auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

uint64_t sumOf(const Json &items, const char *key) {
  uint64_t sum = 0;
  for (const Json &item : items)
    if (item.is_object() && item.contains(key) &&
        item[key].is_number_unsigned())
      sum += item[key].get<uint64_t>();
  return sum;
}

std::string typeOf(const Json &value) {
  std::string text = show(value, "dtype") + " [";
  bool first = true;
  for (const Json &dim : listOf(value, "shape")) {
    text += (first ? "" : ", ") +
            (dim.is_string() ? dim.get<std::string>() : dim.dump());
    first = false;
  }
  return text + "]";
}

/// Terminals act on control characters: names come from model files.
std::string plain(const std::string &text) {
  std::string result;
  for (char c : text)
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return result;
}

void printTable(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      widths.resize(std::max(widths.size(), row.size()));
      widths[i] = std::max(widths[i], row[i].size());
    }
  for (const std::vector<std::string> &row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      std::string cell = plain(row[i]);
      if (i + 1 < row.size())
        cell.resize(widths[i] + 2, ' ');
      line += cell;
    }
    std::printf("%s\n", line.c_str());
  }
}

void printProgram(const Json &program) {
  const Json &buffers = listOf(program, "buffers");
  std::printf("\nprogram %s: %zu weights, %zu buffers\n",
              plain(show(program, "name")).c_str(),
              listOf(program, "weights").size(), buffers.size());
  std::vector<std::vector<std::string>> rows;
  for (const char *kind : {"inputs", "outputs"})
    for (const Json &value : listOf(program, kind))
      rows.push_back({std::string(kind) == "inputs" ? "in" : "out",
                      show(value, "name"), typeOf(value), show(value, "role")});
  printTable(rows);
}

void printAttentions(const Json &attentions) {
  if (attentions.empty())
    return;
  std::printf("\nattentions\n");
  static const char *const keys[] = {
      "node", "raised", "heads",   "kv_heads",  "head_size",
      "mask", "window", "softcap", "positions", "kv_position_independent"};
  std::vector<std::vector<std::string>> rows(1);
  for (const char *key : keys)
    rows[0].push_back(std::string(key) == "kv_position_independent" ? "reusable"
                                                                    : key);
  for (const Json &entry : attentions) {
    rows.emplace_back();
    for (const char *key : keys)
      rows.back().push_back(show(entry, key));
  }
  printTable(rows);
  for (const Json &entry : attentions)
    for (const Json &reason : listOf(entry, "reasons"))
      if (reason.is_string())
        std::printf("  %s: %s\n", plain(show(entry, "node")).c_str(),
                    plain(reason.get<std::string>()).c_str());
}

/// Which kernel each attention got on a GPU.
void printVariants(const Json &variants) {
  if (variants.empty())
    return;
  std::printf("\nattention kernels\n");
  std::vector<std::vector<std::string>> rows = {{"kernel", "variant", "why"}};
  for (const Json &entry : variants)
    rows.push_back(
        {show(entry, "kernel"), show(entry, "variant"), show(entry, "reason")});
  printTable(rows);
}

/// Kernels by code section.
using Kernels = std::map<std::string, std::map<std::string, uint64_t>>;

Kernels readKernels(const std::string &path, const Artifact &artifact) {
  Kernels kernels;
  std::ifstream file(path, std::ios::binary);
  for (const ba_section &section : artifact.sections()) {
    std::string name = section.name;
    if (name.compare(0, 5, "code.") != 0 && name.compare(0, 6, "cubin.") != 0)
      continue;
    std::string object(section.size, '\0');
    file.seekg(static_cast<std::streamoff>(section.offset));
    file.read(object.data(), static_cast<std::streamsize>(object.size()));
    if (!file)
      throw ToolError("cannot read section '" + name + "' of '" + path + "'");
    kernels[name] = kernelsOf(object);
  }
  return kernels;
}

/// A row for each kernel, with its bytes in each section: kernels may be
/// merged at one level and not at another. Those of a GPU are listed even where
/// there is no machine code of them, with the nodes of the model that they
/// compute.
void printKernels(const Kernels &kernels, const Json &listed) {
  std::map<std::string, std::map<std::string, uint64_t>> bySection;
  std::map<std::string, std::string> nodes;
  std::vector<std::vector<std::string>> rows(1);
  rows[0].push_back("bytes in");
  for (const auto &[section, list] : kernels) {
    rows[0].push_back(section);
    for (const auto &[kernel, bytes] : list)
      bySection[kernel][section] = bytes;
  }
  for (const Json &entry : listed) {
    bySection[show(entry, "name")];
    const Json &names = listOf(entry, "nodes");
    if (names.empty())
      continue;
    std::string &text = nodes[show(entry, "name")];
    text = names[0].is_string() ? names[0].get<std::string>() : names[0].dump();
    if (names.size() > 1)
      text += " and " + std::to_string(names.size() - 1) + " more";
  }
  if (bySection.empty())
    return;
  if (!nodes.empty())
    rows[0].push_back("for");
  for (const auto &[kernel, sizes] : bySection) {
    rows.push_back({kernel});
    for (const auto &[section, list] : kernels) {
      auto found = sizes.find(section);
      rows.back().push_back(
          found == sizes.end() ? "-" : std::to_string(found->second));
    }
    if (!nodes.empty())
      rows.back().push_back(nodes.count(kernel) ? nodes[kernel] : "-");
  }
  std::printf("\n%zu kernels\n", bySection.size());
  printTable(rows);
}

/// The GPUs whose machine code is there, and what others do; "" for an artifact
/// that is not for GPUs.
std::string machineCode(const Artifact &artifact) {
  const std::string prefix = "cubin.";
  std::string levels;
  bool hasPtx = false;
  for (const ba_section &section : artifact.sections()) {
    std::string name = section.name;
    hasPtx |= name == "ptx";
    if (name.compare(0, prefix.size(), prefix) == 0)
      levels += (levels.empty() ? "" : ", ") + name.substr(prefix.size());
  }
  if (!hasPtx)
    return levels;
  if (levels.empty())
    return "none; the driver compiles the PTX, when the model is loaded for "
           "the first time";
  // An architecture of this form has instructions that no other one has.
  return levels + (levels.back() == 'a'
                       ? "; no other GPU runs this"
                       : "; for newer GPUs the driver compiles the PTX");
}

void printReport(const std::string &path, const Artifact &artifact,
                 const Json &manifest, bool verified) {
  const Json empty = Json::object();
  const Json &model = manifest.contains("model") ? manifest["model"] : empty;
  std::printf("%s\n", path.c_str());
  std::vector<std::vector<std::string>> rows = {
      {"made by", show(manifest, "compiler")},
      {"target", show(manifest, "target")},
      {"model", show(model, "file")},
      {"producer", show(model, "producer")},
      {"vocabulary", show(manifest, "vocab_size")}};
  if (manifest.contains("kv") && manifest["kv"].is_object()) {
    const Json &kv = manifest["kv"];
    rows.push_back({"cached blocks",
                    show(kv, "layers") + " layers, " + show(kv, "kv_heads") +
                        " heads of " + show(kv, "head_size") +
                        (show(kv, "position_independent") == "yes"
                             ? ", good at any place"
                             : ", tied to their place")});
  }
  const Json &weights = listOf(manifest, "weights");
  // By file; what is in none is in the artifact, such as weights that are not
  // aligned in the model's file.
  const Json &files = listOf(manifest, "weights_files");
  std::vector<Json> byFile(files.size() + 1, Json::array());
  for (const Json &weight : weights) {
    size_t file = files.size();
    if (weight.is_object() && weight.contains("file") &&
        weight["file"].is_number_unsigned())
      file = std::min<size_t>(file, weight["file"].get<size_t>());
    byFile[file].push_back(weight);
  }
  for (size_t i = 0; i <= files.size(); ++i) {
    if (byFile[i].empty() && i == files.size() && i != 0)
      continue;
    std::string where =
        i == files.size()
            ? "in the artifact"
            : "in file " + show(files[i], "path") + (verified ? ", ok" : "");
    rows.push_back({"weights", std::to_string(byFile[i].size()) + " of " +
                                   std::to_string(sumOf(byFile[i], "bytes")) +
                                   " bytes, " + where});
  }
  if (manifest.contains("sinks") && manifest["sinks"].is_object())
    rows.push_back(
        {"sinks", show(manifest["sinks"], "count") +
                      (show(manifest["sinks"], "placement") == "prefix"
                           ? ", once at the head of a prompt"
                           : ", before every block")});
  if (std::string levels = machineCode(artifact); !levels.empty())
    rows.push_back({"machine code", levels});
  printTable(rows);
  std::printf("\nsections\n");
  rows.clear();
  for (const ba_section &section : artifact.sections()) {
    char checksum[20];
    std::snprintf(checksum, sizeof checksum, "%016" PRIx64, section.checksum);
    bool isChecked = verified || std::string(section.name) != "weights";
    rows.push_back({section.name, std::to_string(section.size) + " bytes",
                    "at " + std::to_string(section.offset), checksum,
                    isChecked ? "ok" : "not checked (--verify)"});
  }
  printTable(rows);
  for (const Json &program : listOf(manifest, "programs"))
    printProgram(program);
  printKernels(readKernels(path, artifact), listOf(manifest, "kernels"));
  printAttentions(listOf(manifest, "attentions"));
  printVariants(listOf(manifest, "attention_variants"));
}

void printJson(const std::string &path, const Artifact &artifact,
               const Json &manifest, bool verified) {
  Json result;
  result["file"] = path;
  result["verified"] = verified;
  result["sections"] = Json::array();
  for (const ba_section &section : artifact.sections())
    result["sections"].push_back({{"name", section.name},
                                  {"offset", section.offset},
                                  {"size", section.size},
                                  {"checksum", section.checksum}});
  result["kernels"] = readKernels(path, artifact);
  result["manifest"] = manifest;
  std::printf(
      "%s\n",
      result.dump(2, ' ', true, Json::error_handler_t::replace).c_str());
}

void run(const std::vector<std::string> &arguments) {
  CommandLine commandLine(
      "blockattn-inspect M.ba [--verify] [--json]",
      "Shows what an artifact holds: programs with their inputs and outputs, "
      "sections,\nweights, and how each attention was rewritten. Header, "
      "manifest "
      "and code are always\nchecked against their checksums; --verify checks "
      "the "
      "weights as well.");
  std::string path;
  bool verify = false, json = false;
  commandLine.positional("M.ba", path);
  commandLine.flag("verify", "check the weights too (reads all of them)",
                   verify);
  commandLine.flag("json", "print JSON: sections and the manifest", json);
  if (arguments.size() == 1 && arguments[0] == "--version") {
    std::printf("blockattn-inspect %s\n", ba_version());
    return;
  }
  if (!commandLine.parse(arguments))
    return;
  Artifact artifact(path);
  if (verify)
    artifact.verify();
  Json manifest =
      Json::parse(artifact.manifest(), nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object())
    throw ToolError("the manifest of '" + path +
                    "' is not a JSON object; compile the model again");
  if (json)
    printJson(path, artifact, manifest, verify);
  else
    printReport(path, artifact, manifest, verify);
}

} // namespace

int main(int argc, char **argv) {
  return runTool([&] { run(std::vector<std::string>(argv + 1, argv + argc)); });
}
