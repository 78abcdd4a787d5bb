//===- DeviceFunctions.cpp - f64 functions of a library -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <cmath>

using namespace mlir;
using namespace blockattn;

namespace {

/// The declaration of a function of f64 in a module.
LLVM::LLVMFuncOp declareFunction(gpu::GPUModuleOp module,
                                 PatternRewriter &rewriter, StringRef name,
                                 unsigned operands) {
  if (auto found = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return found;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(module.getBody());
  SmallVector<Type> inputs(operands, rewriter.getF64Type());
  return LLVM::LLVMFuncOp::create(
      rewriter, module.getLoc(), name,
      LLVM::LLVMFunctionType::get(rewriter.getF64Type(), inputs));
}

/// The exponent in the range that libclc computes with. From 2^65 on powers are
/// zero, one or infinite, also those of the numbers next to 1, and of an even
/// exponent's sign.
Value limitExponent(ImplicitLocOpBuilder &b, Value y) {
  Value limit =
      arith::ConstantOp::create(b, b.getF64FloatAttr(std::ldexp(1.0, 65)));
  auto absolute = LLVM::CallIntrinsicOp::create(
      b, b.getF64Type(), b.getStringAttr("llvm.fabs.f64"), y);
  auto signedLimit = LLVM::CallIntrinsicOp::create(
      b, b.getF64Type(), b.getStringAttr("llvm.copysign.f64"),
      ValueRange{limit, y});
  // No number is not above the limit, and stays.
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                      absolute.getResult(0), limit);
  return arith::SelectOp::create(b, above, signedLimit.getResult(0), y);
}

template <typename Op> struct CallDeviceFunction : OpRewritePattern<Op> {
  CallDeviceFunction(MLIRContext *context, StringRef name, bool odd)
      : OpRewritePattern<Op>(context, /*benefit=*/2), name(name), odd(odd) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    auto module = op->template getParentOfType<gpu::GPUModuleOp>();
    if (!module || !op.getType().isF64())
      return failure();
    LLVM::LLVMFuncOp function =
        declareFunction(module, rewriter, name, op->getNumOperands());
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> operands(op->getOperands());
    if (std::is_same_v<Op, math::PowFOp>)
      operands[1] = limitExponent(b, operands[1]);
    Value result = LLVM::CallOp::create(b, function, operands).getResult();
    if (odd) {
      Value x = operands.front();
      Value zero = arith::ConstantOp::create(b, b.getF64FloatAttr(0));
      Value isZero =
          arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x, zero);
      result = arith::SelectOp::create(b, isZero, x, result);
    }
    rewriter.replaceOp(op, result);
    return success();
  }

  StringRef name;
  bool odd;
};

} // namespace

void blockattn::populateDeviceFunctionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
#define BLOCKATTN_DEVICE_FUNCTION(OP, NAME)                                    \
  patterns.add<CallDeviceFunction<OP>>(context, #NAME, /*odd=*/false);
#define BLOCKATTN_DEVICE_FUNCTION_ODD(OP, NAME)                                \
  patterns.add<CallDeviceFunction<OP>>(context, #NAME, /*odd=*/true);
#include "passes/LowerCuda/DeviceFunctions.def"
}
