//===- ShapeInference.cpp - symbolic shapes of onnx programs --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInference.h"

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/ShapeInferenceExpr.h"
#include "dialects/Onnx/ShapeInferenceRules.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Threading.h"

using namespace mlir;

namespace blockattn::onnx {

/// No tensor of a real model comes near; a damaged file may claim anything.
static constexpr int64_t maxRank = 64;
/// Shape arithmetic is done on vectors as long as a rank, or a few of them.
static constexpr int64_t maxContents = 256;

SymbolicShapes::SymbolicShapes(MLIRContext *context) : context(context) {}

//===----------------------------------------------------------------------===//
// Expressions and symbols
//===----------------------------------------------------------------------===//

AffineExpr SymbolicShapes::constant(int64_t value) {
  return getAffineConstantExpr(value, context);
}

AffineExpr SymbolicShapes::dimSymbol(Value value, int64_t dim) {
  Symbol symbol;
  symbol.value = value;
  symbol.dim = dim;
  symbolTable.push_back(std::move(symbol));
  return getAffineSymbolExpr(symbolTable.size() - 1, context);
}

AffineExpr SymbolicShapes::elementSymbol(Value value, int64_t index) {
  AffineExpr expr = dimSymbol(value, index);
  symbolTable.back().isElement = true;
  return expr;
}

AffineExpr SymbolicShapes::namedSymbol(StringRef name) {
  auto [it, inserted] = symbolsByName.try_emplace(name, symbolTable.size());
  if (inserted) {
    Symbol symbol;
    symbol.name = name.str();
    symbolTable.push_back(std::move(symbol));
  }
  return getAffineSymbolExpr(it->second, context);
}

std::optional<Polynomial> SymbolicShapes::polynomial(AffineExpr expr) {
  if (!expr)
    return std::nullopt;
  return Polynomial::get(expr, [&](unsigned symbol) {
    auto it = equalities.find(symbol);
    return it == equalities.end() ? AffineExpr() : it->second;
  });
}

AffineExpr SymbolicShapes::canonical(AffineExpr expr) {
  // Any number is canonical, even one that nothing can be computed with: the
  // least integer is a usual "from the start".
  if (isa_and_present<AffineConstantExpr>(expr))
    return expr;
  std::optional<Polynomial> poly = polynomial(expr);
  return poly ? poly->toExpr(context) : AffineExpr();
}

bool SymbolicShapes::provenEqual(AffineExpr a, AffineExpr b) {
  if (!a || !b)
    return false;
  if (a == b)
    return true;
  AffineExpr left = canonical(a);
  return left && left == canonical(b);
}

std::optional<int64_t> SymbolicShapes::lowerBound(AffineExpr expr) {
  std::optional<Polynomial> poly = polynomial(expr);
  if (!poly)
    return std::nullopt;
  return poly->lowerBound([&](unsigned symbol) {
    if (symbol >= symbolTable.size())
      return false;
    // A name that occurs only within sums might stand for anything.
    const Symbol &entry = symbolTable[symbol];
    return entry.value && !entry.isElement && !entry.offset;
  });
}

AffineExpr SymbolicShapes::exactQuotient(AffineExpr a, AffineExpr b) {
  std::optional<Polynomial> left = polynomial(a), right = polynomial(b);
  if (!left || !right)
    return {};
  std::optional<Polynomial> quotient = left->dividedBy(*right);
  return quotient ? quotient->toExpr(context) : AffineExpr();
}

AffineExpr SymbolicShapes::product(ArrayRef<AffineExpr> factors) {
  std::optional<Polynomial> result = Polynomial::constant(1);
  for (AffineExpr factor : factors) {
    std::optional<Polynomial> poly = polynomial(factor);
    result = poly && result ? result->times(*poly) : std::nullopt;
  }
  return result ? result->toExpr(context) : AffineExpr();
}

void SymbolicShapes::requireEqual(Operation *op, AffineExpr a, AffineExpr b,
                                  const Twine &what) {
  if (!a || !b || provenEqual(a, b))
    return;
  if (inBranch || !learnEqual(a, b))
    required.push_back({op, a, b, what.str()});
}

AffineExpr SymbolicShapes::learned(unsigned symbol) {
  auto it = equalities.find(symbol);
  return it == equalities.end() ? AffineExpr() : canonical(it->second);
}

bool SymbolicShapes::learnEqual(AffineExpr a, AffineExpr b) {
  a = canonical(a);
  b = canonical(b);
  if (!a || !b)
    return false;
  // Replace the symbol that was met last: names of arguments come first. A
  // dimension may not become a negative number. What a tensor holds is never
  // taken for granted: passes would make something else of it, and then nothing
  // looked at it any more.
  auto position = [&](AffineExpr expr) -> int64_t {
    auto symbol = dyn_cast<AffineSymbolExpr>(expr);
    return symbol ? int64_t(symbol.getPosition()) : -1;
  };
  if (position(a) < position(b))
    std::swap(a, b);
  auto tryReplace = [&](AffineExpr symbol, AffineExpr by) {
    int64_t index = position(symbol);
    if (index < 0 || symbolTable[index].isElement ||
        by.isFunctionOfSymbol(index) || lowerBound(by).value_or(-1) < 0)
      return false;
    equalities[index] = by;
    return true;
  };
  return tryReplace(a, b) || tryReplace(b, a);
}

std::string SymbolicShapes::str(AffineExpr expr) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto print = [&](auto &&self, AffineExpr expr, bool nested) -> void {
    if (!expr) {
      os << '?';
      return;
    }
    if (auto number = dyn_cast<AffineConstantExpr>(expr)) {
      os << number.getValue();
      return;
    }
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
      StringRef name = symbol.getPosition() < symbolTable.size()
                           ? StringRef(symbolTable[symbol.getPosition()].name)
                           : StringRef();
      os << (name.empty() ? "?" : name);
      return;
    }
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary) {
      os << '?';
      return;
    }
    static const llvm::DenseMap<unsigned, StringRef> spelling = {
        {unsigned(AffineExprKind::Add), " + "},
        {unsigned(AffineExprKind::Mul), " * "},
        {unsigned(AffineExprKind::Mod), " % "},
        {unsigned(AffineExprKind::FloorDiv), " // "},
        {unsigned(AffineExprKind::CeilDiv), " ceildiv "}};
    // Only sums need no parentheses within sums.
    bool isSum = binary.getKind() == AffineExprKind::Add;
    if (nested)
      os << '(';
    self(self, binary.getLHS(), !isSum);
    os << spelling.lookup(unsigned(binary.getKind()));
    self(self, binary.getRHS(), !isSum);
    if (nested)
      os << ')';
  };
  print(print, canonical(expr), false);
  return text;
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

