//===- Trial.cpp - running parts of a function at small sizes -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Trial.h"

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInferenceExpr.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

/// A trial may not run half of the model.
static constexpr size_t kMaxOps = 8192;

double raise::pseudoRandom(uint64_t seed, uint64_t index) {
  // splitmix64
  uint64_t z =
      seed * 0x9e3779b97f4a7c15ull + (index + 1) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) / static_cast<double>(1ull << 52) - 1.0;
}

//===----------------------------------------------------------------------===//
// Subject
//===----------------------------------------------------------------------===//

Subject::Subject(func::FuncOp func)
    : func(func), deps(func), shapes(func.getContext()),
      weights(func->getParentOfType<ModuleOp>()) {
  // The shapes have been checked by the normalize phase; where something is
  // contradictory all the same, less is known.
  (void)shapes.run(func);
  bindArguments();
}

void Subject::bindDim(AffineExpr expr, Length length) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    if (length == Length::Batch && !fixedBatch)
      fixedBatch = constant.getValue();
    if (length == Length::Tokens && !fixedLength)
      fixedLength = constant.getValue();
    return;
  }
  bool alone = isa<AffineSymbolExpr>(expr);
  expr.walk([&](AffineExpr part) {
    auto symbol = dyn_cast<AffineSymbolExpr>(part);
    if (!symbol)
      return;
    // In a sum such as "past + sequence" only the past can be unknown still.
    Length wanted = !alone && length == Length::Total ? Length::Past : length;
    lengths.try_emplace(symbol.getPosition(), wanted);
  });
}

void Subject::bindArguments() {
  ArrayRef<onnx::SymbolicShapes::Symbol> symbols = shapes.symbols();
  for (auto [position, symbol] : llvm::enumerate(symbols)) {
    auto argument = dyn_cast_if_present<BlockArgument>(symbol.value);
    if (!argument || argument.getOwner() != &func.getBody().front())
      continue;
    // Names are hints; "past_sequence_length + 1" of a mask is a name, too.
    std::string name = StringRef(symbol.name).lower();
    if (StringRef(name).contains("batch"))
      lengths[position] = Length::Batch;
    else if (StringRef(name).starts_with("past") &&
             deps.kind(argument) == ArgumentKind::Data)
      lengths[position] = Length::Past;
  }
  auto visit = [&](ArgumentKind wanted, auto roleOf) {
    for (BlockArgument argument : func.getArguments()) {
      std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(argument);
      if (!dims || deps.kind(argument) != wanted)
        continue;
      for (auto [i, dim] : llvm::enumerate(*dims))
        if (Length length = roleOf(dims->size(), i); length != Length::Unknown)
          bindDim(dim, length);
    }
  };
  auto integers = [](size_t rank, size_t i) {
    if (i + 1 == rank)
      return rank >= 2 ? Length::Tokens : Length::Unknown;
    return i + 2 == rank ? Length::Batch : Length::Unknown;
  };
  visit(ArgumentKind::Tokens, integers);
  visit(ArgumentKind::Positions, integers);
  visit(ArgumentKind::Data, [](size_t rank, size_t i) {
    if (rank >= 4)
      return i + 4 == rank                   ? Length::Batch
             : i + 3 >= rank && i + 1 < rank ? Length::Past
                                             : Length::Unknown;
    return i == 0                ? Length::Batch
           : i == 1 && rank == 3 ? Length::Tokens
                                 : Length::Unknown;
  });
  for (BlockArgument argument : func.getArguments()) {
    std::optional<ArrayRef<AffineExpr>> dims = shapes.dims(argument);
    if (!dims || dims->size() < 4 || deps.kind(argument) != ArgumentKind::Data)
      continue;
    for (AffineExpr dim : *dims)
      if (auto symbol = dyn_cast<AffineSymbolExpr>(dim))
        pastIsDynamic |= lengths.lookup(symbol.getPosition()) == Length::Past;
  }
  Length keys = pastIsDynamic ? Length::Total : Length::Tokens;
  visit(ArgumentKind::Mask, [&](size_t rank, size_t i) {
    if (i + 1 == rank)
      return rank >= 2 ? keys : Length::Unknown;
    if (i == 0)
      return Length::Batch;
    return rank == 4 && i == 2 ? Length::Tokens : Length::Unknown;
  });
}

