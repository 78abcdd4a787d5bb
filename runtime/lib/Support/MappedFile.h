//===- MappedFile.h - a file mapped for reading -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SUPPORT_MAPPEDFILE_H
#define BLOCKATTN_RUNTIME_SUPPORT_MAPPEDFILE_H

#include "Support/Status.h"

#include <cstddef>
#include <memory>
#include <string>

namespace blockattn::rt {

/// A regular file, mapped whole and read-only for as long as the object lives.
/// Pages come in as they are read.
class MappedFile {
public:
  static Expected<std::unique_ptr<MappedFile>> open(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const char *data() const { return begin; }
  size_t size() const { return length; }
  const std::string &path() const { return name; }

private:
  MappedFile(std::string name, const char *begin, size_t length)
      : name(std::move(name)), begin(begin), length(length) {}

  std::string name;
  const char *begin;
  size_t length;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SUPPORT_MAPPEDFILE_H
