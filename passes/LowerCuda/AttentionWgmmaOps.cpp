//===- AttentionWgmmaOps.cpp - attention on Hopper: its instructions ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product is one piece of assembly over all of its steps. The values that it
// is to give are passed through the wait for it, so that nothing uses them
// earlier.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionWgmma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

/// Assembly that gives `results` f32 values. The first operands are `tied`:
/// each becomes the result of its number. `inputs`: constraints of the others,
/// a letter each.
AttentionEmitter::Values WgmmaAttention::asmOn(StringRef text, StringRef inputs,
                                               ValueRange tied,
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
  Values all(tied.begin(), tied.end());
  all.append(operands.begin(), operands.end());
  auto op = LLVM::InlineAsmOp::create(
      b, type ? TypeRange(type) : TypeRange(), all, b.getStringAttr(text),
      b.getStringAttr(llvm::join(constraints, ",")),
      /*has_side_effects=*/b.getUnitAttr(), /*is_align_stack=*/UnitAttr(),
      LLVM::TailCallKindAttr::get(b.getContext(), LLVM::TailCallKind::None),
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
  Values values;
  for (int64_t i = 0; i < results; ++i)
    values.push_back(LLVM::ExtractValueOp::create(b, op.getRes(), i));
  return values;
}

/// "$first, $first+1, ..."
static std::string registers(int64_t first, int64_t count) {
  std::string text;
  for (int64_t i = first; i < first + count; ++i)
    text += (i == first ? "$" : ", $") + std::to_string(i);
  return text;
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

Value WgmmaAttention::barrierOf(Operand16 which, bool empty, Value number) {
  Value stage = b.rem(number, kStages);
  return b.offset(barriers,
                  b.add(b.mul(stage, 8), 8 * kStages * (2 * which + empty)));
}

void WgmmaAttention::waitFor(Value barrier, Value parity) {
  // A thread that waits longer than this looks again.
  NVVM::MBarrierTryWaitParityOp::create(b, barrier, parity, b.i32(10000000));
}

void WgmmaAttention::fenceShared() {
  NVVM::FenceProxyOp::create(
      b, NVVM::ProxyKind::async_shared,
      NVVM::SharedSpaceAttr::get(b.getContext(),
                                 NVVM::SharedSpace::shared_cta));
}

/// Waits for a tile of the producer. Its copies are ordinary accesses of
/// memory, and the tensor cores' are of another kind.
void WgmmaAttention::awaitTile(Operand16 which, Value number) {
  waitFor(barrierOf(which, /*empty=*/false, number),
          b.bitAnd(b.div(number, kStages), 1));
  fenceShared();
}

/// Gives the place of a tile back. Without a branch, which would end the run of
/// products in flight.
void WgmmaAttention::release(Operand16 which, Value number) {
  asmOn("{\n.reg .pred p;\nsetp.eq.u32 p, $1, 0;\n"
        "@p mbarrier.arrive.shared::cta.b64 _, [$0];\n}",
        "lr", {}, {barrierOf(which, /*empty=*/true, number), lane}, 0);
}

/// The teams take turns to issue products, when there are several.
void WgmmaAttention::takeTurn(bool begin) {
  Value next = b.add(team, 1);
  next = b.select(b.equal(next, activeTeams), b.i32(0), next);
  Value id = b.add(begin ? team : next, 1);
  // Those that wait and those that let them go on.
  std::string threads = std::to_string(2 * kTeamThreads);
  asmOn("{\n.reg .pred p;\nsetp.gt.u32 p, $1, 1;\n@p " +
            std::string(begin ? "bar.sync" : "bar.arrive") + " $0, " + threads +
            ";\n}",
        "rr", {}, {id, activeTeams}, 0);
}

/// Of a team's threads.
void WgmmaAttention::queryBarrier() {
  if (role == kTeam)
    NVVM::BarrierOp::create(b, TypeRange(), b.add(team, 1 + teams),
                            b.i32(kTeamThreads), NVVM::BarrierReductionAttr(),
                            Value());
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A matrix in shared memory in panels with 128 bytes a row; `leadingBytes`
/// from panel to panel, where the product runs along them.
Value WgmmaAttention::descriptor(Value address, int64_t leadingBytes) {
  int64_t eightRows = 8 * kRowBytes;
  uint64_t fixed = uint64_t(1) << 62 | uint64_t(eightRows >> 4) << 32 |
                   uint64_t(leadingBytes >> 4) << 16;
  Value bits = LLVM::PtrToIntOp::create(b, b.getI64Type(), address);
  Value place = b.div(b.bitAnd(bits, 0x3ffff), 16);
  return LLVM::OrOp::create(b, place, b.i64(int64_t(fixed)));
}

Value WgmmaAttention::tileDescriptor(Operand16 which, Value number) {
  return b.add(tileDescriptors[which],
               b.mul(b.wide(b.rem(number, kStages)), tileBytes(which) >> 4));
}

std::string WgmmaAttention::instruction(int64_t columns) const {
  std::string type = element.isBF16() ? "bf16" : "f16";
  return "wgmma.mma_async.sync.aligned.m64n" + std::to_string(columns) +
         "k16.f32." + type + "." + type + " ";
}

/// Predicates that say whether a product is added to what is there.
static constexpr const char *kPredicates =
    "{\n.reg .pred replace, accumulate;\n.reg .b32 zero;\n"
    ".reg .b64 left, right;\nmov.b32 zero, 0;\n"
    "setp.ne.b32 replace, zero, 0;\nsetp.eq.b32 accumulate, zero, 0;\n";

/// Queries times the keys of a tile, in flight.
AttentionEmitter::Values WgmmaAttention::scores(Value number) {
  int64_t count = keyTile / 2;
  std::string text = kPredicates;
  for (int64_t d = 0; d < headSize; d += 16) {
    int64_t panel = d / 64, inside = d % 64 * 2 >> 4;
    auto step = [&](const char *name, int64_t operand, int64_t bytes) {
      text += "add.s64 " + std::string(name) + ", $" + std::to_string(operand) +
              ", " + std::to_string((panel * bytes >> 4) + inside) + ";\n";
    };
    step("left", count, kTeamRows * kRowBytes);
    step("right", count + 1, panelBytes());
    text += instruction(keyTile) + "{" + registers(0, count) +
            "}, left, right, " + (d ? "accumulate" : "replace") +
            ", 1, 1, 0, 0;\n";
  }
  NVVM::WgmmaFenceAlignedOp::create(b);
  Values results =
      asmOn(text + "}", "ll", {},
            {queryDescriptor, tileDescriptor(kKeys, number)}, count);
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  return results;
}

/// Outputs plus weights times the values of a tile, in flight.
AttentionEmitter::Values WgmmaAttention::addProduct(ValueRange weights,
                                                    Value number,
                                                    ValueRange outputs) {
  int64_t count = outputs.size();
  std::string text = kPredicates;
  for (int64_t key = 0; key < keyTile; key += 16) {
    text += "add.s64 right, $" +
            std::to_string(2 * count + int64_t(weights.size())) + ", " +
            std::to_string(key * kRowBytes >> 4) + ";\n";
    text += instruction(valueSize) + "{" + registers(0, count) + "}, {" +
            registers(2 * count + key / 4, 4) +
            "}, right, accumulate, 1, 1, 1;\n";
  }
  NVVM::WgmmaFenceAlignedOp::create(b);
  Values operands(weights.begin(), weights.end());
  operands.push_back(tileDescriptor(kValues, number));
  Values results = asmOn(text + "}", std::string(weights.size(), 'r') + "l",
                         outputs, operands, count);
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  return results;
}

/// Waits until at most so many products are in flight; `values` are results of
/// one that is not, and `read` what it reads of registers, which must not be
/// given to anything else before.
AttentionEmitter::Values WgmmaAttention::awaitProducts(int64_t inFlight,
                                                       ValueRange values,
                                                       ValueRange read) {
  return asmOn("wgmma.wait_group.sync.aligned " + std::to_string(inFlight) +
                   ";",
               std::string(read.size(), 'r'), values, read, values.size());
}
