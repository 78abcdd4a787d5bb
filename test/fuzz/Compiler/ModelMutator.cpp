//===- ModelMutator.cpp - changes of an ONNX model ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelMutator.h"

#include <cstring>
#include <limits>

using namespace blockattn::fuzz;
using ::onnx::AttributeProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;

namespace {

const char *const kOps[] = {
    "Add",       "Mul",        "Sub",     "Div",           "Pow",
    "Sqrt",      "MatMul",     "Gemm",    "Softmax",       "Reshape",
    "Transpose", "Concat",     "Split",   "Slice",         "Gather",
    "GatherND",  "Expand",     "Where",   "Equal",         "Less",
    "And",       "Not",        "Range",   "CumSum",        "Shape",
    "Size",      "Squeeze",    "Cast",    "Unsqueeze",     "ConstantOfShape",
    "Constant",  "ReduceMean", "Trilu",   "ReduceSum",     "Clip",
    "Pad",       "Tile",       "TopK",    "NonZero",       "Attention",
    "Flatten",   "Gelu",       "Sigmoid", "ScatterND",     "RotaryEmbedding",
    "IsNaN",     "Identity",   "Einsum",  "TensorScatter", "RMSNormalization"};

const char *const kAttributes[] = {
    "axis",  "axes",    "to",        "perm",        "keepdims",
    "scale", "softcap", "is_causal", "q_num_heads", "kv_num_heads",
    "start", "end",     "epsilon",   "allowzero",   "batch_dims"};

const char *const kNames[] = {
    "batch",     "sequence",     "past",           "sequence + 1",         "",
    "input_ids", "position_ids", "attention_mask", "past_key_values.0.key"};

/// The bytes of a tensor as numbers, whichever field they are in.
template <typename T> bool rawElement(TensorProto &tensor, int place, T value) {
  std::string &raw = *tensor.mutable_raw_data();
  if (raw.size() < sizeof value)
    return false;
  size_t at = place % (raw.size() / sizeof value) * sizeof value;
  std::memcpy(raw.data() + at, &value, sizeof value);
  return true;
}

} // namespace

ModelMutator::ModelMutator(::onnx::ModelProto &model, unsigned seed)
    : model(model), graph(*model.mutable_graph()), random(seed + 1) {}

int64_t ModelMutator::integer() {
  static const int64_t values[] = {std::numeric_limits<int64_t>::min(),
                                   -(int64_t(1) << 31),
                                   -5,
                                   -4,
                                   -3,
                                   -2,
                                   -1,
                                   0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   5,
                                   8,
                                   16,
                                   64,
                                   int64_t(1) << 31,
                                   int64_t(1) << 40,
                                   int64_t(1) << 62,
                                   std::numeric_limits<int64_t>::max()};
  // Most often a number that could have been meant.
  return chance(70) ? below(12) - 4 : values[below(std::size(values))];
}

float ModelMutator::real() {
  static const float values[] = {0.0f,
                                 -0.0f,
                                 1.0f,
                                 -1.0f,
                                 0.5f,
                                 1e-6f,
                                 1e30f,
                                 -1e30f,
                                 std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::quiet_NaN()};
  return values[below(std::size(values))];
}

/// The name of any value of the graph.
std::string ModelMutator::value() {
  int count = graph.initializer_size() + graph.input_size() + graph.node_size();
  if (count == 0)
    return "";
  int place = below(count);
  if (place < graph.initializer_size())
    return graph.initializer(place).name();
  place -= graph.initializer_size();
  if (place < graph.input_size())
    return graph.input(place).name();
  const NodeProto &node = graph.node(place - graph.input_size());
  return node.output_size() ? node.output(below(node.output_size())) : "";
}

void ModelMutator::changeOp() {
  NodeProto &node = *pick(*graph.mutable_node());
  if (chance(10))
    node.set_domain(chance(50) ? "com.microsoft" : "other");
  else if (chance(50))
    node.set_op_type(pick(*graph.mutable_node())->op_type());
  else
    node.set_op_type(kOps[below(std::size(kOps))]);
}

void ModelMutator::changeAttribute() {
  NodeProto *node = pick(*graph.mutable_node());
  for (int i = 0; i < 20 && node->attribute_size() == 0; ++i)
    node = pick(*graph.mutable_node());
  if (node->attribute_size() == 0)
    return;
  int place = below(node->attribute_size());
  AttributeProto &attribute = *node->mutable_attribute(place);
  if (chance(10)) {
    node->mutable_attribute()->DeleteSubrange(place, 1);
  } else if (chance(10)) {
    attribute.set_type(
        static_cast<AttributeProto::AttributeType>(1 + below(10)));
  } else if (attribute.ints_size() != 0) {
    if (chance(30))
      attribute.mutable_ints()->RemoveLast();
    else if (chance(20))
      attribute.add_ints(integer());
    else
      attribute.set_ints(below(attribute.ints_size()), integer());
  } else if (attribute.has_t()) {
    changeTensor(*attribute.mutable_t());
  } else if (attribute.type() == AttributeProto::FLOAT) {
    attribute.set_f(real());
  } else if (attribute.type() == AttributeProto::STRING) {
    attribute.set_s(chance(50) ? "" : "tanh");
  } else {
    attribute.set_i(integer());
  }
}

void ModelMutator::addAttribute() {
  AttributeProto &attribute = *pick(*graph.mutable_node())->add_attribute();
  attribute.set_name(kAttributes[below(std::size(kAttributes))]);
  if (chance(60)) {
    attribute.set_type(AttributeProto::INT);
    attribute.set_i(integer());
  } else if (chance(50)) {
    attribute.set_type(AttributeProto::INTS);
    for (int i = below(5); i > 0; --i)
      attribute.add_ints(integer());
  } else {
    attribute.set_type(AttributeProto::FLOAT);
    attribute.set_f(real());
  }
}

