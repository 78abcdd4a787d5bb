//===- Programs.cpp - what the derived programs have in common ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace blockattn {

func::FuncOp findProgram(ModuleOp module, StringRef name) {
  for (auto func : module.getOps<func::FuncOp>())
    if (auto program = func->getAttrOfType<StringAttr>(kProgramAttr))
      if (program.getValue() == name)
        return func;
  return nullptr;
}

func::FuncOp cloneProgram(func::FuncOp source, StringRef name) {
  auto module = source->getParentOfType<ModuleOp>();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  auto clone = cast<func::FuncOp>(builder.clone(*source));
  clone.setName(name);
  clone->setAttr(kProgramAttr, builder.getStringAttr(name));
  return clone;
}

StringRef argRole(func::FuncOp func, unsigned index) {
  auto role = func.getArgAttrOfType<StringAttr>(index, kRoleAttr);
  return role ? role.getValue() : StringRef();
}

BlockArgument findArg(func::FuncOp func, StringRef role) {
  for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i)
    if (argRole(func, i) == role)
      return func.getArgument(i);
  return nullptr;
}

BlockArgument addArg(func::FuncOp func, Type type, StringRef name,
                     StringRef role) {
  Builder builder(func->getContext());
  auto attrs = builder.getDictionaryAttr(
      {builder.getNamedAttr(kNameAttr, builder.getStringAttr(name)),
       builder.getNamedAttr(kRoleAttr, builder.getStringAttr(role))});
  unsigned index = func.getNumArguments();
  (void)func.insertArgument(index, type, attrs, func.getLoc());
  return func.getArgument(index);
}

void eraseArgs(func::FuncOp func, BitVector indices) {
  (void)func.eraseArguments(indices);
}

static func::ReturnOp returnOf(func::FuncOp func) {
  return cast<func::ReturnOp>(func.getBody().front().getTerminator());
}

SmallVector<ProgramResult> getResults(func::FuncOp func) {
  SmallVector<ProgramResult> results;
  for (auto [i, value] : llvm::enumerate(returnOf(func).getOperands()))
    results.push_back({value, func.getResultAttrDict(i)});
  return results;
}

void setResults(func::FuncOp func, ArrayRef<ProgramResult> results) {
  func::ReturnOp ret = returnOf(func);
  SmallVector<Value> values;
  SmallVector<Attribute> attrs;
  for (const ProgramResult &result : results) {
    values.push_back(result.value);
    attrs.push_back(result.attrs ? result.attrs
                                 : DictionaryAttr::get(func->getContext()));
  }
  ret->setOperands(values);
  func.setFunctionType(FunctionType::get(func->getContext(),
                                         func.getFunctionType().getInputs(),
                                         ValueRange(values).getTypes()));
  func.setResAttrsAttr(ArrayAttr::get(func->getContext(), attrs));
}

LogicalResult checkBlockProgram(func::FuncOp block) {
  if (!block.getBody().hasOneBlock() ||
      !isa<func::ReturnOp>(block.getBody().front().getTerminator()))
    return block.emitError("the program `block` must be one block of "
                           "operations that ends in func.return");
  BlockArgument layout = findArg(block, "layout");
  if (!layout || !isa<LayoutType>(layout.getType()))
    return block.emitError("the program `block` has no argument of type "
                           "!blockattn.layout and role `layout`; run "
                           "blockattn-derive-block");
  WalkResult walk = block.walk([](AttentionOp op) {
    if (op.getLayer())
      return WalkResult::advance();
    op.emitError("the attention has no `layer`, which its keys and values are "
                 "cached by; run blockattn-assign-roles first");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

/// Takes the layout argument away: all tokens of the program are one block, to
/// which attention needs no layout, and sinks a constant one.
static void makeOneBlock(func::FuncOp func) {
  BlockArgument layout = findArg(func, "layout");
  func.walk([&](AttentionOp op) { op.getLayoutMutable().clear(); });
  if (!layout.use_empty()) {
    auto builder = OpBuilder::atBlockBegin(&func.getBody().front());
    auto constant = [&](Type element, Attribute value) -> Value {
      auto type = RankedTensorType::get({1}, element);
      return onnx::ConstantOp::create(builder, func.getLoc(), type,
                                      DenseElementsAttr::get(type, value));
    };
    Value zero = constant(builder.getI64Type(), builder.getI64IntegerAttr(0));
    Value isGlobal = constant(builder.getI1Type(), builder.getBoolAttr(true));
    Value block =
        LayoutOp::create(builder, func.getLoc(), zero, isGlobal, zero);
    layout.replaceAllUsesWith(block);
  }
  BitVector dead(func.getNumArguments());
  dead.set(layout.getArgNumber());
  eraseArgs(func, dead);
}

FailureOr<func::FuncOp> deriveOneBlock(ModuleOp module, StringRef name) {
  func::FuncOp block = findProgram(module, "block");
  if (!block || fixedLength(block) || block->hasAttr(kWholePromptsAttr))
    return func::FuncOp();
  if (failed(checkBlockProgram(block)))
    return failure();
  func::FuncOp func = cloneProgram(block, name);
  makeOneBlock(func);
  return func;
}

void appendKvResults(func::FuncOp func,
                     SmallVectorImpl<ProgramResult> &results) {
  Builder b(func->getContext());
  auto add = [&](Value value, int64_t layer, StringRef kind) {
    std::string name = ("kv." + Twine(layer) + "." + kind).str();
    results.push_back(
        {value, b.getDictionaryAttr(
                    {b.getNamedAttr(kNameAttr, b.getStringAttr(name)),
                     b.getNamedAttr(kRoleAttr, b.getStringAttr("kv_" + kind)),
                     b.getNamedAttr(kLayerAttr, b.getI64IntegerAttr(layer))})});
  };
  func.walk([&](AttentionOp op) {
    add(op.getKey(), *op.getLayer(), "key");
    add(op.getValue(), *op.getLayer(), "value");
  });
}

std::optional<int64_t> fixedLength(func::FuncOp func) {
  BlockArgument tokens = findArg(func, "tokens");
  auto type = tokens ? dyn_cast<RankedTensorType>(tokens.getType())
                     : RankedTensorType();
  if (!type || type.getRank() != 2 || type.isDynamicDim(1))
    return std::nullopt;
  return type.getDimSize(1);
}

LogicalResult refusePrograms(ModuleOp module, ArrayRef<std::string> reasons,
                             bool required) {
  Builder b(module.getContext());
  SmallVector<Attribute> list;
  for (const std::string &reason : reasons)
    list.push_back(b.getStringAttr(reason));
  module->setAttr(kRefusedAttr, b.getArrayAttr(list));
  if (!required)
    return success();
  InFlightDiagnostic diag =
      module.emitError("the programs block, encode and extend can't be made of "
                       "this model");
  for (const std::string &reason : reasons)
    diag.attachNote() << reason;
  return diag;
}

void eraseDeadOps(func::FuncOp func) {
  // Backwards, so that the producers of a dead op are dead when reached.
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(func.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace blockattn
