//===- Evaluate.cpp - an interpreter for small tensors --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Evaluate.h"
#include "dialects/Onnx/EvaluateRules.h"
#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SetVector.h"
#include <limits>

using namespace mlir;
using namespace blockattn::onnx;

static const RuleTable &onnxRules() {
  static const RuleTable table = [] {
    RuleTable t;
    addCompositeRules(t);
    addCompositeProductRules(t);
    addElementwiseRules(t);
    addCreationRules(t);
    addMovementRules(t);
    addIndexingRules(t);
    addReductionRules(t);
    addNNRules(t);
    addAttentionRules(t);
    return t;
  }();
  return table;
}

static constexpr const char *kNoRule = "the evaluator has no rule for this op";

static std::string describe(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  if (auto foreign = dyn_cast<ForeignOp>(op))
    name += " '" + foreign.getOpType().str() + "'";
  StringRef node = nodeName(op->getLoc());
  return node.empty() ? name : name + " (" + node.str() + ")";
}

static std::string describeArgument(BlockArgument arg) {
  std::string text = "argument " + std::to_string(arg.getArgNumber());
  if (auto func = dyn_cast<func::FuncOp>(arg.getOwner()->getParentOp()))
    if (auto name =
            func.getArgAttrOfType<StringAttr>(arg.getArgNumber(), "onnx.name"))
      text += " ('" + name.str() + "')";
  return text;
}

//===----------------------------------------------------------------------===//
// Evaluator
//===----------------------------------------------------------------------===//

Evaluator::Evaluator(WeightFiles *weights, int64_t maxElements)
    : weights(weights), maxElements(maxElements) {}

Evaluator::~Evaluator() = default;

void Evaluator::bind(Value value, HostTensor tensor) {
  computed.clear();
  bound[value] = std::make_unique<HostTensor>(std::move(tensor));
}

void Evaluator::addRule(StringRef opName, Rule rule) {
  rules[opName] = std::move(rule);
}

void Evaluator::useShapes(SymbolicShapes *symbolicShapes) {
  computed.clear();
  shapes = symbolicShapes;
}

void Evaluator::clear() {
  bound.clear();
  computed.clear();
}

bool Evaluator::supports(Operation *op) const {
  StringRef name = op->getName().getStringRef();
  return rules.contains(name) || onnxRules().find(name) ||
         isa<IfOp, LoopOp>(op) || op->hasTrait<OpTrait::ConstantLike>();
}

const HostTensor *Evaluator::find(Value value) const {
  for (const Tensors *tensors : {&bound, &computed})
    if (auto it = tensors->find(value); it != tensors->end())
      return it->second.get();
  return nullptr;
}

const HostTensor *Evaluator::lookup(Value value, std::string *why) {
  std::string reason;
  if (failed(run(value, reason))) {
    if (why)
      *why = std::move(reason);
    return nullptr;
  }
  return find(value);
}

FailureOr<HostTensor> Evaluator::evaluate(Value value, std::string *why) {
  if (const HostTensor *tensor = lookup(value, why))
    return *tensor;
  return failure();
}

LogicalResult Evaluator::evaluateOp(Operation *op,
                                    ArrayRef<const HostTensor *> operands,
                                    SmallVectorImpl<HostTensor> &results,
                                    std::string *why) {
  std::string reason;
  auto report = llvm::make_scope_exit([&] {
    if (why && !reason.empty())
      *why = describe(op) + ": " + reason;
  });
  if (operands.size() != op->getNumOperands()) {
    reason = "it has " + std::to_string(op->getNumOperands()) +
             " operands, not " + std::to_string(operands.size());
    return failure();
  }
  for (auto [i, tensor] : llvm::enumerate(operands)) {
    if (tensor && tensor->isValid())
      continue;
    reason = "operand " + std::to_string(i) + " has no value";
    return failure();
  }
  results.assign(op->getNumResults(), HostTensor());

  LogicalResult status = failure();
  Attribute constant;
  if (auto custom = rules.find(op->getName().getStringRef());
      custom != rules.end()) {
    status = custom->second(op, operands, results, reason);
  } else if (const RuleFn *rule =
                 onnxRules().find(op->getName().getStringRef())) {
    RuleContext context{op, operands, results, maxElements, weights, reason};
    status = (*rule)(context);
  } else if (op->getNumResults() == 1 &&
             matchPattern(op, m_Constant(&constant)) &&
             isa<ElementsAttr>(constant)) {
    results[0] = HostTensor::from(cast<ElementsAttr>(constant));
    status = success();
  } else {
    reason = kNoRule;
  }
  if (failed(status)) {
    if (reason.empty())
      reason = "it cannot be evaluated";
    return failure();
  }
  for (const HostTensor &result : results)
    if (!result.isValid()) {
      reason = "a result has no value, or an unsupported element type";
      return failure();
    }
  return success();
}

