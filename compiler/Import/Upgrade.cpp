//===- Upgrade.cpp - older forms of ops to the newest ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect has the newest form of each op only. Between operator sets 11 and
// 25 these changed their form:
//
//   12  Dropout: attribute ratio became an operand
//   13  Squeeze, Unsqueeze, ReduceSum, Split: axes, sizes became an operand
//   13  Softmax, LogSoftmax, Hardmax: work along one axis, no longer on a
//       matrix
//   18  Split: the number of parts is an attribute
//   18  the other Reduce ops: axes became an operand
//   21  GroupNormalization: scale and bias are those of channels, not of groups
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Locations.h"
#include "compiler/Import/Node.h"
#include "dialects/Onnx/Onnx.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace blockattn {

/// Replaces an attribute, where present, by a constant operand at `slot`.
static bool attributeToOperand(ImportContext &import, OpBuilder &builder,
                               NodeParts &node, StringRef name, unsigned slot) {
  Attribute attr = node.attributes.erase(name);
  if (!attr)
    return true;
  ElementsAttr value;
  if (auto ints = dyn_cast<DenseI64ArrayAttr>(attr))
    value = DenseElementsAttr::get(
        RankedTensorType::get({ints.size()}, builder.getI64Type()),
        ints.asArrayRef());
  else if (auto number = dyn_cast<FloatAttr>(attr))
    value = DenseElementsAttr::get(RankedTensorType::get({}, number.getType()),
                                   number.getValue());
  if (!value) {
    import.report.error(node.loc) << opLabel(node.proto) << ": attribute "
                                  << quoted(name) << " has the wrong type";
    return false;
  }
  if (node.operands.size() > slot) {
    import.report.error(node.loc)
        << opLabel(node.proto) << ": " << quoted(name)
        << " is an attribute in operator set " << node.version << ", but input "
        << slot << " is there as well";
    return false;
  }
  node.operands.resize(slot);
  node.operands.push_back(
      onnx::ConstantOp::create(builder, node.loc, value.getType(), value));
  return true;
}

/// Up to version 12 Softmax works on the rows of a matrix, whose columns are
/// all dimensions from `axis` on.
static bool upgradeSoftmax(ImportContext &import, OpBuilder &builder,
                           NodeParts &node) {
  int64_t axis = 1;
  if (Attribute attr = node.attributes.get("axis")) {
    auto number = dyn_cast<IntegerAttr>(attr);
    if (!number)
      return true; // The verifier says what is wrong.
    axis = number.getInt();
  }
  Value input = node.operands.empty() ? Value() : node.operands.front();
  if (!input)
    return true;
  std::optional<ArrayRef<AffineExpr>> dims = import.shapes.dims(input);
  bool isLast = axis == -1 || (dims && axis == int64_t(dims->size()) - 1);
  node.attributes.set("axis", builder.getI64IntegerAttr(-1));
  if (isLast)
    return true;
  auto flat =
      onnx::FlattenOp::create(builder, node.loc, unknownTensor(import.context),
                              input, builder.getI64IntegerAttr(axis));
  if (!inferAndVerify(import, flat))
    return false;
  node.operands.front() = flat.getResult();
  node.shapeLike = input;
  return true;
}

/// The number of parts was the number of results.
static void upgradeSplit(OpBuilder &builder, NodeParts &node) {
  if (node.operands.size() < 2 && !node.attributes.get("num_outputs"))
    node.attributes.set("num_outputs",
                        builder.getI64IntegerAttr(node.results.size()));
}

