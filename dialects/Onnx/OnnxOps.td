//===- OnnxOps.td - all ops of the onnx dialect ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_OPS_TD
#define BLOCKATTN_DIALECTS_ONNX_OPS_TD

include "dialects/Onnx/OnnxControl.td"
include "dialects/Onnx/OnnxElementwise.td"
include "dialects/Onnx/OnnxNN.td"
include "dialects/Onnx/OnnxReduction.td"
include "dialects/Onnx/OnnxTensor.td"

#endif // BLOCKATTN_DIALECTS_ONNX_OPS_TD
