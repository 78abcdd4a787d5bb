//===- Lowering.cpp - values, weights and index arithmetic ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Lowering.h"

#include "dialects/Onnx/Location.h"
#include "passes/Lower/NarrowTypes.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

unsigned WeightTable::indexOf(const WeightRef &ref) {
  auto [it, inserted] = indices.try_emplace(
      {ref.source, ref.offset, ref.size, ref.type.getAsOpaquePointer()},
      static_cast<unsigned>(weights.size()));
  if (inserted)
    weights.push_back(ref);
  return it->second;
}

ArrayAttr WeightTable::toAttr(MLIRContext *context) const {
  Builder builder(context);
  SmallVector<Attribute> entries;
  for (const WeightRef &weight : weights)
    entries.push_back(builder.getDictionaryAttr({
        builder.getNamedAttr("name", weight.name),
        builder.getNamedAttr("source",
                             builder.getI64IntegerAttr(weight.source)),
        builder.getNamedAttr("offset",
                             builder.getI64IntegerAttr(weight.offset)),
        builder.getNamedAttr("size", builder.getI64IntegerAttr(weight.size)),
        builder.getNamedAttr("type", TypeAttr::get(weight.type)),
    }));
  return builder.getArrayAttr(entries);
}

Value Lowering::weight(const WeightRef &ref) {
  unsigned number = weights.indexOf(ref);
  Value &argument = weightArguments[number];
  if (argument)
    return argument;
  unsigned position = function.getNumArguments();
  DictionaryAttr attributes = b.getDictionaryAttr(
      {b.getNamedAttr("blockattn.weight", b.getI64IntegerAttr(number))});
  Type type = RankedTensorType::get(
      ref.type.getShape(), convertElementType(ref.type.getElementType()));
  if (failed(function.insertArgument(position, type, attributes, loc)))
    return nullptr;
  return argument = function.getArgument(position);
}

//===----------------------------------------------------------------------===//
// Values and types
//===----------------------------------------------------------------------===//

Lowering::Lowering(func::FuncOp function, onnx::SymbolicShapes &shapes,
                   WeightTable &weights)
    : b(function.getContext()), shapes(shapes), loc(function.getLoc()),
      function(function), weights(weights) {}

Type Lowering::convertElementType(Type type) {
  if (isNarrow(type))
    return IntegerType::get(type.getContext(), 8);
  if (auto integer = dyn_cast<IntegerType>(type))
    return IntegerType::get(type.getContext(), integer.getWidth());
  if (isa<FloatType, IndexType>(type))
    return type;
  return nullptr;
}

Type Lowering::convertType(Type type) {
  MLIRContext *context = type.getContext();
  Type i64 = IntegerType::get(context, 64);
  if (isa<LayoutType>(type))
    return RankedTensorType::get({ShapedType::kDynamic, 3}, i64);
  if (isa<KVType>(type))
    return RankedTensorType::get({ShapedType::kDynamic, ShapedType::kDynamic},
                                 i64);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return nullptr;
  Type element = convertElementType(tensor.getElementType());
  return element ? RankedTensorType::get(tensor.getShape(), element) : Type();
}

RankedTensorType Lowering::resultType(Value value) {
  return dyn_cast_or_null<RankedTensorType>(
      convertType(shapes.refinedType(value)));
}

Value Lowering::get(Value value) {
  Value lowered = map.lookupOrNull(value);
  if (!lowered)
    return value;
  // What shape inference knows and the producer did not say.
  auto type = dyn_cast<RankedTensorType>(lowered.getType());
  std::optional<ArrayRef<AffineExpr>> known = shapes.dims(value);
  if (!type || !known || !isa<TensorType>(value.getType()) ||
      static_cast<int64_t>(known->size()) != type.getRank())
    return lowered;
  SmallVector<int64_t> shape(type.getShape());
  for (auto [size, expr] : llvm::zip(shape, *known))
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      if (ShapedType::isDynamic(size))
        size = constant.getValue();
  if (ArrayRef<int64_t>(shape) == type.getShape())
    return lowered;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(lowered);
  Value refined = tensor::CastOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), lowered);
  map.map(value, refined);
  return refined;
}

