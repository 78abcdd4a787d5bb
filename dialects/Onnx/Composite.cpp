//===- Composite.cpp - the generated definitions of composite ops ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Composite.h"

#include "dialects/Onnx/OnnxAssembly.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/Onnx/Composite.cpp.inc"