void ModelMutator::changeEdge() {
  NodeProto &node = *pick(*graph.mutable_node());
  auto &inputs = *node.mutable_input();
  int draw = below(10);
  if (inputs.empty() || draw == 0)
    node.add_input(value());
  else if (draw == 1)
    inputs.RemoveLast();
  else if (draw == 2)
    pick(inputs)->clear();
  else if (draw == 3)
    inputs.SwapElements(below(inputs.size()), below(inputs.size()));
  else
    *pick(inputs) = value();
}

void ModelMutator::changeTensor(TensorProto &tensor) {
  int draw = below(10);
  if (draw == 0) {
    tensor.set_data_type(below(24));
  } else if (draw == 1 && tensor.dims_size() != 0) {
    tensor.set_dims(below(tensor.dims_size()), integer());
  } else if (draw == 2) {
    tensor.add_dims(1);
  } else if (draw == 3 && tensor.dims_size() == 1 &&
             tensor.data_type() == TensorProto::INT64) {
    // Another length that is consistent in itself.
    int64_t count = below(6);
    tensor.set_dims(0, count);
    tensor.clear_int64_data();
    tensor.mutable_raw_data()->assign(8 * count, '\0');
    for (int i = 0; i < count; ++i)
      rawElement(tensor, i, integer());
  } else if (tensor.data_type() == TensorProto::FLOAT) {
    if (tensor.float_data_size() != 0)
      tensor.set_float_data(below(tensor.float_data_size()), real());
    else
      rawElement(tensor, below(1 << 20), real());
  } else if (tensor.int64_data_size() != 0) {
    tensor.set_int64_data(below(tensor.int64_data_size()), integer());
  } else if (tensor.data_type() == TensorProto::INT64) {
    rawElement(tensor, below(1 << 20), integer());
  } else {
    rawElement(tensor, below(1 << 20), static_cast<uint8_t>(below(256)));
  }
}

void ModelMutator::changeInitializer() {
  if (graph.initializer_size() == 0)
    return;
  TensorProto *tensor = pick(*graph.mutable_initializer());
  // Shapes, axes and bounds sooner than the weights.
  for (int i = 0; i < 5 && tensor->data_type() != TensorProto::INT64; ++i)
    tensor = pick(*graph.mutable_initializer());
  changeTensor(*tensor);
}

void ModelMutator::changeType() {
  auto &infos = chance(70)   ? *graph.mutable_input()
                : chance(50) ? *graph.mutable_output()
                             : *graph.mutable_value_info();
  if (infos.empty())
    return;
  ::onnx::ValueInfoProto &info = *pick(infos);
  auto &tensor = *info.mutable_type()->mutable_tensor_type();
  auto &dims = *tensor.mutable_shape()->mutable_dim();
  int draw = below(10);
  if (draw < 2) {
    tensor.set_elem_type(chance(50) ? 1 + 6 * below(2) : below(24));
  } else if (draw == 2) {
    tensor.clear_shape();
  } else if (draw == 3) {
    dims.Add()->set_dim_value(integer());
  } else if (draw == 4 && !dims.empty()) {
    dims.RemoveLast();
  } else if (draw == 5) {
    info.set_name(kNames[below(std::size(kNames))]);
  } else if (!dims.empty()) {
    auto &dim = *pick(dims);
    if (chance(60))
      dim.set_dim_value(integer());
    else
      dim.set_dim_param(kNames[below(std::size(kNames))]);
  }
}

void ModelMutator::changeGraph() {
  int draw = below(8), place = below(graph.node_size());
  auto &nodes = *graph.mutable_node();
  if (draw == 0) {
    nodes.DeleteSubrange(place, 1);
  } else if (draw == 1) {
    nodes.SwapElements(place, below(nodes.size()));
  } else if (draw == 2 && graph.output_size() != 0) {
    pick(*graph.mutable_output())->set_name(value());
  } else if (draw == 3 && graph.initializer_size() != 0) {
    graph.mutable_initializer()->DeleteSubrange(below(graph.initializer_size()),
                                                1);
  } else if (draw == 4 && model.opset_import_size() != 0) {
    pick(*model.mutable_opset_import())->set_version(10 + below(17));
  } else if (draw == 5 && nodes.size() < 500) {
    NodeProto copy = graph.node(place);
    for (std::string &output : *copy.mutable_output())
      output += "'";
    *graph.add_node() = copy;
  } else if (graph.node(place).input_size() != 0 &&
             graph.node(place).output_size() != 0) {
    // The node goes; who read it reads its first operand.
    std::string from = graph.node(place).output(0);
    std::string to = graph.node(place).input(0);
    nodes.DeleteSubrange(place, 1);
    for (NodeProto &node : nodes)
      for (std::string &input : *node.mutable_input())
        if (input == from)
          input = to;
  }
}

void ModelMutator::mutate() {
  static void (ModelMutator::*const kinds[])() = {
      &ModelMutator::changeOp,          &ModelMutator::changeAttribute,
      &ModelMutator::changeAttribute,   &ModelMutator::addAttribute,
      &ModelMutator::changeEdge,        &ModelMutator::changeEdge,
      &ModelMutator::changeInitializer, &ModelMutator::changeInitializer,
      &ModelMutator::changeType,        &ModelMutator::changeGraph};
  for (int i = chance(60) ? 1 : 1 + below(4); i > 0; --i)
    if (graph.node_size() != 0)
      (this->*kinds[below(std::size(kinds))])();
}
