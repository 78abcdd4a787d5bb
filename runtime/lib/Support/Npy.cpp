//===- Npy.cpp - NumPy's array files --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support/Npy.h"
#include "Support/Checked.h"
#include "Support/MappedFile.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

using namespace blockattn::rt;

namespace {

struct TypeName {
  ba_dtype dtype;
  const char *name;
};
constexpr TypeName kTypes[] = {
    {BA_F32, "<f4"},
    {BA_F16, "<f2"},
    {BA_F64, "<f8"},
    {BA_I64, "<i8"},
    {BA_I32, "<i4"},
    {BA_I16, "<i2"},
    {BA_I8, "|i1"},
    {BA_U8, "|u1"},
    {BA_U16, "<u2"},
    {BA_U32, "<u4"},
    {BA_U64, "<u8"},
    {BA_BOOL, "|b1"},
    // NumPy has no such type of its own: the files that its extensions write
    // hold plain pairs of bytes.
    {BA_BF16, "<V2"},
    {BA_BF16, "|V2"},
};

constexpr char kMagic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

/// Reads the header: a Python dictionary of a string, a truth value and a
/// tuple of integers, in any order.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest(text) {}

  /// Null when it is read, else what was expected.
  const char *parse(Header &header) {
    bool hasDescr = false, hasOrder = false, hasShape = false;
    if (!take('{'))
      return "a dictionary";
    while (!take('}')) {
      std::string key;
      if (!string(key))
        return "a key in quotes";
      if (!take(':'))
        return "':' after a key";
      if (key == "descr") {
        hasDescr = true;
        if (!string(header.descr))
          return "a simple type for 'descr' (records are not supported)";
      } else if (key == "fortran_order") {
        hasOrder = true;
        if (!truth(header.fortran))
          return "True or False for 'fortran_order'";
      } else if (key == "shape") {
        hasShape = true;
        if (!tuple(header.shape))
          return "a tuple of sizes for 'shape'";
      } else {
        return "the keys 'descr', 'fortran_order' and 'shape' only";
      }
      if (!take(',') && !peek('}'))
        return "',' or '}' after a value";
    }
    if (!hasDescr || !hasOrder || !hasShape)
      return "the keys 'descr', 'fortran_order' and 'shape'";
    return nullptr;
  }

private:
  void skip() {
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n' ||
                             rest.front() == '\t'))
      rest.remove_prefix(1);
  }
  bool peek(char c) {
    skip();
    return !rest.empty() && rest.front() == c;
  }
  bool take(char c) {
    if (!peek(c))
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool word(std::string_view text) {
    skip();
    if (rest.substr(0, text.size()) != text)
      return false;
    rest.remove_prefix(text.size());
    return true;
  }
  bool string(std::string &value) {
    skip();
    char quote = rest.empty() ? 0 : rest.front();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = rest.find(quote, 1);
    if (end == std::string_view::npos)
      return false;
    value = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }
  bool truth(bool &value) {
    value = word("True");
    return value || word("False");
  }
  bool tuple(std::vector<int64_t> &values) {
    values.clear();
    if (!take('('))
      return false;
    while (!take(')')) {
      skip();
      int64_t value = 0;
      size_t digits = 0;
      for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9';
           ++digits)
        if (__builtin_mul_overflow(value, int64_t(10), &value) ||
            __builtin_add_overflow(value, int64_t(rest[digits] - '0'), &value))
          return false;
      if (digits == 0)
        return false;
      rest.remove_prefix(digits);
      values.push_back(value);
      // Python 2 wrote long integers so.
      word("L");
      if (!take(',') && !peek(')'))
        return false;
    }
    return true;
  }

  std::string_view rest;
};

Status malformed(const std::string &path, const char *what) {
  return error(BA_CORRUPT, "%s is not a proper .npy file: %s",
               quote(path).c_str(), what);
}

/// Copies column-major data to row-major.
void transposeCopy(char *to, const char *from, const ba_tensor &tensor,
                   size_t elementSize) {
  int64_t count = 1;
  int64_t strides[BA_MAX_RANK], index[BA_MAX_RANK] = {};
  for (int32_t d = 0; d < tensor.rank; ++d) {
    strides[d] = count;
    count *= tensor.shape[d];
  }
  int64_t source = 0;
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(to + i * elementSize, from + source * elementSize, elementSize);
    for (int32_t d = tensor.rank; d-- > 0;) {
      source += strides[d];
      if (++index[d] < tensor.shape[d])
        break;
      source -= index[d] * strides[d];
      index[d] = 0;
    }
  }
}

} // namespace

