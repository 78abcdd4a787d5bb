//===- MappedFile.cpp - a file mapped for reading -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support/MappedFile.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace blockattn::rt;

Expected<std::unique_ptr<MappedFile>>
MappedFile::open(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return systemError("cannot open", path);
  struct stat info;
  if (fstat(file, &info) != 0) {
    Status status = systemError("cannot read", path);
    close(file);
    return status;
  }
  if (!S_ISREG(info.st_mode)) {
    close(file);
    return error(BA_IO_ERROR, "%s is not a regular file", quote(path).c_str());
  }
  size_t length = static_cast<size_t>(info.st_size);
  void *begin = nullptr;
  // An empty file cannot be mapped, and need not be.
  if (length != 0) {
    begin = mmap(nullptr, length, PROT_READ, MAP_SHARED, file, 0);
    if (begin == MAP_FAILED) {
      Status status = systemError("cannot map", path);
      close(file);
      return status;
    }
  }
  close(file);
  return std::unique_ptr<MappedFile>(
      new MappedFile(path, static_cast<const char *>(begin), length));
}

MappedFile::~MappedFile() {
  if (length != 0)
    munmap(const_cast<char *>(begin), length);
}
