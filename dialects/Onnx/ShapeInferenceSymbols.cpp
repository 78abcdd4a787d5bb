//===- ShapeInferenceSymbols.cpp - names, places and code of symbols ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where symbols come from (the names of the arguments' dimensions), where they
// can be read, and how an expression of them is computed by the program.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInference.h"

#include "dialects/Onnx/ShapeInferenceExpr.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace blockattn::onnx {

//===----------------------------------------------------------------------===//
// Names of dimensions
//===----------------------------------------------------------------------===//

namespace {
/// Parses names such as "past_sequence_length + sequence_length", "2*s15" and
/// "(seq + 1)//2". ONNX allows any text as a name, so that whatever is not such
/// an expression is simply one name.
class DimNameParser {
public:
  DimNameParser(StringRef text, MLIRContext *context,
                llvm::function_ref<AffineExpr(StringRef)> symbol)
      : text(text), context(context), symbol(symbol) {}

  AffineExpr parse() {
    AffineExpr expr = sum(0);
    skipSpace();
    return position == text.size() ? expr : AffineExpr();
  }

private:
  void skipSpace() {
    while (position < text.size() && text[position] == ' ')
      ++position;
  }

  bool consume(StringRef token) {
    skipSpace();
    if (!text.substr(position).starts_with(token))
      return false;
    position += token.size();
    return true;
  }

  /// A hyphen within a name ("seq-len") belongs to the name.
  bool consumeMinus() {
    skipSpace();
    StringRef rest = text.substr(position);
    if (!rest.starts_with("-") || rest.size() < 2 ||
        !(rest[1] == ' ' || llvm::isDigit(rest[1])))
      return false;
    ++position;
    return true;
  }

  AffineExpr sum(unsigned depth) {
    AffineExpr left = product(depth);
    while (left) {
      bool minus = false;
      if (!consume("+") && !(minus = consumeMinus()))
        break;
      AffineExpr right = product(depth);
      if (!right)
        return {};
      left = minus ? left - right : left + right;
    }
    return left;
  }

  AffineExpr product(unsigned depth) {
    AffineExpr left = primary(depth);
    while (left) {
      bool divide = consume("//");
      if (!divide && !consume("*"))
        break;
      AffineExpr right = primary(depth);
      if (!right || (divide && isa<AffineConstantExpr>(right) &&
                     cast<AffineConstantExpr>(right).getValue() <= 0))
        return {};
      left = divide ? left.floorDiv(right) : left * right;
    }
    return left;
  }

  AffineExpr primary(unsigned depth) {
    // A name is short; parentheses nested deeper than this are no expression.
    if (depth > 16)
      return {};
    skipSpace();
    if (consume("(")) {
      AffineExpr inner = sum(depth + 1);
      return inner && consume(")") ? inner : AffineExpr();
    }
    auto isWord = [](char c) {
      return llvm::isAlnum(c) || c == '_' || c == '.' || c == '-';
    };
    StringRef word = text.substr(position).take_while(isWord);
    if (word.empty() || word.starts_with("-"))
      return {};
    // "seq-1" is a difference, "seq-len" a name.
    if (size_t hyphen = word.find('-'); hyphen != StringRef::npos &&
                                        hyphen + 1 < word.size() &&
                                        llvm::isDigit(word[hyphen + 1]))
      word = word.take_front(hyphen);
    position += word.size();
    if (!llvm::isDigit(word.front()))
      return symbol(word);
    // Larger factors would only ever overflow.
    int32_t number;
    if (word.getAsInteger(10, number))
      return {};
    return getAffineConstantExpr(number, context);
  }

  StringRef text;
  MLIRContext *context;
  llvm::function_ref<AffineExpr(StringRef)> symbol;
  size_t position = 0;
};
} // namespace

/// In canonical form a constant term comes last.
static bool hasConstantTerm(AffineExpr expr) {
  auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
  return sum && sum.getKind() == AffineExprKind::Add &&
         isa<AffineConstantExpr>(sum.getRHS());
}

