//===- JoinBranches.cpp - the two functions of a decoder are one again ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace blockattn {
#define GEN_PASS_DEF_JOINBRANCHES
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// The argument with a name, or null.
static BlockArgument findNamed(func::FuncOp func, Attribute name) {
  for (BlockArgument arg : func.getArguments())
    if (func.getArgAttr(arg.getArgNumber(), kNameAttr) == name)
      return arg;
  return nullptr;
}

/// What is known of both; std::nullopt where they contradict one another.
static std::optional<Type> commonType(Type a, Type b) {
  auto x = dyn_cast<RankedTensorType>(a), y = dyn_cast<RankedTensorType>(b);
  if (a == b)
    return a;
  if (!x || !y || x.getRank() != y.getRank() ||
      x.getElementType() != y.getElementType())
    return std::nullopt;
  SmallVector<int64_t> shape(x.getShape());
  for (auto [extent, other] : llvm::zip_equal(shape, y.getShape()))
    if (extent != other)
      extent = ShapedType::kDynamic;
  return RankedTensorType::get(shape, x.getElementType());
}

/// The attributes of a result: a role that only one side knows is known.
static DictionaryAttr commonAttrs(func::FuncOp base, func::FuncOp other,
                                  unsigned result) {
  NamedAttrList attrs(base.getResultAttrDict(result));
  auto role = dyn_cast_or_null<StringAttr>(attrs.get(kRoleAttr));
  if (!role || role.getValue() == "output")
    for (StringRef key : {StringRef(kRoleAttr), StringRef(kLayerAttr)})
      if (Attribute value = other.getResultAttr(result, key))
        attrs.set(key, value);
  return attrs.getDictionary(base.getContext());
}

namespace {
struct JoinBranches : blockattn::impl::JoinBranchesBase<JoinBranches> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto branches = module->getAttrOfType<DictionaryAttr>(kBranchesAttr);
    func::FuncOp base = findProgram(module, "full");
    auto other = module.lookupSymbol<func::FuncOp>(kOtherBranch);
    if (!branches || !base || !other)
      return;
    SmallVector<Type> resultTypes;
    for (auto [a, b] : llvm::zip(base.getResultTypes(), other.getResultTypes()))
      if (std::optional<Type> type = commonType(a, b))
        resultTypes.push_back(*type);
    if (resultTypes.size() != base.getNumResults() ||
        resultTypes.size() != other.getNumResults()) {
      base.emitError("the branches of the model yield results of different "
                     "types");
      return signalPassFailure();
    }

    // A function with the inputs of the model.
    auto builder = OpBuilder(base);
    auto inputs = branches.getAs<ArrayAttr>("inputs");
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attrs, resultAttrs;
    for (auto input : inputs.getAsRange<DictionaryAttr>()) {
      auto dictionary = input.getAs<DictionaryAttr>("attributes");
      Attribute name = dictionary.get(kNameAttr);
      Type type = input.getAs<TypeAttr>("type").getValue();
      NamedAttrList list(dictionary);
      list.set(kRoleAttr, builder.getStringAttr("input"));
      for (func::FuncOp func : {base, other})
        if (BlockArgument arg = findNamed(func, name)) {
          StringRef role = argRole(func, arg.getArgNumber());
          if (role != "input" && !role.empty())
            list = func.getArgAttrDict(arg.getArgNumber());
          if (std::optional<Type> common = commonType(type, arg.getType()))
            type = *common;
        }
      types.push_back(type);
      attrs.push_back(list.getDictionary(&getContext()));
    }
    for (unsigned i = 0; i < resultTypes.size(); ++i)
      resultAttrs.push_back(commonAttrs(base, other, i));
    auto joined =
        func::FuncOp::create(builder, base.getLoc(), "joined",
                             builder.getFunctionType(types, resultTypes));
    joined->setAttr(kProgramAttr, builder.getStringAttr("full"));
    joined.setAllArgAttrs(attrs);
    joined.setAllResultAttrs(resultAttrs);

    Block *entry = joined.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    Value condition =
        entry->getArgument(branches.getAs<IntegerAttr>("condition").getInt());
    bool baseIsThen = branches.getAs<BoolAttr>("main").getValue();
    OperationState state(base.getLoc(), onnx::IfOp::getOperationName(),
                         condition, resultTypes);
    for (bool then : {true, false}) {
      func::FuncOp source = then == baseIsThen ? base : other;
      Region *region = state.addRegion();
      Block *block = new Block();
      region->push_back(block);
      IRMapping mapping;
      for (BlockArgument arg : source.getArguments())
        mapping.map(arg, findNamed(joined, source.getArgAttr(arg.getArgNumber(),
                                                             kNameAttr)));
      OpBuilder inside(&getContext());
      inside.setInsertionPointToEnd(block);
      for (Operation &op : source.getBody().front().without_terminator())
        inside.clone(op, mapping);
      SmallVector<Value> yielded;
      for (Value value :
           source.getBody().front().getTerminator()->getOperands())
        yielded.push_back(mapping.lookup(value));
      OperationState yield(source.getLoc(), onnx::YieldOp::getOperationName(),
                           yielded, TypeRange());
      inside.create(yield);
    }
    Operation *both = builder.create(state);
    func::ReturnOp::create(builder, base.getLoc(), both->getResults());
    base.erase();
    other.erase();
    joined.setName("full");
    module->removeAttr(kBranchesAttr);
  }
};
} // namespace
