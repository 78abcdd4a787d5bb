//===- Microsoft.cpp - the generated definitions of com.microsoft ops -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Microsoft.h"

#include "dialects/Onnx/OnnxAssembly.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/Onnx/Microsoft.cpp.inc"
