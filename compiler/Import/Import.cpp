//===- Import.cpp - an ONNX model file becomes IR -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Import.h"

#include "compiler/Import/Context.h"
#include "compiler/Import/DimNames.h"
#include "compiler/Import/Graph.h"
#include "compiler/Import/Load.h"
#include "compiler/Import/Locations.h"
#include "dialects/Onnx/NodeReport.h"
#include "dialects/Onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using ::onnx::GraphProto;
using ::onnx::ModelProto;

namespace blockattn {
namespace {

class ModelImporter {
public:
  ModelImporter(ImportContext &import, const ModelProto &model)
      : import(import), model(model), builder(import.context) {}

  OwningOpRef<ModuleOp> run();

private:
  void checkHeader();
  void collectFunctions();
  void describeModule(ModuleOp module);
  func::FuncOp importGraph(ModuleOp module);
  void importInputs(func::FuncOp function, GraphImporter &body);
  void importOutputs(func::FuncOp function, const Scope &scope);
  bool checkInterfaceName(StringRef name, StringRef what);
  Attribute dimNames(Type type, ArrayRef<std::string> names);
  void correctDims(DeclaredType &type);

  ImportContext &import;
  const ModelProto &model;
  OpBuilder builder;
  Opsets opsets;
  llvm::StringMap<std::string> meantDims;
};

void ModelImporter::checkHeader() {
  Report &report = import.report;
  if (!model.has_ir_version())
    report.error() << "the model does not tell its IR version; the file is "
                      "damaged, or not an ONNX model";
  else if (model.ir_version() < 3)
    report.error() << "the model has IR version " << model.ir_version()
                   << "; version 3 is the oldest that is supported";
  else if (model.ir_version() > ::onnx::IR_VERSION)
    report.warning() << "the model has IR version " << model.ir_version()
                     << ", newer than the newest that is known, "
                     << int(::onnx::IR_VERSION);
  if (model.opset_import_size() == 0)
    report.error() << "the model imports no operator set (opset_import is "
                      "empty), so the meaning of its nodes is not known";
  opsets = readOpsets(import, "the model", model.opset_import());
  if (model.training_info_size() != 0)
    report.warning() << "the model's training information is ignored";
}

void ModelImporter::collectFunctions() {
  for (const ::onnx::FunctionProto &function : model.functions()) {
    std::string key =
        functionKey(function.domain(), function.name(), function.overload());
    ImportContext::Function entry{
        &function, readOpsets(import, "the function " + quoted(key),
                              function.opset_import())};
    if (!import.functions.try_emplace(key, std::move(entry)).second)
      import.report.error()
          << "the model defines the function " << quoted(key) << " twice";
  }
}

void ModelImporter::describeModule(ModuleOp module) {
  auto setString = [&](StringRef name, StringRef value) {
    if (!value.empty())
      module->setAttr(name, builder.getStringAttr(value));
  };
  // IR can not have an attribute without a name: the standard domain goes by
  // its other name here.
  NamedAttrList versions;
  for (const auto &entry : opsets)
    versions.set(entry.getKey().empty() ? StringRef("ai.onnx") : entry.getKey(),
                 builder.getI64IntegerAttr(entry.getValue()));
  module->setAttr("onnx.opsets", versions.getDictionary(import.context));
  module->setAttr("onnx.sources", import.files.sources(import.context));
  module->setAttr("onnx.ir_version",
                  builder.getI64IntegerAttr(model.ir_version()));
  std::string producer = model.producer_name();
  if (!model.producer_version().empty())
    producer += (producer.empty() ? "" : " ") + model.producer_version();
  setString("onnx.producer", producer);
  setString("onnx.graph", model.graph().name());
  NamedAttrList metadata;
  auto addMetadata = [&](const auto &list) {
    for (const ::onnx::StringStringEntryProto &entry : list)
      if (!entry.key().empty())
        metadata.set(entry.key(), builder.getStringAttr(entry.value()));
  };
  addMetadata(model.metadata_props());
  addMetadata(model.graph().metadata_props());
  if (!metadata.empty())
    module->setAttr("onnx.metadata", metadata.getDictionary(import.context));
}

/// Inputs and outputs are named on command lines and in manifests.
bool ModelImporter::checkInterfaceName(StringRef name, StringRef what) {
  const char *problem = nullptr;
  if (name.empty())
    problem = "has no name";
  else if (!llvm::json::isUTF8(name))
    problem = "has a name that is not UTF-8";
  else if (name.contains('\0'))
    problem = "has a name with a NUL character";
  if (problem)
    import.report.error() << "graph " << what << " " << quoted(name) << " "
                          << problem << "; rename it";
  return !problem;
}

/// The names of a tensor's dimensions, as `onnx.dims`; null where the rank is
/// not known.
Attribute ModelImporter::dimNames(Type type, ArrayRef<std::string> names) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return {};
  SmallVector<StringRef> dims(tensor.getRank());
  for (auto [index, size] : llvm::enumerate(tensor.getShape()))
    if (ShapedType::isDynamic(size) && index < names.size())
      dims[index] = names[index];
  return builder.getStrArrayAttr(dims);
}

void ModelImporter::correctDims(DeclaredType &type) {
  for (std::string &dim : type.dims)
    if (auto it = meantDims.find(dim); it != meantDims.end())
      dim = it->second;
}

void ModelImporter::importInputs(func::FuncOp function, GraphImporter &body) {
  meantDims = meantDimNames(model.graph());
  llvm::StringSet<> initialized;
  for (const ::onnx::TensorProto &tensor : model.graph().initializer())
    initialized.insert(tensor.name());
  SmallVector<StringRef> constants;
  for (const ::onnx::ValueInfoProto &input : model.graph().input()) {
    if (initialized.contains(input.name())) {
      constants.push_back(input.name());
      continue;
    }
    if (!checkInterfaceName(input.name(), "input"))
      continue;
    Location loc = valueLocation(import.context, input.name(), std::nullopt);
    DeclaredType type{unknownTensor(import.context), {}};
    std::string error;
    if (!input.has_type())
      import.report.error()
          << "graph input " << quoted(input.name()) << " has no type";
    else if (!convertType(import.context, input.type(), type, error))
      import.report.error()
          << "graph input " << quoted(input.name()) << " " << error;

    correctDims(type);
    unsigned index = function.getNumArguments();
    NamedAttrList attributes;
    attributes.set("onnx.name", builder.getStringAttr(input.name()));
    if (Attribute dims = dimNames(type.type, type.dims))
      attributes.set("onnx.dims", dims);
    if (failed(function.insertArgument(
            index, type.type, attributes.getDictionary(import.context), loc)))
      continue;
    SmallVector<StringRef> names(type.dims.begin(), type.dims.end());
    import.shapes.addArgument(function.getArgument(index), names);
    body.define(input.name(), function.getArgument(index), "the graph");
  }
  if (constants.empty())
    return;
  InFlightDiagnostic remark = emitRemark(import.report.fileLocation());
  remark << constants.size() << " graph inputs have initializers and are "
         << "constants here: ";
  constexpr size_t shown = 3;
  llvm::interleaveComma(ArrayRef<StringRef>(constants).take_front(shown),
                        remark,
                        [&](StringRef name) { remark << quoted(name); });
  if (constants.size() > shown)
    remark << ", ...";
}

void ModelImporter::importOutputs(func::FuncOp function, const Scope &scope) {
  SmallVector<Value> values;
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  llvm::StringSet<> seen;
  for (const ::onnx::ValueInfoProto &output : model.graph().output()) {
    if (!checkInterfaceName(output.name(), "output"))
      continue;
    if (!seen.insert(output.name()).second) {
      import.report.error()
          << "graph output " << quoted(output.name()) << " is listed twice";
      continue;
    }
    std::optional<Value> value = scope.find(output.name());
    if (!value || !*value) {
      import.report.error() << "graph output " << quoted(output.name())
                            << " is not defined: no node, input or "
                               "initializer has this name";
      continue;
    }
    DeclaredType declared{unknownTensor(import.context), {}};
    std::string error;
    if (!convertType(import.context, output.type(), declared, error)) {
      import.report.error()
          << "graph output " << quoted(output.name()) << " " << error;
      continue;
    }
    correctDims(declared);
    auto type = dyn_cast<TensorType>(value->getType());
    // Results of nodes have been compared where the node was.
    if (type && !value->getDefiningOp() && !mergeTypes(type, declared.type))
      import.report.error()
          << "graph output " << quoted(output.name()) << " is declared as "
          << typeName(declared.type) << ", but is " << typeName(type);
    values.push_back(*value);
    types.push_back(value->getType());
    NamedAttrList dict;
    dict.set("onnx.name", builder.getStringAttr(output.name()));
    if (Attribute dims = dimNames(value->getType(), declared.dims))
      dict.set("onnx.dims", dims);
    attributes.push_back(dict.getDictionary(import.context));
  }
  func::ReturnOp::create(builder, function.getLoc(), values);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), types));
  function.setAllResultAttrs(attributes);
}

