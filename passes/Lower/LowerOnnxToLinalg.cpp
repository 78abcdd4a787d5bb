//===- LowerOnnxToLinalg.cpp - onnx and blockattn -> linalg ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"
#include "passes/Lower/NarrowTypes.h"
#include "passes/Lower/Passes.h"

#include "dialects/Onnx/NodeReport.h"
#include "passes/Lower/SizeChecks.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SetVector.h"

namespace blockattn {
#define GEN_PASS_DEF_LOWERONNXTOLINALG
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
/// An operation that was not lowered, and why.
struct Refusal {
  Operation *op;
  std::string why;
};

struct LowerOnnxToLinalgPass
    : blockattn::impl::LowerOnnxToLinalgBase<LowerOnnxToLinalgPass> {
  void runOnOperation() override;

private:
  LogicalResult lower(func::FuncOp function, const LoweringRules &rules,
                      WeightTable &weights, SmallVectorImpl<Refusal> &refusals);
  LogicalResult lowerBlock(Block &block, const LoweringRules &rules,
                           Lowering &l, SizeChecks &checks,
                           SmallVectorImpl<Refusal> &refusals);
  bool lowerAsContents(Operation *op, Lowering &l);
  void report(ArrayRef<Refusal> refusals);
};
} // namespace

/// A small integer tensor whose elements are known as expressions is made of
/// them, whatever the graph computes them from.
bool LowerOnnxToLinalgPass::lowerAsContents(Operation *op, Lowering &l) {
  if (op->getNumResults() != 1 || isa<onnx::ConstantOp, onnx::WeightOp>(op))
    return false;
  Value result = op->getResult(0);
  std::optional<ArrayRef<AffineExpr>> contents = l.shapes.contents(result);
  RankedTensorType type = contents ? l.resultType(result) : RankedTensorType();
  if (!type || !type.hasStaticShape() || type.getRank() > 1 ||
      !isa<IntegerType>(type.getElementType()) ||
      type.getNumElements() != static_cast<int64_t>(contents->size()))
    return false;
  SmallVector<Value> elements;
  for (AffineExpr expr : *contents) {
    OpFoldResult element = l.materialize(expr);
    if (!element)
      return false;
    Value index = l.toValue(element);
    if (type.getElementType().isInteger(1))
      elements.push_back(arith::CmpIOp::create(
          l.b, l.loc, arith::CmpIPredicate::ne, index, l.index(0)));
    else
      elements.push_back(
          arith::IndexCastOp::create(l.b, l.loc, type.getElementType(), index));
  }
  l.set(result, tensor::FromElementsOp::create(l.b, l.loc, type, elements));
  return true;
}

/// Whether the op would compute with bytes that only stand for numbers.
static bool usesNarrow(Operation *op, Lowering &l) {
  if (takesNarrow(op) || op->getNumRegions())
    return false;
  auto isNarrowTensor = [&](Value value) {
    return isa<TensorType>(value.getType()) &&
           isNarrow(l.shapes.elementType(value));
  };
  return llvm::any_of(op->getOperands(), isNarrowTensor) ||
         llvm::any_of(op->getResults(), isNarrowTensor);
}

/// Lowers all operations of a block but its terminator, at the insertion
/// point. Fails where one was refused.
LogicalResult
LowerOnnxToLinalgPass::lowerBlock(Block &block, const LoweringRules &rules,
                                  Lowering &l, SizeChecks &checks,
                                  SmallVectorImpl<Refusal> &refusals) {
  size_t refused = refusals.size();
  // What is made here goes before the terminator of the function's block.
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops) {
    l.loc = op->getLoc();
    // What a region uses from around the op counts as an operand, too.
    llvm::SetVector<Value> operands(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), operands);
    bool ready = llvm::all_of(operands, [&](Value operand) {
      return isa<BlockArgument>(operand) || l.has(operand);
    });
    // An operand was not lowered, which has been noted.
    if (!ready)
      continue;
    checks.before(op, l);
    auto done = llvm::make_scope_exit([&] {
      l.loc = op->getLoc();
      checks.after(op, l);
    });
    if (lowerAsContents(op, l))
      continue;
    if (!isa<onnx::OnnxDialect, BlockAttnDialect>(op->getDialect())) {
      IRMapping mapping;
      for (Value operand : operands)
        mapping.map(operand, l.get(operand));
      Operation *copy = l.b.clone(*op, mapping);
      for (auto [from, to] : llvm::zip(op->getResults(), copy->getResults()))
        l.set(from, to);
      continue;
    }
    if (usesNarrow(op, l)) {
      refusals.push_back({op, "it would compute with integers of less than 8 "
                              "bits or floats of less than 16, which are "
                              "converted first (Cast, DequantizeLinear)"});
      continue;
    }
    std::string why;
    const LoweringRules::Rule *rule = rules.find(op->getName().getStringRef());
    if (!rule || failed((*rule)(op, l, why)))
      refusals.push_back({op, why});
  }
  return success(refusals.size() == refused);
}

