//===- AttentionWgmmaOps.cpp - attention on Hopper: its instructions ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product is one piece of assembly over all of its steps.
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/AttentionWgmma.h"
#include "passes/LowerCuda/Wgmma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

Value WgmmaAttention::barrierOf(Operand16 which, bool empty, Value number) {
  Value stage = b.rem(number, stages);
  return b.offset(barriers,
                  b.add(b.mul(stage, 8), 8 * stages * (2 * which + empty)));
}

void WgmmaAttention::waitFor(Value barrier, Value parity) {
  // A thread that waits longer than this looks again.
  NVVM::MBarrierTryWaitParityOp::create(b, barrier, parity, b.i32(10000000));
}

/// Waits for a tile of the producer. Its copies are ordinary accesses of
/// memory, and the tensor cores' are of another kind.
void WgmmaAttention::awaitTile(Operand16 which, Value number) {
  waitFor(barrierOf(which, /*empty=*/false, number),
          b.bitAnd(b.div(number, stages), 1));
  if (!announcesLate)
    fenceForWgmma(b);
}

/// Gives the place of a tile back. Without a branch, which would end the run of
/// products in flight.
void WgmmaAttention::release(Operand16 which, Value number) {
  inlineAssembly(b,
                 "{\n.reg .pred p;\nsetp.eq.u32 p, $1, 0;\n"
                 "@p mbarrier.arrive.shared::cta.b64 _, [$0];\n}",
                 "lr", {}, {barrierOf(which, /*empty=*/true, number), lane}, 0);
}

/// The teams take turns to issue products, when there are several. Of four, one
/// always has products under way: turns would only make the others wait.
void WgmmaAttention::takeTurn(bool begin) {
  if (teams == 4)
    return;
  Value next = b.add(team, 1);
  next = b.select(b.equal(next, activeTeams), b.i32(0), next);
  Value id = b.add(begin ? team : next, 1);
  // Those that wait and those that let them go on.
  std::string threads = std::to_string(2 * kTeamThreads);
  inlineAssembly(b,
                 "{\n.reg .pred p;\nsetp.gt.u32 p, $1, 1;\n@p " +
                     std::string(begin ? "bar.sync" : "bar.arrive") + " $0, " +
                     threads + ";\n}",
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

Value WgmmaAttention::tileDescriptor(Operand16 which, Value number) {
  return b.add(tileDescriptors[which],
               b.mul(b.wide(b.rem(number, stages)), tileBytes(which) >> 4));
}

/// Queries times the keys of a tile, in flight.
AttentionEmitter::Values WgmmaAttention::scores(Value number) {
  int64_t count = keyTile / 2;
  std::string text = kWgmmaScope;
  for (int64_t d = 0; d < headSize; d += 16) {
    int64_t panel = d / 64, inside = d % 64 * 2 >> 4;
    auto step = [&](const char *name, int64_t operand, int64_t bytes) {
      text += "add.s64 " + std::string(name) + ", $" + std::to_string(operand) +
              ", " + std::to_string((panel * bytes >> 4) + inside) + ";\n";
    };
    step("left", count, kTeamRows * kRowBytes);
    step("right", count + 1, panelBytes());
    text += wgmmaInstruction(element, keyTile) + "{" +
            assemblyRegisters(0, count) + "}, left, right, " +
            (d ? "accumulate" : "replace") + ", 1, 1, 0, 0;\n";
  }
  NVVM::WgmmaFenceAlignedOp::create(b);
  Values results =
      inlineAssembly(b, text + "}", "ll", {},
                     {queryDescriptor, tileDescriptor(kKeys, number)}, count);
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  return results;
}

/// Outputs plus weights times the values of a tile, in flight.
AttentionEmitter::Values WgmmaAttention::addProduct(ValueRange weights,
                                                    Value number,
                                                    ValueRange outputs) {
  int64_t count = outputs.size();
  std::string text = kWgmmaScope;
  for (int64_t key = 0; key < keyTile; key += 16) {
    text += "add.s64 right, $" +
            std::to_string(2 * count + int64_t(weights.size())) + ", " +
            std::to_string(key * kRowBytes >> 4) + ";\n";
    text += wgmmaInstruction(element, valueSize) + "{" +
            assemblyRegisters(0, count) + "}, {" +
            assemblyRegisters(2 * count + key / 4, 4) +
            "}, right, accumulate, 1, 1, 1;\n";
  }
  NVVM::WgmmaFenceAlignedOp::create(b);
  Values operands(weights.begin(), weights.end());
  operands.push_back(tileDescriptor(kValues, number));
  Values results =
      inlineAssembly(b, text + "}", std::string(weights.size(), 'r') + "l",
                     outputs, operands, count);
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  return results;
}