Setting Subject::clamp(Setting setting) const {
  setting.batch = fixedBatch.value_or(setting.batch);
  setting.length = fixedLength.value_or(setting.length);
  if (!pastIsDynamic)
    setting.past = 0;
  return setting;
}

/// Ops whose result has the shape that their operands broadcast to.
static bool broadcasts(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::PowOp,
             onnx::WhereOp, onnx::MaxOp, onnx::MinOp, onnx::SumOp>(op);
}

/// A dimension that is not known as an expression, such as that of a table cut
/// to the length of the input: by running what it comes from.
std::optional<int64_t> Subject::measure(Value value, int64_t dim,
                                        const Setting &setting,
                                        unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (!deps.isData(value)) {
    Trial trial(*this, setting, depth + 1);
    const onnx::HostTensor *tensor = trial.evaluate(value);
    return tensor && dim < tensor->getRank()
               ? std::optional(tensor->getDim(dim))
               : std::nullopt;
  }
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !broadcasts(op))
    return std::nullopt;
  int64_t fromEnd = type.getRank() - dim, size = 1;
  for (Value operand : op->getOperands()) {
    std::optional<SmallVector<int64_t>> sizes =
        dims(operand, setting, depth + 1);
    if (!sizes)
      return std::nullopt;
    int64_t rank = sizes->size();
    if (fromEnd <= rank && (*sizes)[rank - fromEnd] != 1)
      size = (*sizes)[rank - fromEnd];
  }
  return size;
}

std::optional<int64_t> Subject::resolveSymbol(unsigned position,
                                              const Setting &setting,
                                              unsigned depth) {
  switch (lengths.lookup(position)) {
  case Length::Batch:
    return setting.batch;
  case Length::Tokens:
    return setting.length;
  case Length::Past:
    return setting.past;
  case Length::Total:
    return setting.total();
  case Length::Unknown:
    break;
  }
  if (position >= shapes.symbols().size())
    return std::nullopt;
  onnx::SymbolicShapes::Symbol symbol = shapes.symbols()[position];
  if (symbol.isElement || symbol.offset || !symbol.value)
    return std::nullopt;
  auto key =
      std::make_tuple(position, setting.batch, setting.length, setting.past);
  auto [it, inserted] = measured.try_emplace(key);
  if (inserted) {
    std::optional<int64_t> size =
        measure(symbol.value, symbol.dim, setting, depth + 1);
    measured[key] = size;
    return size;
  }
  return it->second;
}

std::optional<int64_t> Subject::resolve(AffineExpr expr, const Setting &setting,
                                        unsigned depth) {
  constexpr unsigned kMaxDepth = 64;
  if (!expr || depth > kMaxDepth)
    return std::nullopt;
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return resolveSymbol(symbol.getPosition(), setting, depth);
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> a = resolve(binary.getLHS(), setting, depth + 1);
  std::optional<int64_t> b = resolve(binary.getRHS(), setting, depth + 1);
  if (!a || !b)
    return std::nullopt;
  return onnx::evaluateBinary(expr.getKind(), *a, *b);
}

std::optional<SmallVector<int64_t>>
Subject::dims(Value value, const Setting &setting, unsigned depth) {
  std::optional<ArrayRef<AffineExpr>> exprs = shapes.dims(value);
  if (!exprs)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (AffineExpr expr : *exprs) {
    std::optional<int64_t> size = resolve(expr, setting, depth);
    if (!size || *size < 0)
      return std::nullopt;
    result.push_back(*size);
  }
  return result;
}

std::optional<SmallVector<int64_t>>
Subject::contents(Value value, const Setting &setting, unsigned depth) {
  std::optional<ArrayRef<AffineExpr>> exprs = shapes.contents(value);
  if (!exprs)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (AffineExpr expr : *exprs) {
    std::optional<int64_t> element = resolve(expr, setting, depth);
    if (!element)
      return std::nullopt;
    result.push_back(*element);
  }
  return result;
}

bool Subject::isSize(Value value) {
  if (deps.of(value) & ~OnShapes)
    return false;
  return contents(value, clamp(Setting())).has_value();
}

//===----------------------------------------------------------------------===//
// Trial
//===----------------------------------------------------------------------===//

Trial::Trial(Subject &subject, Setting setting, unsigned depth)
    : subject(subject), sizes(std::move(setting)), depth(depth),
      evaluator(subject.weightFiles(), kMaxElements) {}

