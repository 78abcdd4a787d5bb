//===- Passes.td - lowering to CUDA ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWERCUDA_PASSES_TD
#define BLOCKATTN_PASSES_LOWERCUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

def MoveToDevice : Pass<"blockattn-move-to-device", "::mlir::ModuleOp"> {
  let summary = "Move host code that touches data into launches";
  let description = [{
    Runs on buffers, before they are planned. Loops, branches and stores of a
    program function that touch memory become a `gpu.launch` of one thread,
    their results memory that the host reads. Conditions of `blockattn.check`
    that depend on data are computed on the device: what is left to the host
    is a `memref.load` of the result that only the check uses. A check inside
    of what moves becomes one behind it, of whether its condition ever failed
    to hold. Other loads stay and will be reads, for which the host waits. A
    choice between buffers stays with the host as well, and its branches are
    treated like the function.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect"];
}

def ShareLoops : Pass<"blockattn-share-loops", "::mlir::func::FuncOp"> {
  let summary = "Share loops that were moved to the device among threads";
  let description = [{
    Runs on buffers, before they are planned, on what --blockattn-move-to-device
    made work of one thread. The grid of a `gpu.launch` that holds one loop gets
    a block for each thread that can have a part of it:

      * Loops one in the other that load and store elements: each iteration of
        those loops whose number is an index of all that is written, so that
        no two of them touch the same memory. Scattering by an index has other
        loops left, which a thread does in their order; without a reduction
        (`blockattn.any_order`) all are shared.
      * A loop around linalg operations with the same parallel loops that read of
        what they write only the same point: each point, as the attribute
        `blockattn.points` says. Where the operations are sums up to each slab
        of a tensor, `blockattn.scan` says so, and a thread block can do one
        line. It adds up parts of the line and then the parts' sums: floats are
        rounded in other places than by one after the other, and where the
        numbers are near the largest one of their type, a part can overflow
        though no sum from the beginning does.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def SplitAttention : Pass<"blockattn-split-attention", "::mlir::func::FuncOp"> {
  let summary = "Give attention over cached blocks memory for partial results";
  let description = [{
    Runs on buffers, before they are planned. Few queries over many keys do not
    fill a GPU. A `blockattn.attention_kernel` with a cache gets one more
    output, a `memref<?xf32>`, that is large enough for as many parts as do;
    --blockattn-lower-attention-to-cuda then shares the keys out among thread
    blocks and merges what they found by its log-sum-exp.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The architecture that kernels are for">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

def NarrowProducts : Pass<"blockattn-narrow-products", "::mlir::ModuleOp"> {
  let summary = "Let products of 16-bit floats write the type that is wanted";
  let description = [{
    Runs on buffers, before they are planned. A matrix product of f16 or bf16
    whose f32 result is only converted writes the converted result: the
    library sums in f32 and rounds once. Where the rounded result in turn is
    only made f32 again, the product writes its f32 sums.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def AccumulateProducts
    : Pass<"blockattn-accumulate-products", "::mlir::ModuleOp"> {
  let summary = "Add products to where the other term of a sum lies";
  let description = [{
    Runs on buffers, before they are planned. A matrix product that is only
    added to a tensor which nothing reads afterwards, as a block of a model is
    to what goes past it, is accumulated in the memory of that tensor:
    `out = x + A B` becomes `x += A B`, and `x` is the result.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def FuseEpilogues : Pass<"blockattn-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "Leave biases and activations of products to the library";
  let description = [{
    Runs on buffers, before they are planned. A matrix product whose result is
    only read by an addition of a vector along its columns, by ReLU or by the
    approximation of GELU by tanh, or by an addition and an activation, is
    computed where the result of those goes and updated there:
    `out = relu(A B + bias)` becomes `out = A B`, `out = relu(out + bias)`, the
    latter a `linalg.generic` with the attribute `blockattn.epilogue`.
    --blockattn-lower-gemm-to-cuda then hands both to cuBLASLt, which rounds
    once, or lets the update follow a product by a kernel of our own.

    Where the product is added to a tensor as well which nothing reads
    afterwards, it is accumulated there, as by --blockattn-accumulate-products:
    `out = x + A B + bias` becomes `x += A B`, `x += bias`. Programs that go on
    from cached keys and values keep such sums: a norm that follows takes the
    sum into its launch, and after products of a few rows, which are kernels of
    our own, the update would be one more.

    Only what cuBLASLt documents is taken: a bias of the result's type, number
    of columns and depth known and not 0. GELU is taken where the result has
    16 bits: how exact the library computes it in f32 is not documented. That a
    NaN stays one in its ReLU isn't either; on an H200 it does.
  }];
  let options = [
    Option<"sums", "sums", "bool", "true",
           "Take sums with another tensor, too">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect"];
}

def FuseRows : Pass<"blockattn-fuse-rows", "::mlir::func::FuncOp"> {
  let summary = "Put a reduction of rows and its neighbours into one launch";
  let description = [{
    Runs on buffers, before they are planned. A norm is a sum over each row,
    something computed from it, and a pass over the row's elements. Operations
    one after the other that read of each row only what earlier ones wrote of
    the same row become one `gpu.launch` with the attribute
    `blockattn.row_loops`, the number of their loops that go over rows;
    --blockattn-lower-loops-to-cuda has a warp or a block do all of them for a
    row.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect"];
}

def GroupElements
    : Pass<"blockattn-group-elements", "::mlir::func::FuncOp"> {
  let summary = "Put elementwise operations beside one another into one launch";
  let description = [{
    Runs on buffers, before they are planned. Where little is computed, as in
    decoding, a launch takes longer than what it does. Up to 4 linalg operations
    with parallel loops alone none of which writes what another one reads or
    writes, such as the rotations of queries and of keys, become one
    `gpu.launch` with the attribute `blockattn.elements` where the last of them
    was; --blockattn-lower-loops-to-cuda gives each of them thread blocks of its
    own. What lies between must have nothing to do with those that move past it,
    and the host must not wait for it; checks, which go on, are no obstacle.

    Weights, outputs and allocations are memory of their own; other arguments of
    a function may be the same memory. Operations with functions such as the
    sine are not put beside others: they need many registers, for which all
    kinds of a kernel's threads would be fewer.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect"];
}

def ConstantsToWeights
    : Pass<"blockattn-constants-to-weights", "::mlir::ModuleOp"> {
  let summary = "Turn constant data into weights";
  let description = [{
    A constant `memref.global` becomes an entry of the module's
    `blockattn.weights` with its data as `value`, and what it is used for an
    argument with the attribute `blockattn.weight`: all data that kernels see
    is handed in by the runtime, which puts it on the device once.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

//===----------------------------------------------------------------------===//
// Planned memory
//===----------------------------------------------------------------------===//

def LowerGemmToCuda : Pass<"blockattn-lower-gemm-to-cuda", "::mlir::ModuleOp"> {
  let summary = "Turn matrix products into calls of the runtime";
  let description = [{
    linalg's products, with any transposition in their indexing maps, become
    calls of `@ba_cuda_gemm` when their memory has rows of unit stride and
    their type is f32, f16 or bf16. One batch dimension goes along, a loop
    goes over others. A fill with zero right before the product is folded into
    `beta = 0`, an update marked by --blockattn-fuse-epilogues right behind it
    into `bias` and `activation`. Other products are left to the loops.

    Where the other factor is a weight and there turns out to be one row, as in
    decoding, a kernel of our own multiplies it, with all weights at once that
    the row is multiplied with; on Hopper another one does so for up to 64 rows
    of 16-bit floats, as in answering a question over cached blocks. They read
    weights before the kernels that compute the rows have ended. An update
    stays an operation of its own behind them.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The architecture that kernels are for">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def LowerTransfers : Pass<"blockattn-lower-transfers", "::mlir::ModuleOp"> {
  let summary = "Turn copies and fills of whole buffers into calls of the runtime";
  let description = [{
    `memref.copy` between row-major buffers becomes `@ba_cuda_copy`,
    `linalg.fill` of one with a constant of at most 4 bytes (or of zeros)
    `@ba_cuda_fill`. Others are left to the loops.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def LowerLoopsToCuda : Pass<"blockattn-lower-loops-to-cuda", "::mlir::ModuleOp"> {
  let summary = "Lower outlined linalg operations and launches to GPU kernels";
  let description = [{
    A function with the attribute `blockattn.kernel` that holds a linalg
    operation or a `gpu.launch` keeps the computation of the grid and a
    `gpu.launch_func`; the work moves to a `gpu.func` of `@kernels`. Parallel
    loops are spread over threads, neighbours in memory over neighbouring
    threads. Where memory allows it, which the host finds out, a second kernel
    is launched whose threads read and write 16 bytes at once. A reduction
    with a known combiner is the work of a warp or of a block, and so are the
    operations of a launch with `blockattn.row_loops`, one after the other.
    Operations of a launch with `blockattn.elements` are each spread over
    thread blocks of their own.
    Another launch is done by a thread for each block of its grid; where it has
    the attribute `blockattn.scan` and few lines, by a thread block for each.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def LowerAttentionToCuda
    : Pass<"blockattn-lower-attention-to-cuda", "::mlir::ModuleOp"> {
  let summary = "Lower attention to CUDA kernels";
  let description = [{
    Each `blockattn.attention_kernel` on memrefs of device memory becomes a
    `gpu.func` of `@kernels` and its launch. Three kernels exist:

      * `wgmma`: Hopper's tensor cores, for sm_90a alone, f16 and bf16 with head
        sizes that are multiples of 16 up to 128, without masks or positions of
        keys. One group of warps brings keys and values in, the others compute
        and take turns (FlashAttention-3, arXiv 2407.08608). Cached keys are on
        their way before the kernels launched earlier have ended.
      * `mma`: tensor cores (mma.sync m16n8k16), for f16 and bf16 with head
        sizes that are multiples of 8 and rows aligned to 16 bytes.
      * `simt`: f32 arithmetic, for everything else.

    All are one pass over the keys with an online softmax (FlashAttention-2,
    arXiv 2307.08691). Tiles of keys that no row of a tile of queries sees are
    never visited, and a mask is applied to the tiles at an edge alone. The
    query heads of one key head are rows of one tile. Cached keys are read
    where they lie.

    Which kernel was picked and why is kept in `blockattn.attention_variants`
    of the module: an array of dictionaries `{kernel, variant, reason}`.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The architecture that kernels are for">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"];
}

def LowerDeviceCalls : Pass<"blockattn-lower-device-calls", "::mlir::ModuleOp"> {
  let summary = "Turn launches, reads and checks of device memory into calls";
  let description = [{
    `gpu.launch_func` becomes `@ba_cuda_launch` with the kernel's number, which
    is its place in `@kernels`; the kernel's attribute `blockattn.nodes` lists the
    nodes of the model that it is launched for. A `memref.load` on the host becomes
    `@ba_cuda_read`, and a `blockattn.check` of nothing but a loaded value
    `@ba_cuda_check`, for which the host does not wait.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect"];
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def ApproximateDeviceMath
    : Pass<"blockattn-approximate-device-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Replace math functions by polynomials and instructions";
  let description = [{
    f32 functions become MLIR's polynomial approximations (a few units in the
    last place), sine and cosine ones whose argument is reduced in f64, so that
    they are right for any position. f16 and bf16 are computed in f32 and
    rounded after each operation. f64 functions, and the remainder of every
    type, are calls of libclc's (within 2 units in the last place), which are
    linked when PTX is written: the compiler carries them as bitcode. Nothing
    is left to a library of the CUDA toolkit; a function that is none of these
    is reported.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def OverlapLaunches
    : Pass<"blockattn-overlap-launches", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Let kernels start before those launched earlier end";
  let description = [{
    From sm_90 on a kernel can be started while the one before it still runs,
    when it waits itself for that one's results. Each kernel begins with
    `nvvm.griddepcontrol launch_dependents`, by which the next one may start
    as soon as all thread blocks of this one have, and with
    `nvvm.griddepcontrol wait`. A kernel that has a wait already knows better
    what it can do before it, and only gets the former. The artifact's manifest
    says which kernels wait, and the runtime launches those accordingly.
    Nothing is changed for other architectures.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The architecture that kernels are for">
  ];
  let dependentDialects = ["::mlir::NVVM::NVVMDialect"];
}

#endif // BLOCKATTN_PASSES_LOWERCUDA_PASSES_TD
