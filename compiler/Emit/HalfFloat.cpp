//===- HalfFloat.cpp - conversions of 16-bit floats -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/HalfFloat.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

/// Rounding is to nearest, ties to even. From double, a float that is rounded
/// to odd comes in between, so that nothing is rounded twice.
static constexpr StringLiteral kConversions = R"(
define hidden float @__extendhfsf2(half %x) {
  %h = bitcast half %x to i16
  %bits = zext i16 %h to i32
  %magnitude = and i32 %bits, 32767
  %sign.low = and i32 %bits, 32768
  %sign = shl i32 %sign.low, 16
  %mantissa = shl i32 %magnitude, 13
  ; 127 - 15 more in the exponent; all of it for infinities and NaN.
  %normal = add i32 %mantissa, 939524096
  %special = or i32 %mantissa, 2139095040
  ; Subnormal: 2^-14 + x, exactly, less 2^-14.
  %shifted = add i32 %mantissa, 947912704
  %shifted.float = bitcast i32 %shifted to float
  %least.float = bitcast i32 947912704 to float
  %small.float = fsub float %shifted.float, %least.float
  %small = bitcast float %small.float to i32
  %is.small = icmp ult i32 %magnitude, 1024
  %is.special = icmp uge i32 %magnitude, 31744
  %finite = select i1 %is.small, i32 %small, i32 %normal
  %any = select i1 %is.special, i32 %special, i32 %finite
  %result = or i32 %any, %sign
  %float = bitcast i32 %result to float
  ret float %float
}

define hidden half @__truncsfhf2(float %x) {
  %bits = bitcast float %x to i32
  %magnitude = and i32 %bits, 2147483647
  %sign = and i32 %bits, -2147483648
  %sign.low = lshr i32 %sign, 16
  ; Rounds at bit 13, and takes 127 - 15 off the exponent.
  %kept = lshr i32 %magnitude, 13
  %odd = and i32 %kept, 1
  %rounded = add i32 %magnitude, -939520001
  %even = add i32 %rounded, %odd
  %normal = lshr i32 %even, 13
  ; Subnormal: the sum with 0.5 rounds where the last bit of the result is.
  %positive = bitcast i32 %magnitude to float
  %sum = fadd float %positive, 5.000000e-01
  %sum.bits = bitcast float %sum to i32
  %small = sub i32 %sum.bits, 1056964608
  %is.small = icmp ult i32 %magnitude, 947912704
  %is.large = icmp uge i32 %magnitude, 1199570944
  %is.nan = icmp ugt i32 %magnitude, 2139095040
  %finite = select i1 %is.small, i32 %small, i32 %normal
  %infinite = select i1 %is.nan, i32 32256, i32 31744
  %any = select i1 %is.large, i32 %infinite, i32 %finite
  %result = or i32 %any, %sign.low
  %low = trunc i32 %result to i16
  %half = bitcast i16 %low to half
  ret half %half
}

define hidden bfloat @__truncsfbf2(float %x) {
  %bits = bitcast float %x to i32
  %high = lshr i32 %bits, 16
  %odd = and i32 %high, 1
  %rounded = add i32 %bits, 32767
  %even = add i32 %rounded, %odd
  %number = lshr i32 %even, 16
  %nan = or i32 %high, 64
  %is.nan = fcmp uno float %x, %x
  %any = select i1 %is.nan, i32 %nan, i32 %number
  %low = trunc i32 %any to i16
  %bfloat = bitcast i16 %low to bfloat
  ret bfloat %bfloat
}

define internal float @blockattn.round.to.odd(double %x) {
  %near = fptrunc double %x to float
  %back = fpext float %near to double
  %bits = bitcast float %near to i32
  %near.size = call double @llvm.fabs.f64(double %back)
  %size = call double @llvm.fabs.f64(double %x)
  %too.great = fcmp ogt double %near.size, %size
  %less = sext i1 %too.great to i32
  %below = add i32 %bits, %less
  %odd = or i32 %below, 1
  ; Not for NaN, which is unordered, nor for what is exact.
  %inexact = fcmp one double %back, %x
  %any = select i1 %inexact, i32 %odd, i32 %bits
  %float = bitcast i32 %any to float
  ret float %float
}

define hidden half @__truncdfhf2(double %x) {
  %float = call float @blockattn.round.to.odd(double %x)
  %half = call half @__truncsfhf2(float %float)
  ret half %half
}

define hidden bfloat @__truncdfbf2(double %x) {
  %float = call float @blockattn.round.to.odd(double %x)
  %bfloat = call bfloat @__truncsfbf2(float %float)
  ret bfloat %bfloat
}

declare double @llvm.fabs.f64(double)
)";

static bool hasHalfFloats(Module &module) {
  auto isHalf = [](const Value *value) {
    Type *type = value->getType()->getScalarType();
    return type->isHalfTy() || type->isBFloatTy();
  };
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (isHalf(&instruction) || any_of(instruction.operands(), isHalf))
        return true;
  return false;
}

Error blockattn::addHalfFloatConversions(Module &module) {
  if (!hasHalfFloats(module))
    return Error::success();
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> conversions =
      parseAssemblyString(kConversions, diagnostic, module.getContext());
  if (!conversions)
    return createStringError("the conversions of 16-bit floats: %s",
                             diagnostic.getMessage().str().c_str());
  conversions->setTargetTriple(module.getTargetTriple());
  conversions->setDataLayout(module.getDataLayout());
  SmallVector<std::string> names;
  for (Function &function : *conversions)
    if (function.hasHiddenVisibility())
      names.push_back(function.getName().str());
  if (Linker::linkModules(module, std::move(conversions)))
    return createStringError("cannot add the conversions of 16-bit floats");
  // Calls of them appear when machine instructions are chosen; the linker
  // drops what is never called.
  SmallVector<GlobalValue *> kept;
  for (const std::string &name : names)
    kept.push_back(module.getFunction(name));
  appendToCompilerUsed(module, kept);
  return Error::success();
}