ArrayRef<AffineExpr> SymbolicShapes::keep(ArrayRef<AffineExpr> list) {
  return list.copy(allocator);
}

SymbolicShapes::Facts &SymbolicShapes::facts(Value value) {
  auto it = known.find(value);
  if (it != known.end())
    return it->second;
  Facts fresh;
  if (auto tensor = dyn_cast<TensorType>(value.getType())) {
    fresh.elementType = tensor.getElementType();
    if (tensor.hasRank()) {
      SmallVector<AffineExpr> list;
      for (auto [index, size] : llvm::enumerate(tensor.getShape()))
        list.push_back(ShapedType::isDynamic(size) ? dimSymbol(value, index)
                                                   : constant(size));
      fresh.dims = keep(list);
    }
  }
  it = known.try_emplace(value, fresh).first;
  // A constant made by a pass after the visit is as good as any other.
  Attribute attr;
  if (auto result = dyn_cast<OpResult>(value))
    if (matchPattern(value, m_Constant(&attr)))
      if (std::optional<SmallVector<int64_t>> elements =
              smallIntegers(attr, maxContents)) {
        SmallVector<AffineExpr> list;
        for (int64_t element : *elements)
          list.push_back(constant(element));
        setContents(result, list);
      }
  return known.find(value)->second;
}

/// Expressions are given out with all that has been learned since they were
/// recorded.
std::optional<ArrayRef<AffineExpr>>
SymbolicShapes::upToDate(std::optional<ArrayRef<AffineExpr>> &list) {
  if (!list || equalities.empty())
    return list;
  SmallVector<AffineExpr> fresh;
  for (AffineExpr expr : *list) {
    AffineExpr now = canonical(expr);
    fresh.push_back(now ? now : expr);
  }
  if (ArrayRef<AffineExpr>(fresh) != *list)
    list = keep(fresh);
  return list;
}

std::optional<ArrayRef<AffineExpr>> SymbolicShapes::dims(Value value) {
  return upToDate(facts(value).dims);
}

bool SymbolicShapes::isInferred(Value value, int64_t dim) {
  static_assert(maxRank <= 64);
  return dim < maxRank && (facts(value).demanded >> dim & 1) == 0;
}

std::optional<ArrayRef<AffineExpr>> SymbolicShapes::contents(Value value) {
  return upToDate(facts(value).contents);
}

std::optional<SmallVector<int64_t>>
SymbolicShapes::constantContents(Value value) {
  std::optional<ArrayRef<AffineExpr>> elements = contents(value);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (AffineExpr element : *elements) {
    auto number = dyn_cast<AffineConstantExpr>(element);
    if (!number)
      return std::nullopt;
    result.push_back(number.getValue());
  }
  return result;
}

