//===- DeriveBlock.cpp - packed tokens under a layout ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"
#include "passes/Blockify/TokenMixing.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/MapVector.h"

namespace blockattn {
#define GEN_PASS_DEF_DERIVEBLOCK
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

struct DeriveBlock : blockattn::impl::DeriveBlockBase<DeriveBlock> {
  using DeriveBlockBase::DeriveBlockBase;

  /// "the attention at node 'a' is", "5 attentions, at 'a', 'b', 'c', ...,
  /// are".
  static std::string attentionsAt(ArrayRef<StringRef> nodes, StringRef one,
                                  StringRef several) {
    constexpr size_t maxNodes = 3;
    if (nodes.size() == 1)
      return "the attention at node " + onnx::quoted(nodes.front()) + " " +
             one.str();
    std::string text = std::to_string(nodes.size()) + " attentions, at ";
    for (StringRef node : nodes.take_front(maxNodes))
      text += onnx::quoted(node) + ", ";
    return text + (nodes.size() > maxNodes ? "..., " : "") + several.str();
  }

  /// Attentions that were not recognised, together where they share a reason:
  /// that is its first line; pictures are for --explain.
  void findUnraised(SmallVectorImpl<std::string> &reasons) {
    auto entries =
        getOperation()->getAttrOfType<ArrayAttr>("blockattn.attentions");
    if (!entries)
      return;
    llvm::MapVector<StringRef, SmallVector<StringRef>> nodesOf;
    for (auto entry : entries.getAsRange<DictionaryAttr>()) {
      auto raised = entry.getAs<BoolAttr>("raised");
      if (!raised || raised.getValue())
        continue;
      auto node = entry.getAs<StringAttr>("node");
      auto list = entry.getAs<ArrayAttr>("reasons");
      auto reason =
          list && !list.empty() ? dyn_cast<StringAttr>(list[0]) : StringAttr();
      nodesOf[reason ? reason.getValue().split('\n').first : StringRef()]
          .push_back(node ? node.getValue() : StringRef("?"));
    }
    for (auto &[reason, nodes] : nodesOf)
      reasons.push_back(attentionsAt(nodes, "was", "were") + " not recognised" +
                        (reason.empty() ? "" : ": " + reason.str()));
  }

  /// Why the graph has no block form; empty where it has one.
  SmallVector<std::string> findObstacles(func::FuncOp full) {
    SmallVector<std::string> reasons;
    BlockArgument tokens = findArg(full, "tokens");
    if (!tokens)
      reasons.push_back("no input of the model is recognised as its tokens "
                        "(usually called input_ids)");
    else if (auto type = dyn_cast<RankedTensorType>(tokens.getType());
             !type || type.getRank() != 2)
      reasons.push_back("the token input is not of shape [batch, sequence]");
    else if (int64_t batch = cast<ShapedType>(tokens.getType()).getDimSize(0);
             !ShapedType::isDynamic(batch) && batch != 1)
      reasons.push_back("the batch size is fixed to " + std::to_string(batch) +
                        "; packed tokens need a batch of 1 or a dynamic one");
    for (BlockArgument arg : full.getArguments())
      if (argRole(full, arg.getArgNumber()).starts_with("past_") &&
          !isa<RankedTensorType>(arg.getType())) {
        auto name =
            full.getArgAttrOfType<StringAttr>(arg.getArgNumber(), kNameAttr);
        reasons.push_back(("the rank of the past input '" +
                           (name ? name.getValue() : StringRef("?")) +
                           "' is not known; declare its shape in the model")
                              .str());
      }
    int64_t attentions = 0;
    SmallVector<StringRef> twoSided;
    full.walk([&](AttentionOp op) {
      ++attentions;
      if (!op.getCausal())
        twoSided.push_back(onnx::nodeName(op.getLoc()));
    });
    if (!twoSided.empty())
      reasons.push_back(attentionsAt(twoSided, "is", "are") +
                        " not causal: every token sees later ones, so blocks "
                        "can't be encoded on their own");
    findUnraised(reasons);
    if (reasons.empty())
      if (SmallVector<TokenMixing> mixing = findTokenMixing(full);
          !mixing.empty())
        reasons.push_back(describeTokenMixing(mixing));
    if (attentions == 0 && reasons.empty())
      reasons.push_back("the graph has no attention that was recognised");
    return reasons;
  }

