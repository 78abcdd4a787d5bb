//===- OnnxOps.cpp - the generated definitions of the ops -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kept apart from the verifiers and folders (OnnxOps<family>.cpp): the
// generated code is long, and changes seldom.
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Onnx.h"
#include "dialects/Onnx/OnnxAssembly.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/Onnx/OnnxOps.cpp.inc"