std::optional<ArrayRef<AffineExpr>>
SymbolicShapes::contentsOrSymbols(Value value) {
  if (std::optional<ArrayRef<AffineExpr>> elements = contents(value))
    return elements;
  std::optional<int64_t> count = smallIntegerTensor(value);
  if (!count)
    return std::nullopt;
  SmallVector<AffineExpr> list;
  for (int64_t index = 0; index < *count; ++index)
    list.push_back(elementSymbol(value, index));
  facts(value).contents = keep(list);
  return facts(value).contents;
}

std::optional<int64_t> SymbolicShapes::smallIntegerTensor(Value value) {
  Type type = elementType(value);
  std::optional<ArrayRef<AffineExpr>> shape = dims(value);
  // Signed and unsigned arithmetic differ, and shapes are always signed.
  if (!type || !type.isSignlessInteger() || !shape || shape->size() > 1)
    return std::nullopt;
  if (shape->empty())
    return 1;
  auto size = dyn_cast<AffineConstantExpr>(shape->front());
  if (!size || size.getValue() > maxContents)
    return std::nullopt;
  return size.getValue();
}

Type SymbolicShapes::elementType(Value value) {
  return facts(value).elementType;
}

Type SymbolicShapes::refinedType(Value value) {
  Type element = elementType(value);
  if (!element)
    return value.getType();
  std::optional<ArrayRef<AffineExpr>> list = dims(value);
  if (!list)
    return UnrankedTensorType::get(element);
  SmallVector<int64_t> shape;
  for (AffineExpr expr : *list) {
    auto size = dyn_cast<AffineConstantExpr>(expr);
    shape.push_back(size ? size.getValue() : ShapedType::kDynamic);
  }
  Attribute encoding;
  if (auto ranked = dyn_cast<RankedTensorType>(value.getType()))
    encoding = ranked.getEncoding();
  return RankedTensorType::get(shape, element, encoding);
}

//===----------------------------------------------------------------------===//
// Recording what rules find
//===----------------------------------------------------------------------===//

/// For a message: the result that a problem is about.
static InFlightDiagnostic errorAt(OpResult result) {
  InFlightDiagnostic diag = result.getOwner()->emitOpError();
  if (result.getOwner()->getNumResults() > 1)
    diag << "result " << result.getResultNumber() << ' ';
  return diag;
}

LogicalResult
SymbolicShapes::set(OpResult result, Type elementType,
                    std::optional<ArrayRef<AffineExpr>> inferred) {
  auto declared = dyn_cast<TensorType>(result.getType());
  if (!declared)
    return success();
  Facts fresh;
  fresh.elementType = declared.getElementType();
  if (elementType && isKnownType(elementType)) {
    if (isKnownType(fresh.elementType) && fresh.elementType != elementType)
      return errorAt(result)
             << "is declared with element type " << fresh.elementType
             << ", but its operands give " << elementType;
    fresh.elementType = elementType;
  }

  if (!inferred && !declared.hasRank()) {
    known[result] = fresh;
    return success();
  }
  if (inferred && int64_t(inferred->size()) > maxRank)
    return errorAt(result) << "has rank " << inferred->size() << "; at most "
                           << maxRank << " is supported";
  if (inferred && declared.hasRank() &&
      declared.getRank() != int64_t(inferred->size()))
    return errorAt(result) << "is declared with rank " << declared.getRank()
                           << ", but its operands give rank "
                           << inferred->size();

  int64_t rank = inferred ? inferred->size() : declared.getRank();
  SmallVector<AffineExpr> list;
  int64_t elements = 1;
  for (int64_t index = 0; index < rank; ++index) {
    AffineExpr expr = inferred ? (*inferred)[index] : AffineExpr();
    expr = canonical(expr);
    int64_t size =
        declared.hasRank() ? declared.getDimSize(index) : ShapedType::kDynamic;
    auto inferredSize = dyn_cast_if_present<AffineConstantExpr>(expr);
    if (inferredSize && inferredSize.getValue() < 0)
      return errorAt(result)
             << "would have the negative size " << inferredSize.getValue()
             << " in dimension " << index;
    if (!ShapedType::isDynamic(size)) {
      if (inferredSize && inferredSize.getValue() != size)
        return errorAt(result)
               << "is declared with size " << size << " in dimension " << index
               << ", but its operands give " << inferredSize.getValue();
      // Whoever relies on the declared size relies on this.
      requireEqual(result.getOwner(), expr, constant(size),
                   "dimension " + Twine(index) + " of the result must be " +
                       Twine(size) + " for what uses it");
      if (!provenEqual(expr, constant(size)))
        fresh.demanded |= uint64_t(1) << index;
      expr = constant(size);
    }
    if (!expr) {
      fresh.demanded |= uint64_t(1) << index;
      expr = dimSymbol(result, index);
    }
    list.push_back(expr);
    auto final = dyn_cast<AffineConstantExpr>(expr);
    std::optional<int64_t> product =
        final && final.getValue() != 0
            ? llvm::checkedMul(elements, final.getValue())
            : elements;
    if (!product)
      return errorAt(result) << "has more elements than 64 bits can count";
    elements = *product;
  }
  fresh.dims = keep(list);
  known[result] = fresh;
  return success();
}

