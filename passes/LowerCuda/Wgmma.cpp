//===- Wgmma.cpp - the instructions of Hopper's tensor cores --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Wgmma.h"
#include "passes/LowerCuda/DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

Value blockattn::placeInPanelRow(DeviceBuilder &b, Value row, Value piece) {
  Value exchanged =
      arith::XOrIOp::create(b, b.bitAnd(piece, 7), b.bitAnd(row, 7));
  return b.mul(exchanged, 16);
}

Value blockattn::wgmmaDescriptor(DeviceBuilder &b, Value address,
                                 int64_t leadingBytes) {
  int64_t eightRows = 8 * kPanelRowBytes;
  uint64_t fixed = uint64_t(1) << 62 | uint64_t(eightRows >> 4) << 32 |
                   uint64_t(leadingBytes >> 4) << 16;
  Value bits = LLVM::PtrToIntOp::create(b, b.getI64Type(), address);
  Value place = b.div(b.bitAnd(bits, 0x3ffff), 16);
  return LLVM::OrOp::create(b, place, b.i64(int64_t(fixed)));
}

std::string blockattn::wgmmaInstruction(Type element, int64_t columns) {
  std::string type = floatName(element).str();
  return "wgmma.mma_async.sync.aligned.m64n" + std::to_string(columns) +
         "k16.f32." + type + "." + type + " ";
}

const char *const blockattn::kWgmmaScope =
    "{\n.reg .pred replace, accumulate;\n.reg .b32 zero;\n"
    ".reg .b64 left, right;\nmov.b32 zero, 0;\n"
    "setp.ne.b32 replace, zero, 0;\nsetp.eq.b32 accumulate, zero, 0;\n";

std::string blockattn::assemblyRegisters(int64_t first, int64_t count) {
  std::string text;
  for (int64_t i = first; i < first + count; ++i)
    text += (i == first ? "$" : ", $") + std::to_string(i);
  return text;
}

SmallVector<Value> blockattn::inlineAssembly(DeviceBuilder &b, StringRef text,
                                             StringRef inputs, ValueRange tied,
                                             ValueRange operands,
                                             int64_t results) {
  SmallVector<std::string> constraints(results, "=f");
  for (size_t i = 0; i < tied.size(); ++i)
    constraints.push_back(std::to_string(i));
  for (char letter : inputs)
    constraints.push_back(std::string(1, letter));
  if (!results)
    constraints.push_back("~{memory}");
  Type type;
  if (results)
    type = LLVM::LLVMStructType::getLiteral(
        b.getContext(), SmallVector<Type>(results, b.getF32Type()));
  SmallVector<Value> all(tied.begin(), tied.end());
  all.append(operands.begin(), operands.end());
  auto op = LLVM::InlineAsmOp::create(
      b, type ? TypeRange(type) : TypeRange(), all, b.getStringAttr(text),
      b.getStringAttr(llvm::join(constraints, ",")),
      /*has_side_effects=*/b.getUnitAttr(), /*is_align_stack=*/UnitAttr(),
      LLVM::TailCallKindAttr::get(b.getContext(), LLVM::TailCallKind::None),
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
  SmallVector<Value> values;
  for (int64_t i = 0; i < results; ++i)
    values.push_back(LLVM::ExtractValueOp::create(b, op.getRes(), i));
  return values;
}

SmallVector<Value> blockattn::awaitWgmma(DeviceBuilder &b, int64_t inFlight,
                                         ValueRange values, ValueRange read) {
  return inlineAssembly(
      b, "wgmma.wait_group.sync.aligned " + std::to_string(inFlight) + ";",
      std::string(read.size(), 'r'), values, read, values.size());
}

void blockattn::fenceForWgmma(DeviceBuilder &b) {
  NVVM::FenceProxyOp::create(
      b, NVVM::ProxyKind::async_shared,
      NVVM::SharedSpaceAttr::get(b.getContext(),
                                 NVVM::SharedSpace::shared_cta));
}
