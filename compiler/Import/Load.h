//===- Load.h - reads a model file -------------------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_LOAD_H
#define BLOCKATTN_COMPILER_IMPORT_LOAD_H

#include "compiler/Import/Report.h"
#include "onnx.pb.h"

namespace blockattn {

/// Reads the model in whichever of the formats the file is. Returns false after
/// an error.
bool loadModel(llvm::StringRef path, ::onnx::ModelProto &model, Report &report);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_LOAD_H
