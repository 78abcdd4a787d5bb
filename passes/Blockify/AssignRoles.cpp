//===- AssignRoles.cpp - @main becomes the program `full` -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

namespace blockattn {
#define GEN_PASS_DEF_ASSIGNROLES
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

/// The concatenation of past and new keys (or values) behind an attention's
/// operand, if there is one. Transposes may stand between.
onnx::ConcatOp findPastConcat(Value operand) {
  Operation *def = operand.getDefiningOp();
  while (auto transpose = dyn_cast_or_null<onnx::TransposeOp>(def))
    def = transpose.getData().getDefiningOp();
  return dyn_cast_or_null<onnx::ConcatOp>(def);
}

struct AssignRoles : blockattn::impl::AssignRolesBase<AssignRoles> {
  func::FuncOp func;

  void setArgRole(BlockArgument arg, StringRef role, int64_t layer = -1) {
    Builder b(&getContext());
    func.setArgAttr(arg.getArgNumber(), kRoleAttr, b.getStringAttr(role));
    if (layer >= 0)
      func.setArgAttr(arg.getArgNumber(), kLayerAttr,
                      b.getI64IntegerAttr(layer));
  }

  void setResultRole(unsigned number, StringRef role, int64_t layer) {
    Builder b(&getContext());
    func.setResultAttr(number, kRoleAttr, b.getStringAttr(role));
    func.setResultAttr(number, kLayerAttr, b.getI64IntegerAttr(layer));
  }

  /// The argument that `operand` prepends, and the result that hands the sum
  /// on, get their roles. Some models keep keys and values in one tensor.
  void assignPast(Value operand, StringRef kind, int64_t layer) {
    onnx::ConcatOp concat = findPastConcat(operand);
    if (!concat || concat.getInputs().size() != 2)
      return;
    Value past = concat.getInputs().front();
    // Rows of different lengths are moved to one end.
    if (auto moved = past.getDefiningOp<onnx::GatherNDOp>())
      past = moved.getData();
    bool isPair = false;
    if (auto gather = past.getDefiningOp<onnx::GatherOp>()) {
      auto type = dyn_cast<RankedTensorType>(gather.getData().getType());
      isPair = type && type.getRank() == 5 && gather.getAxis() == 0;
      past = gather.getData();
    }
    auto arg = dyn_cast<BlockArgument>(past);
    if (!arg || arg.getOwner() != &func.getBody().front() ||
        isPair != (cast<ShapedType>(arg.getType()).getRank() == 5))
      return;
    setArgRole(arg, isPair ? "past_key_value" : ("past_" + kind).str(), layer);
    assignPresent(concat.getResult(), kind, layer);
    // Another concatenation of what has not been moved is present then.
    for (Operation *user : arg.getUsers())
      if (auto other = dyn_cast<onnx::ConcatOp>(user); other && other != concat)
        assignPresent(other.getResult(), kind, layer);
    for (OpOperand &use : concat.getResult().getUses())
      if (isa<onnx::UnsqueezeOp>(use.getOwner()) && isPair)
        assignPresentPair(use.getOwner()->getResult(0), layer);
  }

  /// The result that is `value`, or its rows with the new entries behind each
  /// row's own past, gets its role.
  void assignPresent(Value value, StringRef kind, int64_t layer) {
    for (OpOperand &use : value.getUses())
      if (isa<func::ReturnOp>(use.getOwner()))
        setResultRole(use.getOperandNumber(), ("present_" + kind).str(), layer);
      else if (isa<onnx::SliceOp, onnx::TensorScatterOp, onnx::GatherNDOp>(
                   use.getOwner()) &&
               use.getOperandNumber() == 0)
        assignPresent(use.getOwner()->getResult(0), kind, layer);
  }

  /// The result that stacks present keys and values.
  void assignPresentPair(Value part, int64_t layer) {
    for (Operation *user : part.getUsers())
      if (auto stack = dyn_cast<onnx::ConcatOp>(user))
        for (OpOperand &use : stack.getResult().getUses())
          if (isa<func::ReturnOp>(use.getOwner()))
            setResultRole(use.getOperandNumber(), "present_key_value", layer);
  }

