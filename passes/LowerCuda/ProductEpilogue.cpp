//===- ProductEpilogue.cpp - what a library does to a product -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ProductEpilogue.h"

#include "passes/Lower/MatrixProduct.h"
#include "passes/LowerCuda/ProductResult.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "runtime/include/blockattn/kernel_abi_cuda.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;

/// gelu(x) = x / 2 (1 + tanh(kInner (x + kCube x^3)))
static const double kInner = std::sqrt(2 / M_PI);
static constexpr double kCube = 0.044715;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::optional<int32_t> blockattn::libraryType(Type type) {
  if (type.isF32())
    return BA_CUDA_F32;
  if (type.isF16())
    return BA_CUDA_F16;
  if (type.isBF16())
    return BA_CUDA_BF16;
  return std::nullopt;
}

bool blockattn::isLibraryProduct(Type factors, Type result) {
  return libraryType(factors) && (result == factors || result.isF32());
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

namespace {
/// Looks at the body of an operation.
class Body {
public:
  explicit Body(Type narrow) : narrow(narrow) {}

  /// What a value is but for conversions.
  Value source(Value value) const {
    for (;;) {
      Operation *op = value.getDefiningOp();
      if (!isa_and_nonnull<arith::ExtFOp, arith::TruncFOp>(op) ||
          !isKept(op->getOperand(0).getType()) || !isKept(value.getType()))
        return value;
      value = op->getOperand(0);
    }
  }
  /// The argument of the activation that `result` is, which it becomes; the
  /// activation's number.
  int32_t activation(Value &result) const;
  /// The terms of a sum.
  void collectTerms(Value sum, SmallVectorImpl<Value> &terms) const;

private:
  bool isKept(Type type) const { return type == narrow || type.isF32(); }
  Value matchRelu(Value result) const;
  Value matchGelu(Value result) const;
  void collectFactors(Value product, double &constant,
                      SmallVectorImpl<Value> &factors) const;

  Type narrow;
};
} // namespace

static std::optional<double> constantOf(Value value) {
  FloatAttr attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  return attr.getValueAsDouble();
}

static bool isAbout(double a, double b) {
  return std::abs(a - b) <= 1e-6 * std::abs(b);
}

/// The operand of a commutative operation that is not `constant`.
static Value besides(Operation *op, double constant) {
  for (unsigned i = 0; i < 2; ++i)
    if (constantOf(op->getOperand(i)) == constant)
      return op->getOperand(1 - i);
  return {};
}

void Body::collectTerms(Value sum, SmallVectorImpl<Value> &terms) const {
  sum = source(sum);
  auto add = sum.getDefiningOp<arith::AddFOp>();
  if (!add) {
    terms.push_back(sum);
    return;
  }
  collectTerms(add.getLhs(), terms);
  collectTerms(add.getRhs(), terms);
}

void Body::collectFactors(Value product, double &constant,
                          SmallVectorImpl<Value> &factors) const {
  if (std::optional<double> known = constantOf(product)) {
    constant *= *known;
    return;
  }
  product = source(product);
  auto mul = product.getDefiningOp<arith::MulFOp>();
  if (!mul) {
    factors.push_back(product);
    return;
  }
  collectFactors(mul.getLhs(), constant, factors);
  collectFactors(mul.getRhs(), constant, factors);
}

Value Body::matchRelu(Value result) const {
  auto max = result.getDefiningOp<arith::MaximumFOp>();
  Value inner = max ? besides(max, 0) : Value();
  return inner ? source(inner) : Value();
}

Value Body::matchGelu(Value result) const {
  auto factorsOf = [&](Value product, double wanted, size_t count) {
    double constant = 1;
    SmallVector<Value> factors;
    collectFactors(product, constant, factors);
    if (!isAbout(constant, wanted) || factors.size() != count)
      factors.clear();
    return factors;
  };
  SmallVector<Value> halves = factorsOf(result, 0.5, 2);
  for (size_t i = 0; i < halves.size(); ++i) {
    Value x = halves[i];
    auto onePlus = halves[1 - i].getDefiningOp<arith::AddFOp>();
    Value bent = onePlus ? besides(onePlus, 1) : Value();
    auto tanh = bent ? source(bent).getDefiningOp<math::TanhOp>() : nullptr;
    if (!tanh)
      continue;
    SmallVector<Value> inner = factorsOf(tanh.getOperand(), kInner, 1);
    auto sum =
        inner.empty() ? nullptr : inner[0].getDefiningOp<arith::AddFOp>();
    if (!sum)
      continue;
    for (unsigned term = 0; term < 2; ++term)
      if (source(sum->getOperand(term)) == x &&
          factorsOf(sum->getOperand(1 - term), kCube, 3) ==
              SmallVector<Value>(3, x))
        return x;
  }
  return {};
}

int32_t Body::activation(Value &result) const {
  result = source(result);
  if (Value inner = matchRelu(result)) {
    result = inner;
    return BA_CUDA_ACTIVATION_RELU;
  }
  if (Value inner = matchGelu(result)) {
    result = inner;
    return BA_CUDA_ACTIVATION_GELU;
  }
  return BA_CUDA_ACTIVATION_NONE;
}

/// Whether an operand is one vector for all rows.
static bool isVector(linalg::GenericOp op, unsigned number) {
  OpOperand &operand = op->getOpOperand(number);
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!type || type.getRank() == 0 || map.getNumDims() == 0)
    return false;
  unsigned last = type.getRank() - 1;
  for (int64_t size : type.getShape().drop_back())
    if (size != 1)
      return false;
  return map.getResult(last) ==
         getAffineDimExpr(map.getNumDims() - 1, op.getContext());
}

