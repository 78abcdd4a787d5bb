//===- ReplacePositions.cpp - positions from outside ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which values are positions is found by running what computes them: at a few
// lengths the elements of such a value are 0, 1, 2, ..., or these plus a
// constant. How they are made (Range, CumSum of the attention mask, a slice of
// a table of integers, ...) does not matter.
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/Passes.h"
#include "passes/Blockify/Programs.h"
#include "passes/Raise/TokenPlaces.h"

#include "dialects/BlockAttn/BlockAttn.h"
#include "dialects/Onnx/Location.h"
#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

#include <cmath>
#include <map>
#include <numeric>

namespace blockattn {
#define GEN_PASS_DEF_REPLACEPOSITIONS
#include "passes/Blockify/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {

/// A value that holds the token's places, each plus `offset`.
struct Source {
  Value value;
  int64_t offset = 0;
  /// The dimension of the tokens; the others are 1.
  int64_t dim = 0;
};

class Replacer {
public:
  explicit Replacer(func::FuncOp func)
      : func(func), subject(func), places(subject) {}

  /// Takes the positions from an argument.
  void usePositions(BlockArgument positions);
  /// Finds the positions that the function makes.
  void findSources();
  bool found() const { return !sources.empty(); }
  /// Says where the places of tokens select them: then they are no positions.
  void findSelections(SmallVectorImpl<std::string> &reasons);
  /// Says where more than each token's position enters.
  void findLengths(SmallVectorImpl<std::string> &reasons);
  void replace();

private:
  static Setting ofLength(int64_t length) {
    Setting setting;
    setting.length = length;
    return setting;
  }
  /// Elements by position.
  using Parts = std::map<int64_t, std::vector<double>>;
  std::optional<Parts> partsAt(Value value, ArrayRef<int64_t> positions);
  std::optional<Source> asSource(Value value);
  void collect(Value value, unsigned depth);
  bool isFunctionOfPositions(Value value);
  Value positionsLike(OpBuilder &b, Location loc, const Source &source,
                      Value positions);

  /// The ops with data results and what enters them besides data.
  using Entries = SmallVector<std::pair<Operation *, Value>>;
  Entries entries();

  func::FuncOp func;
  Subject subject;
  TokenPlaces places;
  SmallVector<Source> sources;
  llvm::DenseMap<Value, bool> reachesSource;
};

} // namespace

/// Whether an operand of an op whose result is data only says how the data is
/// laid out, or which of it is there.
static bool isLayoutOperand(OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (isa<AttentionOp>(op))
    return true;
  return operand.getOperandNumber() > 0 &&
         isa<onnx::ReshapeOp, onnx::ExpandOp, onnx::SliceOp, onnx::TileOp,
             onnx::PadOp, onnx::SplitOp, onnx::UnsqueezeOp, onnx::SqueezeOp>(
             op);
}

/// Whether sizes among the op's operands are numbers to it like any others.
static bool isArithmetic(Operation *op) {
  return isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::ModOp,
             onnx::PowOp, onnx::MaxOp, onnx::MinOp, onnx::SumOp, onnx::MeanOp,
             onnx::WhereOp, onnx::EqualOp, onnx::LessOp, onnx::LessOrEqualOp,
             onnx::GreaterOp, onnx::GreaterOrEqualOp>(op);
}

/// Whether a value only selects some of an op's data. What comes of selecting
/// tokens has been judged by their order.
static bool isSelection(Operation *op, Value value) {
  return isa<onnx::GatherOp, onnx::GatherNDOp, onnx::GatherElementsOp,
             onnx::ScatterNDOp, onnx::ScatterElementsOp, onnx::TensorScatterOp>(
             op) &&
         op->getOperand(0) != value;
}

