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
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace blockattn::onnx;

static const RuleTable &onnxRules() {
  static const RuleTable table = [] {
    RuleTable t;
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
  return rules.contains(name) || onnxRules().find(name) || isa<IfOp>(op) ||
         op->hasTrait<OpTrait::ConstantLike>();
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
    if (failed(compute(op, why)))
      return failure();
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