LogicalResult Evaluator::compute(Operation *op, std::string &why) {
  SmallVector<const HostTensor *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(find(operand));
  SmallVector<HostTensor> results;
  if (failed(evaluateOp(op, operands, results, &why)))
    return failure();
  for (auto [value, tensor] : llvm::zip_equal(op->getResults(), results))
    computed[value] = std::make_unique<HostTensor>(std::move(tensor));
  return success();
}

// The values that op needs next: its operands, and for an onnx.If, once the
// condition is known, what the branch taken yields. Fails on a bad If.
static LogicalResult
nextNeeds(Operation *op, llvm::function_ref<const HostTensor *(Value)> find,
          SmallVectorImpl<Value> &needs, std::string &why) {
  for (Value operand : op->getOperands())
    if (!find(operand))
      needs.push_back(operand);
  if (auto loop = dyn_cast<LoopOp>(op)) {
    llvm::SetVector<Value> around;
    getUsedValuesDefinedAbove(op->getRegions(), around);
    for (Value value : around)
      if (!find(value))
        needs.push_back(value);
    return success();
  }
  auto branch = dyn_cast<IfOp>(op);
  if (!branch || !needs.empty())
    return success();
  const HostTensor *condition = find(branch.getCond());
  if (condition->getNumElements() != 1) {
    why = describe(op) + ": the condition must have one element, not " +
          std::to_string(condition->getNumElements());
    return failure();
  }
  Region &taken = op->getRegion(condition->getB(0) ? 0 : 1);
  if (!taken.hasOneBlock() || taken.front().empty() ||
      taken.front().back().getNumOperands() != op->getNumResults()) {
    why = describe(op) + ": the branch does not yield a value for each result";
    return failure();
  }
  llvm::append_range(needs, taken.front().back().getOperands());
  return success();
}

// An explicit stack: the depth of a graph is up to the model file.
LogicalResult Evaluator::run(Value goal, std::string &why) {
  if (!goal) {
    why = "there is no value to evaluate";
    return failure();
  }
  auto lookupKnown = [&](Value value) { return find(value); };
  llvm::DenseMap<Operation *, unsigned> visits;
  SmallVector<Value> stack{goal};
  while (!stack.empty()) {
    Value value = stack.back();
    if (find(value)) {
      stack.pop_back();
      continue;
    }
    if (shapes) {
      if (HostTensor known = fromShapes(value)) {
        computed[value] = std::make_unique<HostTensor>(std::move(known));
        continue;
      }
    }
    Operation *op = value.getDefiningOp();
    if (!op) {
      why = describeArgument(cast<BlockArgument>(value)) +
            " has no value to evaluate with";
      return failure();
    }
    // Said here, before anything is computed for it.
    if (!supports(op)) {
      why = describe(op) + ": " + kNoRule;
      return failure();
    }
    SmallVector<Value> needs;
    if (failed(nextNeeds(op, lookupKnown, needs, why)))
      return failure();
    bool isIf = isa<IfOp>(op);
    bool conditionKnown = isIf && find(op->getOperand(0));
    SmallVector<Value> missing;
    for (Value need : needs)
      if (!find(need))
        missing.push_back(need);
    if (!missing.empty()) {
      // An op comes back with something missing only if it needs itself; an
      // If comes back once for its condition.
      if (++visits[op] > (conditionKnown ? 2u : 1u)) {
        why = describe(op) + ": it depends on its own result";
        return failure();
      }
      llvm::append_range(stack, missing);
      continue;
    }
    if (isIf) {
      for (auto [result, yielded] : llvm::zip_equal(op->getResults(), needs))
        computed[result] = std::make_unique<HostTensor>(*find(yielded));
      continue;
    }
    auto loop = dyn_cast<LoopOp>(op);
    if (failed(loop ? computeLoop(loop, why) : compute(op, why)))
      return failure();
  }
  return success();
}

/// The values of all iterations along a new first dimension.
static HostTensor stack(ArrayRef<HostTensor> parts, Type elementType) {
  SmallVector<int64_t> shape = {static_cast<int64_t>(parts.size())};
  std::vector<char> bytes;
  for (const HostTensor &part : parts) {
    if (part.getShape() != parts.front().getShape())
      return HostTensor();
    llvm::append_range(bytes, part.getBytes());
  }
  if (!parts.empty())
    llvm::append_range(shape, parts.front().getShape());
  return HostTensor::fromBytes(elementType, shape, bytes);
}

