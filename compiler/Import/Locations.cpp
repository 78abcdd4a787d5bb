//===- Locations.cpp - where a node is, and what to call it ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Locations.h"

#include "compiler/Import/Report.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace blockattn {

/// The node's own name, or, where it has none, what it computes.
static std::string displayName(const ::onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  for (const std::string &output : node.output())
    if (!output.empty())
      return node.op_type() + " of " + output;
  return node.op_type();
}

static Location withCaller(Location loc, std::optional<Location> caller) {
  return caller ? Location(CallSiteLoc::get(loc, *caller)) : loc;
}

Location nodeLocation(MLIRContext *context, const ::onnx::NodeProto &node,
                      std::optional<Location> caller) {
  Builder b(context);
  Location loc = NameLoc::get(b.getStringAttr(displayName(node)));
  NamedAttrList metadata;
  for (const ::onnx::StringStringEntryProto &entry : node.metadata_props()) {
    // PyTorch's own keys are known by their last part: "stack_trace".
    StringRef key = entry.key();
    key.consume_front("pkg.torch.onnx.");
    if (!key.empty())
      metadata.set(key, b.getStringAttr(entry.value()));
  }
  if (!metadata.empty())
    loc = FusedLoc::get(context, loc, metadata.getDictionary(context));
  return withCaller(loc, caller);
}

Location valueLocation(MLIRContext *context, StringRef name,
                       std::optional<Location> caller) {
  return withCaller(NameLoc::get(StringAttr::get(context, name)), caller);
}

std::string nodeLabel(const ::onnx::NodeProto &node) {
  if (node.name().empty())
    return "node " + quoted(displayName(node));
  return "node " + quoted(node.name()) + " (" + node.op_type() + ")";
}

std::string opLabel(const ::onnx::NodeProto &node) {
  std::string label = node.domain().empty() || node.domain() == "ai.onnx"
                          ? node.op_type()
                          : node.domain() + "." + node.op_type();
  // A name that needs escapes keeps its quotes, too.
  std::string escaped = quoted(label);
  return escaped == "'" + label + "'" ? label : escaped;
}

} // namespace blockattn
