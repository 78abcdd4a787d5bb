//===- RotaryFit.h - fitting a rotary embedding to a region -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_ROTARYFIT_H
#define BLOCKATTN_PASSES_RAISE_ROTARYFIT_H

#include "passes/Raise/ValueNumbers.h"

#include "dialects/BlockAttn/BlockAttn.h"

namespace blockattn::raise {

/// On an op that multiplies positions in: where it stops being a part of the
/// rotary embedding that it is for few tokens.
constexpr llvm::StringLiteral kRotaryLimitAttr = "blockattn.not_rotary";

/// A region that may be a rotary embedding: x and y are heads of tokens, of
/// rank 4.
struct RotaryRegion {
  mlir::Value x, y;
  /// What enters besides x, constants and sizes: tables of cosines and sines,
  /// or positions. Of a fixed number of tokens the tables may be constants:
  /// then there are none here.
  llvm::SmallVector<mlir::Value> tables;
};

struct RotaryMatch {
  RotaryAttr rope;
  /// An integer or float tensor with one element for each token of a row; null
  /// where the tokens' places are their positions, in constant tables.
  mlir::Value positions;
  /// Whether x and y are [batch, heads, tokens, size] rather than
  /// [batch, tokens, heads, size].
  bool xHeadsFirst = false, yHeadsFirst = false;
};

class RotaryFitter {
public:
  explicit RotaryFitter(Subject &subject)
      : subject(subject), numbers(subject) {}

  /// The rotary embedding that the region is, having compared the two on
  /// random data; std::nullopt if it is none.
  std::optional<RotaryMatch> fit(const RotaryRegion &region);
  /// Where the last region stopped being the rotary embedding that it is for
  /// few tokens, such as "at position 4095"; empty if it is one, or never
  /// looked like one.
  const std::string &limit() const { return lastLimit; }

private:
  /// What was found out about a region.
  struct Finding {
    std::optional<RotaryMatch> match;
    unsigned positions = 0; ///< the number of the match's positions
    std::string limit;
  };

  Finding search(const RotaryRegion &region);
  bool refuted(std::optional<bool> agrees, const std::string &where);
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
  std::optional<Matrix> fixedMatrixAt(const RotaryRegion &region,
                                      const RotaryMatch &match,
                                      int64_t position);
  RotaryAttr derive(const RotaryRegion &region, const RotaryMatch &match,
                    const Candidate &candidate);
  void refine(const RotaryRegion &region, const RotaryMatch &match,
              llvm::ArrayRef<std::pair<int64_t, int64_t>> pairs,
              llvm::MutableArrayRef<double> angles);
  std::vector<double> anglesOfOne(const RotaryMatch &match,
                                  const Candidate &candidate);
  bool verify(const RotaryRegion &region, const RotaryMatch &match);
  bool holdsAtLengths(const RotaryRegion &region, const RotaryMatch &match);
  bool tablesHold(const RotaryRegion &region, const RotaryMatch &match);
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
  ValueNumbers numbers;
  /// Regions by their number, where x is given: layers make them alike.
  llvm::DenseMap<unsigned, Finding> regions;
  std::string lastLimit;
  /// What earlier regions were: the next ones are likely to be the same.
  llvm::SmallVector<RotaryAttr> found;
  /// Where tables stop being right, by what they are; empty where they hold.
  std::map<std::vector<uintptr_t>, std::string> lengths;
  int64_t headSize = 0, heads = 0;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_ROTARYFIT_H
