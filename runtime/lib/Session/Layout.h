//===- Layout.h - how packed tokens are divided into blocks -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_LAYOUT_H
#define BLOCKATTN_RUNTIME_SESSION_LAYOUT_H

#include "Support/Status.h"

#include <cstdint>
#include <vector>

namespace blockattn::rt {

/// A checked layout in the form that compiled code takes: rows of start,
/// is_global, segment.
class Layout {
public:
  /// Checks all that can be known without the number of tokens, and makes the
  /// last block of each segment global.
  static Expected<Layout> make(const ba_block *blocks, size_t count);
  /// One prompt: local blocks and a global last one.
  static Expected<Layout> make(const int64_t *starts, size_t count);

  /// Every block has a token.
  Status checkTokens(int64_t tokens) const;

  size_t blocks() const { return rows.size() / 3; }
  const std::vector<int64_t> &table() const { return rows; }

private:
  std::vector<int64_t> rows;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_LAYOUT_H
