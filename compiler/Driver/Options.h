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
};

struct CompileOptions {
  /// `cpu`; others are refused by name.
  std::string target = "cpu";
  /// Programs that must be there; empty: all that the model allows.
  std::vector<std::string> programs;
  std::string dtype = "f32";
  /// The last phase to run (its name in the phase table).
  std::string compileTo;
  EmitKind emit = EmitKind::Artifact;
  /// Attention as plain ops on whole score matrices: the reference that fast
  /// code is compared with. Without `extend`, whose cache it can't read.
  bool decomposeAttention = false;
  /// External data may lie outside the model's folder.
  bool allowOutsideData = false;
  /// Learned sink tokens at every block; the table is an input of the programs.
  unsigned sinks = 0;
  /// Writes the module after each phase to DIR/<n>-<phase>.mlir.
  std::string dumpPhases;
  /// Where the module and the pipeline are written when a pass fails.
  std::string crashReproducer;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_DRIVER_OPTIONS_H
