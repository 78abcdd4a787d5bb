//===- RowProduct.cpp - products of one row with matrices -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/RowProduct.h"
#include "passes/LowerCuda/DeviceBuilder.h"
#include "passes/LowerCuda/DeviceKernel.h"
#include "passes/LowerCuda/DeviceMemory.h"

using namespace mlir;
using namespace blockattn;

static constexpr int64_t kThreads = 512;
static constexpr int64_t kWarps = kThreads / 32;
/// Bytes that a thread reads at once, and how many such reads are under way.
static constexpr int64_t kReadBytes = 16;
static constexpr int64_t kReads = 8;
/// Columns of a thread block. Matrices of few columns get narrow ones, so that
/// all multiprocessors have work; in wide ones the parts of rows are longer.
static constexpr int64_t kNarrow = 16, kWide = 64;
/// Thread blocks that keep the memory of the largest GPUs busy.
static constexpr int64_t kWantedBlocks = 256;

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {
/// Builds the kernel for thread blocks of `tile` columns.
class RowProductKernel {
public:
  RowProductKernel(gpu::GPUFuncOp func, int64_t tile, Type element,
                   Type resultElement, bool overwrite)
      : func(func), b(func.getLoc(), func.getContext()), tile(tile),
        bytes(elementBytes(element)), vector(kReadBytes / bytes),
        element(element), resultElement(resultElement), overwrite(overwrite) {}
  void build();

private:
  Value argument(unsigned i) { return func.getArgument(i); }
  Value global(Value pointer) {
    return LLVM::AddrSpaceCastOp::create(b, b.pointer(kGlobalMemory), pointer);
  }
  void chooseProduct();
  Value sumUp();
  SmallVector<Value> readChunk(Value firstRow, int64_t reads);
  Value addChunk(Value sums, ValueRange chunk);
  void finish(Value sums);

  gpu::GPUFuncOp func;
  DeviceBuilder b;
  int64_t tile, bytes, vector;
  Type element, resultElement;
  bool overwrite;
  Value row, depth, matrix, leading, columns, result, tileNumber;
  /// The thread's first column in the tile, and its first row.
  Value column, firstRow;
};
} // namespace

/// The first arguments are the row and its length; these are each product's.
enum ProductArgument { Matrix, Leading, Columns, Result, NumProductArguments };
static constexpr unsigned kCommonArguments = 2;

/// Thread blocks have the tiles of the first product, then the next one's.
void RowProductKernel::chooseProduct() {
  tileNumber = b.wide(b.blockX());
  auto of = [&](unsigned product, ProductArgument which) {
    return argument(kCommonArguments + product * NumProductArguments + which);
  };
  auto tilesOf = [&](unsigned product) {
    return b.ceilDiv(of(product, Columns), tile);
  };
  Value begin = b.i64(0), end = tilesOf(0);
  Value chosen[NumProductArguments];
  for (unsigned i = 0; i < NumProductArguments; ++i)
    chosen[i] = of(0, ProductArgument(i));
  Value start = begin;
  for (unsigned product = 1; product < kMostRowProducts; ++product) {
    Value isBeyond = b.lessEqual(end, tileNumber);
    for (unsigned i = 0; i < NumProductArguments; ++i)
      chosen[i] =
          b.select(isBeyond, of(product, ProductArgument(i)), chosen[i]);
    start = b.select(isBeyond, end, start);
    end = b.add(end, tilesOf(product));
  }
  tileNumber = b.sub(tileNumber, start);
  matrix = global(chosen[Matrix]);
  leading = chosen[Leading];
  columns = chosen[Columns];
  result = global(chosen[Result]);
}