LogicalResult Evaluator::computeLoop(LoopOp op, std::string &why) {
  // More would only be asked for by a model that is not meant for this.
  constexpr int64_t maxIterations = 1 << 16;
  auto fail = [&](const Twine &reason) {
    why = (describe(op) + ": " + reason).str();
    return failure();
  };
  Block &block = op.getBody().front();
  auto yields = block.back().getOperands();
  size_t carried = op.getVInitial().size();
  SmallVector<HostTensor> values;
  for (Value initial : op.getVInitial())
    values.push_back(*find(initial));
  auto single = [&](Value value, int64_t otherwise) {
    const HostTensor *tensor = value ? find(value) : nullptr;
    return tensor && tensor->getNumElements() == 1 ? tensor->getI(0)
                                                   : otherwise;
  };
  int64_t trips = single(op.getM(), std::numeric_limits<int64_t>::max());
  bool goesOn = single(op.getCond(), 1) != 0;
  SmallVector<SmallVector<HostTensor>> stacked(op->getNumResults() - carried);
  llvm::SetVector<Value> around;
  getUsedValuesDefinedAbove(op->getRegions(), around);
  for (int64_t i = 0; i < trips && goesOn; ++i) {
    if (i == maxIterations)
      return fail("it has more than " + Twine(maxIterations) + " iterations");
    Evaluator body(weights, maxElements);
    body.rules = rules;
    for (Value value : around)
      body.bind(value, *find(value));
    MLIRContext *context = op.getContext();
    body.bind(block.getArgument(0),
              HostTensor::fromInts(IntegerType::get(context, 64), {}, {i}));
    body.bind(block.getArgument(1),
              HostTensor::fromInts(IntegerType::get(context, 1), {}, {1}));
    for (auto [index, value] : llvm::enumerate(values))
      body.bind(block.getArgument(index + 2), value);
    SmallVector<HostTensor> results;
    for (Value yielded : yields) {
      FailureOr<HostTensor> result = body.evaluate(yielded, &why);
      if (failed(result))
        return failure();
      results.push_back(std::move(*result));
    }
    if (results[0].getNumElements() != 1)
      return fail("its condition must have one element");
    goesOn = results[0].getB(0);
    for (size_t k = 0; k < values.size(); ++k)
      values[k] = std::move(results[k + 1]);
    for (size_t k = 0; k < stacked.size(); ++k)
      stacked[k].push_back(std::move(results[k + 1 + carried]));
  }
  for (auto [index, result] : llvm::enumerate(op->getResults())) {
    HostTensor value;
    if (index < carried) {
      value = std::move(values[index]);
    } else {
      auto type = cast<TensorType>(result.getType());
      ArrayRef<HostTensor> parts = stacked[index - carried];
      // Without an iteration the shape is what is known of it.
      auto ranked = dyn_cast<RankedTensorType>(type);
      if (parts.empty() && ranked &&
          llvm::none_of(ranked.getShape().drop_front(),
                        ShapedType::isDynamic)) {
        SmallVector<int64_t> shape(ranked.getShape());
        shape[0] = 0;
        value = HostTensor::zeros(type.getElementType(), shape);
      } else if (!parts.empty()) {
        value = stack(parts, parts.front().getElementType());
      }
    }
    if (!value)
      return fail("result " + Twine(index) + " has no value");
    computed[result] = std::make_unique<HostTensor>(std::move(value));
  }
  return success();
}

FailureOr<SmallVector<HostTensor>>
blockattn::onnx::evaluateFunction(func::FuncOp func,
                                  ArrayRef<HostTensor> inputs, std::string *why,
                                  WeightFiles *weights) {
  auto fail = [&](const Twine &reason) {
    if (why)
      *why = reason.str();
    return failure();
  };
  if (!func.getBody().hasOneBlock())
    return fail("@" + func.getName() + " must have a body of one block");
  if (inputs.size() != func.getNumArguments())
    return fail("@" + func.getName() + " takes " +
                Twine(func.getNumArguments()) + " inputs, not " +
                Twine(inputs.size()));
  Evaluator evaluator(weights);
  for (auto [argument, tensor] : llvm::zip_equal(func.getArguments(), inputs))
    evaluator.bind(argument, tensor);
  SmallVector<HostTensor> results;
  for (Value value : func.getBody().front().getTerminator()->getOperands()) {
    FailureOr<HostTensor> result = evaluator.evaluate(value, why);
    if (failed(result))
      return failure();
    results.push_back(std::move(*result));
  }
  return results;
}