  /// The exporters' common names, for what the dataflow does not tell.
  StringRef roleByName(BlockArgument arg) {
    auto type = dyn_cast<RankedTensorType>(arg.getType());
    auto name =
        func.getArgAttrOfType<StringAttr>(arg.getArgNumber(), kNameAttr);
    if (!type || !name || !type.getElementType().isInteger())
      return "input";
    StringRef text = name.getValue();
    if (text == "input_ids" || text == "tokens" || text == "decoder_input_ids")
      return "tokens";
    if (text.contains("position"))
      return "positions";
    if (text.contains("attention_mask"))
      return "attention_mask";
    return "input";
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    func = module.lookupSymbol<func::FuncOp>("main");
    if (!func || func.isExternal()) {
      module.emitError("there is no function @main to make programs of");
      return signalPassFailure();
    }
    func::FuncOp main = func;
    // The other branch of a merged decoder knows what its past inputs are.
    if (auto other = module.lookupSymbol<func::FuncOp>(kOtherBranch)) {
      AttentionOp first;
      func = other;
      assignRoles(first);
      func = main;
    }
    Builder b(&getContext());
    bool independent = true;
    AttentionOp first;
    int64_t layer = assignRoles(first);
    if (auto entries = module->getAttrOfType<ArrayAttr>("blockattn.attentions"))
      for (auto entry : entries.getAsRange<DictionaryAttr>())
        if (auto flag = entry.getAs<BoolAttr>("kv_position_independent"))
          independent &= flag.getValue();
    if (first) {
      auto key = cast<RankedTensorType>(first.getKey().getType());
      module->setAttr(
          kKvAttr, b.getDictionaryAttr(
                       {b.getNamedAttr("layers", b.getI64IntegerAttr(layer)),
                        b.getNamedAttr("kv_heads",
                                       b.getI64IntegerAttr(key.getDimSize(2))),
                        b.getNamedAttr("head_size",
                                       b.getI64IntegerAttr(key.getDimSize(3))),
                        b.getNamedAttr("position_independent",
                                       b.getBoolAttr(independent))}));
    }
    func.setName("full");
    func->setAttr(kProgramAttr, b.getStringAttr("full"));
  }

  /// Gives roles to arguments and results and numbers the attentions, of which
  /// it returns how many there are, and the first.
  int64_t assignRoles(AttentionOp &first) {
    Builder b(&getContext());
    int64_t layer = 0;
    func.walk([&](AttentionOp op) {
      if (!first)
        first = op;
      op.setLayer(layer);
      assignPast(op.getKey(), "key", layer);
      assignPast(op.getValue(), "value", layer);
      ++layer;
    });
    func.walk([&](RotaryOp op) {
      if (auto arg = dyn_cast<BlockArgument>(op.getPositions()))
        setArgRole(arg, "positions");
    });
    for (BlockArgument arg : func.getArguments())
      if (argRole(func, arg.getArgNumber()).empty())
        setArgRole(arg, roleByName(arg));
    assignTokens();
    for (unsigned i = 0, e = func.getNumResults(); i < e; ++i)
      if (!func.getResultAttr(i, kRoleAttr))
        func.setResultAttr(i, kRoleAttr, b.getStringAttr("output"));
    return layer;
  }

  /// A graph whose token input has an unusual name: the one integer argument
  /// without another role that indexes the rows of a table.
  void assignTokens() {
    if (findArg(func, "tokens"))
      return;
    BlockArgument candidate;
    func.walk([&](onnx::GatherOp op) {
      auto arg = dyn_cast<BlockArgument>(op.getIndices());
      if (arg && op.getAxis() == 0 &&
          argRole(func, arg.getArgNumber()) == "input" && !candidate)
        candidate = arg;
    });
    if (candidate)
      setArgRole(candidate, "tokens");
  }
};

} // namespace
