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

  /// The argument that `operand` prepends, and the result that hands the sum
  /// on, get their roles.
  void assignPast(Value operand, StringRef kind, int64_t layer) {
    onnx::ConcatOp concat = findPastConcat(operand);
    if (!concat || concat.getInputs().size() != 2)
      return;
    auto arg = dyn_cast<BlockArgument>(concat.getInputs().front());
    if (!arg || arg.getOwner() != &func.getBody().front())
      return;
    setArgRole(arg, ("past_" + kind).str(), layer);
    for (OpOperand &use : concat.getResult().getUses())
      if (isa<func::ReturnOp>(use.getOwner())) {
        Builder b(&getContext());
        func.setResultAttr(use.getOperandNumber(), kRoleAttr,
                           b.getStringAttr("present_" + kind));
        func.setResultAttr(use.getOperandNumber(), kLayerAttr,
                           b.getI64IntegerAttr(layer));
      }
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
    Builder b(&getContext());
    int64_t layer = 0;
    bool independent = true;
    AttentionOp first;
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
