//===- InsertSinks.cpp - learned tokens before blocks or prompts ----------===//
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
#include "mlir/IR/ImplicitLocOpBuilder.h"

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

  /// Masks of keys are rows for tokens, too: sinks are always seen.
  void extendMasks(func::FuncOp func, InsertSinksOp sinks) {
    DenseMap<Value, Value> extended;
    func.walk([&](AttentionOp op) {
      Value mask = op.getKeyMask();
      if (!mask)
        return;
      Value &longer = extended[mask];
      if (!longer)
        longer = extendMask(mask, op, sinks);
      op.getKeyMaskMutable().assign(longer);
    });
  }

  /// The mask [1, N] with its rows where the sinks are, by way of embeddings
  /// of one column.
  Value extendMask(Value mask, AttentionOp before, InsertSinksOp sinks) {
    ImplicitLocOpBuilder b(before.getLoc(), before);
    auto constant = [&](ShapedType type, Attribute value) -> Value {
      return onnx::ConstantOp::create(b, type,
                                      DenseElementsAttr::get(type, value));
    };
    auto vector = RankedTensorType::get({1}, b.getI64Type());
    auto maskType = cast<RankedTensorType>(mask.getType());
    auto column =
        RankedTensorType::get({1, maskType.getDimSize(1), 1}, b.getF32Type());
    Value last = constant(vector, b.getI64IntegerAttr(2));
    Value bits = onnx::CastOp::create(b, maskType.clone(b.getF32Type()), mask,
                                      TypeAttr::get(b.getF32Type()));
    bits = onnx::UnsqueezeOp::create(b, column, bits, last);
    Value rows =
        onnx::ShapeOp::create(b, vector, sinks.getTable(),
                              b.getI64IntegerAttr(0), b.getI64IntegerAttr(1));
    Value shape = onnx::ConcatOp::create(
        b, RankedTensorType::get({2}, b.getI64Type()),
        ValueRange{rows, constant(vector, b.getI64IntegerAttr(1))}, 0);
    Value ones = onnx::ConstantOfShapeOp::create(
        b, RankedTensorType::get({ShapedType::kDynamic, 1}, b.getF32Type()),
        shape,
        DenseElementsAttr::get(RankedTensorType::get({1}, b.getF32Type()),
                               1.0f));
    auto longer =
        RankedTensorType::get({1, ShapedType::kDynamic, 1}, b.getF32Type());
    auto inserted = InsertSinksOp::create(
        b,
        TypeRange{longer, sinks.getResultPositions().getType(),
                  sinks.getResultLayout().getType()},
        bits, ones, sinks.getPositions(), sinks.getLayout(),
        sinks.getSharedAttr());
    Value row = onnx::SqueezeOp::create(
        b, RankedTensorType::get({1, ShapedType::kDynamic}, b.getF32Type()),
        inserted.getResult(), last);
    return onnx::CastOp::create(
        b, RankedTensorType::get({1, ShapedType::kDynamic}, b.getI1Type()), row,
        TypeAttr::get(b.getI1Type()));
  }

  void runOnOperation() override {
    if (count == 0)
      return;
    ModuleOp module = getOperation();
    if (placement != "block" && placement != "prefix") {
      module.emitError("sinks have no placement '")
          << placement << "'; it is block or prefix";
      return signalPassFailure();
    }
    bool isPrefix = placement == "prefix";
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
    auto positionType = cast<RankedTensorType>(positions.getType());
    if (!hidden.isDynamicDim(1) ||
        !positionType.getElementType().isInteger(64)) {
      func.emitError("sinks make the sequence longer, but the model fixes its "
                     "length or has positions that are not i64; export it "
                     "with a dynamic sequence length and i64 position_ids");
      return signalPassFailure();
    }
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
    auto sinks = InsertSinksOp::create(
        builder, embedding.getLoc(),
        TypeRange{longer(hidden), longer(positionType), layout.getType()},
        embedding.getOutput(), table, positions, layout, isPrefix);
    embedding.getOutput().replaceAllUsesExcept(sinks.getResult(), sinks);
    positions.replaceAllUsesExcept(sinks.getResultPositions(), sinks);
    layout.replaceAllUsesExcept(sinks.getResultLayout(), sinks);
    // Positions may be used ahead of the embedding.
    for (Value moved :
         {Value(sinks.getResultPositions()), Value(sinks.getResultLayout())})
      for (Operation *user : llvm::make_early_inc_range(moved.getUsers()))
        if (user->isBeforeInBlock(sinks))
          moveBehind(user, sinks);

    extendMasks(func, sinks);
    module->setAttr(
        kSinksAttr,
        builder.getDictionaryAttr(
            {builder.getNamedAttr("count", builder.getI64IntegerAttr(count)),
             builder.getNamedAttr("placement",
                                  builder.getStringAttr(placement))}));

    SmallVector<ProgramResult> results = getResults(func);
    builder.setInsertionPoint(func.getBody().front().getTerminator());
    Value rows = tensor::DimOp::create(builder, sinks.getLoc(), table, 0);
    auto drop = [&](Value value) -> Value {
      return DropSinksOp::create(builder, sinks.getLoc(), value.getType(),
                                 value, layout, rows, isPrefix);
    };
    // Keys and values that the graph hands on have their heads first.
    auto swapHeads = [&](Value value) -> Value {
      auto type = cast<RankedTensorType>(value.getType());
      SmallVector<int64_t> shape(type.getShape());
      std::swap(shape[1], shape[2]);
      return onnx::TransposeOp::create(
          builder, sinks.getLoc(),
          RankedTensorType::get(shape, type.getElementType()), value,
          builder.getDenseI64ArrayAttr({0, 2, 1, 3}));
    };
    for (ProgramResult &result : results) {
      auto type = dyn_cast<RankedTensorType>(result.value.getType());
      auto role = dyn_cast_or_null<StringAttr>(
          result.attrs ? result.attrs.get(kRoleAttr) : Attribute());
      if (type && type.getRank() == 4 && role &&
          role.getValue().starts_with("present_"))
        result.value = swapHeads(drop(swapHeads(result.value)));
      else if (type && type.getRank() >= 2)
        result.value = drop(result.value);
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
