//===- BlockAttnKernelOps.td - what the CPU lowering keeps of attention ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_DIALECTS_BLOCKATTN_KERNEL_OPS_TD
#define BLOCKATTN_DIALECTS_BLOCKATTN_KERNEL_OPS_TD

include "dialects/BlockAttn/BlockAttnDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

/// A tensor before bufferization, a memref after it.
class BlockAttn_Buffer<list<Type> elements, int rank> : AnyTypeOf<[
    RankedTensorOf<elements, [HasAnyRankOfPred<[rank]>]>,
    MemRefRankOf<elements, [rank]>],
    rank # "D tensor or memref">;

def BlockAttn_AttentionKernelOp : BlockAttn_Op<"attention_kernel",
    [AttrSizedOperandSegments, DestinationStyleOpInterface,
     DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "`blockattn.attention` in destination-passing style";
  let description = [{
    Computes what `blockattn.attention` does and writes it to `outputs`: the
    result [B, Nq, H, Dv] and, when a second one is given, the log-sum-exp
    [B, Nq, H] in f32. Their old contents are not read. The types of the
    outside world are replaced by what they are at run time:

      * `first_key` [Nq] i64 stands for the layout: query i sees the keys
        from first_key[i] to i.
      * `cache` [blocks, 4 + 2 * layers] i64 is the table described at the
        `!blockattn.kv` type; the addresses in columns 4 + 2 * layer and
        5 + 2 * layer point to row-major [length, Hkv, D] arrays of the
        key's element type (Dv for the values).

    `key_positions` [B, Nk] i64 and `slopes` are those of `blockattn.attention`.

    On tensors the op yields the filled destinations, on memrefs nothing.

    Constraints:
      * (C1) there are one or two `outputs`.
      * (C2) operands are all tensors or all memrefs, and there is a result
        for each output in the first case, none in the second.
      * (C3) `first_key` and `cache` need `causal` and exclude one another.
      * (C4) `cache` needs `layer`, `query_rotary` needs `cache`.
      * (C5) `key_positions` needs `slopes`, and these are as many as heads.
  }];
  let arguments = (ins
    BlockAttn_Buffer<[F32, F16, BF16], 4>:$query,
    BlockAttn_Buffer<[F32, F16, BF16], 4>:$key,
    BlockAttn_Buffer<[F32, F16, BF16], 4>:$value,
    Optional<BlockAttn_Buffer<[I64], 1>>:$first_key,
    Optional<BlockAttn_Buffer<[I64], 2>>:$cache,
    Optional<BlockAttn_Buffer<[I1], 2>>:$key_mask,
    Optional<BlockAttn_Buffer<[I64], 2>>:$key_positions,
    Variadic<AnyTypeOf<[AnyRankedTensor, AnyMemRef]>>:$outputs,
    F32Attr:$scale,
    DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
    DefaultValuedAttr<I64Attr, "0">:$window,
    UnitAttr:$causal,
    OptionalAttr<I64Attr>:$layer,
    OptionalAttr<BlockAttn_RotaryAttr>:$query_rotary,
    OptionalAttr<DenseF32ArrayAttr>:$slopes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $query `,` $key `,` $value
    (`first_key` `(` $first_key^ `:` type($first_key) `)`)?
    (`cache` `(` $cache^ `:` type($cache) `)`)?
    (`key_mask` `(` $key_mask^ `:` type($key_mask) `)`)?
    (`key_positions` `(` $key_positions^ `:` type($key_positions) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)`
    attr-dict `:` type($query) `,` type($key) `,` type($value)
    (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputsMutable();
    }
  }];
  let hasVerifier = 1;
}

def BlockAttn_PackedProductOp : BlockAttn_Op<"packed_product",
    [DestinationStyleOpInterface,
     DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a product with a weight of few bits, which stays packed";
  let description = [{
    Writes to `output` [rows, N] what `onnx.ms.MatMulNBits` computes from `a`
    [rows, K] and the bytes of the weight, [N, blocks, bytes of a block], its
    `scales`, N * blocks of them in any shape, and its packed zero points.

    Constraints:
      * (C1) operands are all tensors or all memrefs, and there is a result in
        the first case, of the type of `output`.
      * (C2) `bits` is 4 or 8, `block_size` a power of two and at least 16.
      * (C3) the bytes are those of N rows of K elements.
  }];
  let arguments = (ins
    BlockAttn_Buffer<[F32], 2>:$a,
    BlockAttn_Buffer<[I8], 3>:$weight,
    AnyTypeOf<[AnyRankedTensor, AnyMemRef]>:$scales,
    Optional<AnyTypeOf<[AnyRankedTensor, AnyMemRef]>>:$zero_points,
    BlockAttn_Buffer<[F32], 2>:$output,
    I64Attr:$bits, I64Attr:$block_size);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $a `,` $weight `scales` `(` $scales `:` type($scales) `)`
    (`zero_points` `(` $zero_points^ `:` type($zero_points) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict
    `:` type($a) `,` type($weight) (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputMutable();
    }
  }];
  let hasVerifier = 1;
}

def BlockAttn_CheckOp : BlockAttn_Op<"check",
    [MemoryEffects<[MemWrite]>]> {
  let summary = "records a failure of the running program unless a condition holds";
  let description = [{
    When `condition` is false, `ba_rt_fail(exec, code, message)` is called and
    the program goes on; its results are discarded. What follows must
    therefore be safe to execute either way. A check on nothing but the
    dimensions of inputs is moved into the plan function by
    `--blockattn-plan-memory`, so that a program whose shapes do not fit is
    never run.
  }];
  let arguments = (ins I1:$condition, I32Attr:$code, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message `code` $code attr-dict";
  let hasCanonicalizeMethod = 1;
}

def BlockAttn_OutputDimsOp : BlockAttn_Op<"output_dims",
    [MemoryEffects<[MemWrite]>]> {
  let summary = "the dimensions of an output of the program";
  let description = [{
    Keeps, beside the code that computes output number `output`, how its
    dimensions follow from those of the inputs; -1 stands for one that depends
    on data. `--blockattn-plan-memory` moves it into the plan function.
  }];
  let arguments = (ins Variadic<Index>:$dims, I64Attr:$output);
  let assemblyFormat = "$output `(` $dims `)` attr-dict";
}

def BlockAttn_AllocOp : BlockAttn_Op<"alloc"> {
  let summary = "memory whose size depends on data";
  let description = [{
    `ba_rt_alloc(exec, bytes)`: aligned to 64 bytes, freed by the runtime
    after the run. All other memory is planned before a run and handed in.
  }];
  let arguments = (ins Index:$bytes);
  let results = (outs
    Res<MemRefRankOf<[I8], [1]>, "", [MemAlloc<DefaultResource>]>:$buffer);
  let assemblyFormat = "$bytes attr-dict `:` type($buffer)";
}

#endif // BLOCKATTN_DIALECTS_BLOCKATTN_KERNEL_OPS_TD
