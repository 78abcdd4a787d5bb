//===- FewRowsProduct.cpp - products of a few rows with weights -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/FewRowsProduct.h"
#include "passes/Lower/StridedMemory.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/Wgmma.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

/// One group of four warps, as `wgmma` wants them, and what it has: all rows of
/// some columns.
static constexpr int64_t kThreads = 128, kRows = 64, kColumns = 128;
/// The depth of a step, a panel's row of each of the left factor's rows; and
/// the steps that there is room for. Two thread blocks fit a multiprocessor.
static constexpr int64_t kDepth = 64, kStages = 4;
static constexpr int64_t kRowsBytes = kRows * kPanelRowBytes;
static constexpr int64_t kPanelBytes = kDepth * kPanelRowBytes;
static constexpr int64_t kMatrixBytes = kColumns / 64 * kPanelBytes;
static constexpr int64_t kSharedBytes =
    kPanelAlignment + kStages * (kRowsBytes + kMatrixBytes);
/// f32 numbers from row to row of a cluster's sums: eight rows of pairs are in
/// different banks of shared memory.
static constexpr int64_t kSumsPitch = kColumns + 8;
static_assert(4 * kRows * kSumsPitch <= kStages * kMatrixBytes);
/// With fewer thread blocks than this there are multiprocessors without work.
static constexpr int64_t kWantedBlocks = 128;
static constexpr int64_t kClusters[] = {1, 4, 8};

/// Elements that are copied at once.
static constexpr int64_t kPiece = 8;
static constexpr unsigned kCommonArguments = 4;
static constexpr StringLiteral kSharedName = "few_rows_shared";

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {
/// Builds the kernel for clusters of `splits` thread blocks that share the
/// depth.
class FewRowsKernel {
public:
  FewRowsKernel(gpu::GPUFuncOp func, int64_t splits, Type element,
                Type resultElement, bool overwrite)
      : func(func), b(func.getLoc(), func.getContext()), splits(splits),
        element(element), resultElement(resultElement), overwrite(overwrite) {}
  void build();

private:
  void placeBlock();
  void shareOut();
  void copyMatrix(Value step);
  void copyRows(Value step);
  void placeCopies();
  void copyPiece(Value to, Value from, Value bytes);
  Value stageOf(Value memory, Value step, int64_t bytes);
  SmallVector<Value> sumUp();
  SmallVector<Value> addStep(Value step, ValueRange sums,
                             function_ref<void()> meanwhile);
  void eachPair(function_ref<void(Value row, Value column, size_t first)> body);
  void finishAlone(ValueRange sums);
  void finishTogether(ValueRange sums);
  void storeResult(Value sums, Value row, Value column);

  gpu::GPUFuncOp func;
  DeviceBuilder b;
  int64_t splits;
  Type element, resultElement;
  bool overwrite;
  Value rows, leading, count, depth;
  GroupedProduct product;
  /// The thread block's place in its cluster, and its first column.
  Value part, firstColumn;
  /// Steps of the thread block: the first, and their number.
  Value firstStep, steps;
  Value thread, rowsMemory, matrixMemory;
  /// What a thread copies of the first step: from where, to where, and how many
  /// bytes of a piece are there; and the depth that is left from there on.
  struct Copies {
    SmallVector<Value> from, bytes;
    Value to, depth;
  };
  Copies matrixCopies, rowsCopies;
};
} // namespace

void FewRowsKernel::placeBlock() {
  Value block = b.blockX();
  part = b.rem(block, splits);
  Value tile = b.wide(b.div(block, splits));
  product = chooseProduct(b, func, kCommonArguments, tile, kColumns);
  firstColumn = b.mul(tile, kColumns);
  thread = b.thread();
  Type i64 = b.getI64Type();
  Value shared =
      LLVM::AddressOfOp::create(b, b.pointer(kSharedMemory), kSharedName);
  Value address = LLVM::PtrToIntOp::create(b, i64, shared);
  address = b.bitAnd(b.add(address, kPanelAlignment - 1), -kPanelAlignment);
  rowsMemory = LLVM::IntToPtrOp::create(b, b.pointer(kSharedMemory), address);
  matrixMemory = b.offset(rowsMemory, kStages * kRowsBytes);
}