  /// Past keys and values are empty: what concatenates them with the new ones
  /// passes the new ones on, and what asks for their shape is told 0.
  void dropPast(func::FuncOp func) {
    BitVector dead(func.getNumArguments());
    for (BlockArgument arg : func.getArguments()) {
      if (!argRole(func, arg.getArgNumber()).starts_with("past_"))
        continue;
      // Keys and values in one argument are taken apart first.
      SmallVector<Value> pasts = {arg};
      for (Operation *user : arg.getUsers())
        if (auto gather = dyn_cast<onnx::GatherOp>(user))
          pasts.push_back(gather->getResult(0));
      // The rows of a past may be moved to one end.
      for (Operation *user : arg.getUsers())
        if (auto moved = dyn_cast<onnx::GatherNDOp>(user);
            moved && moved.getData() == arg)
          pasts.push_back(moved->getResult(0));
      for (Value past : pasts)
        for (Operation *user : llvm::make_early_inc_range(past.getUsers()))
          if (auto concat = dyn_cast<onnx::ConcatOp>(user);
              concat && concat.getInputs().size() == 2 &&
              concat.getInputs().front() == past) {
            Value added = concat.getInputs().back();
            replacePresent(concat.getResult(), added);
            concat.getResult().replaceAllUsesWith(added);
            concat.erase();
          }
      if (!arg.use_empty()) {
        auto type = cast<RankedTensorType>(arg.getType());
        SmallVector<int64_t> shape(type.getShape());
        // The only dynamic dimensions of a past are the batch and its length.
        for (auto [i, extent] : llvm::enumerate(shape))
          if (ShapedType::isDynamic(extent))
            extent = i + 4 == shape.size() ? 1 : 0;
        auto builder = OpBuilder::atBlockBegin(&func.getBody().front());
        auto empty = RankedTensorType::get(shape, type.getElementType());
        Value constant = onnx::ConstantOp::create(
            builder, func.getLoc(), empty,
            DenseElementsAttr::get(empty, ArrayRef<Attribute>{}));
        arg.replaceAllUsesWith(constant);
      }
      dead.set(arg.getArgNumber());
    }
    eraseArgs(func, dead);
  }

  /// Where `added` is written into what holds it alone, it is what results.
  static void replacePresent(Value all, Value added) {
    for (Operation *user : all.getUsers())
      if (auto slice = dyn_cast<onnx::SliceOp>(user)) {
        replacePresent(slice.getResult(), added);
      } else if (auto scatter = dyn_cast<onnx::TensorScatterOp>(user);
                 scatter && scatter.getUpdate() == added) {
        Value present = scatter.getResult();
        if (present.getType() == added.getType())
          present.replaceAllUsesWith(added);
      }
  }

  /// What a mask says of past keys, ahead of a part in which all new keys are
  /// there, says nothing without a past.
  static void dropPastMask(AttentionOp op) {
    auto concat = op.getKeyMask()
                      ? op.getKeyMask().getDefiningOp<onnx::ConcatOp>()
                      : onnx::ConcatOp();
    auto added = concat
                     ? concat.getInputs().back().getDefiningOp<onnx::ExpandOp>()
                     : onnx::ExpandOp();
    if (added && matchPattern(added.getInput(), m_One()))
      op.getKeyMaskMutable().clear();
  }

  /// The rows of a batch, joined for a layout of the graph's own, are one.
  static void dropJoinedRows(AttentionOp op) {
    if (!op.getLayout().getDefiningOp<LayoutFromPositionsOp>())
      return;
    for (OpOperand &operand : op->getOpOperands()) {
      auto joined = operand.get().getDefiningOp<onnx::ReshapeOp>();
      auto rows = joined
                      ? dyn_cast<RankedTensorType>(joined.getData().getType())
                      : RankedTensorType();
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!rows || !type || rows.getRank() != type.getRank())
        continue;
      ArrayRef<int64_t> rest = type.getShape().drop_front(2);
      if (!ShapedType::isDynamicShape(rest) &&
          rows.getShape().drop_front(2) == rest)
        operand.set(joined.getData());
    }
  }

