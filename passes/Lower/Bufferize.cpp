//===- Bufferize.cpp - tensors -> buffers ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Results become destinations first, so that bufferization computes them where
// they are wanted; the rest is upstream's one-shot bufferization.
//
//===----------------------------------------------------------------------===//

#include "dialects/BlockAttn/BlockAttn.h"
#include "passes/Lower/Passes.h"

#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"

namespace blockattn {
#define GEN_PASS_DEF_BUFFERIZE
#include "passes/Lower/Passes.h.inc"
} // namespace blockattn

using namespace mlir;
using namespace mlir::bufferization;
using namespace blockattn;

//===----------------------------------------------------------------------===//
// blockattn.attention_kernel, blockattn.packed_product
//===----------------------------------------------------------------------===//

namespace {
/// Of an op that takes memrefs in place of tensors as it is.
template <typename OpT>
struct KernelModel
    : DstBufferizableOpInterfaceExternalModel<KernelModel<OpT>, OpT> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return cast<OpT>(op).isDpsInput(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto kernel = cast<OpT>(op);
    if (!kernel.hasPureTensorSemantics())
      return success();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> buffers;
    for (Value operand : kernel.getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    SmallVector<Value> outputs;
    for (OpOperand &output : kernel.getDpsInitsMutable())
      outputs.push_back(buffers[output.getOperandNumber()]);
    OperationState newOp(op->getLoc(), op->getName(), buffers, TypeRange(),
                         op->getAttrs());
    newOp.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.create(newOp);
    replaceOpWithBufferizedValues(rewriter, op, outputs);
    return success();
  }
};

template <typename OpT> void attachModel(MLIRContext *context) {
  std::optional<RegisteredOperationName> name =
      RegisteredOperationName::lookup(OpT::getOperationName(), context);
  if (name && !name->hasInterface<BufferizableOpInterface>())
    OpT::template attachInterface<KernelModel<OpT>>(*context);
}

struct BufferizePass : blockattn::impl::BufferizeBase<BufferizePass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    BufferizeBase::getDependentDialects(registry);
    registerLowerExternalModels(registry);
  }
  void runOnOperation() override;
};
} // namespace

void blockattn::registerLowerExternalModels(DialectRegistry &registry) {
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  registry.addExtension(+[](MLIRContext *context, BlockAttnDialect *) {
    attachModel<AttentionKernelOp>(context);
    attachModel<PackedProductOp>(context);
  });
}

//===----------------------------------------------------------------------===//
// Results as destinations
//===----------------------------------------------------------------------===//

/// The sizes of `type`, which `whole` is made of by merging dimensions. False
/// where two of one group are dynamic.
static bool splitSizes(OpBuilder &b, Location loc, RankedTensorType type,
                       Value whole, ArrayRef<ReassociationIndices> groups,
                       SmallVectorImpl<OpFoldResult> &sizes) {
  // One element, whatever the number of dimensions.
  if (groups.empty())
    sizes.assign(type.getRank(), b.getIndexAttr(1));
  for (auto [i, group] : llvm::enumerate(groups)) {
    int64_t fixed = 1, dynamic = 0;
    for (int64_t dim : group)
      if (type.isDynamicDim(dim))
        ++dynamic;
      else
        fixed *= type.getDimSize(dim);
    if (dynamic > 1 || fixed == 0)
      return false;
    for (int64_t dim : group) {
      if (!type.isDynamicDim(dim)) {
        sizes.push_back(b.getIndexAttr(type.getDimSize(dim)));
        continue;
      }
      Value size = memref::DimOp::create(b, loc, whole, i);
      if (fixed != 1)
        size = arith::DivUIOp::create(
            b, loc, size, arith::ConstantIndexOp::create(b, loc, fixed));
      sizes.push_back(size);
    }
  }
  return true;
}