LogicalResult LowerOnnxToLinalgPass::lower(func::FuncOp function,
                                           const LoweringRules &rules,
                                           WeightTable &weights,
                                           SmallVectorImpl<Refusal> &refusals) {
  if (!function.getBody().hasOneBlock())
    return function.emitError("a program must be one block without branches");
  // What nothing uses needs no lowering.
  Block &block = function.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();

  onnx::SymbolicShapes shapes(&getContext());
  if (failed(shapes.run(function)))
    return failure();
  Lowering l(function, shapes, weights);
  SizeChecks checks(function, shapes);

  // Arguments of types that have another form get a second argument of that.
  SmallVector<unsigned> replaced;
  for (unsigned i = function.getNumArguments(); i-- > 0;) {
    BlockArgument argument = function.getArgument(i);
    Type type = Lowering::convertType(argument.getType());
    if (!type)
      return emitError(argument.getLoc())
             << "argument " << i << " has type " << argument.getType()
             << ", which the CPU can not be given: ranked tensors of numbers "
                "are supported";
    if (type == argument.getType())
      continue;
    NamedAttrList attributes(function.getArgAttrDict(i));
    attributes.set("blockattn.type", TypeAttr::get(argument.getType()));
    if (failed(function.insertArgument(i + 1, type,
                                       attributes.getDictionary(&getContext()),
                                       argument.getLoc())))
      return failure();
    l.set(argument, function.getArgument(i + 1));
    checks.replace(i, function.getArgument(i + 1));
  }

  SmallVector<Operation *> old;
  for (Operation &op : block)
    old.push_back(&op);
  auto terminator = cast<func::ReturnOp>(block.getTerminator());
  l.b.setInsertionPoint(terminator);
  l.lowerBlock = [&](Block &region) {
    return lowerBlock(region, rules, l, checks, refusals);
  };
  if (failed(l.lowerBlock(block)))
    return success();

  l.b.setInsertionPoint(terminator);
  l.loc = function.getLoc();
  checks.finish(l);
  SmallVector<Value> results;
  for (auto [i, result] : llvm::enumerate(terminator.getOperands())) {
    results.push_back(l.get(result));
    // How the dimensions follow from the inputs', for the plan of the memory.
    SmallVector<Value> dims;
    for (OpFoldResult size : l.sizes(result))
      dims.push_back(l.toValue(size));
    OutputDimsOp::create(l.b, terminator.getLoc(), dims,
                         l.b.getI64IntegerAttr(i));
  }
  func::ReturnOp::create(l.b, terminator.getLoc(), results);
  for (Operation *op : llvm::reverse(old))
    op->erase();
  for (unsigned i = function.getNumArguments(); i-- > 0;)
    if (Type type = Lowering::convertType(function.getArgument(i).getType());
        type != function.getArgument(i).getType())
      if (failed(function.eraseArgument(i)))
        return failure();
  SmallVector<Type> resultTypes;
  for (auto [i, result] : llvm::enumerate(results)) {
    if (Type declared = function.getResultTypes()[i];
        isa<RankedTensorType>(declared) &&
        Lowering::convertType(declared) != declared)
      function.setResultAttr(i, "blockattn.type", TypeAttr::get(declared));
    resultTypes.push_back(result.getType());
  }
  function.setFunctionType(FunctionType::get(
      &getContext(), function.getArgumentTypes(), resultTypes));
  return success();
}

/// One message for all, which names each operator and each reason once.
void LowerOnnxToLinalgPass::report(ArrayRef<Refusal> refusals) {
  llvm::MapVector<std::tuple<StringRef, StringRef, StringRef>,
                  SmallVector<Operation *>>
      kinds;
  for (const Refusal &refusal : refusals) {
    auto [domain, type] = onnx::operatorOf(refusal.op);
    kinds[{domain, type, StringRef(refusal.why)}].push_back(refusal.op);
  }
  InFlightDiagnostic error =
      getOperation().emitError()
      << refusals.size()
      << (refusals.size() == 1 ? " operation" : " operations")
      << " can not be compiled";
  for (auto &[kind, ops] : kinds) {
    Diagnostic &note = error.attachNote(ops.front()->getLoc());
    onnx::describeNodes(note, getOperation(), ops);
    StringRef why = std::get<2>(kind);
    note << ": "
         << (why.empty() ? StringRef("the operation is not supported") : why);
  }
  error.attachNote(getOperation().getLoc())
      << "what to do: give the model the shapes, axes and types that these "
         "ask for (a constant in place of a computed value, a cast before the "
         "node), or leave the nodes out of the exported graph";
}

void LowerOnnxToLinalgPass::runOnOperation() {
  LoweringRules rules;
  populateAttentionRules(rules);
  populateBitwiseRules(rules);
  populateContractionRules(rules);
  populateControlRules(rules);
  populateConversionRules(rules);
  populateCreationRules(rules);
  populateElementwiseRules(rules);
  populateGatherRules(rules);
  populateLayoutRules(rules);
  populateMiscRules(rules);
  populateMovementRules(rules);
  populateNormRules(rules);
  populatePackedProductRules(rules);
  populatePadRules(rules);
  populateReductionRules(rules);
  populateRotaryRules(rules);
  populateSelectionRules(rules);
  populateSinkRules(rules);
  populateSliceRules(rules);
  populateTensorScatterRules(rules);

  WeightTable weights;
  SmallVector<Refusal> refusals;
  for (auto function : getOperation().getOps<func::FuncOp>())
    if (!function.isDeclaration() &&
        failed(lower(function, rules, weights, refusals)))
      return signalPassFailure();
  if (!refusals.empty()) {
    report(refusals);
    return signalPassFailure();
  }
  getOperation()->setAttr("blockattn.weights", weights.toAttr(&getContext()));
}