void Trial::bind(Value value, onnx::HostTensor tensor) {
  ready.insert(value);
  evaluator.bind(value, std::move(tensor));
}

void Trial::substitute(Value constant, onnx::HostTensor tensor) {
  SmallVector<Value> worklist = {constant};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers())
      for (Value result : user->getResults())
        if (changed.insert(result).second)
          worklist.push_back(result);
  bind(constant, std::move(tensor));
}

onnx::HostTensor Trial::bindRandom(Value value, unsigned seed) {
  std::optional<SmallVector<int64_t>> dims = subject.dims(value, sizes, depth);
  std::optional<int64_t> count =
      dims ? onnx::countElements(*dims) : std::nullopt;
  if (!count || *count > kMaxElements)
    return {};
  auto tensor = onnx::HostTensor::zeros(getElementTypeOrSelf(value), *dims);
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i)
    tensor.setF(i, pseudoRandom(seed, i));
  if (tensor)
    bind(value, tensor);
  return tensor;
}

onnx::HostTensor Trial::argument(BlockArgument argument) {
  std::optional<SmallVector<int64_t>> dims =
      subject.dims(argument, sizes, depth);
  std::optional<int64_t> count =
      dims ? onnx::countElements(*dims) : std::nullopt;
  if (!count || *count > kMaxElements)
    return {};
  auto tensor = onnx::HostTensor::zeros(getElementTypeOrSelf(argument), *dims);
  int64_t last = dims->empty() ? 1 : dims->back();
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    int64_t column = i % last, row = i / last;
    switch (subject.deps.kind(argument)) {
    case ArgumentKind::Positions:
      tensor.setI(i, column < sizes.length ? sizes.position(row, column)
                                           : sizes.past + column);
      break;
    case ArgumentKind::Mask: {
      // A mask of the new tokens alone ends where the whole does.
      bool given = row < static_cast<int64_t>(sizes.mask.size()) &&
                   last <= static_cast<int64_t>(sizes.mask[row].size());
      tensor.setI(
          i,
          given ? sizes.mask[row][sizes.mask[row].size() - last + column] : 1);
      break;
    }
    case ArgumentKind::Tokens:
      tensor.setI(i, 1 + (i * 7 + sizes.seed) % 5);
      break;
    case ArgumentKind::Data:
      tensor.setF(i, pseudoRandom(sizes.seed + 101, i));
      break;
    }
  }
  return tensor;
}

std::optional<onnx::HostTensor> Trial::sizeTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || changed.contains(value) || !subject.isSize(value))
    return std::nullopt;
  std::optional<SmallVector<int64_t>> elements =
      subject.contents(value, sizes, depth);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t, 1> dims;
  if (type.getRank() == 1)
    dims.push_back(elements->size());
  auto tensor =
      onnx::HostTensor::fromInts(type.getElementType(), dims, *elements);
  return tensor ? std::optional(std::move(tensor)) : std::nullopt;
}

LogicalResult Trial::prepare(Value goal, std::string *why) {
  SmallVector<Value> stack = {goal};
  size_t visited = 0;
  while (!stack.empty()) {
    Value value = stack.pop_back_val();
    if (!ready.insert(value).second)
      continue;
    if (auto blockArgument = dyn_cast<BlockArgument>(value)) {
      onnx::HostTensor tensor = argument(blockArgument);
      if (!tensor) {
        if (why)
          *why = "the dimensions of an argument are not understood";
        return failure();
      }
      evaluator.bind(value, std::move(tensor));
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (op->hasTrait<OpTrait::ConstantLike>() || isa<onnx::WeightOp>(op))
      continue;
    if (std::optional<onnx::HostTensor> size = sizeTensor(value)) {
      evaluator.bind(value, std::move(*size));
      continue;
    }
    if (++visited > kMaxOps) {
      if (why)
        *why = "it depends on too much of the model";
      return failure();
    }
    llvm::append_range(stack, op->getOperands());
    for (Region &region : op->getRegions())
      region.walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          if (!region.isAncestor(operand.getParentRegion()))
            stack.push_back(operand);
      });
  }
  return success();
}

const onnx::HostTensor *Trial::evaluate(Value value, std::string *why) {
  if (failed(prepare(value, why)))
    return nullptr;
  return evaluator.lookup(value, why);
}
