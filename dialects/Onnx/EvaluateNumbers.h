//===- EvaluateNumbers.h - numbers of every type as doubles -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a HostTensor's elements are made of, where the language has no type.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_EVALUATENUMBERS_H
#define BLOCKATTN_DIALECTS_ONNX_EVALUATENUMBERS_H

#include "dialects/Onnx/EvaluateTensor.h"

namespace blockattn::onnx {

double halfToDouble(uint16_t bits);
uint16_t doubleToHalf(double value);
double bfloatToDouble(uint16_t bits);
uint16_t doubleToBfloat(double value);

/// Floats of 8 and 4 bits.
double narrowToDouble(Scalar s, uint8_t bits);
uint8_t doubleToNarrow(Scalar s, double value, CastMode mode);

} // namespace blockattn::onnx

#endif // BLOCKATTN_DIALECTS_ONNX_EVALUATENUMBERS_H
