//===- EinsumEquation.h - which dimensions of an Einsum are one -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_EINSUMEQUATION_H
#define BLOCKATTN_DIALECTS_ONNX_EINSUMEQUATION_H

#include "mlir/Support/LLVM.h"

#include <optional>
#include <string>

namespace blockattn::onnx {

/// The labels of the dimensions of one tensor: a letter, or, for the dimensions
/// that "..." stands for, -1 for the last one, -2 for the one before it, ...
using EinsumLabels = mlir::SmallVector<int, 6>;

struct EinsumTensors {
  mlir::SmallVector<EinsumLabels> operands;
  EinsumLabels result;
};

/// An equation of onnx.Einsum as text: what does not depend on ranks.
class EinsumEquation {
public:
  /// Fails, and says in `why` with the number of the op's constraint, where the
  /// equation makes no sense for that many operands.
  static std::optional<EinsumEquation>
  parse(mlir::StringRef text, size_t numOperands, std::string &why);

  /// The labels for operands of these ranks; fails like `parse`.
  std::optional<EinsumTensors> labels(mlir::ArrayRef<int64_t> ranks,
                                      std::string &why) const;

private:
  struct Term {
    std::string before, after;
    bool hasEllipsis = false;
  };
  static bool parseTerm(mlir::StringRef text, Term &term, std::string &why);

  mlir::SmallVector<Term> operands;
  Term result;
};

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_EINSUMEQUATION_H
