//===- ProductResult.cpp - what becomes of a product's result -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ProductResult.h"

#include "passes/Lower/MatrixProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace blockattn;

Value blockattn::rootMemory(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

//===----------------------------------------------------------------------===//
// Views of everything
//===----------------------------------------------------------------------===//

namespace {
/// A number of elements as a product of a constant and of values.
struct Count {
  int64_t constant = 1;
  SmallVector<Value> factors;

  void multiply(OpFoldResult factor) {
    if (std::optional<int64_t> known = getConstantIntValue(factor)) {
      constant *= *known;
      return;
    }
    auto value = cast<Value>(factor);
    if (auto product = value.getDefiningOp<arith::MulIOp>()) {
      multiply(product.getLhs());
      multiply(product.getRhs());
      return;
    }
    factors.push_back(value);
  }
  bool operator==(Count &other) {
    auto sort = [](SmallVector<Value> &values) {
      llvm::sort(values, [](Value a, Value b) {
        return a.getAsOpaquePointer() < b.getAsOpaquePointer();
      });
    };
    sort(factors);
    sort(other.factors);
    return constant == other.constant && factors == other.factors;
  }
};
} // namespace

/// The sizes of a memref where something says what they are; none otherwise.
static SmallVector<OpFoldResult> sizesOf(Value memref) {
  if (auto alloc = memref.getDefiningOp<memref::AllocOp>())
    return alloc.getMixedSizes();
  if (auto cast = memref.getDefiningOp<memref::ReinterpretCastOp>())
    return cast.getMixedSizes();
  if (auto expand = memref.getDefiningOp<memref::ExpandShapeOp>())
    return expand.getMixedOutputShape();
  return {};
}

static std::optional<Count> countOf(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Count count;
  SmallVector<OpFoldResult> sizes = sizesOf(memref);
  if (sizes.empty() && !type.hasStaticShape())
    return std::nullopt;
  if (sizes.empty())
    count.constant = type.getNumElements();
  for (OpFoldResult size : sizes)
    count.multiply(size);
  return count;
}

bool blockattn::showsAllOf(Value memref, Value root) {
  for (;;) {
    auto type = dyn_cast<MemRefType>(memref.getType());
    if (!type || !type.getLayout().isIdentity())
      return false;
    if (memref == root)
      return true;
    Operation *op = memref.getDefiningOp();
    // These keep all elements; a reinterpretation keeps them if it has as many.
    if (auto cast = dyn_cast_or_null<memref::ReinterpretCastOp>(op)) {
      std::optional<Count> here = countOf(memref),
                           there = countOf(cast.getSource());
      ArrayRef<int64_t> offsets = cast.getStaticOffsets();
      if (!here || !there || !(*here == *there) || offsets.size() != 1 ||
          offsets[0] != 0)
        return false;
    } else if (!isa_and_nonnull<memref::ExpandShapeOp, memref::CollapseShapeOp,
                                memref::CastOp>(op)) {
      return false;
    }
    memref = cast<ViewLikeOpInterface>(op).getViewSource();
  }
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

/// Follows the only use of `memref`, other than by `product` and `fill`,
/// through views to an operation that computes.
static Operation *onlyReader(Value memref, Operation *product, Operation *fill,
                             SmallVectorImpl<Operation *> &views,
                             Value &readAs) {
  for (;;) {
    Operation *reader = nullptr;
    for (Operation *user : memref.getUsers()) {
      if (user == product || user == fill || user == reader)
        continue;
      if (reader)
        return nullptr;
      reader = user;
    }
    readAs = memref;
    if (!isa_and_nonnull<ViewLikeOpInterface>(reader))
      return reader;
    views.push_back(reader);
    memref = reader->getResult(0);
  }
}

std::optional<ConsumedProduct> blockattn::matchConsumed(linalg::LinalgOp op) {
  if (!isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op.getOperation()))
    return std::nullopt;
  std::optional<MatrixProduct> product = matchProduct(op);
  if (!product)
    return std::nullopt;
  ConsumedProduct found;
  found.product = op;
  found.type = product->type;
  found.memory = op->getOperand(2).getDefiningOp<memref::AllocOp>();
  if (!found.memory)
    return std::nullopt;
  found.fill = findZeroFill(op, found.memory);
  Value readAs;
  found.consumer = dyn_cast_or_null<linalg::GenericOp>(
      onlyReader(found.memory, op, found.fill, found.views, readAs));
  if (!found.fill || !found.consumer ||
      found.consumer->getBlock() != op->getBlock() ||
      !op->isBeforeInBlock(found.consumer) || !showsAllOf(readAs, found.memory))
    return std::nullopt;
  // It reads the product once, as it lies in memory, and so is what it writes.
  linalg::GenericOp consumer = found.consumer;
  if (consumer.getNumDpsInits() != 1 ||
      llvm::count(consumer->getOperands(), readAs) != 1 ||
      consumer.getDpsInits()[0] == readAs)
    return std::nullopt;
  found.input = llvm::find(consumer->getOperands(), readAs).getIndex();
  SmallVector<AffineMap> maps = consumer.getIndexingMapsArray();
  if (!maps[found.input].isIdentity() || !maps.back().isIdentity())
    return std::nullopt;
  // The product moves to where the consumer is: nothing may change what it
  // reads before that.
  for (Operation *between = op->getNextNode(); between != consumer;
       between = between->getNextNode())
    if (!isMemoryEffectFree(between) && !isa<memref::AllocOp>(between))
      return std::nullopt;
  return found;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Whether nothing looks at the memory of `alloc` after `last`.
static bool isDeadAfter(memref::AllocOp alloc, Operation *last) {
  SmallVector<Value> aliases{alloc};
  while (!aliases.empty()) {
    for (Operation *user : aliases.pop_back_val().getUsers()) {
      if (isa<memref::DimOp>(user))
        continue;
      Operation *top = last->getBlock()->findAncestorOpInBlock(*user);
      if (!top || (top != last && last->isBeforeInBlock(top)))
        return false;
      if (isa<ViewLikeOpInterface>(user))
        aliases.push_back(user->getResult(0));
      else if (llvm::any_of(user->getResultTypes(),
                            [](Type type) { return isa<MemRefType>(type); }))
        return false;
    }
  }
  return true;
}

Value blockattn::placeForSum(ConsumedProduct &match, unsigned term) {
  linalg::GenericOp consumer = match.consumer;
  auto output = consumer.getDpsInits()[0].getDefiningOp<memref::AllocOp>();
  if (!output || !consumer.getIndexingMapsArray()[term].isIdentity())
    return {};
  Value other = consumer->getOperand(term);
  auto memory = rootMemory(other).getDefiningOp<memref::AllocOp>();
  Type element = output.getType().getElementType();
  if (!memory || memory == output ||
      memory->getBlock() != consumer->getBlock() ||
      output->getBlock() != consumer->getBlock() ||
      other.getType() != output.getType() || !showsAllOf(other, memory) ||
      !(element == match.type || element.isF32()) ||
      !isDeadAfter(memory, consumer))
    return {};
  for (Value factor : match.product->getOperands().take_front(2))
    if (rootMemory(factor) == memory)
      return {};
  for (auto [i, input] : llvm::enumerate(consumer.getDpsInputs()))
    if (i != term && rootMemory(input) == memory)
      return {};
  // Nothing is in the result's memory before.
  for (Operation *user : output->getUsers()) {
    Operation *top = consumer->getBlock()->findAncestorOpInBlock(*user);
    if (!isa<memref::DimOp>(user) && (!top || top->isBeforeInBlock(consumer)))
      return {};
  }
  return other;
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// `target` in the shape of `like`.
static Value inShapeOf(OpBuilder &b, Location loc, Value target,
                       memref::AllocOp like) {
  auto type = cast<MemRefType>(target.getType());
  auto wanted =
      MemRefType::get(like.getType().getShape(), type.getElementType());
  if (type == wanted)
    return target;
  SmallVector<OpFoldResult> sizes = like.getMixedSizes(), strides;
  OpFoldResult stride = b.getIndexAttr(1);
  for (OpFoldResult size : llvm::reverse(sizes)) {
    strides.push_back(stride);
    if (strides.size() == sizes.size())
      break;
    std::optional<int64_t> a = getConstantIntValue(stride),
                           c = getConstantIntValue(size);
    auto value = [&](OpFoldResult x) {
      std::optional<int64_t> known = getConstantIntValue(x);
      return known ? arith::ConstantIndexOp::create(b, loc, *known).getResult()
                   : cast<Value>(x);
    };
    if (a && c)
      stride = b.getIndexAttr(*a * *c);
    else
      stride =
          arith::MulIOp::create(b, loc, value(stride), value(size)).getResult();
  }
  std::reverse(strides.begin(), strides.end());
  return memref::ReinterpretCastOp::create(
      b, loc, wanted, target, OpFoldResult(b.getIndexAttr(0)), sizes, strides);
}

linalg::LinalgOp blockattn::redirect(ConsumedProduct &match, Value target,
                                     bool overwrite) {
  OpBuilder b(match.consumer);
  Location loc = match.product.getLoc();
  Value output = inShapeOf(b, loc, target, match.memory);
  if (overwrite) {
    Type element = cast<MemRefType>(output.getType()).getElementType();
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
    linalg::FillOp::create(b, loc, zero, output);
  }
  ValueRange inputs = match.product->getOperands().take_front(2);
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : match.product->getDiscardableAttrs())
    attributes.push_back(attribute);
  auto build = [&](auto product) -> linalg::LinalgOp {
    using Op = decltype(product);
    Op op = Op::create(b, loc, inputs, ValueRange{output}, attributes);
    op.setIndexingMapsAttr(product.getIndexingMapsAttr());
    return cast<linalg::LinalgOp>(op.getOperation());
  };
  Operation *old = match.product;
  linalg::LinalgOp result = isa<linalg::MatmulOp>(old)
                                ? build(cast<linalg::MatmulOp>(old))
                                : build(cast<linalg::BatchMatmulOp>(old));
  match.consumer->erase();
  old->erase();
  match.fill->erase();
  for (Operation *view : llvm::reverse(match.views))
    view->erase();
  match.memory->erase();
  return result;
}
