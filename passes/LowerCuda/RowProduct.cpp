//===- RowProduct.cpp - products of one row with matrices -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/RowProduct.h"
#include "passes/Lower/StridedMemory.h"
#include "passes/LowerCuda/DeviceBuilder.h"
#include "passes/LowerCuda/DeviceKernel.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace blockattn;

static constexpr int64_t kThreads = 256;
static constexpr int64_t kWarps = kThreads / 32;
/// Bytes that a thread reads at once, and how many such reads are under way.
static constexpr int64_t kReadBytes = 16;
static constexpr int64_t kReads = 8;
/// Columns of a thread block. A part of a row is better long; where there are
/// too few columns for all multiprocessors to have some, thread blocks of a
/// cluster share out the rows, or, without clusters, get fewer columns.
static constexpr int64_t kNarrow = 16, kWide = 64;
static constexpr int64_t kCluster = 4;
/// Thread blocks that keep the memory of the largest GPUs busy.
static constexpr int64_t kWantedBlocks = 256;

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {
/// Builds the kernel for thread blocks of `tile` columns, `splits` of which
/// share the rows.
class RowProductKernel {
public:
  RowProductKernel(gpu::GPUFuncOp func, int64_t tile, int64_t splits,
                   Type element, Type resultElement, bool overwrite,
                   bool startsEarly)
      : func(func), b(func.getLoc(), func.getContext()), tile(tile),
        splits(splits), bytes(elementBytes(element)),
        vector(kReadBytes / bytes), element(element),
        resultElement(resultElement), overwrite(overwrite),
        startsEarly(startsEarly) {}
  void build();

private:
  Value argument(unsigned i) { return func.getArgument(i); }
  Value global(Value pointer) {
    return LLVM::AddrSpaceCastOp::create(b, b.pointer(kGlobalMemory), pointer);
  }
  void chooseProduct();
  Value sumUp();
  SmallVector<Value> readMatrix(Value firstRow, int64_t reads);
  SmallVector<Value> readFactors(Value firstRow, int64_t reads);
  SmallVector<Value> readChunk(Value firstRow, int64_t reads);
  Value addChunk(Value sums, ValueRange chunk);
  void finish(Value sums);
  Value shareOut(Value count);
  Value shared(ArrayRef<int64_t> shape);
  Value index(Value value) {
    return arith::IndexCastOp::create(b, b.getIndexType(), value);
  }
  Value fromOthers(Value sums, Value sum);
  void storeResult(Value sum, Value place);

  gpu::GPUFuncOp func;
  DeviceBuilder b;
  int64_t tile, splits, bytes, vector;
  Type element, resultElement;
  bool overwrite, startsEarly;
  Value row, depth, matrix, leading, columns, result, tileNumber;
  /// The thread block's place in its cluster.
  Value part;
  /// The thread's first column in the tile, and its first row.
  Value column, firstRow;
};
} // namespace

/// The row and its length, which the products' arguments follow.
static constexpr unsigned kCommonArguments = 2;

void RowProductKernel::chooseProduct() {
  part = b.rem(b.blockX(), splits);
  tileNumber = b.wide(b.div(b.blockX(), splits));
  GroupedProduct product =
      blockattn::chooseProduct(b, func, kCommonArguments, tileNumber, tile);
  matrix = product.matrix;
  leading = product.leading;
  columns = product.columns;
  result = product.result;
}

/// What some of the thread's rows have for it.
SmallVector<Value> RowProductKernel::readMatrix(Value first, int64_t reads) {
  int64_t step = kThreads * vector / tile;
  auto type = VectorType::get({vector}, element);
  SmallVector<Value> parts;
  for (int64_t i = 0; i < reads; ++i) {
    Value k = b.wide(b.add(first, i * step));
    Value at = b.add(b.mul(k, leading), column);
    parts.push_back(
        b.load(type, b.offset(matrix, b.mul(at, bytes)), kReadBytes));
  }
  return parts;
}

/// The factors of those rows.
SmallVector<Value> RowProductKernel::readFactors(Value first, int64_t reads) {
  int64_t step = kThreads * vector / tile;
  SmallVector<Value> factors;
  for (int64_t i = 0; i < reads; ++i) {
    Value k = b.wide(b.add(first, i * step));
    factors.push_back(
        b.load(element, b.offset(row, b.mul(k, bytes)), unsigned(bytes)));
  }
  return factors;
}

SmallVector<Value> RowProductKernel::readChunk(Value first, int64_t reads) {
  SmallVector<Value> chunk = readMatrix(first, reads);
  llvm::append_range(chunk, readFactors(first, reads));
  return chunk;
}

Value RowProductKernel::addChunk(Value sums, ValueRange chunk) {
  size_t reads = chunk.size() / 2;
  for (size_t i = 0; i < reads; ++i) {
    Value all = vector::BroadcastOp::create(
        b, VectorType::get({vector}, b.getF32Type()),
        b.toF32(chunk[reads + i]));
    sums = b.fma(b.toF32(chunk[i]), all, sums);
  }
  return sums;
}

