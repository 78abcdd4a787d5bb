//===- Cycles.h - nodes that need one another --------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_CYCLES_H
#define BLOCKATTN_COMPILER_IMPORT_CYCLES_H

#include "onnx.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <vector>

namespace blockattn {

using NodeList = google::protobuf::RepeatedPtrField<::onnx::NodeProto>;

/// Calls `use` for each name that the node reads from around it: its own
/// inputs, and what its subgraphs use and do not define themselves.
void forEachUse(const ::onnx::NodeProto &node,
                llvm::function_ref<void(llvm::StringRef)> use);

/// The nodes in an order in which each comes after those whose outputs it uses,
/// and otherwise in the one that they have. ONNX asks for such an order, but
/// not every tool leaves nodes in one. Cycles are broken somewhere.
std::vector<int> findOrder(const NodeList &nodes,
                           const llvm::StringMap<int> &producers);

/// Finds nodes that can never run, since they wait for one another. `producers`
/// has the node of each name. For every node: whether it lies on a cycle, and
/// in `cycle` the nodes of one such cycle, in order.
std::vector<bool> findCycle(const NodeList &nodes,
                            const llvm::StringMap<int> &producers,
                            std::vector<int> &cycle);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_CYCLES_H
