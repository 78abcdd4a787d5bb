//===- AttentionLaunch.cpp - attention kernels as the host sees them ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionEmitter.h"
#include "passes/LowerCuda/DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// The kernel's view of a value of the host: a constant where it is one, a
/// parameter otherwise.
Value AttentionEmitter::parameter(Value value, Type type) {
  Value &known = parameters[{value, type}];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&kernel.getBody().front());
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return known =
               arith::ConstantOp::create(b, b.getIntegerAttr(type, *constant));
  unsigned number = kernel.getNumArguments();
  (void)kernel.insertArgument(number, type, DictionaryAttr(), op.getLoc());
  if (isa<IndexType>(value.getType()))
    value = arith::IndexCastOp::create(host, op.getLoc(), type, value);
  arguments.push_back(value);
  return known = kernel.getArgument(number);
}

Value AttentionEmitter::hostDim(Value memref, int64_t i) {
  return host.createOrFold<memref::DimOp>(op.getLoc(), memref, i);
}

/// The address of a memref's first element.
Value AttentionEmitter::pointerParameter(Value memref) {
  Value &known = pointers[memref];
  if (known)
    return known;
  Location loc = op.getLoc();
  auto type = cast<MemRefType>(memref.getType());
  Type i64 = host.getI64Type();
  Value address = arith::IndexCastOp::create(
      host, loc, i64,
      memref::ExtractAlignedPointerAsIndexOp::create(host, loc, memref)
          .getResult());
  auto [strides, offset] = type.getStridesAndOffset();
  if (offset != 0) {
    auto metadata = memref::ExtractStridedMetadataOp::create(host, loc, memref);
    Value bytes = arith::MulIOp::create(
        host, loc,
        arith::IndexCastOp::create(host, loc, i64, metadata.getOffset())
            .getResult(),
        arith::ConstantOp::create(
            host, loc,
            host.getI64IntegerAttr(std::max(8u, type.getElementTypeBitWidth()) /
                                   8)));
    address = arith::AddIOp::create(host, loc, address, bytes);
  }
  Type generic = LLVM::LLVMPointerType::get(host.getContext());
  Value pointer =
      parameter(LLVM::IntToPtrOp::create(host, loc, generic, address), generic);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&kernel.getBody().front());
  return known = LLVM::AddrSpaceCastOp::create(b, b.pointer(kGlobalMemory),
                                               pointer);
}

Value AttentionEmitter::strideOf(Value memref, int64_t i) {
  auto type = cast<MemRefType>(memref.getType());
  int64_t stride = type.getStridesAndOffset().first[i];
  int64_t bytes = std::max(8u, type.getElementTypeBitWidth()) / 8;
  if (!ShapedType::isDynamic(stride))
    return b.i64(stride * bytes);
  auto metadata =
      memref::ExtractStridedMetadataOp::create(host, op.getLoc(), memref);
  return b.mul(parameter(metadata.getStrides()[i], b.getI64Type()), bytes);
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

std::pair<Value, Value> AttentionEmitter::grid(KernelBuilder &h) {
  Value batch = hostDim(op.getQuery(), 0), heads = hostDim(op.getQuery(), 2),
        kvHeads = hostDim(op.getKey(), 2),
        numQueries = hostDim(op.getQuery(), 1);
  // Empty extents leave no thread block, but must not divide by zero before.
  Value one = h.index(1);
  Value rows = h.mul(numQueries, h.div(heads, h.max(kvHeads, one)));
  Value tiles = h.ceilDiv(rows, geometry().tileRows);
  return {h.mul(tiles, h.mul(batch, kvHeads)),
          workspaceOf(op) ? attentionSplits(h, op) : one};
}

void AttentionEmitter::launch() {
  KernelBuilder h(op.getLoc(), op);
  Value one = h.index(1);
  auto [x, y] = grid(h);
  gpu::LaunchFuncOp::create(
      h, kernel, gpu::KernelDim3{x, y, one},
      gpu::KernelDim3{h.index(geometry().threads), one, one},
      h.i32(geometry().sharedBytes), arguments);
}

void AttentionEmitter::emit() {
  declareSharedMemory(kernel->getParentOfType<gpu::GPUModuleOp>(),
                      "attention_shared");
  Geometry shape = geometry();
  kernel.setKnownBlockSizeAttr(
      b.getDenseI32ArrayAttr({int32_t(shape.threads), 1, 1}));
  kernel->setAttr("nvvm.minctasm", b.getI32IntegerAttr(shape.residents));
  emitBody();
  launch();
}
