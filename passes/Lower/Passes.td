//===- Passes.td - lowering to memory and code ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_PASSES_LOWER_PASSES_TD
#define BLOCKATTN_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

def DecomposeAttention
    : Pass<"blockattn-decompose-attention", "::mlir::func::FuncOp"> {
  let summary = "Turn attention into plain operations on tensors";
  let description = [{
    Replaces every `blockattn.attention` by matrix products, a mask and a
    softmax that keep the whole score matrix. This is the reference which fast
    code is compared with, not a way to be fast. Attention over cached blocks
    is refused: their keys are reached through addresses.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect", "::blockattn::BlockAttnDialect"];
}

def LowerOnnxToLinalg
    : Pass<"blockattn-lower-onnx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower onnx and blockattn operations to linalg on tensors";
  let description = [{
    Every operation of the two dialects becomes linalg, tensor, arith and math
    operations, but for `blockattn.attention`, which becomes
    `blockattn.attention_kernel`. Dimensions are index arithmetic on the
    dimensions of the function's arguments. A weight becomes an argument with
    the attribute `blockattn.weight = i`, the index in the module's
    `blockattn.weights`. Operations without a lowering are reported together.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::blockattn::BlockAttnDialect"];
}

def FuseElementwise : Pass<"blockattn-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise operations with their consumers";
  let description = [{
    A producer goes into its consumers when it has one, or when it is so cheap
    (a cast, a copy, a comparison) that reading its operands again costs less
    than writing and reading its result.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
    "::mlir::linalg::LinalgDialect"];
}

def Bufferize : Pass<"blockattn-bufferize", "::mlir::ModuleOp"> {
  let summary = "Turn tensors into buffers";
  let description = [{
    One-shot bufferization with identity layouts at function boundaries.
    Results become trailing arguments with the attribute
    `blockattn.output = i`, into which they are computed directly where that
    is possible. A result whose shape depends on data stays a result.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def PlanMemory : Pass<"blockattn-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Replace allocations by planned buffers";
  let description = [{
    Every `memref.alloc` of a program function becomes a view of a trailing
    argument `memref<?xi8>` with the attribute `blockattn.buffer = i`. The
    function gets the attribute `blockattn.buffers`, an array of
    `{first, last}`: the steps between which the buffer is alive. Beside it
    appears `@plan_NAME`, which takes the function's inputs and returns, as
    index values computed from dimensions alone, the size of each buffer in
    bytes and then all dimensions of all outputs, -1 where they depend on
    data. Allocations whose size depends on data become `blockattn.alloc`.
    Checks on dimensions alone move into the plan function.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::blockattn::BlockAttnDialect"];
}

//===----------------------------------------------------------------------===//
// Planned memory
//===----------------------------------------------------------------------===//

def OutlineKernels : Pass<"blockattn-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Move each computation into a function, one for all alike";
  let description = [{
    Every linalg operation, copy, launch and attention kernel of a program
    function moves into a private function; operations that differ in their operands
    alone share one, so that a model of many equal layers has the code of one.
    A first argument with the attribute `blockattn.exec` is the handle of the
    running program, which all calls of the runtime need.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def LowerGemm : Pass<"blockattn-lower-gemm", "::mlir::ModuleOp"> {
  let summary = "Turn matrix products into calls of the runtime";
  let description = [{
    linalg's matmul, batch_matmul, matvec and vecmat, with any transposition
    in their indexing maps, become calls of `@ba_rt_gemm_f32` when their
    memory has rows of unit stride, and of `@ba_rt_gemm_16` where they sum
    products of f16 or bf16 in f32. A fill with zero right before the product
    is folded into `beta = 0`. Other products are left to the loops.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"];
}

def LowerAttentionKernel
    : Pass<"blockattn-lower-attention-kernel", "::mlir::func::FuncOp"> {
  let summary = "Lower attention to tiles, vectors and a parallel loop";
  let description = [{
    `blockattn.attention_kernel` becomes a parallel loop over sequences, key
    heads and tiles of query rows. Scores exist for one tile at a time
    (online softmax, FlashAttention-2, arXiv 2307.08691); key tiles that the
    mask forbids are never visited; cached keys are read where they lie.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def LowerLoops : Pass<"blockattn-lower-loops", "::mlir::func::FuncOp"> {
  let summary = "Lower linalg on memrefs to vectorised, parallel loops";
  let description = [{
    The parallel dimensions become one parallel loop over chunks of about 16K
    elements; the innermost dimension is vectorised where memory allows it,
    and sums are kept in registers.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ApproximateMath : Pass<"blockattn-approximate-math", "::mlir::func::FuncOp"> {
  let summary = "Replace math functions by polynomials that vectorise";
  let description = [{
    f32 functions become the polynomial approximations of MLIR (a few units in
    the last place); what has none stays for libm, element by element. f16 and
    bf16 are computed in f32 and rounded after each operation. Fused
    multiply-adds are taken apart and marked for contraction, since on
    processors without the instruction they would be calls.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def LowerChecks : Pass<"blockattn-lower-checks", "::mlir::ModuleOp"> {
  let summary = "Turn checks into calls that report a failure";
  let description = [{
    `blockattn.check` becomes a branch around a call of `@ba_rt_fail`. Equal
    messages are stored once.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::scf::SCFDialect"];
}

def LowerReshapes : Pass<"blockattn-lower-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Turn reshapes of row-major memory into views with strides";
  let description = [{
    `memref.expand_shape` and `memref.collapse_shape` of row-major memory
    become `memref.reinterpret_cast`, with any number of dynamic dimensions in
    a group. Others are left to --expand-strided-metadata.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"];
}

def OutlineParallel : Pass<"blockattn-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Turn parallel loops into calls of the runtime's thread pool";
  let description = [{
    The body of an `scf.parallel` becomes a function over a range of
    iterations, its captured values a structure on the stack, and the loop a
    call of `@ba_rt_parallel_for`. A loop of one iteration is called directly.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::scf::SCFDialect"];
}

def FinalizeAbi : Pass<"blockattn-finalize-abi", "::mlir::ModuleOp"> {
  let summary = "Give the programs the interface that the runtime calls";
  let description = [{
    A function with the attribute `blockattn.program = "P"` becomes
    `@ba_run_P`, its plan function `@ba_plan_P`, and `@ba_init` is added, all
    as runtime/include/blockattn/kernel_abi.h has them. Calls of the runtime
    go through the table that `@ba_init` keeps. With `cuda` the interface is
    that of kernel_abi_cuda.h, and `@ba_init_cuda` keeps the table.
  }];
  let options = [Option<"cuda", "cuda", "bool", /*default=*/"false",
    "Give the programs the interface of programs for CUDA">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect"];
}

#endif // BLOCKATTN_PASSES_LOWER_PASSES_TD
