//===- TokenAxes.cpp - which dimensions hold the tokens -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Blockify/TokenAxes.h"

using namespace mlir;
using namespace blockattn;

bool blockattn::holdsTokens(const TokenAxis &axis) {
  return llvm::any_of(
      axis, [](const TokenFactor &factor) { return bool(factor.weight); });
}

bool blockattn::holdsTokens(const TokenAxes &axes) {
  return llvm::any_of(axes,
                      [](const TokenAxis &axis) { return holdsTokens(axis); });
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

TokenSizes::TokenSizes(func::FuncOp func) : shapes(func.getContext()) {
  // Contradictions have been reported when shapes were inferred; what is
  // unknown because of them is refused.
  (void)shapes.run(func);
}

std::optional<TokenSizes::Dims> TokenSizes::dims(Value value) {
  std::optional<ArrayRef<AffineExpr>> known = shapes.dims(value);
  if (!known)
    return std::nullopt;
  Dims result;
  for (AffineExpr dim : *known) {
    AffineExpr replaced = product(dim.replaceSymbols(symbols), constant(1));
    result.push_back(replaced ? replaced : dim);
  }
  return result;
}

void TokenSizes::identify(AffineExpr symbol, AffineExpr by) {
  auto known = dyn_cast<AffineSymbolExpr>(symbol);
  if (!known || by.isFunctionOfSymbol(known.getPosition()))
    return;
  MLIRContext *context = symbol.getContext();
  while (symbols.size() <= known.getPosition())
    symbols.push_back(getAffineSymbolExpr(symbols.size(), context));
  for (AffineExpr &other : symbols)
    other = other.replace(symbol, by);
}

AffineExpr TokenSizes::product(AffineExpr a, AffineExpr b) {
  return a && b ? shapes.product({a, b}) : AffineExpr();
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

TokenAxis TokenSizes::axis(AffineExpr size, AffineExpr weight) {
  if (size == constant(1))
    return {};
  return {{size, weight}};
}

AffineExpr TokenSizes::sizeOf(const TokenAxis &axis) {
  AffineExpr size = constant(1);
  for (const TokenFactor &factor : axis)
    size = product(size, factor.size);
  return size;
}

TokenAxes TokenSizes::axesOf(ArrayRef<AffineExpr> dims,
                             ArrayRef<bool> ofTokens) {
  TokenAxes axes(dims.size());
  AffineExpr weight = constant(1);
  for (size_t i = dims.size(); i-- > 0;) {
    axes[i] = axis(dims[i], ofTokens[i] ? weight : AffineExpr());
    if (AffineExpr next = ofTokens[i] ? product(weight, dims[i]) : AffineExpr())
      weight = next;
  }
  return axes;
}

/// Puts together what only a reshape has parted.
void TokenSizes::merge(TokenAxis &axis) {
  TokenAxis merged;
  for (const TokenFactor &factor : axis) {
    TokenFactor *before = merged.empty() ? nullptr : &merged.back();
    bool joins = before && (before->weight && factor.weight
                                ? equal(before->weight,
                                        product(factor.weight, factor.size))
                                : !before->weight && !factor.weight);
    AffineExpr size = joins ? product(before->size, factor.size) : AffineExpr();
    if (size)
      *before = {size, factor.weight};
    else
      merged.push_back(factor);
  }
  axis = merged;
}

bool TokenSizes::same(const TokenAxis &a, const TokenAxis &b) {
  return llvm::equal(a, b, [&](const TokenFactor &x, const TokenFactor &y) {
    return equal(x.size, y.size) &&
           (x.weight ? equal(x.weight, y.weight) : !y.weight);
  });
}

/// Takes factors of this size together from one end, parting the last one where
/// it is a multiple of what is wanted still.
bool TokenSizes::take(TokenAxis &factors, AffineExpr size, bool isInner,
                      TokenAxis &taken) {
  taken.clear();
  auto add = [&](TokenFactor factor) {
    taken.insert(isInner ? taken.begin() : taken.end(), factor);
  };
  while (size != constant(1)) {
    if (factors.empty())
      return false;
    TokenFactor &next = isInner ? factors.back() : factors.front();
    if (AffineExpr rest = shapes.exactQuotient(size, next.size)) {
      add(next);
      factors.erase(&next);
      size = rest;
      continue;
    }
    AffineExpr rest = shapes.exactQuotient(next.size, size);
    if (!rest)
      return false;
    TokenFactor outer = {isInner ? rest : size, next.weight};
    TokenFactor inner = {isInner ? size : rest, next.weight};
    if (next.weight)
      outer.weight = product(next.weight, inner.size);
    if (next.weight && !outer.weight)
      return false;
    add(isInner ? inner : outer);
    next = isInner ? outer : inner;
    break;
  }
  merge(taken);
  return true;
}

std::optional<TokenAxes> TokenSizes::regroup(const TokenAxes &from,
                                             ArrayRef<AffineExpr> dims) {
  TokenAxis all;
  for (const TokenAxis &axis : from)
    llvm::append_range(all, axis);
  merge(all);
  TokenAxes to(dims.size());
  // From both ends as far as sizes agree.
  size_t first = 0, last = dims.size();
  for (bool isInner : {true, false})
    while (first < last) {
      size_t i = isInner ? last - 1 : first;
      TokenAxis rest = all;
      if (!take(rest, dims[i], isInner, to[i]))
        break;
      all = rest;
      isInner ? --last : ++first;
    }
  if (first == last)
    return all.empty() ? std::optional(to) : std::nullopt;
  // What remains is of the dimension that remains, whatever its size is called.
  if (last - first == 1) {
    to[first] = all;
    return to;
  }
  if (holdsTokens(all))
    return std::nullopt;
  for (; first < last; ++first)
    to[first] = axisOfOthers(dims[first]);
  return to;
}

std::optional<TokenAxes> TokenSizes::broadcast(ArrayRef<TokenAxes> operands,
                                               ArrayRef<AffineExpr> dims) {
  TokenAxes result;
  for (AffineExpr dim : dims)
    result.push_back(axisOfOthers(dim));
  for (const TokenAxes &axes : operands) {
    if (axes.size() > dims.size())
      return std::nullopt;
    for (auto [i, axis] : llvm::enumerate(axes))
      if (holdsTokens(axis))
        result[dims.size() - axes.size() + i] = axis;
  }
  for (const TokenAxes &axes : operands) {
    // What is of no token in particular goes with any.
    if (!holdsTokens(axes))
      continue;
    for (auto [i, held] : llvm::enumerate(result)) {
      size_t added = dims.size() - axes.size();
      TokenAxis own = i < added ? TokenAxis() : axes[i - added];
      if ((holdsTokens(held) || holdsTokens(own)) && !same(held, own))
        return std::nullopt;
    }
  }
  return result;
}