std::optional<Source> Replacer::asSource(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() == 0 || !value.getDefiningOp() ||
      subject.deps.isData(value) || subject.deps.isConstant(value) ||
      !(type.getElementType().isInteger(64) ||
        type.getElementType().isInteger(32) ||
        isa<FloatType>(type.getElementType())))
    return std::nullopt;
  std::optional<Source> source;
  for (int64_t length : {7, 4, 13}) {
    Trial trial(subject, subject.clamp(ofLength(length)));
    const onnx::HostTensor *tensor = trial.evaluate(value);
    if (!tensor || tensor->getNumElements() != length ||
        tensor->getRank() != type.getRank())
      return std::nullopt;
    double first = tensor->getF(0);
    for (int64_t i = 0; i < length; ++i)
      if (tensor->getF(i) != first + i)
        return std::nullopt;
    int64_t dim =
        llvm::find(tensor->getShape(), length) - tensor->getShape().begin();
    if (first != std::rint(first) || std::abs(first) > 1e6)
      return std::nullopt;
    if (!source)
      source = Source{value, static_cast<int64_t>(first), dim};
    if (source->dim != dim || source->offset != static_cast<int64_t>(first))
      return std::nullopt;
  }
  return source;
}

/// Looks for sources among what `value` is computed from: the first ones, so
/// that everything behind them follows the positions that are put in place.
void Replacer::collect(Value value, unsigned depth) {
  constexpr unsigned kMaxDepth = 256;
  auto [it, inserted] = reachesSource.try_emplace(value, false);
  Operation *op = value.getDefiningOp();
  if (!inserted || !op || depth > kMaxDepth || subject.deps.isData(value) ||
      subject.deps.isConstant(value) || op->getNumRegions() != 0)
    return;
  bool reaches = false;
  for (Value operand : op->getOperands()) {
    collect(operand, depth + 1);
    reaches |= reachesSource.lookup(operand);
  }
  if (!reaches)
    if (std::optional<Source> source = asSource(value)) {
      sources.push_back(*source);
      reaches = true;
    }
  reachesSource[value] = reaches;
}

/// The parts of a value that belong to tokens at the given positions, by
/// position; std::nullopt where it can't be evaluated or has no such parts.
std::optional<Replacer::Parts> Replacer::partsAt(Value value,
                                                 ArrayRef<int64_t> positions) {
  auto length = static_cast<int64_t>(positions.size());
  Trial trial(subject, subject.clamp(ofLength(length)));
  for (const Source &source : sources) {
    std::optional<SmallVector<int64_t>> dims =
        subject.dims(source.value, trial.setting());
    if (!dims)
      return std::nullopt;
    auto tensor =
        onnx::HostTensor::zeros(getElementTypeOrSelf(source.value), *dims);
    if (tensor.getNumElements() != length)
      return std::nullopt;
    for (auto [i, position] : llvm::enumerate(positions))
      tensor.setF(i, static_cast<double>(position + source.offset));
    trial.bind(source.value, std::move(tensor));
  }
  const onnx::HostTensor *tensor = trial.evaluate(value);
  if (!tensor)
    return std::nullopt;
  ArrayRef<int64_t> shape = tensor->getShape();
  const int64_t *at = llvm::find(shape, length);
  int64_t inner = 1, outer = 1, tokens = at == shape.end() ? 1 : length;
  for (const int64_t *d = shape.begin(); d != at; ++d)
    outer *= *d;
  if (at != shape.end())
    for (const int64_t *d = at + 1; d != shape.end(); ++d)
      inner *= *d;
  Parts parts;
  for (auto [i, position] : llvm::enumerate(positions)) {
    std::vector<double> &part = parts[position];
    part.clear();
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t k = 0; k < inner; ++k)
        part.push_back(
            tensor->getF((o * tokens + (tokens == 1 ? 0 : i)) * inner + k));
  }
  return parts;
}