/// The cluster's thread blocks have as many steps each, but for the last ones.
void FewRowsKernel::shareOut() {
  Value all = b.narrow(b.ceilDiv(depth, kDepth));
  Value most = b.ceilDiv(all, splits);
  firstStep = b.min(b.mul(part, most), all);
  steps = b.min(b.sub(all, firstStep), most);
}

Value FewRowsKernel::stageOf(Value memory, Value step, int64_t bytes) {
  return b.offset(memory, b.mul(b.rem(step, kStages), bytes));
}

/// What is not there is zeros.
void FewRowsKernel::copyPiece(Value to, Value from, Value bytes) {
  NVVM::CpAsyncOp::create(b, to, from, 2 * kPiece,
                          NVVM::LoadCacheModifierKind::CG, bytes);
}

/// A thread's pieces of a step are `kMatrixDown` rows of the weights apart, and
/// neighbouring threads have neighbouring pieces.
static constexpr int64_t kMatrixAcross = kColumns / kPiece;
static constexpr int64_t kMatrixDown = kThreads / kMatrixAcross;
/// The same for the left factor.
static constexpr int64_t kRowsAcross = kDepth / kPiece;
static constexpr int64_t kRowsDown = kThreads / kRowsAcross;
// Eight rows on, pieces are exchanged in the same way.
static_assert(kMatrixDown % 8 == 0 && kRowsDown % 8 == 0);

/// Once for all steps: the few warps of a thread block issue the copies, and
/// each instruction between two of them is time that they take.
void FewRowsKernel::placeCopies() {
  Value firstDepth = b.mul(b.wide(firstStep), kDepth);
  Value whole = b.i32(2 * kPiece), none = b.i32(0);
  auto left = [&](Value k) { return b.narrow(b.sub(depth, k)); };

  Value piece = b.rem(thread, kMatrixAcross);
  Value row = b.div(thread, kMatrixAcross);
  Value column = b.add(firstColumn, b.wide(b.mul(piece, kPiece)));
  Value isColumn = b.less(column, product.columns);
  column = b.select(isColumn, column, b.i64(0));
  Value k = b.add(firstDepth, b.wide(row));
  Value at = b.add(b.mul(k, product.leading), column);
  matrixCopies.from.push_back(b.offset(product.matrix, b.mul(at, 2)));
  matrixCopies.bytes.push_back(b.select(isColumn, whole, none));
  matrixCopies.to = b.offset(
      matrixMemory,
      b.add(b.mul(b.div(piece, 8), kPanelBytes),
            b.add(b.mul(row, kPanelRowBytes), placeInPanelRow(b, row, piece))));
  matrixCopies.depth = left(k);

  piece = b.rem(thread, kRowsAcross);
  row = b.div(thread, kRowsAcross);
  k = b.add(firstDepth, b.wide(b.mul(piece, kPiece)));
  for (int64_t first = 0; first < kRows; first += kRowsDown) {
    Value mine = b.wide(b.add(row, first));
    Value exists = b.less(mine, count);
    mine = b.select(exists, mine, b.i64(0));
    at = b.add(b.mul(mine, leading), k);
    rowsCopies.from.push_back(b.offset(rows, b.mul(at, 2)));
    rowsCopies.bytes.push_back(b.select(exists, whole, none));
  }
  rowsCopies.to = b.offset(rowsMemory, b.add(b.mul(row, kPanelRowBytes),
                                             placeInPanelRow(b, row, piece)));
  rowsCopies.depth = left(k);
}

/// Starts to bring in the weights of a step, counted from the thread block's
/// first. Of what is not there no byte is read.
void FewRowsKernel::copyMatrix(Value step) {
  Value rowBytes = b.mul(product.leading, 2);
  Value from = b.offset(matrixCopies.from[0],
                        b.mul(b.mul(b.wide(step), rowBytes), kDepth));
  Value to = stageOf(matrixCopies.to, step, kMatrixBytes);
  Value left = b.sub(matrixCopies.depth, b.mul(step, kDepth));
  for (int64_t row = 0; row < kDepth; row += kMatrixDown) {
    Value exists = b.less(b.i32(row), left);
    copyPiece(b.offset(to, row * kPanelRowBytes), from,
              b.select(exists, matrixCopies.bytes[0], b.i32(0)));
    from = b.offset(from, b.mul(rowBytes, kMatrixDown));
  }
}

