//===- OnnxDialect.td - the onnx dialect, its types and base classes ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_ONNX_DIALECT_TD
#define BLOCKATTN_DIALECTS_ONNX_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::blockattn::onnx";
  let summary = "A mirror of the ONNX operators that models contain";
  let description = [{
    Every op has the signature and the meaning of the newest version of the
    ONNX operator of the same name; the importer upgrades older forms. Operands,
    attributes and results are called as the ONNX specification calls them, and
    an attribute that is absent has the specification's default.

    Values are tensors. Booleans are `i1`, signed integers signless (`i64`),
    unsigned ones unsigned (`ui8`). An element type that is not known yet is
    `!onnx.unknown`; a rank that is not known yet makes an unranked tensor.
    Verifiers are silent about what is unknown.

    Ops are written alike, an absent optional operand or result as `_`:

        %y = onnx.Clip(%x, _, %max) : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
        %y, %std = onnx.LayerNormalization(%x, %scale) {axis = -1 : i64}
            : (tensor<2x4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, _, tensor<2x1xf32>)

    Trailing absent ones are left out.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class Onnx_Type<string name, string typeMnemonic>
    : TypeDef<Onnx_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Onnx_UnknownType : Onnx_Type<"Unknown", "unknown"> {
  let summary = "not yet known";
  let description = [{
    The element type of a tensor of which the model file does not tell the
    element type. Shape inference replaces it.
  }];
}

def Onnx_StringType : Onnx_Type<"String", "string"> {
  let summary = "string";
  let description = "The element type of a tensor of strings.";
}

def Onnx_Int : AnyTypeOf<[I<2>, I<4>, I8, I16, I32, I64, UI<2>, UI<4>, UI8, UI16,
                          UI32, UI64], "integer">;

def Onnx_Tensor : TensorOf<[AnyFloat, I1, Onnx_Int, AnyComplex,
                            Onnx_StringType, Onnx_UnknownType]>;
def Onnx_NumberTensor : TensorOf<[AnyFloat, Onnx_Int, Onnx_UnknownType]>;
def Onnx_FloatTensor : TensorOf<[AnyFloat, Onnx_UnknownType]>;
def Onnx_BoolOrNumberTensor : TensorOf<[AnyFloat, I1, Onnx_Int,
                                        Onnx_UnknownType]>;
def Onnx_BoolTensor : TensorOf<[I1, Onnx_UnknownType]>;
def Onnx_I64Tensor : TensorOf<[I64, Onnx_UnknownType]>;
def Onnx_IndexTensor : TensorOf<[I32, I64, Onnx_UnknownType]>;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

// The I64Attr of upstream, but its accessor is signed.
def Onnx_I64Attr : TypedSignlessIntegerAttrBase<I64, "int64_t",
    "64-bit signless integer attribute">;

class Onnx_DefaultInt<string value>
    : DefaultValuedOptionalAttr<Onnx_I64Attr, value>;
class Onnx_DefaultFloat<string value>
    : DefaultValuedOptionalAttr<F32Attr, value>;
class Onnx_DefaultString<string value>
    : DefaultValuedOptionalAttr<StrAttr, "\"" # value # "\"">;

//===----------------------------------------------------------------------===//
// Traits (OnnxTraits.h). The parameter is the number of the constraint in the
// op's description.
//===----------------------------------------------------------------------===//

// Of the operands and results whose absence is recorded, the first ones are
// required. Structural, so that verifiers and accessors can rely on it.
class Onnx_RequiredSlots<int operands, int results>
    : ParamNativeOpTrait<"RequiredSlots", operands # ", " # results>,
      StructuralOpTrait {
  let cppNamespace = "::blockattn::onnx";
}
class Onnx_OneElementType<int number>
    : ParamNativeOpTrait<"OneElementType", !cast<string>(number)> {
  let cppNamespace = "::blockattn::onnx";
}
class Onnx_OperandsOneElementType<int number>
    : ParamNativeOpTrait<"OperandsOneElementType", !cast<string>(number)> {
  let cppNamespace = "::blockattn::onnx";
}
class Onnx_FirstElementType<int number>
    : ParamNativeOpTrait<"FirstElementType", !cast<string>(number)> {
  let cppNamespace = "::blockattn::onnx";
}
class Onnx_SameShape<int number>
    : ParamNativeOpTrait<"SameShape", !cast<string>(number)> {
  let cppNamespace = "::blockattn::onnx";
}
class Onnx_Broadcasts<int number>
    : ParamNativeOpTrait<"Broadcasts", !cast<string>(number)> {
  let cppNamespace = "::blockattn::onnx";
}

//===----------------------------------------------------------------------===//
// Base classes
//===----------------------------------------------------------------------===//

// An op with a syntax of its own.
class Onnx_BaseOp<string mnemonic, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, traits>;

// An op without regions, written as the dialect's description shows.
class Onnx_Op<string mnemonic, list<Trait> traits = []>
    : Onnx_BaseOp<mnemonic, !listconcat([Pure], traits)> {
  let hasCustomAssemblyFormat = 1;
  let extraClassDefinition = [{
    ::mlir::ParseResult $cppClass::parse(::mlir::OpAsmParser &parser,
                                         ::mlir::OperationState &result) {
      return ::blockattn::onnx::parseOp(parser, result);
    }
    void $cppClass::print(::mlir::OpAsmPrinter &printer) {
      ::blockattn::onnx::printOp(printer, *this);
    }
  }];
}

// A reduction: those of OnnxReduction.td, and those that are made of them.
class Onnx_Reduce<string mnemonic, string what, Type type = Onnx_NumberTensor>
    : Onnx_Op<mnemonic, [Onnx_FirstElementType<1>]> {
  let summary = what # " along axes";
  let description = "The " # what # [{ along `axes`, or along all dimensions
    where these are absent or empty (along none where `noop_with_empty_axes` is
    1). With `keepdims` the reduced dimensions remain, as 1.

    Constraints:
      * (C1) data and result have one element type.
      * (C2) `axes` is a vector or one number, and constant ones differ and lie
        within the rank.
      * (C3) the dimensions of the result are those of `data`, the reduced ones
        dropped, or 1 with `keepdims`.
  }];
  let arguments = (ins type:$data, Optional<Onnx_I64Tensor>:$axes,
    Onnx_DefaultInt<"1">:$keepdims, Onnx_DefaultInt<"0">:$noop_with_empty_axes);
  let results = (outs type:$reduced);
  let hasVerifier = 1;
}

#endif // BLOCKATTN_DIALECTS_ONNX_DIALECT_TD
