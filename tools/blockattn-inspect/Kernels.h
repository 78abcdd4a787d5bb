//===- Kernels.h - the kernels in a code section ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_TOOLS_BLOCKATTN_INSPECT_KERNELS_H
#define BLOCKATTN_TOOLS_BLOCKATTN_INSPECT_KERNELS_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace blockattn::tools {

/// The functions of an ELF object (little-endian, 64 bits) that are kernels,
/// with the bytes of their code; the bodies of a kernel's loops count as part
/// of it. Those of a GPU's object are the functions that it exports. Empty for
/// anything else.
std::map<std::string, uint64_t> kernelsOf(std::string_view object);

} // namespace blockattn::tools

#endif // BLOCKATTN_TOOLS_BLOCKATTN_INSPECT_KERNELS_H
