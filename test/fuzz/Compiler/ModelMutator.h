//===- ModelMutator.h - changes of an ONNX model ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TEST_FUZZ_COMPILER_MODELMUTATOR_H
#define BLOCKATTN_TEST_FUZZ_COMPILER_MODELMUTATOR_H

#include "onnx.pb.h"

#include <random>

namespace blockattn::fuzz {

/// Changes ops, attributes, shapes, types, edges and small constants of a
/// model. The outcome is a message that parses, and often enough a model that
/// imports.
class ModelMutator {
public:
  ModelMutator(::onnx::ModelProto &model, unsigned seed);

  /// One to a few changes.
  void mutate();

private:
  int below(int n) { return static_cast<int>(random() % n); }
  bool chance(int percent) { return below(100) < percent; }
  template <typename List> auto pick(List &list) {
    return list.Mutable(below(list.size()));
  }

  int64_t integer();
  float real();
  std::string value();
  void changeOp();
  void changeAttribute();
  void addAttribute();
  void changeEdge();
  void changeTensor(::onnx::TensorProto &tensor);
  void changeInitializer();
  void changeType();
  void changeGraph();

  ::onnx::ModelProto &model;
  ::onnx::GraphProto &graph;
  std::minstd_rand random;
};

} // namespace blockattn::fuzz

#endif // BLOCKATTN_TEST_FUZZ_COMPILER_MODELMUTATOR_H
