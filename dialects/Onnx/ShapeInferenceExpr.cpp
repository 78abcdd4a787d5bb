//===- ShapeInferenceExpr.cpp - algebra of symbolic dimensions ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/ShapeInferenceExpr.h"

#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;

namespace blockattn::onnx {

std::optional<int64_t> evaluateBinary(AffineExprKind kind, int64_t a,
                                      int64_t b) {
  int64_t result;
  switch (kind) {
  case AffineExprKind::Add:
    return llvm::AddOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  case AffineExprKind::Mul:
    return llvm::MulOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  case AffineExprKind::Mod:
    return b > 0 ? std::optional(llvm::mod(a, b)) : std::nullopt;
  case AffineExprKind::FloorDiv:
    return b > 0 ? std::optional(llvm::divideFloorSigned(a, b)) : std::nullopt;
  case AffineExprKind::CeilDiv:
    return b > 0 ? std::optional(llvm::divideCeilSigned(a, b)) : std::nullopt;
  default:
    return std::nullopt;
  }
}

/// Beyond these an expression counts as unknown. Real models stay far below.
static constexpr size_t maxTerms = 64;
static constexpr size_t maxDegree = 16;
static constexpr unsigned maxNodes = 256;

/// Counts the nodes of an expression, up to `limit`. Recursion is bounded by
/// the limit, too.
static unsigned countNodes(AffineExpr expr, unsigned limit) {
  if (limit == 0)
    return 1;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return 1;
  unsigned left = 1 + countNodes(binary.getLHS(), limit - 1);
  if (left > limit)
    return left;
  return left + countNodes(binary.getRHS(), limit - left);
}

/// A total order that does not depend on addresses: results must be the same
/// in every run.
static int compare(AffineExpr a, AffineExpr b) {
  if (a == b)
    return 0;
  if (a.getKind() != b.getKind())
    return a.getKind() < b.getKind() ? -1 : 1;
  if (auto symbol = dyn_cast<AffineSymbolExpr>(a)) {
    unsigned other = cast<AffineSymbolExpr>(b).getPosition();
    return symbol.getPosition() < other ? -1 : 1;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(a))
    return dim.getPosition() < cast<AffineDimExpr>(b).getPosition() ? -1 : 1;
  if (auto constant = dyn_cast<AffineConstantExpr>(a))
    return constant.getValue() < cast<AffineConstantExpr>(b).getValue() ? -1
                                                                        : 1;
  auto left = cast<AffineBinaryOpExpr>(a), right = cast<AffineBinaryOpExpr>(b);
  if (int order = compare(left.getLHS(), right.getLHS()))
    return order;
  return compare(left.getRHS(), right.getRHS());
}

bool Polynomial::Less::operator()(const Monomial &a, const Monomial &b) const {
  if (a.size() != b.size())
    return a.size() < b.size();
  // The first atoms are the "largest variables" of the lexicographic order.
  for (auto [left, right] : llvm::zip_equal(a, b))
    if (int order = compare(left, right))
      return order > 0;
  return false;
}

Polynomial Polynomial::constant(int64_t value) {
  Polynomial result;
  if (value != 0)
    result.terms[{}] = value;
  return result;
}

std::optional<int64_t> Polynomial::asConstant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

bool Polynomial::add(const Monomial &monomial, int64_t coefficient) {
  if (monomial.size() > maxDegree)
    return false;
  auto [it, inserted] = terms.try_emplace(monomial, coefficient);
  if (!inserted) {
    std::optional<int64_t> sum = llvm::checkedAdd(it->second, coefficient);
    // The most negative number has no negation; leave it out of play.
    if (!sum || *sum == std::numeric_limits<int64_t>::min())
      return false;
    it->second = *sum;
  }
  if (it->second == 0)
    terms.erase(it);
  return terms.size() <= maxTerms;
}

std::optional<Polynomial> Polynomial::plus(const Polynomial &other) const {
  Polynomial result = *this;
  for (const auto &[monomial, coefficient] : other.terms)
    if (!result.add(monomial, coefficient))
      return std::nullopt;
  return result;
}

std::optional<Polynomial> Polynomial::times(const Polynomial &other) const {
  Polynomial result;
  for (const auto &[left, leftCoefficient] : terms) {
    for (const auto &[right, rightCoefficient] : other.terms) {
      std::optional<int64_t> coefficient =
          llvm::checkedMul(leftCoefficient, rightCoefficient);
      if (!coefficient || *coefficient == std::numeric_limits<int64_t>::min())
        return std::nullopt;
      Monomial monomial(left);
      monomial.append(right.begin(), right.end());
      llvm::sort(monomial,
                 [](AffineExpr a, AffineExpr b) { return compare(a, b) < 0; });
      if (!result.add(monomial, *coefficient))
        return std::nullopt;
    }
  }
  return result;
}

std::optional<Polynomial>
Polynomial::dividedBy(const Polynomial &divisor) const {
  if (divisor.isZero())
    return std::nullopt;
  Polynomial quotient, remainder = *this;
  const auto &[leadMonomial, leadCoefficient] = *divisor.terms.rbegin();
  // Every step removes the leading term, and the order of the terms is a well
  // order: the loop ends. The bound is against absurdly long divisions.
  for (size_t step = 0; !remainder.isZero(); ++step) {
    const auto &[monomial, coefficient] = *remainder.terms.rbegin();
    if (step > maxTerms || coefficient % leadCoefficient != 0)
      return std::nullopt;
    Polynomial term;
    Monomial rest;
    auto factor = leadMonomial.begin();
    for (AffineExpr atom : monomial) {
      if (factor != leadMonomial.end() && *factor == atom)
        ++factor;
      else
        rest.push_back(atom);
    }
    if (factor != leadMonomial.end())
      return std::nullopt;
    term.terms[rest] = coefficient / leadCoefficient;
    std::optional<Polynomial> sum = quotient.plus(term);
    std::optional<Polynomial> negated = term.times(constant(-1));
    std::optional<Polynomial> product =
        negated ? negated->times(divisor) : std::nullopt;
    std::optional<Polynomial> next =
        product ? remainder.plus(*product) : std::nullopt;
    if (!sum || !next)
      return std::nullopt;
    quotient = std::move(*sum);
    remainder = std::move(*next);
  }
  return quotient;
}

std::optional<Polynomial> Polynomial::division(AffineExprKind kind,
                                               const Polynomial &numerator,
                                               const Polynomial &denominator,
                                               MLIRContext *context) {
  if (std::optional<Polynomial> exact = numerator.dividedBy(denominator))
    return exact;
  Polynomial whole, rest = numerator, divisor = denominator;
  if (std::optional<int64_t> by = divisor.asConstant()) {
    if (*by == 0)
      return std::nullopt;
    if (*by < 0) {
      rest = *rest.times(constant(-1));
      divisor = constant(-*by);
      by = -*by;
    }
    // (b * q + r) / b = q + r / b, rounded either way.
    Polynomial parts;
    for (const auto &[monomial, coefficient] : rest.terms) {
      int64_t part = llvm::divideFloorSigned(coefficient, *by);
      if (monomial.empty() || coefficient % *by == 0) {
        if (part != 0)
          whole.terms[monomial] = part;
        if (coefficient != part * *by)
          parts.terms[monomial] = coefficient - part * *by;
      } else {
        parts.terms[monomial] = coefficient;
      }
    }
    rest = parts;
    if (std::optional<int64_t> value = rest.asConstant()) {
      int64_t last = kind == AffineExprKind::CeilDiv && *value != 0 ? 1 : 0;
      return whole.plus(constant(last));
    }
  }
  AffineExpr top = rest.toExpr(context), bottom = divisor.toExpr(context);
  if (countNodes(top, maxNodes) + countNodes(bottom, maxNodes) >= maxNodes)
    return std::nullopt;
  AffineExpr atom = getAffineBinaryOpExpr(kind, top, bottom);
  Polynomial result;
  // MLIR may find something simpler than a division after all.
  if (atom.getKind() == kind)
    result.terms[Monomial{atom}] = 1;
  else if (std::optional<Polynomial> simpler =
               get(atom, [](unsigned) { return AffineExpr(); }))
    result = *simpler;
  else
    return std::nullopt;
  return whole.plus(result);
}

std::optional<Polynomial> Polynomial::get(AffineExpr expr,
                                          Substitution substitution) {
  Polynomial result;
  if (auto constantExpr = dyn_cast<AffineConstantExpr>(expr)) {
    if (constantExpr.getValue() == std::numeric_limits<int64_t>::min())
      return std::nullopt;
    return constant(constantExpr.getValue());
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    if (AffineExpr other = substitution(symbol.getPosition()))
      return get(other, substitution);
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary) {
    result.terms[Monomial{expr}] = 1;
    return result;
  }
  std::optional<Polynomial> left = get(binary.getLHS(), substitution);
  std::optional<Polynomial> right = get(binary.getRHS(), substitution);
  if (!left || !right)
    return std::nullopt;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return left->plus(*right);
  case AffineExprKind::Mul:
    return left->times(*right);
  case AffineExprKind::Mod: {
    // a mod b = a - b * (a floordiv b)
    std::optional<Polynomial> quotient =
        division(AffineExprKind::FloorDiv, *left, *right, expr.getContext());
    std::optional<Polynomial> product =
        quotient ? quotient->times(*right) : std::nullopt;
    product = product ? product->times(constant(-1)) : std::nullopt;
    return product ? left->plus(*product) : std::nullopt;
  }
  default:
    return division(binary.getKind(), *left, *right, expr.getContext());
  }
}

