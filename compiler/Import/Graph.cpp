//===- Graph.cpp - graphs, subgraphs and function bodies ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Graph.h"

#include "compiler/Import/Locations.h"
#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using ::onnx::AttributeProto;
using ::onnx::NodeProto;

namespace blockattn {

//===----------------------------------------------------------------------===//
// Names and types
//===----------------------------------------------------------------------===//

void GraphImporter::define(StringRef name, Value value, const Twine &what) {
  auto [it, isNew] = scope.values.try_emplace(name, value);
  if (isNew)
    return;
  Operation *op = value ? value.getDefiningOp() : nullptr;
  bool isNode = op && !isa<onnx::WeightOp, onnx::ConstantOp>(op);
  import.report.error(isNode ? value.getLoc() : here())
      << what << " defines " << quoted(name)
      << ", which is defined before; every value needs a name of its own";
}

void GraphImporter::declareTypes(
    const google::protobuf::RepeatedPtrField<::onnx::ValueInfoProto> &list,
    StringRef what) {
  for (const ::onnx::ValueInfoProto &info : list) {
    // Sequences, maps and the like belong to ops that are foreign anyhow.
    if (info.type().value_case() != ::onnx::TypeProto::kTensorType)
      continue;
    DeclaredType type;
    std::string error;
    if (!convertType(import.context, info.type(), type, error)) {
      import.report.error(here())
          << what << " " << quoted(info.name()) << " " << error;
      continue;
    }
    auto [it, isNew] = scope.declared.try_emplace(info.name(), type);
    if (isNew)
      continue;
    TensorType merged = mergeTypes(it->second.type, type.type);
    if (!merged)
      import.report.error(here())
          << "value " << quoted(info.name()) << " is declared twice, as "
          << typeName(it->second.type) << " and as " << typeName(type.type);
    else
      it->second.type = merged;
  }
}

void GraphImporter::importInitializers(const ::onnx::GraphProto &graph) {
  if (graph.sparse_initializer_size() != 0)
    import.report.error(here())
        << "the graph has " << graph.sparse_initializer_size()
        << " sparse initializers, the first one being "
        << quoted(graph.sparse_initializer(0).values().name())
        << "; only dense tensors are supported";
  for (const ::onnx::TensorProto &tensor : graph.initializer()) {
    Location loc = valueLocation(import.context, tensor.name(), frame.caller);
    if (tensor.name().empty()) {
      import.report.error(here()) << "an initializer has no name";
      continue;
    }
    Value value =
        import.tensors.emit(builder, loc, here(), tensor, tensor.name());
    if (value) {
      (void)import.shapes.visit(value.getDefiningOp());
      checkConstant("initializer " + quoted(tensor.name()), tensor.name(),
                    value);
    }
    define(tensor.name(), value ? value : placeholder(loc), "an initializer");
  }
}

/// Stands for a value that could not be imported. That was reported; what uses
/// the value shall not be reported as well.
Value GraphImporter::placeholder(Location loc) {
  return UnrealizedConversionCastOp::create(
             builder, loc, unknownTensor(import.context), ValueRange())
      .getResult(0);
}

/// What a constant is, its data tell. Exporters that declare another shape are
/// common (onnxruntime-genai calls vectors scalars), and it does no harm.
void GraphImporter::checkConstant(const Twine &label, StringRef name,
                                  Value value) {
  auto it = scope.declared.find(name);
  if (it == scope.declared.end())
    return;
  auto type = cast<TensorType>(value.getType());
  TensorType declared = it->second.type;
  if (mergeTypes(type, declared))
    return;
  if (mergeTypes(type, UnrankedTensorType::get(declared.getElementType()))) {
    if (import.misdeclaredConstants++ == 0)
      import.firstMisdeclared =
          (label + " is declared as " + typeName(declared) + ", but is " +
           typeName(type))
              .str();
    return;
  }
  import.report.error(here())
      << label << " is declared as " << typeName(declared) << ", but is "
      << typeName(type);
}

void GraphImporter::applyDeclaredType(const NodeProto &node, Location loc,
                                      StringRef name, Value value) {
  auto it = scope.declared.find(name);
  auto inferred = dyn_cast<TensorType>(value.getType());
  if (it == scope.declared.end() || !inferred)
    return;
  TensorType merged = mergeTypes(inferred, it->second.type);
  if (!merged) {
    import.report.error(loc) << opLabel(node) << ": its output " << quoted(name)
                             << " is declared as " << typeName(it->second.type)
                             << ", but its inputs give " << typeName(inferred);
    return;
  }
  if (merged == inferred)
    return;
  value.setType(merged);
  // Inference starts from what the type says.
  (void)import.shapes.visit(value.getDefiningOp());
}

void GraphImporter::bindResults(const NodeProto &node, Location loc,
                                MutableArrayRef<Value> results) {
  for (auto [index, name] : llvm::enumerate(node.output())) {
    if (name.empty())
      continue;
    Value value = index < results.size() ? results[index] : Value();
    if (!value)
      value = placeholder(loc);
    else if (value.getDefiningOp<onnx::ConstantOp>() ||
             value.getDefiningOp<onnx::WeightOp>())
      checkConstant(nodeLabel(node), name, value);
    else if (value.getDefiningOp())
      applyDeclaredType(node, loc, name, value);
    define(name, value, opLabel(node));
  }
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

bool GraphImporter::lookUpVersion(const NodeProto &node, Location loc,
                                  int64_t &version) {
  StringRef domain = normalDomain(node.domain());
  auto it = frame.opsets->find(domain);
  if (it != frame.opsets->end()) {
    version = it->second;
    return true;
  }
  if (import.missingDomains.insert(domain).second)
    import.report.error(loc)
        << opLabel(node) << ": the model does not import the operator set "
        << "of its domain " << quoted(domain)
        << "; add it to opset_import, or export the model again";
  return false;
}

/// A name that is not there.
void GraphImporter::reportUndefined(const NodeProto &node, int index,
                                    Location loc, unsigned input) {
  // The cycle was reported.
  if (!scope.onCycle.empty() && scope.onCycle[index] &&
      scope.producers.contains(node.input(input)))
    return;
  // So it was of the node that this graph belongs to.
  for (const Scope *outer = scope.outer; outer; outer = outer->outer) {
    auto producer = outer->producers.find(node.input(input));
    if (producer != outer->producers.end() && !outer->onCycle.empty() &&
        outer->onCycle[producer->second])
      return;
  }
  import.report.error(loc)
      << opLabel(node) << ": input " << input << ", "
      << quoted(node.input(input))
      << ", is not defined: no node, input or initializer has this name";
}

bool GraphImporter::lookUpOperands(const NodeProto &node, int index,
                                   Location loc,
                                   SmallVectorImpl<Value> &operands) {
  bool ok = true;
  for (auto [input, name] : llvm::enumerate(node.input())) {
    std::optional<Value> value = Value();
    if (!name.empty())
      value = scope.find(name);
    if (!value) {
      reportUndefined(node, index, loc, input);
      ok = false;
    }
    operands.push_back(value.value_or(Value()));
  }
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  return ok;
}

bool GraphImporter::lookUpAttributes(const NodeProto &node, Location loc,
                                     SmallVectorImpl<NamedProto> &attributes) {
  bool ok = true;
  llvm::StringSet<> seen;
  for (const AttributeProto &attr : node.attribute()) {
    if (attr.name().empty() || !seen.insert(attr.name()).second) {
      import.report.error(loc)
          << opLabel(node)
          << (attr.name().empty()
                  ? ": an attribute has no name"
                  : ": attribute " + quoted(attr.name()) + " is there twice");
      ok = false;
      continue;
    }
    if (attr.ref_attr_name().empty()) {
      attributes.push_back({attr.name(), &attr});
      continue;
    }
    if (!frame.parameters) {
      import.report.error(loc)
          << opLabel(node) << ": attribute " << quoted(attr.name())
          << " refers to a parameter, " << quoted(attr.ref_attr_name())
          << ", outside of a function";
      ok = false;
      continue;
    }
    // A parameter without a value leaves the attribute out.
    if (const AttributeProto *value =
            frame.parameters->lookup(attr.ref_attr_name()))
      attributes.push_back({attr.name(), value});
  }
  return ok;
}

/// Makes the node's op or ops.
bool GraphImporter::dispatch(const NodeProto &node, Location loc,
                             int64_t version, ArrayRef<NamedProto> attributes,
                             ArrayRef<Value> operands,
                             SmallVectorImpl<Value> &results) {
  StringRef domain = normalDomain(node.domain());
  bool isStandard = domain.empty();
  if (isStandard && node.op_type() == "Constant") {
    Value value = importConstant(import, builder, loc, node, attributes);
    results.push_back(value);
    if (value)
      (void)import.shapes.visit(value.getDefiningOp());
    return value != nullptr;
  }
  if (isStandard && node.op_type() == "If")
    return importIf(node, loc, attributes, operands, results);
  if (isStandard && node.op_type() == "Loop")
    return importLoop(node, loc, attributes, operands, results);
  for (NamedProto attr : attributes)
    if (attr.value->has_g() || attr.value->graphs_size() != 0)
      return importForeignWithGraphs(node, loc, attributes, operands, results);

  NodeParts parts{node,
                  loc,
                  domain.str(),
                  node.op_type(),
                  version,
                  SmallVector<Value>(operands),
                  {},
                  {node.output().begin(), node.output().end()},
                  {}};
  while (!parts.results.empty() && parts.results.back().empty())
    parts.results.pop_back();
  bool ok = true;
  for (NamedProto attr : attributes) {
    if (Attribute value = convertAttribute(import, loc, opLabel(node), attr))
      parts.attributes.set(attr.name, value);
    else
      ok = false;
  }
  return ok && upgradeNode(import, builder, parts) &&
         emitNode(import, builder, parts, results);
}

void GraphImporter::importNode(const NodeProto &node, int index) {
  Location loc = nodeLocation(import.context, node, frame.caller);
  SmallVector<NamedProto> attributes;
  SmallVector<Value> operands, results;
  int64_t version = 0;
  bool ok = true;
  if (node.op_type().empty()) {
    import.report.error(loc) << opLabel(node) << ": has no op_type";
    ok = false;
  }
  // All that can be wrong with one node is reported together.
  auto function = import.functions.find(
      functionKey(node.domain(), node.op_type(), node.overload()));
  bool isCall = function != import.functions.end();
  ok &= isCall || lookUpVersion(node, loc, version);
  ok &= lookUpOperands(node, index, loc, operands);
  ok &= lookUpAttributes(node, loc, attributes);
  // An operand that was reported is a placeholder of which nothing is known.
  if (ok) {
    ok = isCall ? inlineFunction(node, loc, function->second, attributes,
                                 operands, results)
                : dispatch(node, loc, version, attributes, operands, results);
    if (!ok)
      results.clear();
  }
  bindResults(node, loc, results);
}

void GraphImporter::importNodes(const NodeList &nodes) {
  for (auto [index, node] : llvm::enumerate(nodes))
    for (const std::string &output : node.output())
      if (!output.empty())
        scope.producers.try_emplace(output, index);

  std::vector<int> cycle;
  std::vector<bool> onCycle = findCycle(nodes, scope.producers, cycle);
  if (!cycle.empty()) {
    const NodeProto &first = nodes[cycle.front()];
    InFlightDiagnostic diag =
        import.report.error(nodeLocation(import.context, first, frame.caller));
    diag << "the graph has a cycle: ";
    constexpr size_t shown = 8;
    for (int node : ArrayRef<int>(cycle).take_front(shown))
      diag << nodeLabel(nodes[node]) << " -> ";
    diag << (cycle.size() > shown ? "... -> " : "") << nodeLabel(first);
    scope.onCycle = std::move(onCycle);
  }

  for (int index : findOrder(nodes, scope.producers)) {
    if (++import.nodes > import.options.maxNodes) {
      if (import.nodes == import.options.maxNodes + 1)
        import.report.error()
            << "the model has more than " << import.options.maxNodes
            << " nodes once its functions are inlined";
      return;
    }
    importNode(nodes[index], index);
  }
}

} // namespace blockattn
