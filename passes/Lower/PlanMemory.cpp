//===- PlanMemory.cpp - allocations -> planned buffers --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/StridedMemory.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

namespace blockattn {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

/// The size in bytes of a buffer with the given dynamic sizes.
static Value byteSize(OpBuilder &b, Location loc, MemRefType type,
                      ValueRange dynamic) {
  int64_t fixed = elementBytes(type.getElementType());
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      fixed *= size;
  Value bytes = arith::ConstantIndexOp::create(b, loc, fixed);
  for (Value size : dynamic)
    bytes = arith::MulIOp::create(b, loc, bytes, size);
  return bytes;
}

namespace {
/// Builds the plan function of a program beside it.
class Planner {
public:
  explicit Planner(func::FuncOp function);

  /// The value as computed from the dimensions of the inputs; null when it
  /// depends on anything else.
  Value clone(Value value);
  /// Whether `clone` would succeed; emits nothing.
  bool known(Value value);
  /// The size of a buffer, in the plan function.
  Value sizeOf(memref::AllocOp alloc) {
    SmallVector<Value> dims;
    for (Value size : alloc.getDynamicSizes())
      dims.push_back(clone(size));
    return byteSize(b, alloc.getLoc(), alloc.getType(), dims);
  }
  void moveCheck(CheckOp check);
  void finish(ArrayRef<Value> sizes);

private:
  func::FuncOp function, plan;
  OpBuilder b;
  Location loc;
  IRMapping map;
  DenseMap<Value, bool> decided;
  /// The dimensions of each output.
  DenseMap<int64_t, OutputDimsOp> outputs;
};

struct PlanMemoryPass : blockattn::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override;
};
} // namespace

Planner::Planner(func::FuncOp function)
    : function(function), b(function.getContext()), loc(function.getLoc()) {
  b.setInsertionPointAfter(function);
  SmallVector<Type> types;
  SmallVector<BlockArgument> inputs;
  for (BlockArgument argument : function.getArguments()) {
    unsigned i = argument.getArgNumber();
    if (function.getArgAttr(i, "blockattn.weight") ||
        function.getArgAttr(i, "blockattn.output"))
      continue;
    inputs.push_back(argument);
    types.push_back(argument.getType());
  }
  plan = func::FuncOp::create(b, loc, ("plan_" + function.getName()).str(),
                              b.getFunctionType(types, {}));
  if (Attribute program = function->getAttr("blockattn.program"))
    plan->setAttr("blockattn.plan", program);
  Block *entry = plan.addEntryBlock();
  for (auto [from, to] : llvm::zip(inputs, entry->getArguments()))
    map.map(from, to);
  b.setInsertionPointToStart(entry);
  function.walk([&](OutputDimsOp op) { outputs[op.getOutput()] = op; });
}

/// The number of an output, if the value is one.
static std::optional<int64_t> outputNumber(func::FuncOp function, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &function.getBody().front())
    return std::nullopt;
  auto attr = function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(),
                                                     "blockattn.output");
  return attr ? std::optional<int64_t>(attr.getInt()) : std::nullopt;
}

/// For a dimension of an output: what that dimension is computed as.
static Value outputDimension(func::FuncOp function, memref::DimOp op,
                             DenseMap<int64_t, OutputDimsOp> &outputs) {
  std::optional<int64_t> number = outputNumber(function, op.getSource());
  std::optional<int64_t> at = op.getConstantIndex();
  if (!number || !at)
    return nullptr;
  auto it = outputs.find(*number);
  if (it == outputs.end() ||
      *at >= static_cast<int64_t>(it->second.getDims().size()))
    return nullptr;
  return it->second.getDims()[*at];
}

bool Planner::known(Value value) {
  if (map.contains(value))
    return true;
  if (auto it = decided.find(value); it != decided.end())
    return it->second;
  // Assume the worst of a cycle; there is none in a block.
  decided[value] = false;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  bool ok;
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    if (Value computed = outputDimension(function, dim, outputs))
      ok = known(computed);
    else
      ok = map.contains(dim.getSource()) && known(dim.getIndex());
  } else {
    // What the program computes whatever happens may be computed here, too,
    // a division by something unknown as well.
    bool isSafe = isPure(op) || (isMemoryEffectFree(op) &&
                                 op->getBlock() == &function.getBody().front());
    ok = isSafe && op->getNumRegions() == 0 &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return operand.getType().isIntOrIndexOrFloat() && known(operand);
         });
  }
  return decided[value] = ok;
}

Value Planner::clone(Value value) {
  if (Value done = map.lookupOrNull(value))
    return done;
  if (!known(value))
    return nullptr;
  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<memref::DimOp>(op))
    if (Value computed = outputDimension(function, dim, outputs)) {
      Value result = clone(computed);
      map.map(value, result);
      return result;
    }
  for (Value operand : op->getOperands())
    clone(operand);
  b.clone(*op, map);
  return map.lookup(value);
}