/// Whether each token's part of a value depends on nothing but its position: it
/// must be the same whatever the order and number of the tokens, and however
/// far others of them are.
bool Replacer::isFunctionOfPositions(Value value) {
  std::optional<Parts> known = partsAt(value, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  if (!known)
    return false;
  auto agrees = [&](const Parts &parts) {
    return llvm::all_of(parts, [&](const auto &entry) {
      auto it = known->find(entry.first);
      return it == known->end() || it->second == entry.second;
    });
  };
  static const std::vector<int64_t> tried[] = {
      {5, 3, 3, 0, 6, 1, 2, 4, 9, 8, 7}, {9, 4, 7}};
  for (const std::vector<int64_t> &positions : tried)
    if (std::optional<Parts> parts = partsAt(value, positions);
        !parts || !agrees(*parts))
      return false;
  // What sets in at some length shows where one token is far away; a table
  // ends somewhere, though.
  for (int64_t far : {131071, 32767, 8191, 2047, 511, 127})
    if (std::optional<Parts> parts = partsAt(value, {0, 1, 2, far, 4})) {
      if (!agrees(*parts))
        return false;
      break;
    }
  std::vector<int64_t> many(4099);
  std::iota(many.begin(), many.end(), 0);
  std::optional<Parts> parts = partsAt(value, many);
  return !parts || agrees(*parts);
}

/// What enters the computation of data.
Replacer::Entries Replacer::entries() {
  Entries result;
  func.walk([&](Operation *op) {
    if (llvm::none_of(op->getResults(),
                      [&](Value value) { return subject.deps.isData(value); }))
      return;
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (!subject.deps.isData(value) && !subject.deps.isConstant(value) &&
          !isLayoutOperand(operand) &&
          (isArithmetic(op) || !subject.isSize(value)))
        result.push_back({op, value});
    }
  });
  return result;
}

void Replacer::usePositions(BlockArgument positions) {
  sources.push_back({positions, 0, 1});
  reachesSource[positions] = true;
  for (auto [op, value] : entries())
    collect(value, 0);
  // What else rises with the tokens' places is no position then.
  sources.truncate(1);
}

void Replacer::findSources() {
  for (auto [op, value] : entries())
    collect(value, 0);
}

void Replacer::findSelections(SmallVectorImpl<std::string> &reasons) {
  for (auto [op, value] : entries())
    if (reachesSource.lookup(value) &&
        isa<onnx::GatherOp, onnx::GatherNDOp, onnx::GatherElementsOp,
            onnx::ScatterNDOp, onnx::ScatterElementsOp>(op))
      reasons.push_back("the model makes its positions itself and selects "
                        "tokens by them at node '" +
                        onnx::nodeName(op->getLoc()).str() +
                        "'; export it with position_ids");
}

void Replacer::findLengths(SmallVectorImpl<std::string> &reasons) {
  llvm::DenseMap<Value, bool> known;
  llvm::DenseSet<Value> reported;
  for (auto [op, value] : entries()) {
    bool isOfPositions = reachesSource.lookup(value);
    if (!isOfPositions && isSelection(op, value))
      continue;
    auto [it, inserted] = known.try_emplace(value, true);
    if (inserted)
      it->second =
          isOfPositions ? isFunctionOfPositions(value) : places.areSame(value);
    if (it->second || !reported.insert(value).second)
      continue;
    reasons.push_back(
        "what enters at node '" + onnx::nodeName(op->getLoc()).str() +
        "' depends on more than each token's position, such as the length of "
        "the prompt (as rotary positions with dynamic scaling do): blocks "
        "can't be encoded on their own");
    // One reason is enough: other layers read the same.
    return;
  }
}

