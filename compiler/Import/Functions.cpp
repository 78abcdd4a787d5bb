//===- Functions.cpp - model-local functions are inlined ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Graph.h"
#include "compiler/Import/Locations.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::NodeProto;

namespace blockattn {

std::string functionKey(StringRef domain, StringRef name, StringRef overload) {
  std::string key = (normalDomain(domain) + "::" + name).str();
  if (!overload.empty())
    key += (":" + overload).str();
  return key;
}

Opsets
readOpsets(ImportContext &import, StringRef owner,
           const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto>
               &list) {
  Opsets opsets;
  for (const ::onnx::OperatorSetIdProto &opset : list) {
    StringRef domain = normalDomain(opset.domain());
    auto [it, isNew] = opsets.try_emplace(domain, opset.version());
    if (!isNew && it->second != opset.version())
      import.report.error()
          << owner << " imports two versions of operator set " << quoted(domain)
          << ": " << it->second << " and " << opset.version();
    if (domain.empty() &&
        (opset.version() < minOpset || opset.version() > maxOpset))
      import.report.error()
          << owner << " uses version " << opset.version()
          << " of the standard operator set; versions " << minOpset << " to "
          << maxOpset << " are supported"
          << (opset.version() < minOpset
                  ? " (export the model again, or convert it with "
                    "onnx.version_converter)"
                  : "");
  }
  return opsets;
}

/// Gives each parameter of the function the call's attribute, or its default.
bool GraphImporter::bindParameters(
    const NodeProto &node, Location loc, const FunctionProto &function,
    ArrayRef<NamedProto> attributes,
    llvm::StringMap<const AttributeProto *> &parameters) {
  bool ok = true;
  llvm::StringSet<> known;
  for (const std::string &name : function.attribute())
    known.insert(name);
  for (const AttributeProto &attr : function.attribute_proto()) {
    known.insert(attr.name());
    parameters[attr.name()] = &attr;
  }
  for (NamedProto attr : attributes) {
    if (!known.contains(attr.name)) {
      import.report.error(loc)
          << opLabel(node) << ": the function " << quoted(function.name())
          << " has no attribute " << quoted(attr.name);
      ok = false;
    } else if (attr.value->has_g() || attr.value->graphs_size() != 0) {
      import.report.error(loc)
          << opLabel(node) << ": attribute " << quoted(attr.name)
          << " hands a graph to the function " << quoted(function.name())
          << ", which is not supported";
      ok = false;
    }
    parameters[attr.name] = attr.value;
  }
  for (const std::string &name : function.attribute())
    if (!parameters.contains(name)) {
      import.report.error(loc)
          << opLabel(node) << ": lacks the attribute " << quoted(name)
          << " of the function " << quoted(function.name());
      ok = false;
    }
  return ok;
}

bool GraphImporter::inlineFunction(const NodeProto &node, Location loc,
                                   const ImportContext::Function &callee,
                                   ArrayRef<NamedProto> attributes,
                                   ArrayRef<Value> operands,
                                   SmallVectorImpl<Value> &results) {
  const FunctionProto &function = *callee.proto;
  std::string key =
      functionKey(function.domain(), function.name(), function.overload());
  auto isCalled = llvm::find(frame.calls, key);
  if (isCalled != frame.calls.end()) {
    InFlightDiagnostic diag = import.report.error(loc);
    diag << opLabel(node) << ": functions call one another in a circle: ";
    for (const std::string &name :
         llvm::make_range(isCalled, frame.calls.end()))
      diag << quoted(name) << " -> ";
    diag << quoted(key);
    return false;
  }
  if (frame.calls.size() >= maxNesting) {
    import.report.error(loc)
        << opLabel(node) << ": functions call one another more than "
        << maxNesting << " levels deep";
    return false;
  }
  auto checkCount = [&](int given, int known, StringRef what) {
    if (given <= known)
      return true;
    import.report.error(loc)
        << opLabel(node) << ": has " << given << " " << what
        << "; the function " << quoted(function.name()) << " has " << known;
    return false;
  };
  llvm::StringMap<const AttributeProto *> parameters;
  bool ok = checkCount(operands.size(), function.input_size(), "inputs");
  ok &= checkCount(node.output_size(), function.output_size(), "outputs");
  ok &= bindParameters(node, loc, function, attributes, parameters);
  if (!ok)
    return false;

  Frame inner;
  inner.opsets = &callee.opsets;
  inner.parameters = &parameters;
  inner.caller = loc;
  inner.calls = frame.calls;
  inner.calls.push_back(key);
  Scope names;
  GraphImporter body(import, builder, inner, names);
  for (auto [index, name] : llvm::enumerate(function.input()))
    body.define(name, index < operands.size() ? operands[index] : Value(),
                "the function " + quoted(function.name()));
  body.declareTypes(function.value_info(), "value");
  unsigned errors = import.report.errorCount();
  body.importNodes(function.node());
  if (import.gaveUp())
    return false;
  for (const std::string &name : function.output()) {
    std::optional<Value> value = names.find(name);
    if (!value || !*value)
      import.report.error(loc)
          << "output " << quoted(name) << " of the function "
          << quoted(function.name()) << " is not defined in it";
    results.push_back(value.value_or(Value()));
  }
  return import.report.errorCount() == errors;
}

} // namespace blockattn