void Planner::moveCheck(CheckOp check) {
  Value condition = clone(check.getCondition());
  CheckOp::create(b, check.getLoc(), condition, check.getCodeAttr(),
                  check.getMessageAttr());
  check.erase();
}

void Planner::finish(ArrayRef<Value> sizes) {
  SmallVector<Value> results(sizes);
  SmallVector<int64_t> numbers;
  for (auto &entry : outputs)
    numbers.push_back(entry.first);
  llvm::sort(numbers);
  // What the program returns in memory of its own the runtime takes with its
  // shape, after the run, whatever could be known of that before.
  DenseSet<int64_t> returned;
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    if (auto number =
            function.getResultAttrOfType<IntegerAttr>(i, "blockattn.output"))
      returned.insert(number.getInt());
  for (int64_t number : numbers) {
    OutputDimsOp op = outputs[number];
    for (Value dim : op.getDims()) {
      Value size = returned.contains(number) ? Value() : clone(dim);
      results.push_back(
          size ? size : arith::ConstantIndexOp::create(b, loc, -1).getResult());
    }
  }
  func::ReturnOp::create(b, loc, results);
  plan.setFunctionType(FunctionType::get(plan.getContext(),
                                         plan.getArgumentTypes(),
                                         ValueRange(results).getTypes()));
  for (int64_t number : numbers)
    outputs[number].erase();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static LogicalResult planFunction(func::FuncOp function) {
  Planner planner(function);
  Block &block = function.getBody().front();
  // Steps are the operations of the program in order.
  DenseMap<Operation *, int64_t> steps;
  for (auto [i, op] : llvm::enumerate(block))
    steps[&op] = i;

  SmallVector<memref::AllocOp> allocs;
  SmallVector<CheckOp> checks;
  SmallVector<memref::DeallocOp> deallocs;
  function.walk([&](Operation *op) {
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      allocs.push_back(alloc);
    else if (auto check = dyn_cast<CheckOp>(op))
      checks.push_back(check);
    else if (auto dealloc = dyn_cast<memref::DeallocOp>(op))
      deallocs.push_back(dealloc);
  });
  for (memref::DeallocOp dealloc : deallocs)
    dealloc.erase();
  for (CheckOp check : checks)
    if (check->getBlock() == &block && planner.known(check.getCondition()))
      planner.moveCheck(check);

  // What is returned must outlive the run's plan.
  BufferViewFlowAnalysis aliases(function);
  OpBuilder b(function.getContext());
  SmallVector<Value> sizes;
  SmallVector<Attribute> lifetimes;
  for (memref::AllocOp alloc : allocs) {
    if (!alloc.getType().getLayout().isIdentity())
      return alloc.emitError("an allocation must be row-major to be planned");
    std::optional<int64_t> first, last;
    bool returned = false;
    for (Value alias : aliases.resolve(alloc))
      for (Operation *user : alias.getUsers()) {
        returned |= isa<func::ReturnOp>(user);
        Operation *top = block.findAncestorOpInBlock(*user);
        auto it = top ? steps.find(top) : steps.end();
        if (it == steps.end())
          continue;
        first = std::min(first.value_or(it->second), it->second);
        last = std::max(last.value_or(it->second), it->second);
      }
    if (!first) {
      alloc.erase();
      continue;
    }
    b.setInsertionPoint(alloc);
    Location loc = alloc.getLoc();
    Value bytes;
    bool planned =
        !returned && llvm::all_of(alloc.getDynamicSizes(), [&](Value size) {
          return planner.known(size);
        });
    if (planned) {
      unsigned number = sizes.size();
      sizes.push_back(planner.sizeOf(alloc));
      unsigned position = function.getNumArguments();
      if (failed(function.insertArgument(
              position,
              MemRefType::get(ShapedType::kDynamic, b.getIntegerType(8)),
              b.getDictionaryAttr(b.getNamedAttr("blockattn.buffer",
                                                 b.getI64IntegerAttr(number))),
              loc)))
        return failure();
      bytes = function.getArgument(position);
      lifetimes.push_back(b.getDictionaryAttr(
          {b.getNamedAttr("first", b.getI64IntegerAttr(*first)),
           b.getNamedAttr("last", b.getI64IntegerAttr(*last))}));
    } else {
      bytes = AllocOp::create(
          b, loc, MemRefType::get(ShapedType::kDynamic, b.getIntegerType(8)),
          byteSize(b, loc, alloc.getType(), alloc.getDynamicSizes()));
    }
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value view = memref::ViewOp::create(b, loc, alloc.getType(), bytes, zero,
                                        alloc.getDynamicSizes());
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
  planner.finish(sizes);
  function->setAttr("blockattn.buffers", b.getArrayAttr(lifetimes));
  return success();
}

void PlanMemoryPass::runOnOperation() {
  SmallVector<func::FuncOp> functions;
  for (auto function : getOperation().getOps<func::FuncOp>())
    if (!function.isDeclaration())
      functions.push_back(function);
  for (func::FuncOp function : functions)
    if (failed(planFunction(function)))
      return signalPassFailure();
}
