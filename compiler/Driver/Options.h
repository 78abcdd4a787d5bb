//===- Options.h - what a compilation is asked for --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_DRIVER_OPTIONS_H
#define BLOCKATTN_COMPILER_DRIVER_OPTIONS_H

#include <string>
#include <vector>

namespace blockattn {

/// What is written once the last phase has run.
enum class EmitKind {
  Artifact,
  /// The module as MLIR, weights by reference.
  Mlir,
  /// LLVM IR of the code for the host's baseline.
  Llvm,
  /// The ELF shared object for the host's baseline.
  Object,
  /// The kernels of target cuda.
  Ptx,
};

struct CompileOptions {
  /// cpu, cuda or cuda:sm_XX (Target.h); others are refused by name.
  std::string target = "cpu";
  /// Programs that must be there; empty: all that the model allows.
  std::vector<std::string> programs;
  std::string dtype = "f32";
  /// The last phase to run (its name in the phase table).
  std::string compileTo;
  EmitKind emit = EmitKind::Artifact;
  /// The assembler that makes cubins of PTX: a path, `none`, or empty for the
  /// one that is found.
  std::string ptxas;
  /// Attention as plain ops on whole score matrices: the reference that fast
  /// code is compared with. Without `extend`, whose cache it can't read.
  bool decomposeAttention = false;
  /// External data may lie outside the model's folder.
  bool allowOutsideData = false;
  /// Learned sink tokens; their table is an input of the programs of blocks.
  unsigned sinks = 0;
  /// Where they go: before every `block`, or as one `prefix` of each prompt.
  std::string sinkPlacement = "block";
  /// The artifact refers to weights in the model's files.
  bool referenceWeights = false;
  /// Writes the module after each phase to DIR/<n>-<phase>.mlir.
  std::string dumpPhases;
  /// Where the module and the pipeline are written when a pass fails.
  std::string crashReproducer;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_OPTIONS_H
