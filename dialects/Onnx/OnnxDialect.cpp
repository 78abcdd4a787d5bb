//===- OnnxDialect.cpp - dialect, types, tables over the ops --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Bitwise.h"
#include "dialects/Onnx/Composite.h"
#include "dialects/Onnx/Microsoft.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace blockattn::onnx;

#include "dialects/Onnx/OnnxDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Onnx/OnnxTypes.cpp.inc"

void OnnxDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Onnx/OnnxTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Onnx/OnnxOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Onnx/Bitwise.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Onnx/Composite.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Onnx/Microsoft.cpp.inc"
      >();
}

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  if (isa<UnitAttr>(value) && isa<NoneType>(type))
    return NoneOp::create(builder, loc, type);
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type || !isa<RankedTensorType>(type))
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

/// `onnx.sources` lists files, `onnx.opsets` the version of each domain.
LogicalResult OnnxDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attr) {
  if (attr.getName() == "onnx.sources") {
    auto files = dyn_cast<ArrayAttr>(attr.getValue());
    if (!files || !llvm::all_of(files, llvm::IsaPred<StringAttr>))
      return op->emitError("'onnx.sources' must be an array of file names, but "
                           "is ")
             << attr.getValue();
  } else if (attr.getName() == "onnx.opsets") {
    auto opsets = dyn_cast<DictionaryAttr>(attr.getValue());
    if (!opsets || !llvm::all_of(opsets, [](NamedAttribute opset) {
          return isa<IntegerAttr>(opset.getValue());
        }))
      return op->emitError("'onnx.opsets' must map domains to numbers, but is ")
             << attr.getValue();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tables over the ops
//===----------------------------------------------------------------------===//

namespace {
struct Slots {
  std::optional<unsigned> operands, results;
};
} // namespace

template <typename Op> static Slots slotsOf() {
  Slots slots;
  if constexpr (Op::template hasTrait<OpTrait::AttrSizedOperandSegments>())
    slots.operands = std::tuple_size_v<
        decltype(std::declval<typename Op::Properties>().operandSegmentSizes)>;
  if constexpr (Op::template hasTrait<OpTrait::AttrSizedResultSegments>())
    slots.results = std::tuple_size_v<
        decltype(std::declval<typename Op::Properties>().resultSegmentSizes)>;
  return slots;
}

template <typename... Ops>
static void fillSlotTable(llvm::StringMap<Slots> &table) {
  (table.try_emplace(Ops::getOperationName(), slotsOf<Ops>()), ...);
}

static Slots slotsOf(OperationName name) {
  static const llvm::StringMap<Slots> table = [] {
    llvm::StringMap<Slots> table;
    fillSlotTable<
#define GET_OP_LIST
#include "dialects/Onnx/OnnxOps.cpp.inc"
        >(table);
    fillSlotTable<
#define GET_OP_LIST
#include "dialects/Onnx/Bitwise.cpp.inc"
        >(table);
    fillSlotTable<
#define GET_OP_LIST
#include "dialects/Onnx/Composite.cpp.inc"
        >(table);
    fillSlotTable<
#define GET_OP_LIST
#include "dialects/Onnx/Microsoft.cpp.inc"
        >(table);
    return table;
  }();
  return table.lookup(name.getStringRef());
}

std::optional<unsigned> blockattn::onnx::operandSlots(OperationName name) {
  return slotsOf(name).operands;
}

std::optional<unsigned> blockattn::onnx::resultSlots(OperationName name) {
  return slotsOf(name).results;
}

//===----------------------------------------------------------------------===//
// Small questions
//===----------------------------------------------------------------------===//

bool blockattn::onnx::isDataTypeAttribute(StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"to", "dtype", "output_dtype", "precision", "stash_type",
              "softmax_precision"},
             true)
      .Default(false);
}

std::optional<SmallVector<int64_t>> blockattn::onnx::constantInts(Value value) {
  DenseIntElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() > maxConstantInts)
    return std::nullopt;
  Type type = elements.getElementType();
  bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
  SmallVector<int64_t> result;
  result.reserve(elements.getNumElements());
  for (const APInt &element : elements.getValues<APInt>()) {
    if (element.getBitWidth() > 64)
      return std::nullopt;
    result.push_back(isUnsigned ? element.getZExtValue()
                                : element.getSExtValue());
  }
  return result;
}

std::optional<int64_t> blockattn::onnx::normalizeAxis(int64_t axis,
                                                      int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}
