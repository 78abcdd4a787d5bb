//===- ShapeInferenceExpr.h - algebra of symbolic dimensions ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expressions over symbols as polynomials with integer coefficients, so that
// equal ones become identical. AffineExpr alone does not do it: it keeps s0 *
// s1 and s1 * s0 apart and does not expand products of sums.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCEEXPR_H
#define BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCEEXPR_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <optional>

namespace blockattn::onnx {

/// `a kind b`; std::nullopt on overflow and on division by what is not
/// positive.
std::optional<int64_t> evaluateBinary(mlir::AffineExprKind kind, int64_t a,
                                      int64_t b);

/// A sum of products of atoms. An atom is a symbol, or a floor or ceiling
/// division that is not exact. Every operation returns std::nullopt when a
/// coefficient overflows or the polynomial grows beyond reason; a model file
/// decides how large expressions get, so that both must be expected.
class Polynomial {
public:
  /// What a symbol is replaced by; null leaves it as it is.
  using Substitution = llvm::function_ref<mlir::AffineExpr(unsigned)>;

  static std::optional<Polynomial> get(mlir::AffineExpr expr,
                                       Substitution substitution);
  static Polynomial constant(int64_t value);

  mlir::AffineExpr toExpr(mlir::MLIRContext *context) const;

  std::optional<Polynomial> plus(const Polynomial &other) const;
  std::optional<Polynomial> times(const Polynomial &other) const;
  /// The quotient, when it is a polynomial with integer coefficients.
  std::optional<Polynomial> dividedBy(const Polynomial &divisor) const;

  bool isZero() const { return terms.empty(); }
  std::optional<int64_t> asConstant() const;

  /// A lower bound given which symbols are never negative.
  std::optional<int64_t>
  lowerBound(llvm::function_ref<bool(unsigned)> isNonNegative) const;

private:
  /// The atoms of a product, each as often as its power, in ascending order.
  using Monomial = llvm::SmallVector<mlir::AffineExpr, 4>;
  /// By degree, then lexicographic: an order that products preserve, which the
  /// long division relies on.
  struct Less {
    bool operator()(const Monomial &a, const Monomial &b) const;
  };

  bool add(const Monomial &monomial, int64_t coefficient);
  static std::optional<Polynomial> division(mlir::AffineExprKind kind,
                                            const Polynomial &numerator,
                                            const Polynomial &denominator,
                                            mlir::MLIRContext *context);

  std::map<Monomial, int64_t, Less> terms;
};

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_SHAPEINFERENCEEXPR_H
