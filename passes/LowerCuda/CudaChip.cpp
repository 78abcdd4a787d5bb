//===- CudaChip.cpp - what GPUs of an architecture have -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/CudaChip.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace blockattn;

/// A thread block of sm_80 can have 163 KiB, of sm_90 and sm_100 227 KiB; but
/// their code runs on sm_86, sm_89 and sm_120 as well.
static constexpr int64_t kSharedEverywhere = 99 * 1024;
static constexpr int64_t kSharedOfLargest = 227 * 1024;

static constexpr CudaChip chips[] = {
    // What is compiled without a named architecture is for sm_80, and mostly
    // runs on Hopper.
    {"sm_80", "+ptx70", kSharedEverywhere, 132, false, false},
    {"sm_86", "+ptx71", kSharedEverywhere, 84, false, false},
    {"sm_89", "+ptx78", kSharedEverywhere, 142, false, false},
    {"sm_90", "+ptx78", kSharedEverywhere, 132, true, false},
    {"sm_90a", "+ptx80", kSharedOfLargest, 132, true, true},
    {"sm_100", "+ptx86", kSharedEverywhere, 148, true, false},
    {"sm_100a", "+ptx86", kSharedOfLargest, 148, true, false},
    {"sm_120", "+ptx87", kSharedEverywhere, 188, true, false},
};

ArrayRef<CudaChip> blockattn::cudaChips() { return chips; }

const CudaChip *blockattn::findCudaChip(StringRef name) {
  const CudaChip *found =
      llvm::find_if(chips, [&](const CudaChip &c) { return c.name == name; });
  return found == std::end(chips) ? nullptr : found;
}

const CudaChip *blockattn::requireCudaChip(Operation *op, StringRef name) {
  const CudaChip *chip = findCudaChip(name);
  if (!chip) {
    InFlightDiagnostic diag = op->emitError("there is no architecture '")
                              << name << "'; those known are ";
    llvm::interleaveComma(chips, diag,
                          [&](const CudaChip &c) { diag << c.name; });
  }
  return chip;
}