/// Walks back over reshapes of the result, reshaping the destination in turn,
/// so that what comes before them can be computed in place.
static void pushReshapes(OpBuilder &b, Value &source, Value &destination) {
  for (;;) {
    Location loc = source.getLoc();
    if (auto expand = source.getDefiningOp<tensor::ExpandShapeOp>()) {
      destination = memref::CollapseShapeOp::create(
          b, loc, destination, expand.getReassociationIndices());
      source = expand.getSrc();
    } else if (auto collapse =
                   source.getDefiningOp<tensor::CollapseShapeOp>()) {
      auto type = cast<RankedTensorType>(collapse.getSrc().getType());
      SmallVector<OpFoldResult> sizes;
      if (!splitSizes(b, loc, type, destination,
                      collapse.getReassociationIndices(), sizes))
        break;
      destination = memref::ExpandShapeOp::create(
          b, loc, type.getShape(), destination,
          collapse.getReassociationIndices(), sizes);
      source = collapse.getSrc();
    } else if (auto cast = source.getDefiningOp<tensor::CastOp>()) {
      auto type = dyn_cast<RankedTensorType>(cast.getSource().getType());
      if (!type)
        break;
      destination = memref::CastOp::create(
          b, loc, MemRefType::get(type.getShape(), type.getElementType()),
          destination);
      source = cast.getSource();
    } else {
      break;
    }
  }
  // The types may differ in what is known of them.
  auto type = cast<RankedTensorType>(source.getType());
  auto wanted = MemRefType::get(type.getShape(), type.getElementType());
  if (destination.getType() != wanted)
    destination =
        memref::CastOp::create(b, source.getLoc(), wanted, destination);
}

/// A destination that several operations share would be written by one after
/// another and copied in between: each gets its own, filled just before.
static void separateDestinations(func::FuncOp function) {
  auto separate = [&](auto op) {
    OpBuilder b(op);
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
      if (op->hasOneUse())
        break;
      b.setInsertionPoint(use.getOwner());
      use.set(b.clone(*op)->getResult(0));
    }
  };
  SmallVector<linalg::FillOp> fills;
  function.walk([&](linalg::FillOp op) {
    if (op.hasPureTensorSemantics())
      fills.push_back(op);
  });
  for (linalg::FillOp op : fills)
    separate(op);
  SmallVector<tensor::EmptyOp> empties;
  function.walk([&](tensor::EmptyOp op) { empties.push_back(op); });
  for (tensor::EmptyOp op : empties)
    separate(op);
}

/// Whether an index value follows from the dimensions of arguments alone.
static bool followsFromDimensions(Value value, DenseMap<Value, bool> &known) {
  auto [it, inserted] = known.try_emplace(value, false);
  if (!inserted)
    return it->second;
  Operation *op = value.getDefiningOp();
  bool result = false;
  if (auto dim = dyn_cast_or_null<tensor::DimOp>(op))
    result = isa<BlockArgument>(dim.getSource());
  else if (op && isPure(op) && op->getNumRegions() == 0)
    result = llvm::all_of(op->getOperands(), [&](Value operand) {
      return operand.getType().isIntOrIndex() &&
             followsFromDimensions(operand, known);
    });
  known[value] = result;
  return result;
}

/// Whether a value may be a part of another one, whose rows are longer.
static bool isPart(Value value) {
  Operation *def = value.getDefiningOp();
  while (isa_and_nonnull<tensor::CastOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp>(def))
    def = def->getOperand(0).getDefiningOp();
  return isa_and_nonnull<tensor::ExtractSliceOp>(def);
}

/// Adds an argument for each result whose shape does not depend on data.
static LogicalResult makeDestinations(func::FuncOp function) {
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  OpBuilder b(terminator);
  MLIRContext *context = function.getContext();
  SmallVector<Value> kept;
  SmallVector<DictionaryAttr> keptAttributes;
  DenseMap<Value, bool> known;
  DenseSet<int64_t> dataDependent;
  function.walk([&](OutputDimsOp op) {
    for (Value dim : op.getDims())
      if (!followsFromDimensions(dim, known))
        dataDependent.insert(op.getOutput());
  });
  for (auto [i, result] : llvm::enumerate(terminator.getOperands())) {
    NamedAttrList attributes(function.getResultAttrDict(i));
    attributes.set("blockattn.output", b.getI64IntegerAttr(i));
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || dataDependent.contains(i)) {
      // Whoever reads a result takes its rows for neighbours.
      Value own = result;
      if (type && isPart(result))
        own = AllocTensorOp::create(b, result.getLoc(), type, ValueRange(),
                                    result);
      kept.push_back(own);
      keptAttributes.push_back(attributes.getDictionary(context));
      continue;
    }
    unsigned position = function.getNumArguments();
    if (failed(function.insertArgument(
            position, MemRefType::get(type.getShape(), type.getElementType()),
            attributes.getDictionary(context), result.getLoc())))
      return failure();
    Value source = result, destination = function.getArgument(position);
    pushReshapes(b, source, destination);
    MaterializeInDestinationOp::create(b, result.getLoc(), Type(), source,
                                       destination, /*restrict=*/true,
                                       /*writable=*/true);
  }
  func::ReturnOp::create(b, terminator.getLoc(), kept);
  terminator.erase();
  // Inputs and weights are never written.
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (isa<TensorType>(function.getArgument(i).getType()))
      function.setArgAttr(i, BufferizationDialect::kWritableAttrName,
                          b.getBoolAttr(false));
  function.setFunctionType(
      FunctionType::get(context, function.getArgumentTypes(),
                        llvm::to_vector(ValueRange(kept).getTypes())));
  function.setAllResultAttrs(keptAttributes);
  return success();
}