func::FuncOp ModelImporter::importGraph(ModuleOp module) {
  const GraphProto &graph = model.graph();
  if (graph.output_size() == 0)
    import.report.error()
        << (graph.node_size() == 0 && graph.input_size() == 0
                ? "the graph is empty"
                : "the graph has no outputs, so there is nothing to compute");
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, module.getLoc(), "main",
                                       builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  Frame frame;
  frame.opsets = &opsets;
  Scope scope;
  GraphImporter body(import, builder, frame, scope);
  importInputs(function, body);
  body.declareTypes(graph.value_info(), "value");
  body.declareTypes(graph.output(), "output");
  body.importInitializers(graph);
  body.importNodes(graph.node());
  if (!import.gaveUp())
    importOutputs(function, scope);
  return function;
}

OwningOpRef<ModuleOp> ModelImporter::run() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(import.report.fileLocation());
  checkHeader();
  collectFunctions();
  importGraph(*module);
  import.files.reportProblems();
  if (import.report.failed()) {
    // Whoever mends the errors must not learn only then that it was in vain.
    describeModule(*module);
    onnx::reportUnsupported(*module);
    return nullptr;
  }
  if (int64_t count = import.misdeclaredConstants; count != 0) {
    InFlightDiagnostic warning = import.report.warning();
    warning << import.firstMisdeclared << "; what is declared is ignored";
    if (count > 1)
      warning << " for this and " << count - 1
              << (count == 2 ? " more constant" : " more constants");
  }
  describeModule(*module);
  // Each op was verified on its own; this checks how they fit together.
  if (failed(verify(*module)))
    return nullptr;
  return module;
}

} // namespace

OwningOpRef<ModuleOp> importModel(MLIRContext *context, StringRef path,
                                  const ImportOptions &options) {
  context->loadDialect<onnx::OnnxDialect, func::FuncDialect>();
  // The ops around an error mean nothing to the user of a model file.
  bool printOps = context->shouldPrintOpOnDiagnostic();
  context->printOpOnDiagnostic(false);
  llvm::scope_exit restore([&] { context->printOpOnDiagnostic(printOps); });
  ImportContext import(context, path, options);
  ModelProto model;
  if (!loadModel(path, model, import.report))
    return nullptr;
  return ModelImporter(import, model).run();
}

} // namespace blockattn
