//===- EvaluatePrograms.cpp - a model's programs, interpreted -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/Evaluate/EvaluatePrograms.h"
#include "dialects/BlockAttn/Evaluate.h"

using namespace mlir;
using namespace blockattn;
using onnx::HostTensor;

static LogicalResult fail(std::string &why, const Twine &reason) {
  why = reason.str();
  return failure();
}

static FailureOr<Tensors> run(func::FuncOp func, ArrayRef<HostTensor> inputs,
                              const EvaluationCache *cache,
                              onnx::WeightFiles &weights, std::string &why) {
  if (inputs.size() != func.getNumArguments())
    return fail(why, "@" + func.getName() + " takes " +
                         Twine(func.getNumArguments()) + " inputs, not " +
                         Twine(inputs.size()));
  onnx::Evaluator evaluator(&weights);
  addEvaluationRules(evaluator, cache);
  for (auto [argument, tensor] : llvm::zip_equal(func.getArguments(), inputs))
    evaluator.bind(argument, tensor);
  Tensors results;
  for (Value value : func.getBody().front().getTerminator()->getOperands()) {
    FailureOr<HostTensor> result = evaluator.evaluate(value, &why);
    if (failed(result))
      return failure();
    results.push_back(std::move(*result));
  }
  return results;
}

FailureOr<Tensors> blockattn::runFunction(func::FuncOp func,
                                          ArrayRef<HostTensor> inputs,
                                          onnx::WeightFiles &weights,
                                          std::string &why) {
  return run(func, inputs, /*cache=*/nullptr, weights, why);
}

// The tokens [begin, end) of a row.
static HostTensor slice(const HostTensor &row, int64_t begin, int64_t end) {
  return HostTensor::fromInts(row.getElementType(), {1, end - begin},
                              ArrayRef(row.toInts()).slice(begin, end - begin));
}

// The inputs of a program, by their roles.
static FailureOr<Tensors> inputsFor(func::FuncOp func, const HostTensor &tokens,
                                    const HostTensor &positions,
                                    const HostTensor &layout,
                                    std::string &why) {
  Tensors inputs;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto role = func.getArgAttrOfType<StringAttr>(i, "blockattn.role");
    StringRef name = role ? role.getValue() : "";
    if (name == "tokens")
      inputs.push_back(tokens);
    else if (name == "positions")
      inputs.push_back(positions);
    else if (name == "layout")
      inputs.push_back(layout);
    else if (name == "kv") // Stands for the cache that the rules read.
      inputs.push_back(HostTensor::zeros(tokens.getElementType(), {}));
    else if (name == "attention_mask")
      inputs.push_back(HostTensor::full(
          cast<TensorType>(func.getArgumentTypes()[i]).getElementType(),
          tokens.getShape(), 1));
    else
      return fail(why, "@" + func.getName() + ": argument " + Twine(i) +
                           " of role '" + name + "' is not known here");
  }
  return inputs;
}

// The results of a role.
static Tensors select(func::FuncOp func, ArrayRef<HostTensor> results,
                      StringRef role) {
  Tensors selected;
  for (auto [i, result] : llvm::enumerate(results))
    if (auto attr = func.getResultAttrOfType<StringAttr>(i, "blockattn.role");
        attr && attr.getValue() == role)
      selected.push_back(result);
  return selected;
}

static FailureOr<Tensors> runBlock(func::FuncOp func, const Prompt &prompt,
                                   onnx::WeightFiles &weights,
                                   std::string &why) {
  auto blocks = static_cast<int64_t>(prompt.starts.size());
  SmallVector<int64_t> numbers;
  for (auto [i, start] : llvm::enumerate(prompt.starts))
    numbers.append({start, static_cast<int64_t>(i) + 1 == blocks, 0});
  HostTensor layout = HostTensor::fromInts(prompt.tokens.getElementType(),
                                           {blocks, 3}, numbers);
  auto inputs = inputsFor(func, prompt.tokens, prompt.positions, layout, why);
  if (failed(inputs))
    return failure();
  auto results = run(func, *inputs, nullptr, weights, why);
  if (failed(results))
    return failure();
  return select(func, *results, "output");
}

static FailureOr<Tensors> runReuse(ModuleOp module, const Prompt &prompt,
                                   onnx::WeightFiles &weights,
                                   std::string &why) {
  auto encode = module.lookupSymbol<func::FuncOp>("encode");
  auto extend = module.lookupSymbol<func::FuncOp>("extend");
  if (!encode || !extend)
    return fail(why, "the model has no programs @encode and @extend");
  // Blocks that are tied to their place are encoded there.
  bool movable = false;
  if (auto kv = module->getAttrOfType<DictionaryAttr>("blockattn.kv"))
    if (auto flag = kv.getAs<BoolAttr>("position_independent"))
      movable = flag.getValue();

  EvaluationCache cache;
  for (size_t i = 0; i + 1 < prompt.starts.size(); ++i) {
    int64_t begin = prompt.starts[i], end = prompt.starts[i + 1];
    HostTensor positions = slice(prompt.positions, begin, end);
    EvaluationCache::Block block;
    if (movable) {
      block.shift = positions.getI(0);
      positions =
          HostTensor::iota(positions.getElementType(), {1, end - begin});
    }
    auto inputs = inputsFor(encode, slice(prompt.tokens, begin, end), positions,
                            HostTensor(), why);
    if (failed(inputs))
      return failure();
    auto results = run(encode, *inputs, nullptr, weights, why);
    if (failed(results))
      return failure();
    for (auto [key, value] : llvm::zip(select(encode, *results, "kv_key"),
                                       select(encode, *results, "kv_value")))
      block.layers.emplace_back(key, value);
    cache.blocks.push_back(std::move(block));
  }
  int64_t begin = prompt.starts.back(), end = prompt.tokens.getDim(1);
  auto inputs =
      inputsFor(extend, slice(prompt.tokens, begin, end),
                slice(prompt.positions, begin, end), HostTensor(), why);
  if (failed(inputs))
    return failure();
  auto results = run(extend, *inputs, &cache, weights, why);
  if (failed(results))
    return failure();
  return select(extend, *results, "output");
}

FailureOr<Tensors> blockattn::runPrompt(ModuleOp module, const Prompt &given,
                                        bool reuse, onnx::WeightFiles &weights,
                                        std::string &why) {
  Prompt prompt = given;
  if (prompt.tokens.getRank() != 2 || prompt.tokens.getDim(0) != 1)
    return fail(why, "the tokens must be one row");
  if (!prompt.positions)
    prompt.positions = HostTensor::iota(prompt.tokens.getElementType(),
                                        prompt.tokens.getShape());
  int64_t last = -1;
  for (int64_t start : prompt.starts) {
    if (start <= last || start >= prompt.tokens.getDim(1))
      return fail(why, "the block starts must increase and lie in the prompt");
    last = start;
  }
  if (prompt.starts.empty() || prompt.starts.front() != 0)
    return fail(why, "the first block must start at 0");
  if (reuse)
    return runReuse(module, prompt, weights, why);
  auto block = module.lookupSymbol<func::FuncOp>("block");
  if (!block) {
    std::string reasons;
    if (auto refused = module->getAttrOfType<ArrayAttr>("blockattn.refused"))
      for (auto reason : refused.getAsRange<StringAttr>())
        reasons += ": " + reason.str();
    return fail(why, "the model has no program @block" + reasons);
  }
  return runBlock(block, prompt, weights, why);
}