/// The same for the left factor.
void FewRowsKernel::copyRows(Value step) {
  Value to = stageOf(rowsCopies.to, step, kRowsBytes);
  Value done = b.mul(step, kDepth);
  Value exists = b.less(done, rowsCopies.depth);
  for (auto [i, from] : llvm::enumerate(rowsCopies.from))
    copyPiece(b.offset(to, int64_t(i) * kRowsDown * kPanelRowBytes),
              b.offset(from, b.mul(b.wide(done), 2)),
              b.select(exists, rowsCopies.bytes[i], b.i32(0)));
}

/// Adds the product of a step that is there, and does something `meanwhile`:
/// without a branch, which would end the run of products in flight.
SmallVector<Value> FewRowsKernel::addStep(Value step, ValueRange sums,
                                          function_ref<void()> meanwhile) {
  int64_t values = sums.size();
  std::string text = kWgmmaScope;
  auto next = [&](const char *name, int64_t operand, int64_t bytes) {
    text += "add.s64 " + std::string(name) + ", $" + std::to_string(operand) +
            ", " + std::to_string(bytes >> 4) + ";\n";
  };
  for (int64_t k = 0; k < kDepth; k += 16) {
    next("left", 2 * values, 2 * k);
    next("right", 2 * values + 1, k * kPanelRowBytes);
    // The left factor's rows run along the depth, those of the weights along
    // the columns.
    text += wgmmaInstruction(element, kColumns) + "{" +
            assemblyRegisters(0, values) +
            "}, left, right, accumulate, 1, 1, 0, 1;\n";
  }
  Value left =
      wgmmaDescriptor(b, stageOf(rowsMemory, step, kRowsBytes), /*leading=*/16);
  Value right = wgmmaDescriptor(b, stageOf(matrixMemory, step, kMatrixBytes),
                                kPanelBytes);
  NVVM::WgmmaFenceAlignedOp::create(b);
  SmallVector<Value> results =
      inlineAssembly(b, text + "}", "ll", sums, {left, right}, values);
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  meanwhile();
  return awaitWgmma(b, 0, results);
}

SmallVector<Value> FewRowsKernel::sumUp() {
  Value zero = b.i32(0), one = b.i32(1);
  auto whenThere = [&](Value step, function_ref<void()> body) {
    b.when(b.less(step, steps), body);
  };
  // All but one of the places are filled ahead. The weights don't depend on the
  // kernels before.
  for (int64_t step = 0; step < kStages - 1; ++step)
    whenThere(b.i32(step), [&] { copyMatrix(b.i32(step)); });
  NVVM::GriddepcontrolOp::create(b, NVVM::GridDepActionKind::wait);
  for (int64_t step = 0; step < kStages - 1; ++step) {
    whenThere(b.i32(step), [&] { copyRows(b.i32(step)); });
    NVVM::CpAsyncCommitGroupOp::create(b);
  }
  SmallVector<Value> sums(kRows * kColumns / kThreads, b.f32(0));
  auto awaitStep = [&] {
    // This thread's copies of the step are there, and then everybody's.
    NVVM::CpAsyncWaitGroupOp::create(b, kStages - 2);
    fenceForWgmma(b);
    b.barrier();
  };
  // Nobody reads the step before any more: its place is the one's of the step
  // that is brought in while this one is multiplied.
  Value last = b.max(zero, b.sub(steps, b.i32(kStages - 1)));
  sums = b.loop(zero, last, one, sums, [&](Value step, ValueRange carried) {
    awaitStep();
    return addStep(step, carried, [&] {
      Value ahead = b.add(step, kStages - 1);
      copyMatrix(ahead);
      copyRows(ahead);
      NVVM::CpAsyncCommitGroupOp::create(b);
    });
  });
  return b.loop(last, steps, one, sums, [&](Value step, ValueRange carried) {
    awaitStep();
    return addStep(step, carried,
                   [&] { NVVM::CpAsyncCommitGroupOp::create(b); });
  });
}

