//===- DimNames.h - names of dimensions that can't be meant -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_DIMNAMES_H
#define BLOCKATTN_COMPILER_IMPORT_DIMNAMES_H

#include "llvm/ADT/StringMap.h"
#include <string>

namespace onnx {
class GraphProto;
} // namespace onnx

namespace blockattn {

/// Names of dimensions of a graph's inputs and outputs that say less than is
/// meant, and what is meant. Some exporters (Optimum up to 1.20) declare an
/// attention mask as [batch, "past_sequence_length + 1"] though as many new
/// tokens as one likes are taken: the 1 is the number of tokens of the example
/// that they exported with. It is the length of the token input.
llvm::StringMap<std::string> meantDimNames(const ::onnx::GraphProto &graph);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_DIMNAMES_H
