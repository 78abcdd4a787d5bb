//===- Manifest.cpp - what an artifact says of itself ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Manifest.h"

#include "compiler/Emit/Json.h"
#include "dialects/BlockAttn/BlockAttn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Path.h"

using namespace mlir;
namespace json = llvm::json;

namespace blockattn {

std::string dtypeName(Type type) {
  if (type.isF32())
    return "f32";
  if (type.isF16())
    return "f16";
  if (type.isBF16())
    return "bf16";
  if (type.isF64())
    return "f64";
  if (type.isInteger(1))
    return "bool";
  // Numbers of less than a byte have one each; floats are given as their bits.
  if (auto real = dyn_cast<FloatType>(type); real && real.getWidth() < 16)
    return "u8";
  if (auto integer = dyn_cast<IntegerType>(type);
      integer && integer.getWidth() < 8)
    return integer.isUnsigned() ? "u8" : "i8";
  if (auto integer = dyn_cast<IntegerType>(type))
    return (integer.isUnsigned() ? "u" : "i") +
           std::to_string(integer.getWidth());
  return "";
}

/// Name, type, shape and role of one argument or result.
static json::Object describeValue(Type type, DictionaryAttr attrs) {
  json::Object object;
  auto text = [&](StringRef key) {
    auto attr = attrs ? attrs.getAs<StringAttr>(key) : StringAttr();
    return attr ? json::fixUTF8(attr.getValue()) : std::string();
  };
  object["name"] = text("onnx.name");
  object["role"] = text("blockattn.role");
  if (attrs)
    if (auto layer = attrs.getAs<IntegerAttr>("blockattn.layer"))
      object["layer"] = layer.getInt();
  json::Array shape;
  if (isa<LayoutType>(type)) {
    object["dtype"] = "i64";
    shape = json::Array{"?", 3};
  } else if (isa<KVType>(type)) {
    object["dtype"] = "i64";
    shape = json::Array{"?", "?"};
  } else if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    object["dtype"] = dtypeName(tensor.getElementType());
    auto dims = attrs ? attrs.getAs<ArrayAttr>("onnx.dims") : ArrayAttr();
    for (int64_t i = 0, e = tensor.getRank(); i < e; ++i) {
      std::string name = "?";
      if (dims && static_cast<int64_t>(dims.size()) == e)
        if (auto dim = dyn_cast<StringAttr>(dims[i]); dim && !dim.empty())
          name = json::fixUTF8(dim.getValue());
      if (tensor.isDynamicDim(i))
        shape.push_back(name);
      else
        shape.push_back(tensor.getDimSize(i));
    }
  }
  object["shape"] = std::move(shape);
  return object;
}

json::Array describePrograms(ModuleOp module) {
  json::Array programs;
  for (auto func : module.getOps<func::FuncOp>()) {
    auto name = func->getAttrOfType<StringAttr>("blockattn.program");
    if (!name)
      continue;
    json::Array inputs, outputs;
    for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
      inputs.push_back(describeValue(type, func.getArgAttrDict(i)));
    for (auto [i, type] : llvm::enumerate(func.getResultTypes()))
      outputs.push_back(describeValue(type, func.getResultAttrDict(i)));
    programs.push_back(json::Object{{"name", name.getValue()},
                                    {"inputs", std::move(inputs)},
                                    {"outputs", std::move(outputs)}});
  }
  return programs;
}

void addMemoryPlans(ModuleOp lowered, json::Array &programs) {
  for (json::Value &value : programs) {
    json::Object &program = *value.getAsObject();
    StringRef name = *program.getString("name");
    for (auto func : lowered.getOps<func::FuncOp>()) {
      auto attr = func->getAttrOfType<StringAttr>("blockattn.program");
      if (!attr || attr.getValue() != name)
        continue;
      json::Array weights;
      for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i)
        if (auto weight =
                func.getArgAttrOfType<IntegerAttr>(i, "blockattn.weight"))
          weights.push_back(weight.getInt());
      program["weights"] = std::move(weights);
      program["buffers"] = toJson(func->getAttr("blockattn.buffers"));
      if (!program["buffers"].getAsArray())
        program["buffers"] = json::Array();
    }
  }
}

/// The number of rows of the table that an argument indexes: token ids or
/// positions from there on have none. 0 when it is not known.
static int64_t findTableSize(ModuleOp module, StringRef wanted) {
  int64_t size = 0;
  for (auto func : module.getOps<func::FuncOp>())
    for (BlockArgument arg : func.getArguments()) {
      auto role = func.getArgAttrOfType<StringAttr>(arg.getArgNumber(),
                                                    "blockattn.role");
      if (!role || role.getValue() != wanted)
        continue;
      // Sinks stand between the positions and their table.
      SmallVector<Value> indices{arg};
      for (Operation *user : arg.getUsers())
        if (auto sinks = dyn_cast<InsertSinksOp>(user))
          indices.push_back(sinks.getResultPositions());
      for (Value index : indices)
        for (Operation *user : index.getUsers()) {
          if (user->getName().getStringRef() != "onnx.Gather" ||
              user->getOperand(1) != index)
            continue;
          auto table =
              dyn_cast<RankedTensorType>(user->getOperand(0).getType());
          if (table && table.getRank() == 2 && !table.isDynamicDim(0))
            size = table.getDimSize(0);
        }
    }
  return size;
}

json::Object describeModel(ModuleOp module, StringRef modelPath) {
  json::Object model;
  model["file"] = json::fixUTF8(llvm::sys::path::filename(modelPath));
  model["producer"] = toJson(module->getAttr("onnx.producer"));
  model["opsets"] = toJson(module->getAttr("onnx.opsets"));
  json::Object manifest;
  manifest["model"] = std::move(model);
  manifest["kv"] = toJson(module->getAttr("blockattn.kv"));
  manifest["attentions"] = toJson(module->getAttr("blockattn.attentions"));
  if (auto refused = module->getAttr("blockattn.refused"))
    manifest["refused"] = toJson(refused);
  if (auto sinks = module->getAttr("blockattn.sinks"))
    manifest["sinks"] = toJson(sinks);
  if (int64_t size = findTableSize(module, "tokens"))
    manifest["vocab_size"] = size;
  if (int64_t size = findTableSize(module, "positions"))
    manifest["max_positions"] = size;
  return manifest;
}

} // namespace blockattn
