//===- InsertSinks.cpp - learned tokens at the start of every block -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

namespace blockattn {
#define GEN_PASS_DEF_INSERTSINKS
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {

struct InsertSinks : blockattn::impl::InsertSinksBase<InsertSinks> {
  using InsertSinksBase::InsertSinksBase;

  /// The embeddings of the tokens: rows of a float table, by token id.
  onnx::GatherOp findEmbedding(BlockArgument tokens) {
    for (Operation *user : tokens.getUsers())
      if (auto gather = dyn_cast<onnx::GatherOp>(user))
        if (auto type =
                dyn_cast<RankedTensorType>(gather.getOutput().getType());
            gather.getIndices() == tokens && type && type.getRank() == 3 &&
            isa<FloatType>(type.getElementType()))
          return gather;
    return nullptr;
  }

  void runOnOperation() override {
    if (count == 0)
      return;
    ModuleOp module = getOperation();
    func::FuncOp func = findProgram(module, "block");
    if (!func)
      return;
    if (failed(checkBlockProgram(func)))
      return signalPassFailure();
    BlockArgument positions = findArg(func, "positions");
    if (!positions) {
      func.emitError("sinks need positions of their own, but the model takes "
                     "no position input; export it with position_ids");
      return signalPassFailure();
    }
    BlockArgument tokens = findArg(func, "tokens");
    onnx::GatherOp embedding = tokens ? findEmbedding(tokens) : nullptr;
    if (!embedding) {
      func.emitError("no token embedding (rows of a table, by token id) was "
                     "found to put sinks beside");
      return signalPassFailure();
    }
    BlockArgument layout = findArg(func, "layout");
    auto hidden = cast<RankedTensorType>(embedding.getOutput().getType());
    auto tableType = RankedTensorType::get(
        {ShapedType::kDynamic, hidden.getDimSize(2)}, hidden.getElementType());
    BlockArgument table = addArg(func, tableType, "sinks", "sinks");

    auto longer = [](RankedTensorType type) {
      SmallVector<int64_t> shape(type.getShape());
      shape[1] = ShapedType::kDynamic;
      return RankedTensorType::get(shape, type.getElementType());
    };
    OpBuilder builder(embedding);
    builder.setInsertionPointAfter(embedding);
    auto positionType = cast<RankedTensorType>(positions.getType());
    auto sinks = InsertSinksOp::create(
        builder, embedding.getLoc(),
        TypeRange{longer(hidden), longer(positionType), layout.getType()},
        embedding.getOutput(), table, positions, layout);
    embedding.getOutput().replaceAllUsesExcept(sinks.getResult(), sinks);
    positions.replaceAllUsesExcept(sinks.getResultPositions(), sinks);
    layout.replaceAllUsesExcept(sinks.getResultLayout(), sinks);
    // Positions may be used ahead of the embedding.
    for (Value moved :
         {Value(sinks.getResultPositions()), Value(sinks.getResultLayout())})
      for (Operation *user : llvm::make_early_inc_range(moved.getUsers()))
        if (user->isBeforeInBlock(sinks))
          moveBehind(user, sinks);

    SmallVector<ProgramResult> results = getResults(func);
    builder.setInsertionPoint(func.getBody().front().getTerminator());
    Value rows = tensor::DimOp::create(builder, sinks.getLoc(), table, 0);
    for (ProgramResult &result : results) {
      auto type = dyn_cast<RankedTensorType>(result.value.getType());
      if (!type || type.getRank() < 2)
        continue;
      result.value = DropSinksOp::create(builder, sinks.getLoc(), type,
                                         result.value, layout, rows);
    }
    setResults(func, results);
  }

  /// Moves `op` and what depends on it behind `anchor`, in order.
  void moveBehind(Operation *op, Operation *anchor) {
    SmallVector<Operation *> chain{op};
    for (unsigned i = 0; i < chain.size(); ++i)
      for (Operation *user : chain[i]->getUsers())
        if (user->isBeforeInBlock(anchor) && !llvm::is_contained(chain, user))
          chain.push_back(user);
    llvm::sort(chain, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    for (Operation *moved : llvm::reverse(chain))
      moved->moveAfter(anchor);
  }
};

} // namespace
