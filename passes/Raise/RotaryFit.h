//===- RotaryFit.h - fitting a rotary embedding to a region -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_ROTARYFIT_H
#define BLOCKATTN_PASSES_RAISE_ROTARYFIT_H

#include "passes/Raise/Trial.h"

#include "dialects/BlockAttn/BlockAttn.h"

#include <map>

namespace blockattn::raise {

/// A region that may be a rotary embedding: x and y are heads of tokens, of
/// rank 4.
struct RotaryRegion {
  mlir::Value x, y;
  /// What enters besides x, constants and sizes: tables of cosines and sines,
  /// or positions.
  llvm::SmallVector<mlir::Value> tables;
};

struct RotaryMatch {
  RotaryAttr rope;
  /// An integer or float tensor with one element for each token of a row.
  mlir::Value positions;
  /// Whether x and y are [batch, heads, tokens, size] rather than
  /// [batch, tokens, heads, size].
  bool xHeadsFirst = false, yHeadsFirst = false;
};

class RotaryFitter {
public:
  explicit RotaryFitter(Subject &subject) : subject(subject) {}

  /// The rotary embedding that the region is, having compared the two on
  /// random data; std::nullopt if it is none.
  std::optional<RotaryMatch> fit(const RotaryRegion &region);

private:
  struct Candidate {
    mlir::Value positions;
    /// Cosines on the way from the positions to the tables.
    llvm::SmallVector<mlir::Operation *> cosines;
  };
  using Matrix = std::vector<double>;

  llvm::SmallVector<Candidate> candidates(const RotaryRegion &region);
  bool chooseLayout(const RotaryRegion &region, RotaryMatch &match, bool xFirst,
                    bool yFirst);
  std::optional<Matrix> matrixAt(const RotaryRegion &region,
                                 const RotaryMatch &match, int64_t position);
  std::optional<Matrix> matrixAt(const RotaryRegion &region,
                                 const RotaryMatch &match, int64_t position,
                                 int64_t tokens);
  RotaryAttr derive(const RotaryRegion &region, const RotaryMatch &match,
                    const Candidate &candidate);
  void refine(const RotaryRegion &region, const RotaryMatch &match,
              llvm::ArrayRef<std::pair<int64_t, int64_t>> pairs,
              llvm::MutableArrayRef<double> angles);
  std::vector<double> anglesOfOne(const RotaryMatch &match,
                                  const Candidate &candidate);
  bool verify(const RotaryRegion &region, const RotaryMatch &match);
  bool holdsAtLengths(const RotaryRegion &region, const RotaryMatch &match);
  std::optional<bool> tablesAgree(
      const RotaryRegion &region, const RotaryMatch &match, int64_t few,
      int64_t many,
      std::optional<std::pair<mlir::Value, double>> replaced = std::nullopt);
  /// Positions have the tokens in one dimension, and ones elsewhere: they
  /// become those of `list` in order.
  static bool bindPositions(Trial &trial, Subject &subject,
                            mlir::Value positions,
                            llvm::ArrayRef<int64_t> list);
  std::optional<bool> agreesAt(const RotaryRegion &region,
                               const RotaryMatch &match,
                               llvm::ArrayRef<int64_t> positions);
  std::optional<bool> agreesAt(const RotaryRegion &region,
                               const RotaryMatch &match,
                               llvm::ArrayRef<int64_t> positions,
                               int64_t tokens);

  Subject &subject;
  /// What earlier regions were: the next ones are likely to be the same.
  llvm::SmallVector<RotaryAttr> found;
  /// Whether the tables were found to hold at all lengths, by what they are.
  std::map<std::vector<const void *>, bool> lengths;
  int64_t headSize = 0, heads = 0;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_ROTARYFIT_H
