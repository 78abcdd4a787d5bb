//===- NpyTest.cpp - .npy files ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support/Npy.h"
#include "TestArtifact.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace blockattn::rt;
using blockattn::test::TemporaryFile;

namespace {

std::string npy(const std::string &header, const std::string &data,
                int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  return file + header + data;
}

const char kHeader[] =
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }\n";
const std::string kData(24, '\x01');

std::string problem(const std::string &contents) {
  TemporaryFile file(contents, ".npy");
  Expected<Array> array = readNpy(file.path());
  return array ? "" : array.takeError().text();
}

TEST(Npy, AllTypes) {
  for (int type = BA_F32; type <= BA_BOOL; ++type) {
    ba_tensor tensor{};
    tensor.dtype = static_cast<ba_dtype>(type);
    tensor.rank = 2;
    tensor.shape[0] = 3;
    tensor.shape[1] = 2;
    size_t bytes = 6 * ba_dtype_size(tensor.dtype);
    std::string data;
    for (size_t i = 0; i < bytes; ++i)
      data += static_cast<char>(type == BA_BOOL ? i % 2 : i * 7);
    tensor.data = data.data();
    TemporaryFile file("", ".npy");
    Status written = writeNpy(file.path(), tensor);
    ASSERT_FALSE(bool(written)) << written.text();
    EXPECT_EQ((file.read().size() - bytes) % 64, 0u);
    Expected<Array> array = readNpy(file.path());
    ASSERT_TRUE(bool(array));
    EXPECT_EQ(array->tensor.dtype, tensor.dtype);
    EXPECT_EQ(array->tensor.rank, 2);
    EXPECT_EQ(array->tensor.shape[0], 3);
    EXPECT_EQ(std::memcmp(array->tensor.data, data.data(), bytes), 0);
  }
}

TEST(Npy, RanksAndEmptyArrays) {
  for (int32_t rank = 0; rank <= BA_MAX_RANK; ++rank)
    for (int64_t size : {0, 1, 2}) {
      ba_tensor tensor{};
      tensor.dtype = BA_F32;
      tensor.rank = rank;
      for (int32_t d = 0; d < rank; ++d)
        tensor.shape[d] = size;
      std::vector<float> data(256, 1.5f);
      tensor.data = data.data();
      TemporaryFile file("", ".npy");
      ASSERT_FALSE(bool(writeNpy(file.path(), tensor)));
      Expected<Array> array = readNpy(file.path());
      ASSERT_TRUE(bool(array));
      EXPECT_EQ(array->tensor.rank, rank);
    }
}

TEST(Npy, Versions) {
  for (int version : {1, 2, 3})
    EXPECT_EQ(problem(npy(kHeader, kData, version)), "");
  EXPECT_NE(problem(npy(kHeader, kData, 4)).find("version 4"),
            std::string::npos);
}

TEST(Npy, FortranOrder) {
  std::string data;
  for (int32_t i = 0; i < 6; ++i)
    data.append(reinterpret_cast<const char *>(&i), 4);
  TemporaryFile file(
      npy("{\"shape\": (2,3), \"fortran_order\": True, \"descr\": \"<i4\"}",
          data),
      ".npy");
  Expected<Array> array = readNpy(file.path());
  ASSERT_TRUE(bool(array));
  const int32_t *elements = static_cast<const int32_t *>(array->tensor.data);
  EXPECT_EQ(std::vector<int32_t>(elements, elements + 6),
            (std::vector<int32_t>{0, 2, 4, 1, 3, 5}));
}

TEST(Npy, Malformed) {
  for (const char *header :
       {"", "{", "{}", "[]", "{'descr': '<i4'}",
        "{'descr': '<i4', 'fortran_order': Maybe, 'shape': (2, 3)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, -3)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 4)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': "
        "(99999999999999999999,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': "
        "(4611686018427387904, 4)}",
        "{'descr': '>i4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': "
        "(1,1,1,1,1,1,1,2,3)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}",
        "{'descr': '<i4 'fortran_order"})
    EXPECT_NE(problem(npy(header, kData)), "") << header;
}

TEST(Npy, TruncatedAndDamaged) {
  std::string whole = npy(kHeader, kData);
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(problem(whole.substr(0, length)), "") << length;
  EXPECT_NE(problem(whole + "x"), "");
  // A flipped bit may still be a proper file; it must not be a crash.
  for (size_t i = 0; i < whole.size() - kData.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[i] ^= 1 << bit;
      problem(damaged);
    }
}

TEST(Npy, CannotWrite) {
  float x = 1;
  ba_tensor tensor{&x, BA_F32, 0, {}};
  Status status = writeNpy("/nonexistent/x.npy", tensor);
  EXPECT_EQ(status.code(), BA_NOT_FOUND);
  tensor.rank = 1;
  tensor.shape[0] = -1;
  EXPECT_EQ(writeNpy("/tmp/x.npy", tensor).code(), BA_INVALID_ARGUMENT);
}

} // namespace
