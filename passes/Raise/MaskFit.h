//===- MaskFit.h - what a mask forbids --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_MASKFIT_H
#define BLOCKATTN_PASSES_RAISE_MASKFIT_H

#include "passes/Raise/AttentionSite.h"
#include "passes/Raise/ValueNumbers.h"

namespace blockattn::raise {

/// What is added to a score so that its key has no weight.
constexpr double kMaskedScore = -9999.0;

/// How an argument of [batch, tokens] that marks padding says which keys are
/// there, as `count` of its elements are set in a row.
enum class PaddingRule {
  Each,      ///< by the key's own element
  First,     ///< the first `count` keys
  PastFirst, ///< the new keys, and so many of the first past ones as remain
  PastLast,  ///< the same of the last past ones
};

/// A mask that attention can say.
struct MaskFit {
  bool causal = false;
  int64_t window = 0;          ///< 0: none; as wide ahead if not causal
  mlir::BlockArgument padding; ///< the argument that marks padding, or null
  PaddingRule paddingRule = PaddingRule::Each;
  mlir::BlockArgument positions; ///< positions that pack sequences, or null
  /// For each head what is added to a score for each token that its key is
  /// ahead of its query, as ALiBi does; empty: nothing is.
  llvm::SmallVector<double> slopes;
  /// Whether padding is left out when tokens are counted for that.
  bool slopesSkipPadding = false;
  /// Why the mask is none of these; empty otherwise.
  Reason reason;
  /// What it is called in that case.
  llvm::StringRef otherName = "unknown";

  /// "none", "causal", "window", "two-sided window", "padding",
  /// "causal+padding", "causal+packed", ...; "chunked", "prefix" or "unknown"
  /// where there is a reason.
  std::string name() const;
  /// Whether query i of row `batch` sees key j in the setting.
  bool allows(const Setting &setting, int64_t batch, int64_t i,
              int64_t j) const;
  /// What is added to the score of query i of row `batch` and key j.
  double bias(const Setting &setting, int64_t batch, int64_t head, int64_t i,
              int64_t j) const;
};

/// Classifies masks by evaluating them.
class MaskFitter {
public:
  explicit MaskFitter(Subject &subject) : subject(subject), numbers(subject) {}

  MaskFit fit(AttentionSite &site);

  /// Sites of one number do the same to their products.
  unsigned numberOf(AttentionSite &site) {
    return numbers.of(site.scores, mlir::Value(site.product.getY()));
  }

  /// Whether the graph can be run with so many tokens: some take one at a time
  /// once there is a past. To be asked after fit().
  bool isRunnable(const Setting &setting) const {
    return !stepsOfOne || setting.past == 0 || setting.length <= 1;
  }

private:
  /// The scores' additive mask in one setting: 1 visible, 0 masked, -1 a bias.
  struct Observation {
    Setting setting;
    int64_t batch = 0, rows = 0, columns = 0;
    llvm::SmallVector<int8_t> states;
    int8_t at(int64_t b, int64_t i, int64_t j) const {
      return states[(b * rows + i) * columns + j];
    }
    std::string picture() const;
    /// Whether queries see the earlier keys of their chunks of `size` alone.
    bool isChunked(int64_t size) const;
    /// Whether all see the first `size` keys, and earlier ones.
    bool hasPrefix(int64_t size) const;
  };

  /// A length that matters to the mask, in proportion to a constant.
  struct Threshold {
    double length, number;
    mlir::Value constant;
  };

  MaskFit classify(AttentionSite &site);
  /// Without the bias of `fit`, which may be less than what is there.
  std::optional<Observation> observe(AttentionSite &site,
                                     const Setting &setting, const MaskFit &fit,
                                     Reason &reason);
  std::optional<Observation> observe(AttentionSite &site, Trial &trial,
                                     const MaskFit &fit, Reason &reason);
  bool fitSlopes(AttentionSite &site, MaskFit &fit);
  bool agrees(const Observation &seen, const MaskFit &fit);
  bool check(AttentionSite &site, MaskFit &fit,
             llvm::ArrayRef<Setting> settings, llvm::StringRef what);
  bool understandsArguments(AttentionSite &site, Reason &reason);
  bool fitShape(AttentionSite &site, MaskFit &fit);
  bool fitPadding(AttentionSite &site, MaskFit &fit);
  bool fitPositions(AttentionSite &site, MaskFit &fit);
  bool fitLengths(AttentionSite &site, MaskFit &fit);
  bool fitLength(AttentionSite &site, MaskFit &fit, int64_t total);
  bool fitLargeConstants(AttentionSite &site, MaskFit &fit);
  bool fitPieces(AttentionSite &site, MaskFit &fit, double reach);
  bool fitThreshold(AttentionSite &site, MaskFit &fit, const Threshold &at);
  /// The constants of one element that the mask is made with.
  llvm::SmallVector<std::pair<double, mlir::Value>>
  scalars(AttentionSite &site);
  llvm::SmallVector<Threshold> thresholds(AttentionSite &site,
                                          const MaskFit &fit);
  /// How many keys the last query sees; 0: all.
  static int64_t windowOf(const Observation &seen);
  void setDiffers(AttentionSite &site, MaskFit &fit, const Observation &seen);
  /// Says what else a mask is, where that has a name.
  void nameOther(AttentionSite &site, MaskFit &fit,
                 llvm::ArrayRef<Setting> settings);
  static void setChunked(MaskFit &fit, int64_t size);
  bool isChunkedBy(AttentionSite &site, const MaskFit &fit,
                   mlir::Value constant, int64_t value);
  std::optional<int64_t> windowWith(AttentionSite &site, const MaskFit &fit,
                                    mlir::Value constant, double value,
                                    bool &isOther, double reach = 0);
  std::optional<mlir::BlockArgument>
  onlyArgument(AttentionSite &site, ArgumentKind kind, Reason &reason);
  /// What the mask is computed from. Without sizes, what they are computed from
  /// is left out: of such values only the shape is used.
  llvm::SetVector<mlir::Value> slice(AttentionSite &site, bool sizes = true);

  Subject &subject;
  ValueNumbers numbers;
  bool stepsOfOne = false;
  /// Up to how many tokens without a past the last mask was tried.
  int64_t proven = 0;
  std::map<std::string, std::unique_ptr<Trial>> trials;
  /// By the number of the scores, where their product is given.
  llvm::DenseMap<unsigned, MaskFit> known;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_MASKFIT_H