Expected<Array> blockattn::rt::readNpy(const std::string &path) {
  Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  const char *data = (*file)->data();
  size_t size = (*file)->size();
  if (size < 10 || std::memcmp(data, kMagic, sizeof kMagic) != 0)
    return malformed(path, "it does not begin as one (numpy.save makes them)");
  int version = static_cast<unsigned char>(data[6]);
  if (version < 1 || version > 3)
    return error(BA_UNSUPPORTED,
                 "%s has version %d of the .npy format; versions 1 to 3 are "
                 "known",
                 quote(path).c_str(), version);
  size_t lengthBytes = version == 1 ? 2 : 4;
  if (size < 8 + lengthBytes)
    return malformed(path, "it ends within its header");
  size_t headerLength = 0;
  for (size_t i = 0; i < lengthBytes; ++i)
    headerLength |= size_t(static_cast<unsigned char>(data[8 + i])) << (8 * i);
  size_t begin = 8 + lengthBytes;
  if (headerLength > size - begin)
    return malformed(path, "it ends within its header");
  Header header;
  if (const char *expected =
          HeaderParser(std::string_view(data + begin, headerLength))
              .parse(header)) {
    std::string what = "its header should have " + std::string(expected);
    return malformed(path, what.c_str());
  }

  Array array;
  bool isKnown = false;
  for (const TypeName &type : kTypes)
    if (header.descr == type.name) {
      array.tensor.dtype = type.dtype;
      isKnown = true;
    }
  if (!isKnown)
    return error(BA_UNSUPPORTED,
                 "%s has elements of NumPy type %s; little-endian floats, "
                 "integers and bool are supported",
                 quote(path).c_str(), quote(header.descr).c_str());
  if (header.shape.size() > BA_MAX_RANK)
    return error(BA_UNSUPPORTED,
                 "%s has %zu dimensions; at most %d are "
                 "supported",
                 quote(path).c_str(), header.shape.size(), BA_MAX_RANK);
  array.tensor.rank = static_cast<int32_t>(header.shape.size());
  for (size_t d = 0; d < header.shape.size(); ++d)
    array.tensor.shape[d] = header.shape[d];
  size_t elementSize = ba_dtype_size(array.tensor.dtype);
  std::optional<int64_t> bytes =
      tensorBytes(array.tensor.shape, array.tensor.rank, elementSize);
  size_t dataBegin = begin + headerLength;
  if (!bytes || static_cast<uint64_t>(*bytes) != size - dataBegin)
    return error(BA_CORRUPT,
                 "%s has %zu bytes of data, which is not what shape %s of %s "
                 "needs",
                 quote(path).c_str(), size - dataBegin,
                 shapeText(array.tensor.shape, array.tensor.rank).c_str(),
                 ba_dtype_name(array.tensor.dtype));
  if (Status status = array.memory.reserve(*bytes, "an array"))
    return status;
  if (header.fortran && array.tensor.rank > 1 && *bytes != 0)
    transposeCopy(array.memory.data(), data + dataBegin, array.tensor,
                  elementSize);
  else if (*bytes != 0)
    std::memcpy(array.memory.data(), data + dataBegin, *bytes);
  array.tensor.data = array.memory.data();
  return array;
}

Status blockattn::rt::writeNpy(const std::string &path,
                               const ba_tensor &tensor) {
  const char *descr = nullptr;
  for (const TypeName &type : kTypes)
    if (tensor.dtype == type.dtype && !descr)
      descr = type.name;
  if (!descr) {
    const char *name = ba_dtype_name(tensor.dtype);
    return error(BA_UNSUPPORTED,
                 "%s cannot be written: NumPy has no type for %s",
                 quote(path).c_str(), name ? name : "these elements");
  }
  std::optional<int64_t> bytes;
  if (tensor.rank >= 0 && tensor.rank <= BA_MAX_RANK)
    bytes = tensorBytes(tensor.shape, tensor.rank, ba_dtype_size(tensor.dtype));
  if (!bytes || (*bytes != 0 && !tensor.data))
    return error(BA_INVALID_ARGUMENT,
                 "the tensor for %s has no data or an "
                 "impossible shape",
                 quote(path).c_str());
  std::string header = "{'descr': '" + std::string(descr) +
                       "', 'fortran_order': False, 'shape': (";
  for (int32_t d = 0; d < tensor.rank; ++d)
    header += std::to_string(tensor.shape[d]) + (d + 1 < tensor.rank ? ", "
                                                 : tensor.rank == 1  ? ","
                                                                     : "");
  header += "), }";
  // Eight dimensions of twenty digits stay far below the 64 KiB of version 1.
  // The data begin at a multiple of 64 bytes.
  size_t total = (sizeof kMagic + 4 + header.size() + 1 + 63) / 64 * 64;
  header.append(total - (sizeof kMagic + 4) - header.size() - 1, ' ');
  header += '\n';
  std::string prefix(kMagic, sizeof kMagic);
  prefix += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
             static_cast<char>(header.size() >> 8)};
  prefix += header;

  FILE *file = std::fopen(path.c_str(), "wbe");
  if (!file)
    return systemError("cannot write", path);
  bool ok = std::fwrite(prefix.data(), 1, prefix.size(), file) == prefix.size();
  if (ok && *bytes != 0)
    ok = std::fwrite(tensor.data, 1, *bytes, file) ==
         static_cast<size_t>(*bytes);
  int number = errno;
  if (std::fclose(file) != 0 && ok) {
    ok = false;
    number = errno;
  }
  if (ok)
    return Status();
  errno = number;
  Status status = systemError("cannot write", path);
  std::remove(path.c_str());
  return status;
}