void Lowering::setChecked(Value value, Value lowered) {
  SmallVector<OpFoldResult> sizes = sizesOf(lowered);
  std::optional<ArrayRef<AffineExpr>> known = shapes.dims(value);
  Value fits;
  for (size_t i = 0; known && i < known->size() && i < sizes.size(); ++i) {
    // A size that can be told before the tensor exists.
    OpFoldResult expected = materialize((*known)[i]);
    if (!expected || same(expected, sizes[i]))
      continue;
    Value equal = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                        toValue(expected), toValue(sizes[i]));
    fits = fits ? arith::AndIOp::create(b, loc, fits, equal) : equal;
    sizes[i] = expected;
  }
  if (!fits)
    return set(value, lowered);
  check(fits, BA_KERNEL_FAIL_SHAPE,
        "the data make a result of another shape than the model declares");
  Type element = cast<RankedTensorType>(lowered.getType()).getElementType();
  set(value,
      generic({}, {}, sizes, element,
              [&](OpBuilder &builder, Location bodyLoc, ValueRange) -> Value {
                SmallVector<Value> at;
                for (size_t i = 0; i < sizes.size(); ++i)
                  at.push_back(linalg::IndexOp::create(builder, bodyLoc, i));
                return scf::IfOp::create(
                           builder, bodyLoc, fits,
                           [&](OpBuilder &then, Location) {
                             Value read = tensor::ExtractOp::create(
                                 then, bodyLoc, lowered, at);
                             scf::YieldOp::create(then, bodyLoc, read);
                           },
                           [&](OpBuilder &otherwise, Location) {
                             Value none = arith::ConstantOp::create(
                                 otherwise, bodyLoc, zero(element));
                             scf::YieldOp::create(otherwise, bodyLoc, none);
                           })
                    .getResult(0);
              }));
}

Lowering::Scope::Scope(Lowering &l)
    : l(l), map(l.map), materialized(l.materialized), cache(l.cache) {}