AffineExpr Polynomial::toExpr(MLIRContext *context) const {
  AffineExpr sum;
  for (const auto &[monomial, coefficient] : llvm::reverse(terms)) {
    AffineExpr term;
    for (AffineExpr atom : monomial)
      term = term ? term * atom : atom;
    AffineExpr factor = getAffineConstantExpr(coefficient, context);
    term = term ? (coefficient == 1 ? term : term * factor) : factor;
    sum = sum ? sum + term : term;
  }
  return sum ? sum : getAffineConstantExpr(0, context);
}

std::optional<int64_t>
Polynomial::lowerBound(llvm::function_ref<bool(unsigned)> isNonNegative) const {
  auto bound = [&](AffineExpr expr) -> std::optional<int64_t> {
    std::optional<Polynomial> part =
        get(expr, [](unsigned) { return AffineExpr(); });
    return part ? part->lowerBound(isNonNegative) : std::nullopt;
  };
  int64_t result = 0;
  for (const auto &[monomial, coefficient] : terms) {
    if (monomial.empty()) {
      result = coefficient;
      continue;
    }
    if (coefficient < 0)
      return std::nullopt;
    for (AffineExpr atom : monomial) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(atom)) {
        if (!isNonNegative(symbol.getPosition()))
          return std::nullopt;
        continue;
      }
      auto division = dyn_cast<AffineBinaryOpExpr>(atom);
      if (!division)
        return std::nullopt;
      std::optional<int64_t> top = bound(division.getLHS());
      std::optional<int64_t> bottom = bound(division.getRHS());
      if (!top || *top < 0 || !bottom || *bottom < 1)
        return std::nullopt;
    }
  }
  return result;
}

} // namespace blockattn::onnx
