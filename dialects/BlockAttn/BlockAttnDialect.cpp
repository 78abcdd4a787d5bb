//===- BlockAttnDialect.cpp - dialect, types, attributes ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace blockattn;

#include "dialects/BlockAttn/BlockAttnDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/BlockAttn/BlockAttnTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/BlockAttn/BlockAttnAttrs.cpp.inc"

void BlockAttnDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/BlockAttn/BlockAttnTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/BlockAttn/BlockAttnAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/BlockAttn/BlockAttnOps.cpp.inc"
      >();
}

LogicalResult RotaryAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 DenseFPElementsAttr invFreq, bool interleaved,
                                 FloatAttr scale) {
  if (invFreq.getType().getRank() != 1 || !invFreq.getElementType().isF32() ||
      invFreq.empty())
    return emitError() << "inv_freq must be a vector of f32 with at least one "
                          "element, but is "
                       << invFreq.getType();
  if (!scale.getType().isF64() || !scale.getValue().isFinite())
    return emitError() << "scale must be finite and of type f64, but is "
                       << scale;
  return success();
}
