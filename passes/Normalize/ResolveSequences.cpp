//===- ResolveSequences.cpp - lists of tensors become tensors -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exporters write the parts of a tensor that is cut, and those that are joined,
// as sequences: SplitToSequence and SequenceAt for Split, SequenceConstruct and
// ConcatFromSequence for Concat. The dialect has no sequences, so these ops are
// foreign. Where it is known how many elements there are, none are needed.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/GraphBuilder.h"
#include "passes/Normalize/Passes.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace blockattn {

#define GEN_PASS_DEF_RESOLVESEQUENCES
#include "passes/Normalize/Passes.h.inc"

namespace {
using Elements = SmallVector<Value>;

class SequenceResolver {
public:
  SequenceResolver(func::FuncOp function)
      : function(function), shapes(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult resolve(onnx::ForeignOp op);
  std::optional<Elements> makeSequence(onnx::ForeignOp op, GraphBuilder &g);
  std::optional<Elements> split(onnx::ForeignOp op, GraphBuilder &g);
  /// A value of a sequence; null, or an error, where it can not be told.
  FailureOr<Value> at(onnx::ForeignOp op, GraphBuilder &g);
  Value concat(onnx::ForeignOp op, GraphBuilder &g);

  /// An input that is there; null for others.
  static Value input(onnx::ForeignOp op, unsigned i) {
    bool isThere = i < op.getInputs().size() &&
                   !op.getInputs()[i].getDefiningOp<onnx::NoneOp>();
    return isThere ? op.getInputs()[i] : Value();
  }
  static int64_t attribute(onnx::ForeignOp op, StringRef name,
                           int64_t otherwise) {
    auto all = op->getAttrOfType<DictionaryAttr>("attributes");
    auto number = all ? all.getAs<IntegerAttr>(name) : IntegerAttr();
    return number ? number.getInt() : otherwise;
  }
  std::optional<int64_t> number(Value value) {
    auto list = value ? shapes.constantContents(value) : std::nullopt;
    if (!list || list->size() != 1)
      return std::nullopt;
    return list->front();
  }
  std::optional<Elements> elements(Value sequence) const {
    auto found = known.find(sequence);
    if (found == known.end())
      return std::nullopt;
    return found->second;
  }

  func::FuncOp function;
  onnx::SymbolicShapes shapes;
  llvm::DenseMap<Value, Elements> known;
  SmallVector<onnx::ForeignOp> done;
};
} // namespace

/// More parts than a model has that is cut into tokens.
static constexpr int64_t kMostParts = 1 << 12;

std::optional<Elements> SequenceResolver::split(onnx::ForeignOp op,
                                                GraphBuilder &g) {
  Value data = input(op, 0), sizes = input(op, 1);
  std::optional<ArrayRef<AffineExpr>> dims =
      data ? shapes.dims(data) : std::nullopt;
  std::optional<int64_t> axis =
      dims ? onnx::normalizeAxis(attribute(op, "axis", 0), dims->size())
           : std::nullopt;
  if (!axis)
    return std::nullopt;
  NamedAttribute axisAttr = g.attr("axis", *axis);
  std::optional<ArrayRef<AffineExpr>> form =
      sizes ? shapes.dims(sizes) : std::nullopt;
  if (sizes && !form)
    return std::nullopt;
  if (form && form->size() == 1) {
    auto count = dyn_cast<AffineConstantExpr>(form->front());
    if (!count || count.getValue() < 1 || count.getValue() > kMostParts)
      return std::nullopt;
    Value list = g.cast(sizes, IntegerType::get(op.getContext(), 64));
    return g.makeAll<onnx::SplitOp>({data, list}, axisAttr, count.getValue());
  }
  // Parts of one size, the last one perhaps smaller; of 1 where none is given.
  auto extent = dyn_cast<AffineConstantExpr>((*dims)[*axis]);
  std::optional<int64_t> size = sizes ? number(sizes) : 1;
  if (!extent || !size || *size < 1 || extent.getValue() < 1 ||
      llvm::divideCeil(extent.getValue(), *size) > uint64_t(kMostParts))
    return std::nullopt;
  SmallVector<int64_t> list;
  for (int64_t rest = extent.getValue(); rest > 0; rest -= *size)
    list.push_back(std::min(rest, *size));
  Elements parts =
      g.makeAll<onnx::SplitOp>({data, g.ints(list)}, axisAttr, list.size());
  if (!sizes && attribute(op, "keepdims", 1) == 0)
    for (Value &part : parts)
      part = g.make<onnx::SqueezeOp>({part, g.ints(*axis)});
  return parts;
}

std::optional<Elements> SequenceResolver::makeSequence(onnx::ForeignOp op,
                                                       GraphBuilder &g) {
  StringRef type = op.getOpType();
  if (type == "SplitToSequence")
    return split(op, g);
  if (type == "SequenceEmpty")
    return Elements();
  if (type == "SequenceConstruct") {
    Elements list;
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      list.push_back(input(op, i));
    return llvm::is_contained(list, Value()) ? std::nullopt
                                             : std::optional(list);
  }
  std::optional<Elements> list =
      input(op, 0) ? elements(input(op, 0)) : std::nullopt;
  bool inserts = type == "SequenceInsert";
  Value added = inserts ? input(op, 1) : Value();
  Value place = input(op, inserts ? 2 : 1);
  std::optional<int64_t> index = number(place);
  if (!list || (inserts && !added) || (place && !index))
    return std::nullopt;
  int64_t length = list->size(), end = inserts ? length : length - 1;
  int64_t i = index.value_or(end);
  i += i < 0 ? length : 0;
  if (i < 0 || i > end)
    return std::nullopt;
  if (inserts)
    list->insert(list->begin() + i, added);
  else
    list->erase(list->begin() + i);
  return list;
}

FailureOr<Value> SequenceResolver::at(onnx::ForeignOp op, GraphBuilder &g) {
  Value sequence = input(op, 0);
  std::optional<int64_t> index = number(input(op, 1));
  if (!sequence || !index)
    return Value();
  if (std::optional<Elements> list = elements(sequence)) {
    int64_t length = list->size();
    int64_t i = *index < 0 ? *index + length : *index;
    if (i >= 0 && i < length)
      return (*list)[i];
    return op.emitError() << "SequenceAt takes element " << *index
                          << " of a sequence of " << length;
  }
  // Of slices that only the run counts one can be told all the same.
  auto slices = sequence.getDefiningOp<onnx::ForeignOp>();
  if (!slices || slices.getOpType() != "SplitToSequence" || input(slices, 1) ||
      !input(slices, 0))
    return Value();
  Type i64 = IntegerType::get(op.getContext(), 64);
  Value place = attribute(slices, "keepdims", 1)
                    ? g.ints(*index)
                    : g.number(i64, static_cast<double>(*index));
  return g.make<onnx::GatherOp>({input(slices, 0), place},
                                g.attr("axis", attribute(slices, "axis", 0)));
}

Value SequenceResolver::concat(onnx::ForeignOp op, GraphBuilder &g) {
  std::optional<Elements> list =
      input(op, 0) ? elements(input(op, 0)) : std::nullopt;
  if (!list || list->empty())
    return {};
  int64_t axis = attribute(op, "axis", 0);
  if (attribute(op, "new_axis", 0))
    for (Value &element : *list)
      element = g.unsqueeze(element, axis);
  return g.make<onnx::ConcatOp>(*list, g.attr("axis", axis));
}

LogicalResult SequenceResolver::resolve(onnx::ForeignOp op) {
  if (!op.getDomain().empty() || op.getOutputs().size() != 1)
    return success();
  GraphBuilder g(op, shapes);
  Value value;
  enum { None, Sequence, At, Length, Concat };
  switch (llvm::StringSwitch<int>(op.getOpType())
              .Cases({"SplitToSequence", "SequenceEmpty", "SequenceConstruct",
                      "SequenceInsert", "SequenceErase"},
                     Sequence)
              .Case("SequenceAt", At)
              .Case("SequenceLength", Length)
              .Case("ConcatFromSequence", Concat)
              .Default(None)) {
  case Sequence:
    if (std::optional<Elements> list = makeSequence(op, g)) {
      known[op.getOutputs()[0]] = std::move(*list);
      done.push_back(op);
    } else if (op.getOpType() == "SplitToSequence") {
      done.push_back(op); // Perhaps nothing needs it.
    }
    return failure(g.failed());
  case At: {
    FailureOr<Value> found = at(op, g);
    if (failed(found))
      return failure();
    value = *found;
    break;
  }
  case Length:
    if (auto list = elements(op.getInputs()[0]))
      value = g.number(IntegerType::get(op.getContext(), 64), list->size());
    break;
  case Concat:
    value = concat(op, g);
    break;
  default:
    return success();
  }
  if (!value)
    return failure(g.failed());
  // What uses the result may rely on what the model says of its type.
  OpBuilder b(op);
  auto same = onnx::IdentityOp::create(b, op.getLoc(),
                                       op.getOutputs()[0].getType(), value);
  if (failed(shapes.visit(same)))
    return failure();
  op.getOutputs()[0].replaceAllUsesWith(same);
  done.push_back(op);
  return failure(g.failed());
}

LogicalResult SequenceResolver::run() {
  shapes.addArguments(function);
  // In order, so that what was resolved before tells shapes to what comes
  // after.
  bool ok = true;
  function.getBody().walk([&](Operation *op) {
    auto foreign = dyn_cast<onnx::ForeignOp>(op);
    ok &= succeeded(shapes.visit(op)) &&
          (!foreign || succeeded(resolve(foreign)));
  });
  for (onnx::ForeignOp op : llvm::reverse(done))
    if (op->use_empty())
      op.erase();
  return success(ok);
}

namespace {
struct ResolveSequences : impl::ResolveSequencesBase<ResolveSequences> {
  using ResolveSequencesBase::ResolveSequencesBase;

  void runOnOperation() override {
    WalkResult walk = getOperation().walk([](onnx::ForeignOp op) {
      bool isSequence =
          op.getDomain().empty() && op.getOpType().contains("Sequence");
      return isSequence ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (!walk.wasInterrupted())
      return markAllAnalysesPreserved();
    if (failed(SequenceResolver(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace

} // namespace blockattn