/// Goes to the first row of the cluster's part, and gives their number.
Value RowProductKernel::shareOut(Value count) {
  if (splits == 1)
    return count;
  int64_t step = kThreads * vector / tile;
  Value most = b.mul(b.ceilDiv(count, splits * step), step);
  Value begin = b.min(b.mul(part, most), count);
  row = b.offset(row, b.mul(b.wide(begin), bytes));
  matrix = b.offset(matrix, b.mul(b.mul(b.wide(begin), leading), bytes));
  return b.min(b.sub(count, begin), most);
}

Value RowProductKernel::sumUp() {
  int64_t perRow = tile / vector, step = kThreads / perRow;
  Value thread = b.thread();
  firstRow = b.div(thread, perRow);
  Value inTile = b.wide(b.mul(b.rem(thread, perRow), vector));
  // Threads beyond the last column do the first ones again.
  column = b.add(b.mul(tileNumber, tile), inTile);
  column = b.select(b.less(column, columns), column, b.i64(0));
  Value count = shareOut(b.narrow(depth));
  auto sumType = VectorType::get({vector}, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(sumType));
  // As many reads as there may be at a time, the next ones being under way
  // while these are added; then one at a time.
  Value chunk = b.i32(step * kReads);
  Value whole = b.mul(b.div(count, chunk), chunk);
  Value hasWhole = b.less(b.i32(0), whole);
  auto partType = VectorType::get({vector}, element);
  SmallVector<Value> first = b.branch(
      hasWhole, SmallVector<Type>(kReads, partType),
      [&] { return readMatrix(firstRow, kReads); },
      [&] {
        Value none =
            arith::ConstantOp::create(b, b.getZeroAttr(partType)).getResult();
        return SmallVector<Value>(kReads, none);
      });
  // The row is a result of the kernels before, the weights are not: their reads
  // are under way by now.
  if (startsEarly)
    NVVM::GriddepcontrolOp::create(b, NVVM::GridDepActionKind::wait);
  Value sums = b.branch(
      hasWhole, TypeRange{sumType},
      [&]() -> SmallVector<Value> {
        SmallVector<Value> state{zero};
        llvm::append_range(state, first);
        llvm::append_range(state, readFactors(firstRow, kReads));
        state =
            b.loop(b.add(firstRow, step * kReads), whole, chunk, state,
                   [&](Value k, ValueRange carried) {
                     SmallVector<Value> next = readChunk(k, kReads);
                     next.insert(next.begin(),
                                 addChunk(carried[0], carried.drop_front()));
                     return next;
                   });
        return {addChunk(state[0], ArrayRef(state).drop_front())};
      },
      [&]() -> SmallVector<Value> { return {zero}; })[0];
  return b.loop(b.add(whole, firstRow), count, b.i32(step), sums,
                [&](Value k, ValueRange carried) -> SmallVector<Value> {
                  return {addChunk(carried[0], readChunk(k, 1))};
                })[0];
}

/// f32 numbers in shared memory.
Value RowProductKernel::shared(ArrayRef<int64_t> shape) {
  auto type = MemRefType::get(
      shape, b.getF32Type(), MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup));
  return func.addWorkgroupAttribution(type, b.getLoc());
}

/// Adds what the other thread blocks of the cluster have in their memory.
Value RowProductKernel::fromOthers(Value sums, Value sum) {
  Value address = arith::IndexCastOp::create(
      b, b.getI64Type(),
      memref::ExtractAlignedPointerAsIndexOp::create(b, sums).getResult());
  Value mine =
      b.offset(LLVM::IntToPtrOp::create(b, b.pointer(kSharedMemory), address),
               b.mul(b.thread(), 4));
  for (int64_t i = 1; i < splits; ++i) {
    Value theirs =
        NVVM::MapaOp::create(b, b.pointer(kClusterMemory), mine, b.i32(i));
    sum = b.addF(sum, b.load(b.getF32Type(), theirs, 4));
  }
  return sum;
}

void RowProductKernel::storeResult(Value sum, Value place) {
  int64_t size = elementBytes(resultElement);
  Value pointer = b.offset(result, b.mul(place, size));
  if (!overwrite)
    sum = b.addF(sum, b.toF32(b.load(resultElement, pointer, unsigned(size))));
  b.store(b.fromF32(sum, resultElement), pointer, unsigned(size));
}

