//===- Node.cpp - one node becomes one op ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Node.h"

#include "compiler/Import/Locations.h"
#include "dialects/Onnx/Onnx.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace blockattn {

/// The op of the dialect that mirrors this one, when there is one. Those that
/// the dialect alone has, and those that the importer makes itself, are not
/// ONNX ops to it.
static std::optional<RegisteredOperationName> findOp(ImportContext &import,
                                                     const NodeParts &node) {
  std::string name = "onnx.";
  if (node.domain == "com.microsoft")
    name += "ms.";
  else if (!node.domain.empty())
    return std::nullopt;
  bool isInternal =
      llvm::StringSwitch<bool>(node.opType)
          .Cases({"Weight", "None", "Foreign", "Yield", "If"}, true)
          .Default(StringRef(node.opType).contains('.'));
  if (isInternal)
    return std::nullopt;
  return RegisteredOperationName::lookup(name + node.opType, import.context);
}

/// Checks the attributes against those of the op, and brings data types into
/// the dialect's form. Returns false after errors.
static bool fitAttributes(ImportContext &import, const NodeParts &node,
                          RegisteredOperationName op, NamedAttrList &fitted) {
  bool ok = true;
  ArrayRef<StringAttr> known = op.getAttributeNames();
  for (NamedAttribute attr : node.attributes) {
    StringRef name = attr.getName();
    if (!llvm::is_contained(known, attr.getName()) ||
        name.ends_with("SegmentSizes")) {
      import.report.error(node.loc)
          << opLabel(node.proto) << ": has no attribute " << quoted(name)
          << " in operator set " << node.version;
      ok = false;
      continue;
    }
    auto number = dyn_cast<IntegerAttr>(attr.getValue());
    if (!number || !onnx::isDataTypeAttribute(name)) {
      fitted.push_back(attr);
      continue;
    }
    // Undefined means that the attribute is not given.
    if (number.getInt() == 0)
      continue;
    Type type = elementType(import.context, number.getInt());
    if (!type) {
      import.report.error(node.loc)
          << opLabel(node.proto) << ": attribute " << quoted(name)
          << " is a data type that ONNX does not have: " << number.getInt();
      ok = false;
      continue;
    }
    fitted.append(attr.getName(), TypeAttr::get(type));
  }
  if (!ok)
    return false;
  // Attributes of a wrong type would be dropped without a word when the op is
  // made.
  std::string label = opLabel(node.proto);
  return succeeded(op.verifyInherentAttrs(fitted, [&] {
    return std::move(import.report.error(node.loc) << label << ": ");
  }));
}

/// Sets operands and `operandSegmentSizes`.
static bool fitOperands(ImportContext &import, const NodeParts &node,
                        RegisteredOperationName op, OperationState &state) {
  Builder b(import.context);
  if (std::optional<unsigned> slots = onnx::operandSlots(op)) {
    if (node.operands.size() > *slots) {
      import.report.error(node.loc)
          << opLabel(node.proto) << ": has " << node.operands.size()
          << " inputs; " << node.opType << " has at most " << *slots;
      return false;
    }
    SmallVector<int32_t> sizes(*slots, 0);
    for (auto [index, operand] : llvm::enumerate(node.operands))
      sizes[index] = operand ? 1 : 0;
    state.addAttribute("operandSegmentSizes", b.getDenseI32ArrayAttr(sizes));
  }
  for (auto [index, operand] : llvm::enumerate(node.operands)) {
    if (operand) {
      state.operands.push_back(operand);
    } else if (!onnx::operandSlots(op)) {
      import.report.error(node.loc)
          << opLabel(node.proto) << ": input " << index << " is left out, and "
          << node.opType << " needs it";
      return false;
    }
  }
  return true;
}

