//===- KeyMask.cpp - which keys are there ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/KeyMask.h"

#include "dialects/Onnx/Onnx.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

namespace {
/// Builds what masks of [batch, keys] are computed with.
class MaskBuilder {
public:
  MaskBuilder(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  template <typename OpT>
  Value create(ValueRange operands, Type type,
               ArrayRef<NamedAttribute> attributes = {}) {
    OperationState state(loc, OpT::getOperationName(), operands, type,
                         attributes);
    return b.create(state)->getResult(0);
  }
  static RankedTensorType typeOf(Value value) {
    return llvm::cast<RankedTensorType>(value.getType());
  }
  RankedTensorType ints(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, b.getI64Type());
  }
  RankedTensorType bits(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, b.getI1Type());
  }

  Value integer(ArrayRef<int64_t> shape, int64_t value) {
    return onnx::ConstantOp::create(b, loc, ints(shape),
                                    DenseElementsAttr::get(ints(shape), value));
  }
  Value convert(Value value, Type element) {
    RankedTensorType type = typeOf(value);
    if (type.getElementType() == element)
      return value;
    return create<onnx::CastOp>(value, type.clone(element),
                                b.getNamedAttr("to", TypeAttr::get(element)));
  }
  /// Dimension i of a value, as a vector of one element.
  Value dimVector(Value value, int64_t i) {
    return create<onnx::ShapeOp>(
        value, ints(1),
        {b.getNamedAttr("start", b.getI64IntegerAttr(i)),
         b.getNamedAttr("end", b.getI64IntegerAttr(i + 1))});
  }
  Value dim(Value value, int64_t i) {
    return create<onnx::SqueezeOp>({dimVector(value, i), integer(1, 0)},
                                   ints({}));
  }
  /// 0, 1, ..., `count` of them, which are `known` where that is.
  Value places(Value count, int64_t known) {
    return create<onnx::RangeOp>({integer({}, 0), count, integer({}, 1)},
                                 ints(known));
  }
  /// In each row of a mask, how many elements are set: [batch, 1].
  Value countOf(Value mask) {
    Value ones = convert(convert(mask, b.getI1Type()), b.getI64Type());
    return create<onnx::ReduceSumOp>({ones, integer(1, 1)},
                                     ints({typeOf(mask).getDimSize(0), 1}));
  }
  /// Bits that are all set.
  Value ones(Value rows, Value columns, ArrayRef<int64_t> shape) {
    RankedTensorType scalar = bits({});
    Value bit = onnx::ConstantOp::create(b, loc, scalar,
                                         DenseElementsAttr::get(scalar, true));
    return create<onnx::ExpandOp>({bit, concat(rows, columns, ints(2), 0)},
                                  bits(shape));
  }
  Value concat(Value first, Value second, Type type, int64_t axis) {
    return create<onnx::ConcatOp>(
        {first, second}, type,
        b.getNamedAttr("axis", b.getI64IntegerAttr(axis)));
  }

  OpBuilder &b;
  Location loc;
};
} // namespace

/// Past keys by their number in each row, and all new ones.
static Value pastMask(MaskBuilder &m, Value argument, PaddingRule rule,
                      Value query, Value key) {
  RankedTensorType type = m.typeOf(argument);
  int64_t rows = type.getDimSize(0), length = m.typeOf(query).getDimSize(1);
  int64_t unknown = ShapedType::kDynamic;
  Value added = m.dim(query, 1);
  Value past = m.create<onnx::SubOp>({m.dim(key, 1), added}, m.ints({}));
  Value present =
      m.create<onnx::SubOp>({m.countOf(argument), added}, m.ints({rows, 1}));
  Value places = m.places(past, unknown);
  Value there =
      rule == PaddingRule::PastFirst
          ? m.create<onnx::LessOp>({places, present}, m.bits({rows, unknown}))
          : m.create<onnx::GreaterOrEqualOp>(
                {places,
                 m.create<onnx::SubOp>({past, present}, m.ints({rows, 1}))},
                m.bits({rows, unknown}));
  Value ones =
      m.ones(m.dimVector(argument, 0), m.dimVector(query, 1), {rows, length});
  return m.concat(there, ones, m.bits({rows, m.typeOf(key).getDimSize(1)}), 1);
}

Value raise::makeKeyMask(OpBuilder &b, Location loc, Value argument,
                         PaddingRule rule, Value query, Value key) {
  MaskBuilder m(b, loc);
  RankedTensorType type = m.typeOf(argument);
  switch (rule) {
  case PaddingRule::Each:
    return m.convert(argument, b.getI1Type());
  case PaddingRule::First: {
    Value count = m.countOf(argument);
    Value places = m.places(m.dim(argument, 1), type.getDimSize(1));
    return m.create<onnx::LessOp>({places, count}, type.clone(b.getI1Type()));
  }
  case PaddingRule::PastFirst:
  case PaddingRule::PastLast:
    return pastMask(m, argument, rule, query, key);
  }
  llvm_unreachable("all rules are handled");
}

Value raise::countTokens(OpBuilder &b, Location loc, Value argument) {
  MaskBuilder m(b, loc);
  Value bits = m.convert(argument, b.getI64Type());
  return m.create<onnx::CumSumOp>({bits, m.integer({}, 1)}, bits.getType());
}