/// Calls `body` for the pairs of neighbouring columns that the thread has:
/// their row, their first column in the tile, and the place of the first in its
/// sums.
void FewRowsKernel::eachPair(
    function_ref<void(Value row, Value column, size_t first)> body) {
  Value lane = b.rem(thread, 32), warp = b.div(thread, 32);
  Value row = b.add(b.mul(warp, 16), b.div(lane, 4));
  Value column = b.mul(b.rem(lane, 4), 2);
  for (int64_t half = 0; half < 2; ++half)
    for (int64_t n = 0; n < kColumns / 8; ++n)
      body(b.add(row, 8 * half), b.add(column, 8 * n), 4 * n + 2 * half);
}

/// Stores the sums (a vector) of neighbouring columns, where they are.
void FewRowsKernel::storeResult(Value sums, Value row, Value column) {
  column = b.add(firstColumn, b.wide(column));
  row = b.wide(row);
  Value exists = b.both(b.less(row, count), b.less(column, product.columns));
  b.when(exists, [&] {
    int64_t size = elementBytes(resultElement);
    Value at = b.add(b.mul(row, product.resultLeading), column);
    Value pointer = b.offset(product.result, b.mul(at, size));
    int64_t length = cast<VectorType>(sums.getType()).getNumElements();
    unsigned alignment = length * size;
    Value all = sums;
    if (!overwrite) {
      auto type = VectorType::get({length}, resultElement);
      all = b.addF(all, b.toF32(b.load(type, pointer, alignment)));
    }
    b.store(b.fromF32(all, resultElement), pointer, alignment);
  });
}

static Value makePair(DeviceBuilder &b, Value low, Value high) {
  auto type = VectorType::get({2}, b.getF32Type());
  return vector::FromElementsOp::create(b, type, ValueRange{low, high});
}

void FewRowsKernel::finishAlone(ValueRange sums) {
  eachPair([&](Value row, Value column, size_t first) {
    storeResult(makePair(b, sums[first], sums[first + 1]), row, column);
  });
}

/// Each thread block of the cluster adds up some of the rows.
void FewRowsKernel::finishTogether(ValueRange sums) {
  // The last products are done, and what is copied beyond the last step is
  // nothing: the weights' memory is free.
  b.barrier();
  auto place = [&](Value row, Value column) {
    Value index = b.add(b.mul(row, kSumsPitch), column);
    return b.offset(matrixMemory, b.mul(index, 4));
  };
  eachPair([&](Value row, Value column, size_t first) {
    b.store(makePair(b, sums[first], sums[first + 1]), place(row, column), 8);
  });
  b.clusterBarrier();
  constexpr int64_t width = 4;
  auto type = VectorType::get({width}, b.getF32Type());
  int64_t ownRows = kRows / splits, perRow = kColumns / width;
  Value firstRow = b.mul(part, ownRows);
  for (int64_t i = 0; i < ownRows * perRow; i += kThreads) {
    Value number = b.add(thread, i);
    Value row = b.add(firstRow, b.div(number, perRow));
    Value column = b.mul(b.rem(number, perRow), width);
    Value sum;
    for (int64_t other = 0; other < splits; ++other) {
      Value theirs = NVVM::MapaOp::create(b, b.pointer(kClusterMemory),
                                          place(row, column), b.i32(other));
      Value found = b.load(type, theirs, 4 * width);
      sum = sum ? b.addF(sum, found) : found;
    }
    storeResult(sum, row, column);
  }
  // Nobody leaves with memory that is still read.
  b.clusterBarrier();
}

void FewRowsKernel::build() {
  b.setInsertionPointToEnd(&func.getBody().front());
  rows = LLVM::AddrSpaceCastOp::create(b, b.pointer(kGlobalMemory),
                                       func.getArgument(0));
  leading = func.getArgument(1);
  count = func.getArgument(2);
  depth = func.getArgument(3);
  placeBlock();
  shareOut();
  placeCopies();
  SmallVector<Value> sums = sumUp();
  splits == 1 ? finishAlone(sums) : finishTogether(sums);
  gpu::ReturnOp::create(b);
}

//===----------------------------------------------------------------------===//
// On the host
//===----------------------------------------------------------------------===//

