//===- Subgraphs.cpp - nodes that hold graphs -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Graph.h"
#include "compiler/Import/Locations.h"
#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;

namespace blockattn {

/// Fills the region with the graph, whose nodes may use the values around it.
bool GraphImporter::importSubgraph(const NodeProto &node, Location loc,
                                   StringRef attribute, const GraphProto &graph,
                                   Region &region, bool allowInputs,
                                   ArrayRef<TensorType> inputTypes) {
  unsigned depth = 0;
  for (const Scope *outer = &scope; outer; outer = outer->outer)
    ++depth;
  if (depth >= maxNesting) {
    import.report.error(loc) << opLabel(node) << ": graphs are nested more "
                             << "than " << maxNesting << " levels deep";
    return false;
  }
  if (!allowInputs && graph.input_size() != 0) {
    import.report.error(loc)
        << opLabel(node) << ": the graph of " << quoted(attribute) << " has "
        << graph.input_size() << " inputs, and must have none";
    return false;
  }
  unsigned errors = import.report.errorCount();
  OpBuilder::InsertionGuard guard(builder);
  Block &block = region.emplaceBlock();
  builder.setInsertionPointToEnd(&block);
  Scope inner;
  inner.outer = &scope;
  GraphImporter body(import, builder, frame, inner);
  for (const ::onnx::ValueInfoProto &input : graph.input()) {
    DeclaredType type{unknownTensor(import.context), {}};
    std::string error;
    // What is not a tensor stays unknown: the op is foreign in any case.
    if (!convertType(import.context, input.type(), type, error))
      type = {unknownTensor(import.context), {}};
    // What the node says of it, where the graph does not contradict.
    if (block.getNumArguments() < inputTypes.size())
      if (TensorType merged =
              mergeTypes(type.type, inputTypes[block.getNumArguments()]))
        type.type = merged;
    BlockArgument argument = block.addArgument(
        type.type, valueLocation(import.context, input.name(), frame.caller));
    import.shapes.addArgument(argument);
    body.define(input.name(), argument, "a graph");
  }
  body.declareTypes(graph.value_info(), "value");
  body.declareTypes(graph.output(), "output");
  body.importInitializers(graph);
  body.importNodes(graph.node());
  if (import.gaveUp())
    return false;
  SmallVector<Value> outputs;
  for (const ::onnx::ValueInfoProto &output : graph.output()) {
    std::optional<Value> value = inner.find(output.name());
    if (value && *value)
      outputs.push_back(*value);
    else
      import.report.error(loc)
          << opLabel(node) << ": output " << quoted(output.name())
          << " of the graph of " << quoted(attribute) << " is not defined";
  }
  onnx::YieldOp::create(builder, loc, outputs);
  return import.report.errorCount() == errors;
}

bool GraphImporter::importIf(const NodeProto &node, Location loc,
                             ArrayRef<NamedProto> attributes,
                             ArrayRef<Value> operands,
                             SmallVectorImpl<Value> &results) {
  const GraphProto *branches[2] = {nullptr, nullptr};
  StringRef names[2] = {"then_branch", "else_branch"};
  bool ok = true;
  for (NamedProto attr : attributes) {
    size_t which = llvm::find(names, attr.name) - std::begin(names);
    if (which < 2 && attr.value->has_g()) {
      branches[which] = &attr.value->g();
      continue;
    }
    import.report.error(loc)
        << opLabel(node) << ": attribute " << quoted(attr.name)
        << (which < 2 ? " is not a graph" : " is not one of If");
    ok = false;
  }
  for (size_t which : {0, 1})
    if (!branches[which] && ok) {
      import.report.error(loc)
          << opLabel(node) << ": lacks the graph " << quoted(names[which]);
      ok = false;
    }
  if (operands.size() != 1 || !operands[0]) {
    import.report.error(loc) << opLabel(node) << ": has " << operands.size()
                             << " inputs, and needs one, the condition";
    ok = false;
  }
  for (size_t which : {0, 1})
    if (branches[which] &&
        branches[which]->output_size() != node.output_size()) {
      import.report.error(loc)
          << opLabel(node) << ": has " << node.output_size()
          << " outputs, but the graph of " << quoted(names[which]) << " has "
          << branches[which]->output_size();
      ok = false;
    }
  if (!ok)
    return false;

  OperationState state(loc, onnx::IfOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(
      SmallVector<Type>(node.output_size(), unknownTensor(import.context)));
  state.addRegion();
  state.addRegion();
  Operation *op = builder.create(state);
  for (size_t which : {0, 1})
    ok &= importSubgraph(node, loc, names[which], *branches[which],
                         op->getRegion(which), /*allowInputs=*/false);
  llvm::append_range(results, op->getResults());
  return ok && inferAndVerify(import, op);
}

/// The type of a carried value: its extents may change.
static TensorType carriedType(Value initial) {
  auto type = cast<TensorType>(initial.getType());
  if (!type.hasRank())
    return type;
  return RankedTensorType::get(
      SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic),
      type.getElementType());
}

bool GraphImporter::importLoop(const NodeProto &node, Location loc,
                               ArrayRef<NamedProto> attributes,
                               ArrayRef<Value> operands,
                               SmallVectorImpl<Value> &results) {
  const GraphProto *graph = nullptr;
  bool ok = true;
  for (NamedProto attr : attributes) {
    if (attr.name == "body" && attr.value->has_g()) {
      graph = &attr.value->g();
      continue;
    }
    import.report.error(loc)
        << opLabel(node) << ": attribute " << quoted(attr.name)
        << (attr.name == "body" ? " is not a graph" : " is not one of Loop");
    ok = false;
  }
  if (!graph && ok) {
    import.report.error(loc) << opLabel(node) << ": lacks the graph 'body'";
    ok = false;
  }
  // Trailing inputs may be left out.
  Value trips = operands.empty() ? Value() : operands[0];
  Value condition = operands.size() < 2 ? Value() : operands[1];
  ArrayRef<Value> carried =
      operands.drop_front(std::min<size_t>(2, operands.size()));
  for (auto [index, value] : llvm::enumerate(carried))
    if (!value || !isa<TensorType>(value.getType())) {
      import.report.error(loc) << opLabel(node) << ": input " << index + 2
                               << ", a carried value, is not there";
      ok = false;
    }
  if (graph) {
    size_t inputs = graph->input_size(), outputs = graph->output_size();
    if (inputs != carried.size() + 2 || outputs < carried.size() + 1) {
      import.report.error(loc)
          << opLabel(node) << ": carries " << carried.size()
          << " values, but the graph of 'body' has " << inputs << " inputs and "
          << outputs << " outputs";
      ok = false;
    } else if (static_cast<size_t>(node.output_size()) + 1 != outputs) {
      import.report.error(loc)
          << opLabel(node) << ": has " << node.output_size()
          << " outputs, but the graph of 'body' has " << outputs
          << ", the first of which is the condition";
      ok = false;
    }
  }
  if (!ok)
    return false;

  SmallVector<TensorType> types = {
      RankedTensorType::get({}, builder.getI64Type()),
      RankedTensorType::get({}, builder.getI1Type())};
  for (Value value : carried)
    types.push_back(carriedType(value));
  auto op = onnx::LoopOp::create(
      builder, loc,
      SmallVector<Type>(node.output_size(), unknownTensor(import.context)),
      trips, condition, carried);
  ok &= importSubgraph(node, loc, "body", *graph, op.getBody(),
                       /*allowInputs=*/true, types);
  llvm::append_range(results, op->getResults());
  return ok && inferAndVerify(import, op);
}

bool GraphImporter::importForeignWithGraphs(const NodeProto &node, Location loc,
                                            ArrayRef<NamedProto> attributes,
                                            ArrayRef<Value> operands,
                                            SmallVectorImpl<Value> &results) {
  bool ok = true;
  NamedAttrList values;
  SmallVector<StringRef> names;
  SmallVector<const GraphProto *> graphs;
  for (NamedProto attr : attributes) {
    if (attr.value->has_g()) {
      names.push_back(attr.name);
      graphs.push_back(&attr.value->g());
      continue;
    }
    if (attr.value->graphs_size() != 0) {
      import.report.error(loc)
          << opLabel(node) << ": attribute " << quoted(attr.name)
          << " is a list of graphs, which no ONNX operator has";
      ok = false;
      continue;
    }
    if (Attribute value = convertAttribute(import, loc, opLabel(node), attr))
      values.set(attr.name, value);
    else
      ok = false;
  }
  OperationState state(loc, onnx::ForeignOp::getOperationName());
  for (Value operand : operands)
    state.operands.push_back(
        operand
            ? operand
            : Value(onnx::NoneOp::create(builder, loc, builder.getNoneType())));
  state.addTypes(
      SmallVector<Type>(node.output_size(), unknownTensor(import.context)));
  state.addAttribute("domain",
                     builder.getStringAttr(normalDomain(node.domain())));
  state.addAttribute("op_type", builder.getStringAttr(node.op_type()));
  if (!values.empty())
    state.addAttribute("attributes", values.getDictionary(import.context));
  state.addAttribute("graph_names", builder.getStrArrayAttr(names));
  for (size_t i = 0; i < graphs.size(); ++i)
    state.addRegion();
  Operation *op = builder.create(state);
  for (auto [index, graph] : llvm::enumerate(graphs))
    ok &= importSubgraph(node, loc, names[index], *graph, op->getRegion(index),
                         /*allowInputs=*/true);
  llvm::append_range(results, op->getResults());
  return ok && inferAndVerify(import, op);
}

} // namespace blockattn
