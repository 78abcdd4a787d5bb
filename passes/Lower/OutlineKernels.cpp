//===- OutlineKernels.cpp - one function for all computations alike -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/KernelNames.h"
#include "passes/Lower/Passes.h"
#include "passes/Lower/RuntimeCalls.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

#include "llvm/ADT/StringMap.h"

namespace blockattn {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace blockattn;

namespace {
struct OutlineKernels
    : public blockattn::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override;
  void outline(Operation *op, func::FuncOp host);
  func::FuncOp makeKernel(Operation *op, ValueRange inputs,
                          ArrayRef<Operation *> constants);

  /// Kernels by their text.
  llvm::StringMap<func::FuncOp> kernels;
};
} // namespace

static bool isKernel(Operation *op) {
  if (isa<AttentionKernelOp, gpu::LaunchOp>(op))
    return true;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.hasPureBufferSemantics();
}

/// The layer of the cache that an attention reads. It is handed over as a
/// value, since layers differ in nothing else.
static std::optional<int64_t> layerOf(Operation *op) {
  auto attention = dyn_cast<AttentionKernelOp>(op);
  return attention ? attention.getLayer() : std::nullopt;
}

func::FuncOp OutlineKernels::makeKernel(Operation *op, ValueRange inputs,
                                        ArrayRef<Operation *> constants) {
  OpBuilder b(op->getContext());
  auto type = b.getFunctionType(inputs.getTypes(), {});
  auto kernel = func::FuncOp::create(op->getLoc(), "kernel", type);
  kernel.setPrivate();
  kernel->setAttr(kKernelAttr, b.getUnitAttr());
  Block *entry = kernel.addEntryBlock();
  IRMapping mapping;
  mapping.map(inputs, entry->getArguments());
  b.setInsertionPointToStart(entry);
  for (Operation *constant : constants)
    b.clone(*constant, mapping);
  Operation *clone = b.clone(*op, mapping);
  func::ReturnOp::create(b, op->getLoc());
  execOf(kernel);
  // The layer's number is the last input: see outline().
  if (layerOf(op)) {
    cast<AttentionKernelOp>(clone).setLayer(0);
    clone->setAttr(kLayerArgumentAttr,
                   b.getI64IntegerAttr(kernel.getNumArguments() - 1));
  }
  return kernel;
}

void OutlineKernels::outline(Operation *op, func::FuncOp host) {
  llvm::SetVector<Value> used;
  for (Value operand : op->getOperands())
    used.insert(operand);
  getUsedValuesDefinedAbove(op->getRegions(), used);
  // A value may come in through a scalar operand as well: constants go along,
  // so that kernels are specialised for them.
  SmallVector<Value> inputs;
  SmallVector<Operation *> constants;
  for (Value value : used) {
    Operation *producer = value.getDefiningOp();
    if (producer && producer->hasTrait<OpTrait::ConstantLike>())
      constants.push_back(producer);
    else
      inputs.push_back(value);
  }
  if (std::optional<int64_t> layer = layerOf(op)) {
    OpBuilder b(op);
    inputs.push_back(arith::ConstantIndexOp::create(b, op->getLoc(), *layer));
  }
  func::FuncOp kernel = makeKernel(op, inputs, constants);

  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel.print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
  auto [entry, isNew] = kernels.try_emplace(text, kernel);
  if (isNew) {
    // Of the operations alike the first one names it.
    kernel.setName(("kernel_" + Twine(kernels.size() - 1) + "_" + actionOf(op) +
                    nodeSuffix(op))
                       .str());
    // Symbols of a program cannot clash: they have other prefixes.
    getOperation().push_back(kernel);
  } else {
    kernel.erase();
  }

  OpBuilder b(op);
  SmallVector<Value> arguments{execOf(host)};
  llvm::append_range(arguments, inputs);
  func::CallOp::create(b, op->getLoc(), entry->second, arguments);
  op->erase();
}

void OutlineKernels::runOnOperation() {
  kernels.clear();
  ModuleOp module = getOperation();
  SmallVector<std::pair<Operation *, func::FuncOp>> ops;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func->hasAttr(kKernelAttr))
      continue;
    func.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        OpBuilder b(copy);
        op = linalg::CopyOp::create(b, copy.getLoc(), copy.getSource(),
                                    copy.getTarget());
        copy.erase();
      }
      if (!isKernel(op))
        return WalkResult::advance();
      ops.push_back({op, func});
      // What is in a launch goes with it.
      return WalkResult::skip();
    });
  }
  for (auto [op, func] : ops)
    outline(op, func);
}