/// Adds a result of unknown type for each one that the op is to have, and
/// `resultSegmentSizes`; `present` tells which names have one.
static bool fitResults(ImportContext &import, const NodeParts &node,
                       RegisteredOperationName op, OperationState &state,
                       SmallVectorImpl<bool> &present) {
  Builder b(import.context);
  Type unknown = unknownTensor(import.context);
  std::optional<unsigned> slots = onnx::resultSlots(op);
  if (!slots) {
    // No result in the middle is optional: one without a name is made, too.
    present.assign(node.results.size(), true);
    state.types.assign(node.results.size(), unknown);
    if (op.hasTrait<OpTrait::NResults<2>::Impl>())
      state.types.resize(std::max<size_t>(2, state.types.size()), unknown);
    return true;
  }
  if (node.results.size() > *slots) {
    import.report.error(node.loc)
        << opLabel(node.proto) << ": has " << node.results.size()
        << " outputs; " << node.opType << " has at most " << *slots;
    return false;
  }
  SmallVector<int32_t> sizes(*slots, 0);
  for (auto [index, name] : llvm::enumerate(node.results)) {
    sizes[index] = name.empty() ? 0 : 1;
    present.push_back(!name.empty());
    if (!name.empty())
      state.types.push_back(unknown);
  }
  state.addAttribute("resultSegmentSizes", b.getDenseI32ArrayAttr(sizes));
  return true;
}

bool inferAndVerify(ImportContext &import, Operation *op) {
  // First the form, on which the shape rules rely; then what the types say.
  if (failed(verify(op, /*verifyRecursively=*/false)) ||
      failed(import.shapes.visit(op)))
    return false;
  for (Value result : op->getResults())
    result.setType(import.shapes.refinedType(result));
  return succeeded(verify(op, /*verifyRecursively=*/false));
}

static bool emitForeign(ImportContext &import, OpBuilder &builder,
                        const NodeParts &node,
                        SmallVectorImpl<Value> &results) {
  SmallVector<Value> operands;
  for (Value operand : node.operands)
    operands.push_back(operand
                           ? operand
                           : Value(onnx::NoneOp::create(
                                 builder, node.loc, builder.getNoneType())));
  SmallVector<Type> types(node.results.size(), unknownTensor(import.context));
  OperationState state(node.loc, onnx::ForeignOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(types);
  state.addAttribute("domain", builder.getStringAttr(node.domain));
  state.addAttribute("op_type", builder.getStringAttr(node.opType));
  if (!node.attributes.empty())
    state.addAttribute("attributes",
                       node.attributes.getDictionary(import.context));
  Operation *op = builder.create(state);
  llvm::append_range(results, op->getResults());
  return inferAndVerify(import, op);
}

/// Gives the result the shape that `node.shapeLike` has.
static bool restoreShape(ImportContext &import, OpBuilder &builder,
                         const NodeParts &node, Value &result) {
  Type unknown = unknownTensor(import.context);
  Operation *shape = onnx::ShapeOp::create(
      builder, node.loc, unknown, node.shapeLike, IntegerAttr(), IntegerAttr());
  if (!inferAndVerify(import, shape))
    return false;
  Operation *reshaped = onnx::ReshapeOp::create(
      builder, node.loc, unknown, result, shape->getResult(0), IntegerAttr());
  result = reshaped->getResult(0);
  return inferAndVerify(import, reshaped);
}

bool emitNode(ImportContext &import, OpBuilder &builder, const NodeParts &node,
              SmallVectorImpl<Value> &results) {
  std::optional<RegisteredOperationName> name = findOp(import, node);
  if (!name)
    return emitForeign(import, builder, node, results);
  OperationState state(node.loc, *name);
  SmallVector<bool> present;
  NamedAttrList attributes;
  bool attributesFit = fitAttributes(import, node, *name, attributes);
  bool operandsFit = fitOperands(import, node, *name, state);
  if (!fitResults(import, node, *name, state, present) || !attributesFit ||
      !operandsFit)
    return false;
  state.attributes.append(attributes.begin(), attributes.end());
  Operation *op = builder.create(state);
  unsigned next = 0;
  for (bool isPresent : present)
    results.push_back(isPresent ? op->getResult(next++) : Value());
  if (!inferAndVerify(import, op))
    return false;
  return !node.shapeLike || results.empty() ||
         restoreShape(import, builder, node, results.front());
}

} // namespace blockattn
