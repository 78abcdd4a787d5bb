//===- PositionDependence.h - where positions enter -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_POSITIONDEPENDENCE_H
#define BLOCKATTN_PASSES_RAISE_POSITIONDEPENDENCE_H

#include "passes/Raise/TokenPlaces.h"

#include "dialects/BlockAttn/BlockAttn.h"

namespace blockattn::raise {

/// How the keys and values of one attention depend on where their tokens
/// stand. They may be used at another place if positions enter through the
/// rotation of its own queries and keys alone (and of those before it).
struct PositionUse {
  llvm::StringRef scheme = "none"; ///< rotary, learned, none, unknown
  bool independent = true;
  llvm::SmallVector<std::string> reasons;
};

/// Looks at a function of which the attentions have been raised.
class PositionAnalysis {
public:
  explicit PositionAnalysis(mlir::func::FuncOp func);

  PositionUse of(AttentionOp op);

private:
  enum Taint : unsigned {
    Rotated = 1, ///< rotated by positions
    Learned = 2, ///< an embedding of the position was added
    Other = 4,
    Bent = 8,   ///< rotated by something else than the positions
    Joined = 16 ///< counted or summed up over tokens
  };

  void visit(mlir::Operation *op);
  unsigned enters(mlir::Operation *op);
  bool countsTokens(mlir::Value value);

  Subject subject;
  TokenPlaces places;
  /// 0 where the number of tokens is not fixed.
  int64_t fixedLength = 0;
  llvm::DenseMap<mlir::Value, unsigned> taints;
  /// For each taint but Rotated the op where it entered first.
  llvm::DenseMap<unsigned, mlir::Operation *> origins;
};

/// The rotation that an attention's operand comes from, behind past keys and
/// transpositions; null if there is none.
RotaryOp findRotary(mlir::Value operand);

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_POSITIONDEPENDENCE_H