/// Sums of the threads meet: in a warp, then through shared memory.
void RowProductKernel::finish(Value sums) {
  int64_t perRow = tile / vector;
  Value ofWarps = shared({kWarps, tile});
  Value thread = b.thread();
  Value lane = b.rem(thread, 32), warp = b.div(thread, 32);
  for (int64_t i = 0; i < vector; ++i) {
    Value sum = vector::ExtractOp::create(b, sums, i);
    for (int64_t mask = perRow; mask < 32; mask *= 2)
      sum = b.addF(sum, b.shuffleXor(sum, mask));
    b.when(b.less(lane, b.i32(perRow)), [&] {
      memref::StoreOp::create(
          b, sum, ofWarps,
          ValueRange{index(warp), index(b.add(b.mul(lane, vector), i))});
    });
  }
  b.barrier();
  Value place = b.add(b.mul(tileNumber, tile), b.wide(thread));
  Value isColumn = b.less(thread, b.i32(tile));
  Value isMine = b.both(isColumn, b.less(place, columns));
  auto sumOfWarps = [&] {
    Value sum;
    for (int64_t i = 0; i < kWarps; ++i) {
      Value part = memref::LoadOp::create(
          b, ofWarps, ValueRange{index(b.i32(i)), index(thread)});
      sum = sum ? b.addF(sum, part) : part;
    }
    return sum;
  };
  if (splits == 1)
    return b.when(isMine, [&] { storeResult(sumOfWarps(), place); });
  Value ofBlock = shared({tile});
  b.when(isColumn, [&] {
    memref::StoreOp::create(b, sumOfWarps(), ofBlock,
                            ValueRange{index(thread)});
  });
  b.clusterBarrier();
  b.when(b.both(isMine, b.equal(part, b.i32(0))), [&] {
    Value sum = memref::LoadOp::create(b, ofBlock, ValueRange{index(thread)});
    storeResult(fromOthers(ofBlock, sum), place);
  });
  // Nobody leaves with memory that is still read.
  b.clusterBarrier();
}

void RowProductKernel::build() {
  b.setInsertionPointToEnd(&func.getBody().front());
  row = global(argument(0));
  depth = argument(1);
  chooseProduct();
  finish(sumUp());
  gpu::ReturnOp::create(b);
}

//===----------------------------------------------------------------------===//
// On the host
//===----------------------------------------------------------------------===//

/// The kernel of the module, made on first use.
static gpu::GPUFuncOp findKernel(ModuleOp module, Location loc, int64_t tile,
                                 int64_t splits, Type element,
                                 Type resultElement, bool overwrite,
                                 bool startsEarly) {
  std::string name =
      ("row_product_" + floatName(element) + "_" + (overwrite ? "" : "add_") +
       floatName(resultElement) + "_" + Twine(tile))
          .str();
  if (splits > 1)
    name += "x" + std::to_string(splits);
  gpu::GPUModuleOp device = deviceModule(module);
  if (auto known = device.lookupSymbol<gpu::GPUFuncOp>(name))
    return known;
  OpBuilder b = OpBuilder::atBlockEnd(device.getBody());
  Type ptr = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  SmallVector<Type> types{ptr, i64};
  llvm::append_range(types, groupTypes(b.getContext()));
  auto func =
      gpu::GPUFuncOp::create(b, loc, name, b.getFunctionType(types, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  func.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr({kThreads, 1, 1}));
  if (splits > 1)
    func.setKnownClusterSizeAttr(
        b.getDenseI32ArrayAttr({static_cast<int32_t>(splits), 1, 1}));
  RowProductKernel(func, tile, splits, element, resultElement, overwrite,
                   startsEarly)
      .build();
  return func;
}

Value blockattn::canUseRowProduct(KernelBuilder &b, Type element,
                                  const GroupedProduct &product) {
  Value zero = b.index(0);
  Value vector = b.index(kReadBytes / elementBytes(element));
  Value address = b.toIndex(
      LLVM::PtrToIntOp::create(b, b.getI64Type(), product.matrix).getResult());
  Value can = b.equal(b.rem(address, b.index(kReadBytes)), zero);
  can = b.both(can, b.equal(b.rem(product.leading, vector), zero));
  can = b.both(can, b.less(zero, product.columns));
  return b.both(can, b.equal(b.rem(product.columns, vector), zero));
}

void blockattn::launchRowProducts(KernelBuilder &b, ModuleOp module,
                                  Type element, Type resultElement, Value row,
                                  Value depth,
                                  ArrayRef<GroupedProduct> products,
                                  bool overwrite, bool hasClusters) {
  auto toI64 = [&](Value index) {
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
  };
  SmallVector<Value> arguments{row, toI64(depth)};
  llvm::append_range(arguments, groupArguments(b, products));
  auto blocks = [&](int64_t tile) { return tilesOfGroup(b, products, tile); };
  auto launch = [&](int64_t tile, int64_t splits) {
    Value one = b.index(1);
    gpu::GPUFuncOp kernel = findKernel(module, b.getLoc(), tile, splits,
                                       element, resultElement, overwrite,
                                       /*startsEarly=*/hasClusters);
    Value grid = b.mul(blocks(tile), b.index(splits));
    gpu::LaunchFuncOp::create(b, kernel, gpu::KernelDim3{grid, one, one},
                              gpu::KernelDim3{b.index(kThreads), one, one},
                              Value(), arguments);
    return SmallVector<Value>();
  };
  b.branch(
      b.less(blocks(kWide), b.index(kWantedBlocks)), {},
      [&] {
        return hasClusters ? launch(kWide, kCluster) : launch(kNarrow, 1);
      },
      [&] { return launch(kWide, 1); });
}