Lowering::Scope::~Scope() {
  l.map = std::move(map);
  l.materialized = std::move(materialized);
  l.cache = std::move(cache);
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value Lowering::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value Lowering::toValue(OpFoldResult ofr) {
  if (auto value = dyn_cast<Value>(ofr))
    return value;
  return index(*getConstantIntValue(ofr));
}

std::optional<int64_t> Lowering::constant(OpFoldResult ofr) {
  return getConstantIntValue(ofr);
}

bool Lowering::same(OpFoldResult a, OpFoldResult b) {
  return isEqualConstantIntOrValue(a, b);
}

bool Lowering::readable(AffineExpr expr) {
  bool ok = true;
  std::function<void(AffineExpr)> visit = [&](AffineExpr e) {
    auto symbol = dyn_cast<AffineSymbolExpr>(e);
    if (!symbol)
      return;
    const auto &place = shapes.symbols()[symbol.getPosition()];
    ok &= place.value &&
          (isa<BlockArgument>(place.value) || map.contains(place.value));
    if (place.offset)
      place.offset.walk(visit);
  };
  expr.walk(visit);
  return ok;
}

OpFoldResult Lowering::materialize(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return b.getIndexAttr(constant.getValue());
  OpFoldResult &known = materialized[expr];
  if (known)
    return known;
  if (!readable(expr))
    return {};
  OpFoldResult result = shapes.materialize(b, loc, expr, &map);
  return materialized[expr] = result;
}

OpFoldResult Lowering::add(OpFoldResult x, OpFoldResult y) {
  std::optional<int64_t> cx = constant(x), cy = constant(y);
  if (cx && cy)
    return b.getIndexAttr(*cx + *cy);
  if (cx && *cx == 0)
    return y;
  if (cy && *cy == 0)
    return x;
  return arith::AddIOp::create(b, loc, toValue(x), toValue(y)).getResult();
}

OpFoldResult Lowering::sub(OpFoldResult x, OpFoldResult y) {
  std::optional<int64_t> cx = constant(x), cy = constant(y);
  if (cx && cy)
    return b.getIndexAttr(*cx - *cy);
  if (cy && *cy == 0)
    return x;
  return arith::SubIOp::create(b, loc, toValue(x), toValue(y)).getResult();
}

OpFoldResult Lowering::mul(OpFoldResult x, OpFoldResult y) {
  std::optional<int64_t> cx = constant(x), cy = constant(y);
  if (cx && cy)
    return b.getIndexAttr(*cx * *cy);
  if ((cx && *cx == 1) || (cy && *cy == 0))
    return y;
  if ((cy && *cy == 1) || (cx && *cx == 0))
    return x;
  return arith::MulIOp::create(b, loc, toValue(x), toValue(y)).getResult();
}

OpFoldResult Lowering::min(OpFoldResult x, OpFoldResult y) {
  std::optional<int64_t> cx = constant(x), cy = constant(y);
  if (cx && cy)
    return b.getIndexAttr(std::min(*cx, *cy));
  if (same(x, y))
    return x;
  return arith::MinSIOp::create(b, loc, toValue(x), toValue(y)).getResult();
}

OpFoldResult Lowering::max(OpFoldResult x, OpFoldResult y) {
  std::optional<int64_t> cx = constant(x), cy = constant(y);
  if (cx && cy)
    return b.getIndexAttr(std::max(*cx, *cy));
  if (same(x, y))
    return x;
  return arith::MaxSIOp::create(b, loc, toValue(x), toValue(y)).getResult();
}

OpFoldResult Lowering::product(ArrayRef<OpFoldResult> list) {
  OpFoldResult result = b.getIndexAttr(1);
  for (OpFoldResult factor : list)
    result = mul(result, factor);
  return result;
}

ArrayRef<AffineExpr> Lowering::exprs(Value value) {
  std::optional<ArrayRef<AffineExpr>> known = shapes.dims(value);
  return known ? *known : ArrayRef<AffineExpr>();
}

int64_t Lowering::rank(Value value) {
  return cast<ShapedType>(get(value).getType()).getRank();
}

SmallVector<OpFoldResult> Lowering::sizesOf(Value tensor) {
  return tensor::getMixedSizes(b, loc, tensor);
}

SmallVector<OpFoldResult> Lowering::sizes(Value value) {
  return sizesOr(value, [](int64_t) { return OpFoldResult(); });
}

SmallVector<OpFoldResult>
Lowering::sizesOr(Value value,
                  llvm::function_ref<OpFoldResult(int64_t)> otherwise) {
  Value lowered = map.lookupOrNull(value);
  if (!lowered && isa<BlockArgument>(value))
    lowered = value;
  std::optional<ArrayRef<AffineExpr>> known = shapes.dims(value);
  int64_t rank = lowered ? cast<ShapedType>(lowered.getType()).getRank()
                         : (known ? known->size() : 0);
  SmallVector<OpFoldResult> result;
  for (int64_t i = 0; i < rank; ++i) {
    OpFoldResult size;
    if (lowered && !cast<ShapedType>(lowered.getType()).isDynamicDim(i))
      size = b.getIndexAttr(cast<ShapedType>(lowered.getType()).getDimSize(i));
    // What only uses of the value say of it is compared with what it is.
    if (!size && !lowered && !shapes.isInferred(value, i))
      size = otherwise(i);
    if (!size && known && static_cast<int64_t>(known->size()) == rank)
      size = materialize((*known)[i]);
    if (!size && lowered)
      size = tensor::DimOp::create(b, loc, lowered, i).getResult();
    if (!size)
      size = otherwise(i);
    result.push_back(size);
  }
  return result;
}

FailureOr<SmallVector<OpFoldResult>> Lowering::elements(Value value) {
  SmallVector<OpFoldResult> result;
  if (std::optional<ArrayRef<AffineExpr>> known = shapes.contents(value)) {
    for (AffineExpr expr : *known)
      result.push_back(materialize(expr));
    if (llvm::all_of(result, [](OpFoldResult r) { return !r.isNull(); }))
      return result;
  }
  Value tensor = get(value);
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || type.getRank() > 1 || !type.hasStaticShape())
    return failure();
  result.resize(type.getNumElements());
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    if (result[i])
      continue;
    SmallVector<Value> indices;
    if (type.getRank() == 1)
      indices.push_back(index(i));
    Value element = tensor::ExtractOp::create(b, loc, tensor, indices);
    result[i] = arith::IndexCastOp::create(b, loc, b.getIndexType(), element)
                    .getResult();
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Checks at run time
//===----------------------------------------------------------------------===//

void Lowering::check(Value condition, int32_t code, const Twine &message) {
  StringRef node = onnx::nodeName(loc);
  std::string text =
      node.empty() ? message.str() : (node + ": " + message).str();
  CheckOp::create(b, loc, condition, b.getI32IntegerAttr(code),
                  b.getStringAttr(text));
}

void Lowering::checkEqual(OpFoldResult x, OpFoldResult y,
                          const Twine &message) {
  if (same(x, y))
    return;
  check(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, toValue(x),
                              toValue(y)),
        BA_KERNEL_FAIL_SHAPE, message);
}
