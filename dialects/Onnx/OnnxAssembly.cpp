//===- OnnxAssembly.cpp - the syntax that the ops share -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/OnnxAssembly.h"

#include "dialects/Onnx/Onnx.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace blockattn::onnx;

static constexpr StringLiteral kOperandSegments = "operandSegmentSizes";
static constexpr StringLiteral kResultSegments = "resultSegmentSizes";

/// Records which slots were given. An op whose absent values are trailing ones
/// only needs no record, but then a `_` before a value means nothing.
static ParseResult addSegments(OpAsmParser &parser, SMLoc loc,
                               OperationState &result, StringRef attribute,
                               std::optional<unsigned> slots,
                               ArrayRef<bool> given) {
  if (!slots) {
    if (llvm::is_contained(given, false))
      return parser.emitError(loc)
             << "nothing can be left out before something that is given in '"
             << result.name << "'";
    return success();
  }
  if (given.size() > *slots)
    return parser.emitError(loc)
           << "'" << result.name << "' has at most " << *slots
           << ", but there are " << given.size();
  SmallVector<int32_t> sizes(*slots, 0);
  llvm::copy(given, sizes.begin());
  result.addAttribute(attribute,
                      parser.getBuilder().getDenseI32ArrayAttr(sizes));
  return success();
}

ParseResult blockattn::onnx::parseOp(OpAsmParser &parser,
                                     OperationState &result) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<bool> operandGiven, resultGiven;
  auto parseOperand = [&]() -> ParseResult {
    operandGiven.push_back(failed(parser.parseOptionalKeyword("_")));
    return operandGiven.back() ? parser.parseOperand(operands.emplace_back())
                               : success();
  };
  SmallVector<Type> operandTypes, resultTypes;
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren,
                                     parseOperand) ||
      parser.parseOptionalAttrDict(result.attributes) || parser.parseColon() ||
      parser.parseCommaSeparatedList(
          OpAsmParser::Delimiter::Paren,
          [&] { return parser.parseType(operandTypes.emplace_back()); }) ||
      parser.parseArrow())
    return failure();

  SMLoc resultLoc = parser.getCurrentLocation();
  auto parseResult = [&]() -> ParseResult {
    resultGiven.push_back(failed(parser.parseOptionalKeyword("_")));
    return resultGiven.back() ? parser.parseType(resultTypes.emplace_back())
                              : success();
  };
  if (succeeded(parser.parseOptionalLParen())) {
    if (failed(parser.parseOptionalRParen()) &&
        (parser.parseCommaSeparatedList(parseResult) || parser.parseRParen()))
      return failure();
  } else if (parseResult()) {
    return failure();
  }

  result.addTypes(resultTypes);
  if (addSegments(parser, loc, result, kOperandSegments,
                  operandSlots(result.name), operandGiven) ||
      addSegments(parser, resultLoc, result, kResultSegments,
                  resultSlots(result.name), resultGiven))
    return failure();
  // The properties are set from the attributes only after this function; an
  // attribute of the wrong kind is better reported here, with its place.
  if (std::optional<RegisteredOperationName> info =
          result.name.getRegisteredInfo())
    if (failed(info->verifyInherentAttrs(result.attributes, [&] {
          return parser.emitError(loc) << "'" << result.name << "' ";
        })))
      return failure();
  return parser.resolveOperands(operands, operandTypes, loc, result.operands);
}

/// For each value to write whether it is there; without trailing absent ones.
static SmallVector<bool> present(Operation *op, StringRef attribute,
                                 unsigned count) {
  auto sizes = op->getAttrOfType<DenseI32ArrayAttr>(attribute);
  if (!sizes)
    return SmallVector<bool>(count, true);
  SmallVector<bool> given;
  for (int32_t size : sizes.asArrayRef())
    given.push_back(size != 0);
  while (!given.empty() && !given.back())
    given.pop_back();
  return given;
}

void blockattn::onnx::printOp(OpAsmPrinter &printer, Operation *op) {
  printer << '(';
  unsigned next = 0;
  llvm::interleaveComma(present(op, kOperandSegments, op->getNumOperands()),
                        printer, [&](bool given) {
                          given ? printer.printOperand(op->getOperand(next++))
                                : void(printer << '_');
                        });
  printer << ')';
  printer.printOptionalAttrDict(op->getAttrs(),
                                {kOperandSegments, kResultSegments});
  printer << " : (";
  llvm::interleaveComma(op->getOperandTypes(), printer);
  printer << ") -> ";

  SmallVector<bool> results = present(op, kResultSegments, op->getNumResults());
  bool alone = results.size() == 1 && results[0];
  if (!alone)
    printer << '(';
  next = 0;
  llvm::interleaveComma(results, printer, [&](bool given) {
    given ? printer.printType(op->getResult(next++).getType())
          : void(printer << '_');
  });
  if (!alone)
    printer << ')';
}