/// Up to version 20 there was a scale for each group: it becomes that of all
/// channels of the group.
static bool upgradeGroupNormalization(ImportContext &import, OpBuilder &builder,
                                      NodeParts &node) {
  auto groups =
      dyn_cast_if_present<IntegerAttr>(node.attributes.get("num_groups"));
  if (!groups || node.operands.size() != 3 ||
      llvm::is_contained(node.operands, Value()))
    return true; // The verifier says what is wrong.
  std::optional<ArrayRef<AffineExpr>> dims =
      import.shapes.dims(node.operands.front());
  auto channels = dims && dims->size() > 1
                      ? dyn_cast<AffineConstantExpr>((*dims)[1])
                      : AffineConstantExpr();
  int64_t number = groups.getInt();
  constexpr int64_t kMostChannels = 1 << 20;
  if (!channels || number <= 0 || channels.getValue() % number != 0 ||
      channels.getValue() > kMostChannels) {
    import.report.error(node.loc)
        << opLabel(node.proto) << ": in operator set " << node.version
        << " it needs a number of channels that is known, and a multiple of "
           "num_groups; export the model with operator set 21";
    return false;
  }
  SmallVector<int64_t> group;
  for (int64_t i = 0; i < channels.getValue(); ++i)
    group.push_back(i / (channels.getValue() / number));
  auto type =
      RankedTensorType::get({channels.getValue()}, builder.getI64Type());
  auto indices = onnx::ConstantOp::create(
      builder, node.loc, type,
      cast<ElementsAttr>(DenseElementsAttr::get(type, ArrayRef(group))));
  if (!inferAndVerify(import, indices))
    return false;
  for (Value &vector : MutableArrayRef(node.operands).drop_front()) {
    std::optional<ArrayRef<AffineExpr>> length = import.shapes.dims(vector);
    auto given = length && length->size() == 1
                     ? dyn_cast<AffineConstantExpr>(length->front())
                     : AffineConstantExpr();
    if (given && given.getValue() != number) {
      import.report.error(node.loc)
          << opLabel(node.proto) << ": in operator set " << node.version
          << " scale and bias have a number for each of the " << number
          << " groups, but one has " << given.getValue()
          << "; export the model with operator set 21 for one for each channel";
      return false;
    }
    auto gather =
        onnx::GatherOp::create(builder, node.loc, unknownTensor(import.context),
                               vector, indices, IntegerAttr());
    if (!inferAndVerify(import, gather))
      return false;
    vector = gather.getResult();
  }
  return true;
}

bool upgradeNode(ImportContext &import, OpBuilder &builder, NodeParts &node) {
  // ONNX Runtime keeps its own op under the standard domain as well.
  if (node.opType == "SimplifiedLayerNormalization" &&
      (node.domain.empty() || node.domain == "com.microsoft") &&
      node.results.size() == 1) {
    node.domain.clear();
    node.opType = "RMSNormalization";
    return true;
  }
  if (node.domain == "com.microsoft" && node.opType == "TransposeMatMul") {
    node.opType = "FusedMatMul"; // its older name
    return true;
  }
  if (node.domain == "com.microsoft" &&
      (node.opType == "Gelu" || node.opType == "DequantizeLinear")) {
    node.domain.clear();
    return true;
  }
  if (!node.domain.empty())
    return true;
  StringRef op = node.opType;
  int64_t version = node.version;
  if (version < 12 && op == "Dropout")
    return attributeToOperand(import, builder, node, "ratio", 1);
  if (version < 13 &&
      (op == "Squeeze" || op == "Unsqueeze" || op == "ReduceSum"))
    return attributeToOperand(import, builder, node, "axes", 1);
  if (version < 13 &&
      (op == "Softmax" || op == "LogSoftmax" || op == "Hardmax"))
    return upgradeSoftmax(import, builder, node);
  if (version < 18 && op == "Split") {
    if (version < 13 && !attributeToOperand(import, builder, node, "split", 1))
      return false;
    upgradeSplit(builder, node);
    return true;
  }
  if (version < 21 && op == "GroupNormalization")
    return upgradeGroupNormalization(import, builder, node);
  bool reduces = llvm::StringSwitch<bool>(op)
                     .Cases({"ReduceL1", "ReduceL2", "ReduceLogSum",
                             "ReduceLogSumExp", "ReduceMax", "ReduceMean",
                             "ReduceMin", "ReduceProd", "ReduceSumSquare"},
                            true)
                     .Default(false);
  if (version < 18 && reduces)
    return attributeToOperand(import, builder, node, "axes", 1);
  return true;
}

} // namespace blockattn