void SymbolicShapes::addArgument(BlockArgument argument,
                                 ArrayRef<StringRef> dimNames) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type)
    return;
  SmallVector<AffineExpr> list;
  for (auto [index, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      list.push_back(constant(size));
      continue;
    }
    StringRef name = index < dimNames.size() ? dimNames[index] : StringRef();
    if (name.trim().empty() || name == "?") {
      list.push_back(dimSymbol(argument, index));
      continue;
    }
    AffineExpr expr = DimNameParser(name, context, [&](StringRef word) {
                        return namedSymbol(word);
                      }).parse();
    expr = canonical(expr);
    // Exporters label the mask of a decoding step "past_sequence_length + 1",
    // and yet the model takes any number of new tokens: a name with a number
    // added is a label, and stands for itself.
    if (!expr || isa<AffineConstantExpr>(expr) || hasConstantTerm(expr))
      expr = namedSymbol(name);
    locateSymbols(argument, index, expr);
    list.push_back(expr);
  }
  Facts &entry = facts(argument);
  entry.elementType = type.getElementType();
  entry.dims = keep(list);
}

/// Notes where the symbols of a dimension's name can be read. A name of its own
/// is a better place than a sum.
void SymbolicShapes::locateSymbols(Value value, int64_t dim, AffineExpr expr) {
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    Symbol &entry = symbolTable[symbol.getPosition()];
    if (!entry.value || entry.offset) {
      entry.value = value;
      entry.dim = dim;
      entry.offset = AffineExpr();
    }
    return;
  }
  // In "past + rest" the symbol is what is read there, less the rest.
  expr.walk([&](AffineExpr part) {
    auto symbol = dyn_cast<AffineSymbolExpr>(part);
    if (!symbol)
      return;
    Symbol &entry = symbolTable[symbol.getPosition()];
    AffineExpr offset = canonical(expr - symbol);
    if (entry.value || !offset ||
        offset.isFunctionOfSymbol(symbol.getPosition()))
      return;
    // Two unknown names in one sum: neither can be read.
    bool readable = true;
    offset.walk([&](AffineExpr other) {
      if (auto name = dyn_cast<AffineSymbolExpr>(other))
        readable &= bool(symbolTable[name.getPosition()].value);
    });
    if (!readable)
      return;
    entry.value = value;
    entry.dim = dim;
    entry.offset = offset;
  });
}

//===----------------------------------------------------------------------===//
// Expressions as code
//===----------------------------------------------------------------------===//

OpFoldResult SymbolicShapes::materialize(OpBuilder &builder, Location loc,
                                         AffineExpr expr,
                                         const IRMapping *valueMap) {
  expr = canonical(expr);
  if (!expr)
    return {};
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return OpFoldResult(builder.getIndexAttr(number.getValue()));
  // Look before anything is emitted: a null result leaves no dead code.
  bool readable = true;
  expr.walk([&](AffineExpr part) {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
      readable &= symbol.getPosition() < symbolTable.size() &&
                  bool(symbolTable[symbol.getPosition()].value);
  });
  if (!readable)
    return {};
  return OpFoldResult(emit(builder, loc, expr, valueMap));
}

Value SymbolicShapes::emit(OpBuilder &builder, Location loc, AffineExpr expr,
                           const IRMapping *valueMap) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return index(number.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    const Symbol &entry = symbolTable[symbol.getPosition()];
    Value source =
        valueMap ? valueMap->lookupOrDefault(entry.value) : entry.value;
    if (entry.isElement) {
      SmallVector<Value> indices;
      auto type = cast<RankedTensorType>(source.getType());
      if (type.getRank() == 1)
        indices.push_back(index(entry.dim));
      Value element = tensor::ExtractOp::create(builder, loc, source, indices);
      if (type.getElementType().isInteger(1))
        return arith::IndexCastUIOp::create(builder, loc,
                                            builder.getIndexType(), element);
      return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                        element);
    }
    Value size = tensor::DimOp::create(builder, loc, source, entry.dim);
    if (!entry.offset)
      return size;
    Value offset = emit(builder, loc, entry.offset, valueMap);
    return arith::SubIOp::create(builder, loc, size, offset);
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value left = emit(builder, loc, binary.getLHS(), valueMap);
  Value right = emit(builder, loc, binary.getRHS(), valueMap);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(builder, loc, left, right);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(builder, loc, left, right);
  case AffineExprKind::CeilDiv:
    return arith::CeilDivSIOp::create(builder, loc, left, right);
  case AffineExprKind::FloorDiv:
    return arith::FloorDivSIOp::create(builder, loc, left, right);
  default: {
    // The remainder of a floor division has the sign of the divisor.
    Value quotient = arith::FloorDivSIOp::create(builder, loc, left, right);
    Value whole = arith::MulIOp::create(builder, loc, quotient, right);
    return arith::SubIOp::create(builder, loc, left, whole);
  }
  }
}

} // namespace blockattn::onnx
