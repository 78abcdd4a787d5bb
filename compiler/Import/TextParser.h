//===- TextParser.h - ONNX's textual syntax ----------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_TEXTPARSER_H
#define BLOCKATTN_COMPILER_IMPORT_TEXTPARSER_H

#include "compiler/Import/Report.h"
#include "onnx.pb.h"

namespace blockattn {

/// Parses a model in the syntax of onnx.parser and onnx.printer. Returns false
/// after an error, which says line and column.
bool parseOnnxText(llvm::StringRef path, llvm::StringRef text,
                   ::onnx::ModelProto &model, Report &report);

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_TEXTPARSER_H
