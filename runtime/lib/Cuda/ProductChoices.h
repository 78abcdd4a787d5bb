//===- ProductChoices.h - measured algorithms, kept in a file ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which algorithm of cuBLASLt is the fastest for a matrix product is measured
// once; the next process finds it in a text file:
//
//   blockattn matrix products 1
//   for NVIDIA H200, cuBLASLt 130100, CUDA 13000
//   <the product's 16 numbers> : <the algorithm's 8 words, hexadecimal>
//   ...
//   end <checksum of all before, 16 hexadecimal digits>
//
// A choice holds for one kind of GPU with one version of the library: for each
// of these environments there is a part of the file. The file is only a memory:
// one that is absent, damaged or of another version counts as empty, and one
// that can't be written is not. Whatever is no file of this kind is left alone.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_PRODUCTCHOICES_H
#define BLOCKATTN_RUNTIME_CUDA_PRODUCTCHOICES_H

#include "Support/Status.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blockattn::rt::cuda {

/// For one thread at a time.
class ProductChoices {
public:
  /// What tells one product from another, see Cublas.
  using Key = std::array<int64_t, 16>;
  /// As cublasLtMatmulAlgo_t, which may be kept for the same version.
  using Algorithm = std::array<uint64_t, 8>;
  using List = std::map<Key, Algorithm>;

  static constexpr size_t kMostEnvironments = 8;
  static constexpr size_t kMostChoices = 4096;

  /// Without a path nothing is kept.
  explicit ProductChoices(std::string path = {}) : path(std::move(path)) {}

  /// That the file may be replaced: an error for one that something else wrote,
  /// which the user named by mistake.
  static Status check(const std::string &path);

  /// Reads what the file has for the environment, a text without line breaks.
  void open(std::string forEnvironment);

  std::optional<Algorithm> find(const Key &key) const;
  /// Takes a measured choice, to be written by and by.
  void add(const Key &key, const Algorithm &algorithm);
  /// Writes what was added: at once if `isLast`, else when it is much compared
  /// with what the file has, so that a process that sees ever new shapes does
  /// not write all the time.
  void save(bool isLast);

  /// The file's text, for tests.
  using Environments = std::vector<std::pair<std::string, List>>;
  static Environments parse(const std::string &text);
  static std::string print(const Environments &environments);

private:
  std::string path, environment;
  List list;
  size_t unsaved = 0;
};

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_PRODUCTCHOICES_H
