//===- WeightsTest.cpp - tests of weight files ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Weights.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace mlir;
using namespace blockattn::onnx;

namespace {

class WeightsTest : public ::testing::Test {
protected:
  WeightsTest()
      : handler(&context, [this](Diagnostic &diagnostic) {
          message = diagnostic.str();
          return success();
        }) {
    context.loadDialect<OnnxDialect>();
  }

  void SetUp() override {
    ASSERT_FALSE(
        llvm::sys::fs::createUniqueDirectory("blockattn-weights", folder));
    write("model.onnx", "0123456789abcdef");
    write("big.bin", std::string(100000, 'x') + "tail");
    module = ModuleOp::create(b.getUnknownLoc());
    setSources({path("model.onnx"), "big.bin", "absent.bin", "."});
  }

  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string path(StringRef name) {
    SmallString<128> result(folder);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }

  void write(StringRef name, StringRef contents) {
    std::ofstream(path(name), std::ios::binary) << contents.str();
  }

  void setSources(ArrayRef<std::string> names) {
    (*module)->setAttr("onnx.sources", b.getStrArrayAttr(SmallVector<StringRef>(
                                           names.begin(), names.end())));
  }

  WeightOp weight(Type type, int64_t source, int64_t offset, int64_t size) {
    OpBuilder builder(module->getBodyRegion());
    return WeightOp::create(builder, b.getUnknownLoc(), type, "w", source,
                            offset, size);
  }

  std::string read(WeightFiles &files, int64_t source, int64_t offset,
                   int64_t size) {
    auto bytes = files.bytes(source, offset, size, b.getUnknownLoc());
    return succeeded(bytes) ? std::string(bytes->data(), bytes->size())
                            : "error: " + message;
  }

  MLIRContext context;
  Builder b{&context};
  std::string message;
  ScopedDiagnosticHandler handler;
  SmallString<128> folder;
  OwningOpRef<ModuleOp> module;
};

TEST_F(WeightsTest, ReadsRanges) {
  WeightFiles files(*module);
  EXPECT_EQ(read(files, 0, 4, 3), "456");
  EXPECT_EQ(read(files, 1, 100000, 4), "tail");
  EXPECT_EQ(read(files, 0, 16, 0), "");
}

TEST_F(WeightsTest, BytesStayWhereTheyAre) {
  WeightFiles files(*module);
  auto first = files.bytes(1, 0, 10, b.getUnknownLoc());
  auto second = files.bytes(1, 0, 100004, b.getUnknownLoc());
  ASSERT_TRUE(succeeded(first) && succeeded(second));
  EXPECT_EQ(first->data(), second->data());
}

TEST_F(WeightsTest, RelativeToAGivenDirectory) {
  setSources({"model.onnx"});
  WeightFiles files(*module, folder);
  EXPECT_EQ(read(files, 0, 0, 2), "01");
}

TEST_F(WeightsTest, RangesOutsideTheFile) {
  WeightFiles files(*module);
  std::string expected = "leaves the file '" + path("model.onnx") +
                         "', which has 16 bytes; is the file whole?";
  EXPECT_EQ(read(files, 0, 10, 7),
            "error: weight of 7 bytes at offset 10 " + expected);
  EXPECT_EQ(read(files, 0, 17, 0),
            "error: weight of 0 bytes at offset 17 " + expected);
  EXPECT_EQ(read(files, 0, -1, 4),
            "error: weight of 4 bytes at offset -1 " + expected);
  EXPECT_EQ(read(files, 0, 8, INT64_MAX),
            "error: weight of 9223372036854775807 bytes at offset 8 " +
                expected);
}

TEST_F(WeightsTest, FilesThatCannotBeRead) {
  WeightFiles files(*module);
  // The second time the answer is the same.
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(read(files, 2, 0, 1),
              "error: weight file '" + path("absent.bin") +
                  "' cannot be read: No such file or directory");
  EXPECT_EQ(read(files, 3, 0, 1), "error: weight file '" + path(".") +
                                      "' cannot be read: it is not a regular "
                                      "file");
  EXPECT_EQ(read(files, 4, 0, 1),
            "error: weight in source 4, but the module's 'onnx.sources' lists "
            "4 files");
  EXPECT_EQ(read(files, -1, 0, 1),
            "error: weight in source -1, but the module's 'onnx.sources' lists "
            "4 files");
}

TEST_F(WeightsTest, Weights) {
  WeightFiles files(*module);
  auto type = RankedTensorType::get({2}, b.getF32Type());
  auto bytes = files.bytes(weight(type, 0, 8, 8));
  ASSERT_TRUE(succeeded(bytes));
  EXPECT_EQ(StringRef(bytes->data(), bytes->size()), "89abcdef");
  EXPECT_TRUE(failed(files.bytes(weight(type, 0, 8, 7))));
  EXPECT_EQ(message,
            "weight 'w' has 7 bytes in its file, but 'tensor<2xf32>' has 8");
  EXPECT_TRUE(failed(files.bytes(weight(
      RankedTensorType::get({4}, b.getType<Float6E2M3FNType>()), 0, 0, 3))));
}

TEST_F(WeightsTest, ByteSizes) {
  auto size = [&](ArrayRef<int64_t> shape, Type element) {
    return byteSize(RankedTensorType::get(shape, element));
  };
  EXPECT_EQ(size({3, 5}, b.getBF16Type()), 30);
  EXPECT_EQ(size({3, 0}, b.getF64Type()), 0);
  EXPECT_EQ(size({}, b.getI1Type()), 1);
  EXPECT_EQ(size({2}, ComplexType::get(b.getF32Type())), 16);
  EXPECT_EQ(size({3}, b.getIntegerType(4)), 2);
  EXPECT_EQ(size({9}, b.getIntegerType(2, /*isSigned=*/false)), 3);
  EXPECT_EQ(size({4}, b.getType<Float6E2M3FNType>()), std::nullopt);
  EXPECT_EQ(size({ShapedType::kDynamic}, b.getF32Type()), std::nullopt);
  EXPECT_EQ(size({INT64_MAX, 2}, b.getI8Type()), std::nullopt);
  EXPECT_EQ(size({2}, UnknownType::get(&context)), std::nullopt);
}

} // namespace
