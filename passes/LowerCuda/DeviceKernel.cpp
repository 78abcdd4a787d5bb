//===- DeviceKernel.cpp - a kernel and its launch -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/Lower/Descriptor.h"
#include "passes/LowerCuda/DeviceBuilder.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

gpu::GPUModuleOp blockattn::deviceModule(ModuleOp module) {
  for (auto existing : module.getOps<gpu::GPUModuleOp>())
    return existing;
  module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(),
                  UnitAttr::get(module.getContext()));
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  return gpu::GPUModuleOp::create(b, module.getLoc(), "kernels");
}

void blockattn::declareSharedMemory(gpu::GPUModuleOp module, StringRef name) {
  if (module.lookupSymbol(name))
    return;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
  LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/false,
                         LLVM::Linkage::External, name, Attribute(),
                         /*alignment=*/16, kSharedMemory);
}

bool blockattn::waitsForOthers(Operation *kernel) {
  return kernel
      ->walk([](NVVM::GriddepcontrolOp op) {
        return op.getKind() == NVVM::GridDepActionKind::wait
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

StringRef blockattn::floatName(Type type) {
  return type.isF32() ? "f32" : type.isBF16() ? "bf16" : "f16";
}

gpu::LaunchOp blockattn::makeLaunch(KernelBuilder &b) {
  Value one = b.index(1);
  auto launch = gpu::LaunchOp::create(b, one, one, one, one, one, one);
  b.setInsertionPointToEnd(&launch.getBody().front());
  gpu::TerminatorOp::create(b);
  b.setInsertionPoint(launch.getBody().front().getTerminator());
  return launch;
}

/// The kernel's function, with an entry block that returns.
static gpu::GPUFuncOp makeFunction(ModuleOp module, Location loc,
                                   StringRef name, ArrayRef<int64_t> block) {
  OpBuilder b = OpBuilder::atBlockEnd(deviceModule(module).getBody());
  auto func = gpu::GPUFuncOp::create(b, loc, name, b.getFunctionType({}, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  SmallVector<int32_t> size(block);
  size.resize(3, 1);
  func.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr(size));
  b.setInsertionPointToEnd(&func.getBody().front());
  gpu::ReturnOp::create(b, loc);
  return func;
}

DeviceKernel::DeviceKernel(ModuleOp module, KernelBuilder &host,
                           ValueRange values, StringRef name,
                           ArrayRef<int64_t> block)
    : module(module), host(host),
      func(makeFunction(module, host.getLoc(), name, block)),
      device(host.getLoc(), func.getBody().front().getTerminator()),
      block(block.begin(), block.end()) {
  for (Value value : values)
    mapping.map(value, isa<MemRefType>(value.getType()) ? mapMemref(value)
                                                        : parameter(value));
}

/// A new parameter that gets `hostValue`.
Value DeviceKernel::parameter(Value hostValue, Type type) {
  if (!type)
    type = hostValue.getType();
  unsigned number = func.getNumArguments();
  arguments.push_back(hostValue);
  // A kernel has no results and no attributes that could stand in the way.
  (void)func.insertArgument(number, type, DictionaryAttr(), host.getLoc());
  return func.getArgument(number);
}

/// The same memref in the kernel.
Value DeviceKernel::mapMemref(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Type i64 = host.getI64Type();
  Type ptr = LLVM::LLVMPointerType::get(host.getContext());
  int64_t rank = type.getRank();
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  auto metadata = memref::ExtractStridedMetadataOp::create(host, memref);
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(
      host, metadata.getBaseBuffer());
  Value pointer = parameter(LLVM::IntToPtrOp::create(
      host, ptr, arith::IndexCastOp::create(host, i64, address).getResult()));
  auto known = [&](int64_t value, Value otherwise) -> Value {
    if (!ShapedType::isDynamic(value))
      return LLVM::ConstantOp::create(device, i64,
                                      device.getI64IntegerAttr(value));
    return castTo(device, parameter(otherwise), i64);
  };
  Value descriptor = LLVM::PoisonOp::create(device, descriptorType(type));
  auto insert = [&](Value value, ArrayRef<int64_t> position) {
    descriptor =
        LLVM::InsertValueOp::create(device, descriptor, value, position);
  };
  insert(pointer, {0});
  insert(pointer, {1});
  insert(known(offset, metadata.getOffset()), {2});
  // Row-major strides follow from the sizes.
  bool rowMajor = type.getLayout().isIdentity();
  Value stride = known(1, {});
  for (int64_t i = rank - 1; i >= 0; --i) {
    Value size = known(type.getDimSize(i), metadata.getSizes()[i]);
    insert(size, {3, i});
    insert(rowMajor ? stride : known(strides[i], metadata.getStrides()[i]),
           {4, i});
    if (rowMajor && i > 0)
      stride = LLVM::MulOp::create(device, stride, size);
  }
  return castTo(device, descriptor, type);
}

Value DeviceKernel::threadId(gpu::Dimension dimension) {
  return gpu::ThreadIdOp::create(device, dimension);
}

Value DeviceKernel::blockId(gpu::Dimension dimension) {
  return gpu::BlockIdOp::create(device, dimension);
}

void DeviceKernel::launch(ValueRange grid, Value sharedBytes) {
  auto at = [&](size_t i) { return i < grid.size() ? grid[i] : host.index(1); };
  auto size = [&](size_t i) {
    return host.index(i < block.size() ? block[i] : 1);
  };
  gpu::LaunchFuncOp::create(host, func, gpu::KernelDim3{at(0), at(1), at(2)},
                            gpu::KernelDim3{size(0), size(1), size(2)},
                            sharedBytes, arguments);
}