/// What some of the thread's rows have for it, and their factors.
SmallVector<Value> RowProductKernel::readChunk(Value first, int64_t reads) {
  int64_t step = kThreads * vector / tile;
  auto type = VectorType::get({vector}, element);
  SmallVector<Value> parts, factors;
  for (int64_t i = 0; i < reads; ++i) {
    Value k = b.wide(b.add(first, i * step));
    Value at = b.add(b.mul(k, leading), column);
    parts.push_back(
        b.load(type, b.offset(matrix, b.mul(at, bytes)), kReadBytes));
    factors.push_back(
        b.load(element, b.offset(row, b.mul(k, bytes)), unsigned(bytes)));
  }
  llvm::append_range(parts, factors);
  return parts;
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

Value RowProductKernel::sumUp() {
  int64_t perRow = tile / vector, step = kThreads / perRow;
  Value thread = b.thread();
  firstRow = b.div(thread, perRow);
  Value inTile = b.wide(b.mul(b.rem(thread, perRow), vector));
  // Threads beyond the last column do the first ones again.
  column = b.add(b.mul(tileNumber, tile), inTile);
  column = b.select(b.less(column, columns), column, b.i64(0));
  Value count = b.narrow(depth);
  auto sumType = VectorType::get({vector}, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(sumType));
  // As many reads as there may be at a time, the next ones being under way
  // while these are added; then one at a time.
  Value chunk = b.i32(step * kReads);
  Value whole = b.mul(b.div(count, chunk), chunk);
  Value sums = b.branch(
      b.less(b.i32(0), whole), TypeRange{sumType},
      [&]() -> SmallVector<Value> {
        SmallVector<Value> state{zero};
        llvm::append_range(state, readChunk(firstRow, kReads));
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

/// Sums of the threads meet: in a warp, then through shared memory.
void RowProductKernel::finish(Value sums) {
  int64_t perRow = tile / vector;
  auto type = MemRefType::get(
      {kWarps, tile}, b.getF32Type(), MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup));
  Value shared = func.addWorkgroupAttribution(type, b.getLoc());
  auto index = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), value);
  };
  Value thread = b.thread();
  Value lane = b.rem(thread, 32), warp = b.div(thread, 32);
  for (int64_t i = 0; i < vector; ++i) {
    Value sum = vector::ExtractOp::create(b, sums, i);
    for (int64_t mask = perRow; mask < 32; mask *= 2)
      sum = b.addF(sum, b.shuffleXor(sum, mask));
    b.when(b.less(lane, b.i32(perRow)), [&] {
      memref::StoreOp::create(
          b, sum, shared,
          ValueRange{index(warp), index(b.add(b.mul(lane, vector), i))});
    });
  }
  b.barrier();
  Value place = b.add(b.mul(tileNumber, tile), b.wide(thread));
  Value isMine = b.both(b.less(thread, b.i32(tile)), b.less(place, columns));
  b.when(isMine, [&] {
    Value sum;
    for (int64_t i = 0; i < kWarps; ++i) {
      Value part = memref::LoadOp::create(
          b, shared, ValueRange{index(b.i32(i)), index(thread)});
      sum = sum ? b.addF(sum, part) : part;
    }
    int64_t size = elementBytes(resultElement);
    Value pointer = b.offset(result, b.mul(place, size));
    if (!overwrite)
      sum =
          b.addF(sum, b.toF32(b.load(resultElement, pointer, unsigned(size))));
    b.store(b.fromF32(sum, resultElement), pointer, unsigned(size));
  });
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

static StringRef typeName(Type type) {
  return type.isF32() ? "f32" : type.isBF16() ? "bf16" : "f16";
}

/// The kernel of the module, made on first use.
static gpu::GPUFuncOp findKernel(ModuleOp module, Location loc, int64_t tile,
                                 Type element, Type resultElement,
                                 bool overwrite) {
  std::string name =
      ("row_product_" + typeName(element) + "_" + (overwrite ? "" : "add_") +
       typeName(resultElement) + "_" + Twine(tile))
          .str();
  gpu::GPUModuleOp device = deviceModule(module);
  if (auto known = device.lookupSymbol<gpu::GPUFuncOp>(name))
    return known;
  OpBuilder b = OpBuilder::atBlockEnd(device.getBody());
  Type ptr = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  SmallVector<Type> types{ptr, i64};
  for (unsigned i = 0; i < kMostRowProducts; ++i)
    llvm::append_range(types, ArrayRef<Type>{ptr, i64, i64, ptr});
  auto func =
      gpu::GPUFuncOp::create(b, loc, name, b.getFunctionType(types, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  func.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr({kThreads, 1, 1}));
  RowProductKernel(func, tile, element, resultElement, overwrite).build();
  return func;
}

Value blockattn::canUseRowProduct(KernelBuilder &b, Type element,
                                  const RowProduct &product) {
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
                                  Value depth, ArrayRef<RowProduct> products,
                                  bool overwrite) {
  Value null =
      LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()));
  Value noColumns =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(0));
  auto toI64 = [&](Value index) {
    return b.createOrFold<arith::IndexCastOp>(b.getI64Type(), index);
  };
  SmallVector<Value> arguments{row, toI64(depth)};
  for (unsigned i = 0; i < kMostRowProducts; ++i) {
    if (i < products.size())
      llvm::append_range(arguments, ArrayRef<Value>{products[i].matrix,
                                                    toI64(products[i].leading),
                                                    toI64(products[i].columns),
                                                    products[i].result});
    else
      llvm::append_range(arguments,
                         ArrayRef<Value>{null, noColumns, noColumns, null});
  }
  auto blocks = [&](int64_t tile) {
    Value count = b.index(0);
    for (const RowProduct &product : products)
      count = b.add(count, b.ceilDiv(product.columns, tile));
    return count;
  };
  auto launch = [&](int64_t tile) {
    Value one = b.index(1);
    gpu::GPUFuncOp kernel =
        findKernel(module, b.getLoc(), tile, element, resultElement, overwrite);
    gpu::LaunchFuncOp::create(
        b, kernel, gpu::KernelDim3{blocks(tile), one, one},
        gpu::KernelDim3{b.index(kThreads), one, one}, Value(), arguments);
    return SmallVector<Value>();
  };
  b.branch(
      b.less(blocks(kWide), b.index(kWantedBlocks)), {},
      [&] { return launch(kNarrow); }, [&] { return launch(kWide); });
}
