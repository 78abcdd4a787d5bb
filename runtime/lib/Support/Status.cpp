//===- Status.cpp - errors inside the runtime -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support/Status.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

using namespace blockattn::rt;

extern "C" {

const char *ba_version(void) { return BA_VERSION_STRING; }

ba_status_code ba_status_get_code(const ba_status *status) {
  return status ? status->code : BA_OK;
}

const char *ba_status_message(const ba_status *status) {
  return status ? status->message.c_str() : "";
}

void ba_status_free(ba_status *status) {
  if (status != outOfMemoryStatus())
    delete status;
}

} // extern "C"

ba_status *blockattn::rt::outOfMemoryStatus() {
  // Fits the string's own buffer: nothing is allocated.
  static ba_status status{BA_OUT_OF_MEMORY, "out of memory"};
  return &status;
}

Status blockattn::rt::error(ba_status_code code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  int length = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  ba_status *status;
  try {
    std::string message(length > 0 ? length : 0, '\0');
    std::vsnprintf(message.data(), message.size() + 1, format, again);
    status = new ba_status{code, std::move(message)};
  } catch (const std::bad_alloc &) {
    status = outOfMemoryStatus();
  }
  va_end(again);
  return Status::adopt(status);
}

Status blockattn::rt::systemError(const char *what,
                                  const std::string &subject) {
  int number = errno;
  ba_status_code code = number == ENOENT   ? BA_NOT_FOUND
                        : number == ENOMEM ? BA_OUT_OF_MEMORY
                                           : BA_IO_ERROR;
  char buffer[128];
  // The GNU form, which returns the text.
  const char *text = strerror_r(number, buffer, sizeof buffer);
  return error(code, "%s %s: %s", what, quote(subject).c_str(), text);
}

std::string blockattn::rt::quote(std::string_view text) {
  return "'" + escape(text) + "'";
}

std::string blockattn::rt::escape(std::string_view text) {
  constexpr size_t longest = 200;
  std::string result;
  for (char c : text.substr(0, longest)) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\') {
      result += c;
      continue;
    }
    if (c == '\'' || c == '\\') {
      (result += '\\') += c;
      continue;
    }
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02x", byte);
    result += code;
  }
  if (text.size() > longest)
    result += "...";
  return result;
}

std::string blockattn::rt::bytesText(uint64_t bytes) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  char buffer[48];
  std::snprintf(buffer, sizeof buffer,
                unit && value < 100 ? "%.1f %s" : "%.0f %s", value,
                units[unit]);
  return buffer;
}

std::string blockattn::rt::shapeText(const int64_t *shape, size_t rank) {
  std::string result = "[";
  for (size_t i = 0; i < rank; ++i)
    result += (i ? ", " : "") + std::to_string(shape[i]);
  return result += ']';
}