  /// One packed sequence: what is dynamic and per token becomes [1, N], with
  /// one name for N, so that the equality of lengths is known.
  void packInputs(func::FuncOp func) {
    Builder b(&getContext());
    BlockArgument tokens = findArg(func, "tokens");
    auto dims =
        func.getArgAttrOfType<ArrayAttr>(tokens.getArgNumber(), kDimsAttr);
    StringAttr length = b.getStringAttr("sequence");
    StringAttr batch;
    if (dims && dims.size() == 2) {
      batch = cast<StringAttr>(dims[0]);
      if (!cast<StringAttr>(dims[1]).empty())
        length = cast<StringAttr>(dims[1]);
    }
    for (BlockArgument arg : func.getArguments()) {
      unsigned i = arg.getArgNumber();
      auto type = dyn_cast<RankedTensorType>(arg.getType());
      if (!type || type.getRank() == 0)
        continue;
      SmallVector<int64_t> shape(type.getShape());
      SmallVector<Attribute> names(shape.size(), b.getStringAttr(""));
      if (auto old = func.getArgAttrOfType<ArrayAttr>(i, kDimsAttr);
          old && old.size() == shape.size())
        names.assign(old.begin(), old.end());
      StringRef role = argRole(func, i);
      bool perToken =
          role == "tokens" || role == "positions" || role == "attention_mask";
      for (auto [d, extent] : llvm::enumerate(shape)) {
        if (!ShapedType::isDynamic(extent))
          continue;
        bool isBatch = batch && !batch.empty() && names[d] == batch;
        if (isBatch || (perToken && d == 0 && shape.size() == 2)) {
          extent = 1;
          names[d] = b.getStringAttr("");
        } else if (perToken && d + 1 == shape.size()) {
          names[d] = length;
        }
      }
      arg.setType(RankedTensorType::get(shape, type.getElementType()));
      func.setArgAttr(i, kDimsAttr, b.getArrayAttr(names));
    }
    func.setFunctionType(
        FunctionType::get(&getContext(), func.getBody().getArgumentTypes(),
                          func.getFunctionType().getResults()));
    // Declared result shapes named the old dimensions.
    for (unsigned i = 0, e = func.getNumResults(); i < e; ++i)
      func.removeResultAttr(i, b.getStringAttr(kDimsAttr));
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    func::FuncOp full = findProgram(module, "full");
    if (!full) {
      module.emitError("there is no program `full`; run "
                       "blockattn-assign-roles first");
      return signalPassFailure();
    }
    SmallVector<std::string> reasons = findObstacles(full);
    if (!reasons.empty()) {
      if (failed(refusePrograms(module, reasons, required)))
        signalPassFailure();
      return;
    }
    // A fixed length is no obstacle to `block`, but blocks are shorter.
    if (std::optional<int64_t> length = fixedLength(full))
      if (failed(refusePrograms(
              module,
              {"the model takes exactly " + std::to_string(*length) +
               " tokens, as it was exported with a fixed sequence length: "
               "`full` and `block` work at this length, but `encode` and "
               "`extend` run blocks of other lengths; export it with a dynamic "
               "sequence length"},
              required && needsLengths)))
        return signalPassFailure();
    func::FuncOp func = cloneProgram(full, "block");
    dropPast(func);
    func.walk(dropPastMask);
    packInputs(func);
    BlockArgument layout =
        addArg(func, LayoutType::get(&getContext()), "layout", "layout");
    func.walk([&](AttentionOp op) {
      // A layout that the graph made itself, of packed positions, gives way
      // to the program's.
      if (op.getLayout())
        dropJoinedRows(op);
      op.getLayoutMutable().assign(layout);
    });
    setResults(func, getResults(func));
    eraseDeadOps(func);
  }
};

} // namespace