/// The kernel of the module, made on first use.
static gpu::GPUFuncOp findKernel(ModuleOp module, Location loc, int64_t splits,
                                 Type element, Type resultElement,
                                 bool overwrite) {
  std::string name = "few_rows_product_";
  name += (floatName(element) + (overwrite ? "_" : "_add_") +
           floatName(resultElement))
              .str();
  if (splits > 1)
    name += "_x" + std::to_string(splits);
  gpu::GPUModuleOp device = deviceModule(module);
  if (auto known = device.lookupSymbol<gpu::GPUFuncOp>(name))
    return known;
  declareSharedMemory(device, kSharedName);
  OpBuilder b = OpBuilder::atBlockEnd(device.getBody());
  Type ptr = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  SmallVector<Type> types{ptr, i64, i64, i64};
  llvm::append_range(types, groupTypes(b.getContext()));
  auto func =
      gpu::GPUFuncOp::create(b, loc, name, b.getFunctionType(types, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  func.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr({kThreads, 1, 1}));
  func->setAttr("nvvm.minctasm", b.getI32IntegerAttr(2));
  if (splits > 1)
    func.setKnownClusterSizeAttr(
        b.getDenseI32ArrayAttr({static_cast<int32_t>(splits), 1, 1}));
  FewRowsKernel(func, splits, element, resultElement, overwrite).build();
  return func;
}

Value blockattn::canUseFewRows(KernelBuilder &b, const FewRows &rows,
                               ArrayRef<GroupedProduct> products) {
  Value zero = b.index(0);
  auto divides = [&](int64_t factor, Value number) {
    return b.equal(b.rem(number, b.index(factor)), zero);
  };
  auto isAligned = [&](int64_t bytes, Value pointer) {
    return divides(
        bytes,
        b.toIndex(
            LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer).getResult()));
  };
  Value can =
      b.both(b.less(zero, rows.count), b.less(rows.count, b.index(kRows + 1)));
  can = b.both(
      can, b.both(divides(kPiece, rows.depth), divides(kPiece, rows.leading)));
  can = b.both(can, isAligned(2 * kPiece, rows.rows));
  for (const GroupedProduct &product : products) {
    can = b.both(can, b.both(b.less(zero, product.columns),
                             divides(kPiece, product.columns)));
    can = b.both(can, b.both(divides(kPiece, product.leading),
                             isAligned(2 * kPiece, product.matrix)));
    // Four results at a time, of f32.
    can = b.both(can, b.both(divides(4, product.resultLeading),
                             isAligned(16, product.result)));
  }
  return can;
}

void blockattn::launchFewRows(KernelBuilder &b, ModuleOp module, Type element,
                              Type resultElement, const FewRows &rows,
                              ArrayRef<GroupedProduct> products,
                              bool overwrite) {
  auto toI64 = [&](Value index) {
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
  };
  SmallVector<Value> arguments{rows.rows, toI64(rows.leading),
                               toI64(rows.count), toI64(rows.depth)};
  llvm::append_range(arguments, groupArguments(b, products));
  Value tiles = tilesOfGroup(b, products, kColumns);
  auto launch = [&](int64_t splits) {
    Value one = b.index(1);
    gpu::GPUFuncOp kernel = findKernel(module, b.getLoc(), splits, element,
                                       resultElement, overwrite);
    gpu::LaunchFuncOp::create(
        b, kernel, gpu::KernelDim3{b.mul(tiles, b.index(splits)), one, one},
        gpu::KernelDim3{b.index(kThreads), one, one}, b.i32(kSharedBytes),
        arguments);
    return SmallVector<Value>();
  };
  // The smallest clusters that give all multiprocessors work.
  std::function<void(ArrayRef<int64_t>)> choose = [&](ArrayRef<int64_t> sizes) {
    if (sizes.size() == 1) {
      launch(sizes.front());
      return;
    }
    Value enough = b.less(b.index(kWantedBlocks - 1),
                          b.mul(tiles, b.index(sizes.front())));
    b.branch(
        enough, {}, [&] { return launch(sizes.front()); },
        [&] {
          choose(sizes.drop_front());
          return SmallVector<Value>();
        });
  };
  choose(kClusters);
}