/// The argument's positions in the form of the value that they replace.
Value Replacer::positionsLike(OpBuilder &b, Location loc, const Source &source,
                              Value positions) {
  auto type = cast<RankedTensorType>(source.value.getType());
  auto create = [&](StringRef name, ValueRange operands, Type resultType,
                    ArrayRef<NamedAttribute> attributes = {}) {
    OperationState state(loc, name, operands, resultType, attributes);
    return b.create(state)->getResult(0);
  };
  auto constant = [&](ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
    auto constantType = RankedTensorType::get(shape, b.getI64Type());
    return onnx::ConstantOp::create(
        b, loc, constantType, DenseElementsAttr::get(constantType, values));
  };
  Value value = positions;
  if (source.offset != 0)
    value = create(onnx::AddOp::getOperationName(),
                   {value, constant({}, {source.offset})}, value.getType());
  if (!type.getElementType().isInteger(64))
    value = create(
        onnx::CastOp::getOperationName(), value,
        cast<RankedTensorType>(value.getType()).clone(type.getElementType()),
        b.getNamedAttr("to", TypeAttr::get(type.getElementType())));
  SmallVector<int64_t> shape(type.getRank(), 1);
  shape[source.dim] = ShapedType::kDynamic;
  if (shape != ArrayRef(cast<RankedTensorType>(value.getType()).getShape())) {
    SmallVector<int64_t> target(shape);
    target[source.dim] = -1;
    value = create(onnx::ReshapeOp::getOperationName(),
                   {value, constant({type.getRank()}, target)},
                   RankedTensorType::get(shape, type.getElementType()));
  }
  return value;
}

void Replacer::replace() {
  Builder builder(func.getContext());
  BlockArgument tokens = findArg(func, "tokens");
  BlockArgument positions =
      addArg(func, tokens.getType(), "position_ids", "positions");
  positions.setType(
      RankedTensorType::get(cast<RankedTensorType>(tokens.getType()).getShape(),
                            builder.getI64Type()));
  func.setFunctionType(FunctionType::get(func.getContext(),
                                         func.getBody().getArgumentTypes(),
                                         func.getFunctionType().getResults()));
  if (Attribute dims = func.getArgAttr(tokens.getArgNumber(), kDimsAttr))
    func.setArgAttr(positions.getArgNumber(), kDimsAttr, dims);
  for (const Source &source : sources) {
    OpBuilder b(source.value.getDefiningOp());
    Value value = source.value;
    value.replaceAllUsesWith(
        positionsLike(b, value.getLoc(), source, positions));
  }
}

namespace {
struct ReplacePositions
    : blockattn::impl::ReplacePositionsBase<ReplacePositions> {
  using ReplacePositionsBase::ReplacePositionsBase;

  /// The scheme of an attention whose positions were raised, but do not come
  /// from anything that was found.
  bool needsPositions() {
    auto entries =
        getOperation()->getAttrOfType<ArrayAttr>("blockattn.attentions");
    return entries &&
           llvm::any_of(entries.getAsRange<DictionaryAttr>(),
                        [](DictionaryAttr entry) {
                          auto scheme = entry.getAs<StringAttr>("positions");
                          return scheme && scheme.getValue() != "none" &&
                                 scheme.getValue() != "alibi";
                        });
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    func::FuncOp block = findProgram(module, "block");
    // Positions of a fixed number of tokens are constants, and right for them.
    if (!block || fixedLength(block))
      return;
    SmallVector<std::string> reasons, lengths;
    Replacer replacer(block);
    BlockArgument given = findArg(block, "positions");
    if (given) {
      replacer.usePositions(given);
    } else {
      replacer.findSources();
      replacer.findSelections(reasons);
      if (!replacer.found() && needsPositions() && reasons.empty())
        reasons.push_back("the model takes no positions as an input and makes "
                          "them in a way that is not understood; export it "
                          "with position_ids");
    }
    if (!reasons.empty()) {
      block.erase();
      if (failed(refusePrograms(module, reasons, required)))
        signalPassFailure();
      return;
    }
    replacer.findLengths(lengths);
    if (!lengths.empty()) {
      block->setAttr(kWholePromptsAttr, UnitAttr::get(&getContext()));
      if (failed(refusePrograms(module, lengths, required && needsLengths)))
        return signalPassFailure();
    }
    if (!given && replacer.found()) {
      replacer.replace();
      eraseDeadOps(block);
    }
  }
};
} // namespace