/// An expansion of one dimension into several of unknown size says all that a
/// reinterpretation needs, but upstream's lowering of expansions takes one
/// unknown size a group at most.
static void reinterpretExpansions(func::FuncOp function) {
  SmallVector<memref::ExpandShapeOp> ops;
  function.walk([&](memref::ExpandShapeOp op) {
    MemRefType type = op.getResultType();
    for (const ReassociationIndices &group : op.getReassociationIndices())
      if (llvm::count_if(
              group, [&](int64_t dim) { return type.isDynamicDim(dim); }) > 1) {
        ops.push_back(op);
        return;
      }
  });
  for (memref::ExpandShapeOp op : ops) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    MemRefType type = op.getResultType();
    auto metadata =
        memref::ExtractStridedMetadataOp::create(b, loc, op.getSrc());
    auto [fixedStrides, fixedOffset] = type.getStridesAndOffset();
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OpFoldResult> strides(sizes.size());
    for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
      Value stride = metadata.getStrides()[i];
      for (int64_t dim : llvm::reverse(group)) {
        strides[dim] = ShapedType::isDynamic(fixedStrides[dim])
                           ? OpFoldResult(stride)
                           : OpFoldResult(b.getIndexAttr(fixedStrides[dim]));
        stride = arith::MulIOp::create(
            b, loc, stride,
            getValueOrCreateConstantIndexOp(b, loc, sizes[dim]));
      }
    }
    OpFoldResult offset = ShapedType::isDynamic(fixedOffset)
                              ? OpFoldResult(metadata.getOffset())
                              : OpFoldResult(b.getIndexAttr(fixedOffset));
    Value view = memref::ReinterpretCastOp::create(b, loc, type, op.getSrc(),
                                                   offset, sizes, strides);
    op.replaceAllUsesWith(view);
    op.erase();
  }
}

/// Puts the constants in the order of their first use, and names them by it:
/// functions become buffers in an order that differs from run to run.
static void orderConstants(ModuleOp module) {
  llvm::MapVector<StringAttr, SmallVector<memref::GetGlobalOp>> uses;
  module.walk([&](memref::GetGlobalOp op) {
    uses[op.getNameAttr().getAttr()].push_back(op);
  });
  SymbolTable symbols(module);
  SmallVector<memref::GlobalOp> constants;
  for (auto &[name, ops] : uses) {
    constants.push_back(symbols.lookup<memref::GlobalOp>(name));
    symbols.remove(constants.back());
    constants.back()->remove();
  }
  Block::iterator start = module.getBody()->begin();
  for (auto [constant, use] : llvm::zip(constants, uses)) {
    constant.setSymName("constant");
    StringAttr name = symbols.insert(constant, start);
    for (memref::GetGlobalOp op : use.second)
      op.setName(name);
  }
}

void BufferizePass::runOnOperation() {
  ModuleOp module = getOperation();
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isDeclaration())
      continue;
    if (failed(makeDestinations(function)))
      return signalPassFailure();
    separateDestinations(function);
  }

  IRRewriter rewriter(&getContext());
  if (failed(eliminateEmptyTensors(rewriter, module)))
    return signalPassFailure();

  OneShotBufferizationOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.setFunctionBoundaryTypeConversion(LayoutMapOption::IdentityLayoutMap);
  BufferizationState state;
  if (failed(runOneShotModuleBufferize(module, options, state)))
    return signalPassFailure();
  removeBufferizationAttributesInModule(module);
  orderConstants(module);
  for (auto function : module.getOps<func::FuncOp>())
    reinterpretExpansions(function);
}
