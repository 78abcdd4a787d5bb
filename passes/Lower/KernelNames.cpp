//===- KernelNames.cpp - what kernels are called --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelNames.h"
#include "dialects/Onnx/Location.h"
#include "passes/Lower/LoopAttributes.h"
#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace blockattn;

/// Each parameter of a kernel repeats its name in the PTX.
static constexpr size_t kLongestNode = 40;

StringRef blockattn::nodeOf(Operation *op) {
  if (StringRef name = onnx::nodeName(op->getLoc()); !name.empty())
    return name;
  StringRef last;
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      if (StringRef name = nodeOf(&inner); !name.empty())
        last = name;
  return last;
}

SmallVector<StringRef> blockattn::nodesOf(Operation *op) {
  SmallVector<StringRef> nodes;
  auto add = [&](Location loc) {
    if (StringRef name = onnx::nodeName(loc); !name.empty())
      nodes.push_back(name);
  };
  if (auto fused = dyn_cast<FusedLoc>(op->getLoc()))
    llvm::for_each(fused.getLocations(), add);
  else
    add(op->getLoc());
  return nodes;
}

std::string blockattn::nodeSuffix(Operation *op) {
  std::string text;
  for (char c : nodeOf(op)) {
    if (llvm::isAlnum(c))
      text += c;
    else if (!text.empty() && text.back() != '_')
      text += '_';
  }
  // The end of a path tells most, such as "layers.3/mlp/act/Mul".
  StringRef name = StringRef(text).rtrim('_');
  name = name.take_back(kLongestNode).ltrim('_');
  return name.empty() ? std::string() : ("_" + name).str();
}

/// Whether a body reads memory by itself, where an index that is data says.
static bool isGather(linalg::GenericOp op) {
  return op.getBody()
      ->walk([](memref::LoadOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

StringRef blockattn::actionOf(Operation *op) {
  if (op->hasAttr(kRowLoopsAttr))
    return "rows";
  if (op->hasAttr(kElementsAttr))
    return "elements";
  // What one thread does, which profiles should show, and what many do.
  if (auto launch = dyn_cast<gpu::LaunchOp>(op))
    return !launch->hasAttr(kPointsAttr) &&
                   getConstantIntValue(launch.getGridSizeX()) == 1
               ? "sequence"
               : "loops";
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic)
    return op->getName().stripDialect();
  if (generic.getNumReductionLoops() > 0)
    return "reduce";
  if (isGather(generic))
    return "gather";
  return generic.getBody()->without_terminator().empty() ? "move" : "map";
}
