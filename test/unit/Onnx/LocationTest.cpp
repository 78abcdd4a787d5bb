//===- LocationTest.cpp - tests of node names and sources -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Location.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace blockattn::onnx;

namespace {

class LocationTest : public ::testing::Test {
protected:
  Location node(StringRef name) { return NameLoc::get(b.getStringAttr(name)); }
  Location traced(StringRef name, StringRef trace) {
    auto metadata = b.getDictionaryAttr(
        b.getNamedAttr("stack_trace", b.getStringAttr(trace)));
    return FusedLoc::get({node(name)}, metadata, &context);
  }

  MLIRContext context;
  Builder b{&context};
};

constexpr StringLiteral kTrace =
    "File \"/home/user/export.py\", line 97, in forward\n"
    "    return self.m(input_ids=input_ids)\n"
    "  File \"/home/user/model.py\", line 12, in forward\n"
    "    return self.attention(x)\n"
    "  File \"/usr/lib/python3/site-packages/torch/nn/functional.py\", line 5, "
    "in softmax\n"
    "    return input.softmax(dim)";

TEST_F(LocationTest, NodeNames) {
  EXPECT_EQ(nodeName(node("a/b")), "a/b");
  EXPECT_EQ(nodeName(traced("n", "")), "n");
  EXPECT_EQ(nodeName(UnknownLoc::get(&context)), "");
  EXPECT_EQ(nodeName(CallSiteLoc::get(node("inner"), node("call"))), "inner");
  EXPECT_EQ(nodeName(CallSiteLoc::get(UnknownLoc::get(&context), node("call"))),
            "call");
  EXPECT_EQ(nodeName(FusedLoc::get(
                &context, {UnknownLoc::get(&context), node("x"), node("y")})),
            "x");
}

TEST_F(LocationTest, SourceIsTheInnermostFrameOfTheUser) {
  EXPECT_EQ(userSource(traced("n", kTrace)), "/home/user/model.py:12");
}

TEST_F(LocationTest, SourceInALibraryIfThereIsNoOther) {
  EXPECT_EQ(userSource(traced("n", "File \"/x/site-packages/a.py\", line 1, in "
                                   "f\n  File \"/x/site-packages/b.py\", line "
                                   "2, in g\n")),
            "/x/site-packages/b.py:2");
}

TEST_F(LocationTest, SourceOfTheCallOfAFunction) {
  EXPECT_EQ(userSource(CallSiteLoc::get(node("inner"), traced("n", kTrace))),
            "/home/user/model.py:12");
}

TEST_F(LocationTest, NoSource) {
  EXPECT_EQ(userSource(node("n")), std::nullopt);
  for (StringRef trace :
       {"", "no trace", "File \"", "File \"\", line 3", "File \"a.py\", line x",
        "File \"a.py\", line 99999999999999999999"})
    EXPECT_EQ(userSource(traced("n", trace)), std::nullopt) << trace.str();
}

} // namespace
