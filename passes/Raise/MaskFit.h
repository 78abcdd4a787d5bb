//===- MaskFit.h - what a mask forbids --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_RAISE_MASKFIT_H
#define BLOCKATTN_PASSES_RAISE_MASKFIT_H

#include "passes/Raise/AttentionSite.h"

#include <map>

namespace blockattn::raise {

/// A mask that attention can say.
struct MaskFit {
  bool causal = false;
  int64_t window = 0;            ///< 0: none
  mlir::BlockArgument padding;   ///< the argument that marks padding, or null
  mlir::BlockArgument positions; ///< positions that pack sequences, or null
  /// Why the mask is none of these; empty otherwise.
  Reason reason;

  /// "none", "causal", "window", "padding", "causal+padding", "causal+packed",
  /// ..., or "unknown".
  std::string name() const;
  /// Whether query i of row `batch` sees key j in the setting.
  bool allows(const Setting &setting, int64_t batch, int64_t i,
              int64_t j) const;
};

/// Classifies masks by evaluating them.
class MaskFitter {
public:
  explicit MaskFitter(Subject &subject) : subject(subject) {}

  MaskFit fit(AttentionSite &site);

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
  };

  MaskFit classify(AttentionSite &site);
  std::optional<Observation> observe(AttentionSite &site,
                                     const Setting &setting, Reason &reason);
  std::optional<Observation> observe(AttentionSite &site, Trial &trial,
                                     Reason &reason);
  bool agrees(const Observation &seen, const MaskFit &fit);
  bool check(AttentionSite &site, MaskFit &fit,
             llvm::ArrayRef<Setting> settings, llvm::StringRef what);
  bool understandsArguments(AttentionSite &site, Reason &reason);
  bool fitShape(AttentionSite &site, MaskFit &fit);
  bool fitPadding(AttentionSite &site, MaskFit &fit);
  bool fitPositions(AttentionSite &site, MaskFit &fit);
  bool fitLargeConstants(AttentionSite &site, MaskFit &fit);
  std::optional<int64_t> windowWith(AttentionSite &site, mlir::Value constant,
                                    int64_t value);
  std::optional<mlir::BlockArgument>
  onlyArgument(AttentionSite &site, ArgumentKind kind, Reason &reason);
  /// What the mask is computed from. Without sizes, what they are computed from
  /// is left out: of such values only the shape is used.
  llvm::SetVector<mlir::Value> slice(AttentionSite &site, bool sizes = true);

  Subject &subject;
  std::map<std::string, std::unique_ptr<Trial>> trials;
  std::map<std::string, MaskFit> known;
};

} // namespace blockattn::raise

#endif // BLOCKATTN_PASSES_RAISE_MASKFIT_H