std::optional<ProductEpilogue>
blockattn::matchEpilogue(linalg::GenericOp op, unsigned product, Type narrow) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() != 0)
    return std::nullopt;
  Block *block = op.getBody();
  Body body(narrow);
  ProductEpilogue found;
  Value result = block->getTerminator()->getOperand(0);
  found.activation = body.activation(result);
  SmallVector<Value> terms;
  body.collectTerms(result, terms);
  bool hasProduct = false;
  for (Value term : terms) {
    auto argument = dyn_cast<BlockArgument>(term);
    if (!argument || argument.getOwner() != block)
      return std::nullopt;
    unsigned number = argument.getArgNumber();
    if (number == product) {
      if (std::exchange(hasProduct, true))
        return std::nullopt;
      continue;
    }
    if (number >= op.getNumDpsInputs())
      return std::nullopt;
    std::optional<unsigned> &place =
        isVector(op, number) ? found.bias : found.term;
    if (place)
      return std::nullopt;
    place = number;
  }
  if (!hasProduct ||
      (!found.bias && found.activation == BA_CUDA_ACTIVATION_NONE))
    return std::nullopt;
  return found;
}

bool blockattn::isSupportedEpilogue(linalg::GenericOp op,
                                    const ProductEpilogue &epilogue,
                                    int64_t columns, Type result) {
  if (epilogue.activation == BA_CUDA_ACTIVATION_GELU && result.isF32())
    return false;
  if (!epilogue.bias)
    return true;
  auto type = cast<MemRefType>(op->getOperand(*epilogue.bias).getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return type.getElementType() == result && type.getShape().back() == columns &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

linalg::GenericOp blockattn::findEpilogue(linalg::LinalgOp product,
                                          ProductEpilogue &epilogue) {
  Operation *next = product->getNextNode();
  while (next && isMemoryEffectFree(next))
    next = next->getNextNode();
  auto update = dyn_cast_or_null<linalg::GenericOp>(next);
  std::optional<MatrixProduct> form = matchProduct(product);
  if (!update || !update->hasAttr(kEpilogueAttr) || !form ||
      form->numBatch != 0 || form->c.transposed || form->c.column != 1 ||
      form->c.row != 0 || update.getNumDpsInits() != 1)
    return {};
  Value memory = product->getOperand(2);
  auto type = cast<MemRefType>(memory.getType());
  unsigned output = update.getNumDpsInputs();
  if (update->getOperand(output) != memory ||
      !update.getIndexingMapsArray().back().isIdentity())
    return {};
  std::optional<ProductEpilogue> found =
      matchEpilogue(update, output, form->type);
  if (!found || found->term ||
      !isSupportedEpilogue(update, *found, type.getDimSize(1),
                           type.getElementType()))
    return {};
  if (found->bias &&
      rootMemory(update->getOperand(*found->bias)) == rootMemory(memory))
    return {};
  epilogue = *found;
  return update;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

linalg::GenericOp blockattn::makeEpilogue(OpBuilder &b, Location loc,
                                          Value result, Value bias,
                                          int32_t activation) {
  Type element = cast<MemRefType>(result.getType()).getElementType();
  Type f32 = b.getF32Type();
  // Beside the operation, where all constants of the program are.
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(float(value)));
  };
  SmallVector<Value> constants;
  if (activation == BA_CUDA_ACTIVATION_RELU)
    constants = {constant(0)};
  else if (activation == BA_CUDA_ACTIVATION_GELU)
    constants = {constant(0.5), constant(1), constant(kInner), constant(kCube)};

  AffineMap identity = b.getMultiDimIdentityMap(2);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  if (bias) {
    int64_t rank = cast<MemRefType>(bias.getType()).getRank();
    SmallVector<AffineExpr> at(rank, b.getAffineConstantExpr(0));
    at.back() = b.getAffineDimExpr(1);
    inputs.push_back(bias);
    maps.push_back(AffineMap::get(2, 0, at, b.getContext()));
  }
  maps.push_back(identity);
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  auto build = [&](OpBuilder &b, Location loc, ValueRange arguments) {
    auto toF32 = [&](Value value) -> Value {
      if (value.getType() == f32)
        return value;
      return arith::ExtFOp::create(b, loc, f32, value);
    };
    auto mul = [&](Value x, Value y) -> Value {
      return arith::MulFOp::create(b, loc, x, y);
    };
    auto add = [&](Value x, Value y) -> Value {
      return arith::AddFOp::create(b, loc, x, y);
    };
    Value x = toF32(arguments.back());
    if (bias)
      x = add(x, toF32(arguments.front()));
    if (activation == BA_CUDA_ACTIVATION_RELU) {
      x = arith::MaximumFOp::create(b, loc, x, constants[0]);
    } else if (activation == BA_CUDA_ACTIVATION_GELU) {
      Value cube = mul(mul(mul(x, x), x), constants[3]);
      Value bent =
          math::TanhOp::create(b, loc, mul(add(x, cube), constants[2]));
      x = mul(mul(x, constants[0]), add(bent, constants[1]));
    }
    if (element != f32)
      x = arith::TruncFOp::create(b, loc, element, x);
    linalg::YieldOp::create(b, loc, x);
  };
  auto op = linalg::GenericOp::create(b, loc, inputs, ValueRange{result}, maps,
                                      loops, build);
  op->setAttr(kEpilogueAttr, b.getUnitAttr());
  return op;
}
