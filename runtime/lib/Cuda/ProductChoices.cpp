//===- ProductChoices.cpp - measured algorithms, kept in a file -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/ProductChoices.h"

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <locale>
#include <sstream>
#include <string_view>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

constexpr char kTitle[] = "blockattn matrix products 1";
/// How the files of all versions begin.
constexpr std::string_view kKind = "blockattn matrix products ";
constexpr char kFor[] = "for ", kEnd[] = "end ";
/// No file of ours is larger; keeps a wrong one from being read whole.
constexpr std::streamoff kMostBytes = std::streamoff(32) << 20;

std::string checksumOf(const std::string &text) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64,
                XXH3_64bits(text.data(), text.size()));
  return digits;
}

bool parseChoice(const std::string &line, ProductChoices::Key &key,
                 ProductChoices::Algorithm &algorithm) {
  std::istringstream stream(line);
  stream.imbue(std::locale::classic());
  for (int64_t &number : key)
    if (!(stream >> number))
      return false;
  std::string colon;
  if (!(stream >> colon) || colon != ":")
    return false;
  stream >> std::hex;
  for (uint64_t &word : algorithm)
    if (!(stream >> word))
      return false;
  return !(stream >> colon);
}

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() > kMostBytes)
    return {};
  file.seekg(0);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Whether the file is absent, empty or one of these. Anything else, a device
/// or what can't be read too, is not ours to replace.
bool isReplaceable(const std::string &path) {
  std::error_code failure;
  std::filesystem::file_status status = std::filesystem::status(path, failure);
  // What can't be looked at, as in a directory that is not there, won't be
  // written either.
  if (!std::filesystem::exists(status))
    return true;
  if (!std::filesystem::is_regular_file(status))
    return false;
  std::ifstream file(path, std::ios::binary);
  std::string begin(kKind.size(), '\0');
  if (!file)
    return false;
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return file.gcount() == 0 || begin == kKind;
}

/// All of it or nothing: readers see the old file or the new one.
bool replaceFile(const std::string &path, const std::string &text) {
  static std::atomic<unsigned> count{0};
  std::string fresh = path + "." + std::to_string(getpid()) + "." +
                      std::to_string(count++) + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  if (!file)
    return false;
  file << text;
  file.close();
  if (file && std::rename(fresh.c_str(), path.c_str()) == 0)
    return true;
  std::remove(fresh.c_str());
  return false;
}

} // namespace

Status ProductChoices::check(const std::string &path) {
  if (path.empty() || isReplaceable(path))
    return Status();
  return error(BA_INVALID_ARGUMENT,
               "%s is no file of measured matrix products, and would be "
               "replaced by one; name another tuning file, or none",
               quote(path).c_str());
}

ProductChoices::Environments ProductChoices::parse(const std::string &text) {
  size_t end = text.rfind(kEnd);
  if (end == std::string::npos || end == 0 || text[end - 1] != '\n' ||
      text.substr(end) != kEnd + checksumOf(text.substr(0, end)) + "\n")
    return {};
  std::istringstream lines(text.substr(0, end));
  std::string line;
  if (!std::getline(lines, line) || line != kTitle)
    return {};
  Environments environments;
  while (std::getline(lines, line)) {
    if (line.compare(0, sizeof kFor - 1, kFor) == 0) {
      environments.push_back({line.substr(sizeof kFor - 1), {}});
      continue;
    }
    Key key;
    Algorithm algorithm;
    if (environments.empty() || !parseChoice(line, key, algorithm))
      return {};
    environments.back().second[key] = algorithm;
  }
  return environments;
}

std::string ProductChoices::print(const Environments &environments) {
  std::string text = std::string(kTitle) + "\n";
  char number[24];
  for (const auto &[environment, choices] : environments) {
    text += kFor + environment + "\n";
    for (const auto &[key, algorithm] : choices) {
      for (int64_t value : key)
        text += std::to_string(value) + " ";
      text += ":";
      for (uint64_t word : algorithm) {
        std::snprintf(number, sizeof number, " %" PRIx64, word);
        text += number;
      }
      text += "\n";
    }
  }
  return text + kEnd + checksumOf(text) + "\n";
}

void ProductChoices::open(std::string forEnvironment) {
  environment = std::move(forEnvironment);
  if (path.empty())
    return;
  for (auto &[name, choices] : parse(readFile(path)))
    if (name == environment)
      list.merge(choices);
}

std::optional<ProductChoices::Algorithm>
ProductChoices::find(const Key &key) const {
  auto found = list.find(key);
  if (found == list.end())
    return std::nullopt;
  return found->second;
}

void ProductChoices::add(const Key &key, const Algorithm &algorithm) {
  if (list.size() >= kMostChoices && !list.count(key))
    return;
  list[key] = algorithm;
  ++unsaved;
}

void ProductChoices::save(bool isLast) {
  constexpr size_t share = 8;
  if (path.empty() || unsaved == 0 ||
      (!isLast && unsaved < (list.size() - unsaved) / share))
    return;
  unsaved = 0;
  // Other processes write as well; what they found meanwhile stays.
  Environments environments = parse(readFile(path));
  List merged = list;
  for (auto found = environments.begin(); found != environments.end();) {
    if (found->first != environment) {
      ++found;
      continue;
    }
    merged.merge(found->second);
    found = environments.erase(found);
  }
  while (merged.size() > kMostChoices)
    merged.erase(std::prev(merged.end()));
  // The parts are in the order of their last change: the oldest goes.
  if (environments.size() >= kMostEnvironments)
    environments.erase(environments.begin(),
                       environments.end() - (kMostEnvironments - 1));
  environments.push_back({environment, std::move(merged)});
  if (!isReplaceable(path) || !replaceFile(path, print(environments)))
    path.clear();
}