void SymbolicShapes::setContents(OpResult result,
                                 ArrayRef<AffineExpr> elements) {
  std::optional<int64_t> count = smallIntegerTensor(result);
  if (!count || *count != int64_t(elements.size()))
    return;
  unsigned width = elementType(result).getIntOrFloatBitWidth();
  SmallVector<AffineExpr> list;
  for (auto [index, element] : llvm::enumerate(elements)) {
    AffineExpr expr = canonical(element);
    auto number = dyn_cast_if_present<AffineConstantExpr>(expr);
    // Arithmetic wraps around in the type's own width, which is not followed.
    // A dimension fits an i32 or wider in any program that can run.
    bool fits = width >= 32;
    if (number && width == 1)
      fits = number.getValue() == 0 || number.getValue() == 1;
    else if (number)
      fits = width >= 64 || llvm::isIntN(width, number.getValue());
    list.push_back(expr && fits ? expr : elementSymbol(result, index));
  }
  // Nothing but the tensor's own elements is no knowledge.
  bool useful = llvm::any_of(list, [&](AffineExpr expr) {
    auto symbol = dyn_cast<AffineSymbolExpr>(expr);
    return !symbol || symbolTable[symbol.getPosition()].value != result;
  });
  if (useful || list.empty())
    facts(result).contents = keep(list);
}

//===----------------------------------------------------------------------===//
// Visiting
//===----------------------------------------------------------------------===//

/// The blockattn dialect is no dependency of this one: by name.
static LogicalResult visitBlockAttn(Operation *op, SymbolicShapes &shapes) {
  std::optional<Dims> query = copyDims(shapes, op->getOperand(0));
  std::optional<Dims> value = copyDims(shapes, op->getOperand(2));
  Type element = shapes.elementType(op->getOperand(0));
  if (!query || !value || query->size() != 4 || value->size() != 4)
    query = std::nullopt;
  if (query)
    query->back() = value->back();
  if (failed(shapes.set(op->getResult(0), element, query)))
    return failure();
  if (op->getNumResults() < 2)
    return success();
  if (query)
    query->pop_back();
  return shapes.set(op->getResult(1), Float32Type::get(op->getContext()),
                    query);
}

/// Known by its result types alone.
static LogicalResult keepTypes(Operation *op, SymbolicShapes &shapes) {
  for (OpResult result : op->getResults())
    if (failed(shapes.set(result, Type(), std::nullopt)))
      return failure();
  return success();
}

LogicalResult SymbolicShapes::visit(Operation *op) {
  const ShapeRules::Rule *rule = ShapeRules::get().find(op);
  if (!rule) {
    StringRef name = op->getName().getStringRef();
    if (name == "blockattn.rotary")
      return sameAsFirst(op, *this);
    if (name == "blockattn.attention" && op->getNumOperands() >= 3)
      return visitBlockAttn(op, *this);
    return keepTypes(op, *this);
  }
  if (!op->getParentOfType<IfOp>() && !op->getParentOfType<LoopOp>())
    return (*rule)(op, *this);

  // A branch that is never taken may contradict itself: exporters write one
  // branch for each rank; and a loop may have no iteration. So nothing in it is
  // an error, nor does anything that it requires hold elsewhere. Errors of
  // other threads are not ours to hide.
  uint64_t thread = llvm::get_threadid();
  ScopedDiagnosticHandler silence(context, [thread](Diagnostic &) {
    return success(thread == llvm::get_threadid());
  });
  inBranch = true;
  bool ok = succeeded((*rule)(op, *this)) || succeeded(keepTypes(op, *this));
  inBranch = false;
  if (!ok)
    for (OpResult result : op->getResults())
      known.erase(result);
  return success();
}

void SymbolicShapes::addArguments(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    SmallVector<StringRef> names;
    if (auto list = function.getArgAttrOfType<ArrayAttr>(
            argument.getArgNumber(), "onnx.dims"))
      for (Attribute name : list) {
        auto text = dyn_cast<StringAttr>(name);
        names.push_back(text ? text.getValue() : StringRef());
      }
    addArgument(argument, names);
  }
}

LogicalResult SymbolicShapes::run(func::FuncOp function) {
  addArguments(function);
  bool ok = true;
  function.getBody().walk([&](Operation *op) { ok &= succeeded(visit(op)); });
  return success(ok);
}

} // namespace blockattn::onnx
