//===- DecomposeEinsum.cpp - Einsum as transposes and products ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are multiplied one after another. What both have and is summed makes
// the inner dimension of a MatMul, what both have and stays is its batch; a
// product without a sum is a Mul. Of the forms that a product can have, that is
// taken which the result's order asks for: "bthd,bshd->bhts" becomes what
// exporters write for attention scores, "btd,dhk->bthk" a projection.
//
//===----------------------------------------------------------------------===//

#include "passes/Normalize/DecomposeComposite.h"

#include "dialects/Onnx/EinsumEquation.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace blockattn {

using onnx::EinsumLabels;

namespace {
/// A tensor, and the label of each of its dimensions.
struct Factor {
  Value value;
  EinsumLabels labels;

  bool has(int label) const { return llvm::is_contained(labels, label); }
  int64_t place(int label) const {
    return llvm::find(labels, label) - labels.begin();
  }
};

class EinsumRewriter {
public:
  /// `order` is the result's: labels that are not in it come last.
  EinsumRewriter(GraphBuilder &g, ArrayRef<int> order) : g(g), order(order) {}

  /// Of a label that occurs twice in one operand, keeps the diagonal.
  void takeDiagonals(Factor &x);
  /// Sums over the labels that are not `needed`.
  void sumOut(Factor &x, llvm::function_ref<bool(int)> needed);
  void transpose(Factor &x, ArrayRef<int> to);
  /// The product, summed over what is not `needed`.
  Factor multiply(Factor a, Factor b, llvm::function_ref<bool(int)> needed);

private:
  void sort(EinsumLabels &labels) const;
  /// Drops from `x` what is 1 there and not in `other`.
  void dropOnes(Factor &x, const Factor &other);
  Factor multiplyElements(Factor a, Factor b);
  /// Dimensions [begin, end) as an i64 vector of one element, their product.
  Value extent(Value value, int64_t begin, int64_t end);
  Value reshape(Value value, ArrayRef<Value> extents);

  GraphBuilder &g;
  ArrayRef<int> order;
};
} // namespace

void EinsumRewriter::sort(EinsumLabels &labels) const {
  llvm::stable_sort(labels, [&](int a, int b) {
    return llvm::find(order, a) < llvm::find(order, b);
  });
}

void EinsumRewriter::takeDiagonals(Factor &x) {
  for (size_t first = 0; first < x.labels.size(); ++first)
    for (size_t second = first + 1; second < x.labels.size();) {
      if (x.labels[first] != x.labels[second]) {
        ++second;
        continue;
      }
      x.value = g.ofSize(x.value, second, x.value, first);
      Type i64 = IntegerType::get(x.value.getContext(), 64);
      auto places = [&](int64_t axis) {
        Value range = g.range(g.number(i64, 0), g.dim(x.value, axis));
        SmallVector<int64_t> after =
            llvm::to_vector(llvm::seq<int64_t>(1, g.rank(x.value) - axis));
        return after.empty() ? range : g.unsqueeze(range, after);
      };
      // Of one row of the second dimension one element is left: its sum.
      Value isDiagonal = g.binary<onnx::EqualOp>(places(first), places(second));
      Value zero = g.number(g.element(x.value), 0);
      x.value = g.make<onnx::WhereOp>({isDiagonal, x.value, zero});
      x.value = g.make<onnx::ReduceSumOp>({x.value, g.ints(second)},
                                          g.attr("keepdims", int64_t(0)));
      x.labels.erase(x.labels.begin() + second);
    }
}

void EinsumRewriter::sumOut(Factor &x, llvm::function_ref<bool(int)> needed) {
  SmallVector<int64_t> axes;
  EinsumLabels left;
  for (auto [i, label] : llvm::enumerate(x.labels))
    if (needed(label))
      left.push_back(label);
    else
      axes.push_back(i);
  if (axes.empty())
    return;
  x.value = g.make<onnx::ReduceSumOp>({x.value, g.ints(axes)},
                                      g.attr("keepdims", int64_t(0)));
  x.labels = left;
}

void EinsumRewriter::transpose(Factor &x, ArrayRef<int> to) {
  SmallVector<int64_t> perm;
  for (int label : to)
    perm.push_back(x.place(label));
  x.labels.assign(to.begin(), to.end());
  if (!llvm::is_sorted(perm))
    x.value = g.transpose(x.value, perm);
}

void EinsumRewriter::dropOnes(Factor &x, const Factor &other) {
  SmallVector<int64_t> axes;
  EinsumLabels left;
  for (auto [i, label] : llvm::enumerate(x.labels))
    if (other.has(label) && g.size(x.value, i) == 1 &&
        g.size(other.value, other.place(label)) != 1)
      axes.push_back(i);
    else
      left.push_back(label);
  if (axes.empty())
    return;
  x.value = g.make<onnx::SqueezeOp>({x.value, g.ints(axes)});
  x.labels = left;
}

Value EinsumRewriter::extent(Value value, int64_t begin, int64_t end) {
  int64_t product = 1;
  for (int64_t i = begin; i < end; ++i) {
    int64_t size = g.size(value, i);
    if (ShapedType::isDynamic(size) ||
        llvm::MulOverflow(product, size, product)) {
      Value sizes = g.shapeOf(value, begin, end);
      return end - begin == 1 ? sizes : g.make<onnx::ReduceProdOp>(sizes);
    }
  }
  return g.ints(product);
}

Value EinsumRewriter::reshape(Value value, ArrayRef<Value> extents) {
  return g.make<onnx::ReshapeOp>(
      {value, g.make<onnx::ConcatOp>(extents, g.attr("axis", int64_t(0)))});
}

Factor EinsumRewriter::multiplyElements(Factor a, Factor b) {
  EinsumLabels all = a.labels;
  for (int label : b.labels)
    if (!a.has(label))
      all.push_back(label);
  sort(all);
  for (Factor *x : {&a, &b}) {
    EinsumLabels own;
    SmallVector<int64_t> lacking;
    for (auto [i, label] : llvm::enumerate(all))
      if (x->has(label))
        own.push_back(label);
      else if (!own.empty())
        lacking.push_back(i);
    transpose(*x, own);
    // Dimensions before the first one need not be spelled out.
    for (int64_t &axis : lacking)
      axis -= all.size() - own.size() - lacking.size();
    if (!lacking.empty())
      x->value = g.unsqueeze(x->value, lacking);
  }
  return {g.binary<onnx::MulOp>(a.value, b.value), all};
}

Factor EinsumRewriter::multiply(Factor a, Factor b,
                                llvm::function_ref<bool(int)> needed) {
  dropOnes(a, b);
  dropOnes(b, a);
  auto both = [&](int label) { return a.has(label) && b.has(label); };
  sumOut(a, [&](int label) { return needed(label) || both(label); });
  sumOut(b, [&](int label) { return needed(label) || both(label); });
  EinsumLabels batch, inner, rows, columns;
  for (int label : a.labels)
    (!b.has(label) ? rows : needed(label) ? batch : inner).push_back(label);
  for (int label : b.labels)
    if (!a.has(label))
      columns.push_back(label);
  if (inner.empty())
    return multiplyElements(a, b);
  // A product checks one dimension. Of several, it would only see how many
  // elements they have together.
  bool isCertain = llvm::all_of(inner, [&](int label) {
    int64_t size = g.size(a.value, a.place(label));
    return !ShapedType::isDynamic(size) &&
           size == g.size(b.value, b.place(label));
  });
  if (inner.size() > 1 && !isCertain) {
    Factor product = multiplyElements(a, b);
    sumOut(product, needed);
    return product;
  }
  for (EinsumLabels *labels : {&batch, &rows, &columns})
    sort(*labels);
  // The result ends in the columns.
  if (!rows.empty() && !columns.empty() &&
      llvm::find(order, rows.front()) > llvm::find(order, columns.front())) {
    std::swap(a, b);
    std::swap(rows, columns);
  }

  auto concat = [](std::initializer_list<ArrayRef<int>> parts) {
    EinsumLabels all;
    for (ArrayRef<int> part : parts)
      all.append(part.begin(), part.end());
    return all;
  };
  transpose(a, concat({batch, rows, inner}));
  transpose(b, concat({batch, inner, columns}));
  Value left = a.value, right = b.value;
  int64_t numBatch = batch.size(), numRows = rows.size();
  int64_t numInner = inner.size(), numColumns = columns.size();
  // Without a batch MatMul takes any number of row dimensions.
  bool mergesRows = numBatch > 0 ? numRows > 1 : false;
  auto merge = [&](Value value, int64_t first, bool mergesFirst,
                   int64_t second) {
    SmallVector<Value> extents;
    int64_t at = 0, end = numBatch;
    for (; at < end; ++at)
      extents.push_back(extent(value, at, at + 1));
    for (auto [count, merges] :
         {std::pair(first, mergesFirst), std::pair(second, second > 1)}) {
      int64_t step = merges ? count : 1;
      for (end = at + count; at < end; at += step)
        extents.push_back(extent(value, at, at + step));
    }
    return reshape(value, extents);
  };
  if (mergesRows || numInner > 1)
    left = merge(left, numRows, mergesRows, numInner);
  if (numInner > 1 || numColumns > 1)
    right = merge(right, numInner, numInner > 1, numColumns);
  if (numRows == 0)
    left = g.unsqueeze(left, numBatch);
  if (numColumns == 0)
    right = g.unsqueeze(right, numBatch + 1);
  Value product = g.binary<onnx::MatMulOp>(left, right);

  // Back to a dimension for each label.
  Factor result{product, concat({batch, rows, columns})};
  if (mergesRows || numColumns > 1) {
    SmallVector<Value> extents;
    for (int64_t i = 0; i < numBatch; ++i)
      extents.push_back(extent(product, i, i + 1));
    for (int64_t i = 0; i < numRows; ++i)
      extents.push_back(extent(a.value, numBatch + i, numBatch + i + 1));
    for (int64_t i = 0; i < numColumns; ++i) {
      int64_t at = numBatch + numInner + i;
      extents.push_back(extent(b.value, at, at + 1));
    }
    result.value = reshape(product, extents);
    return result;
  }
  SmallVector<int64_t> dropped;
  if (numRows == 0)
    dropped.push_back(numBatch);
  if (numColumns == 0)
    dropped.push_back(numBatch + std::max<int64_t>(numRows, 1));
  if (!dropped.empty())
    result.value = g.make<onnx::SqueezeOp>({product, g.ints(dropped)});
  return result;
}

Refusal decompose(onnx::EinsumOp op, GraphBuilder &g) {
  SmallVector<int64_t> ranks;
  for (Value operand : op.getInputs()) {
    ranks.push_back(g.rank(operand));
    if (ranks.back() < 0)
      return "the ranks of its operands are not known";
    if (!isa<FloatType, IntegerType>(g.element(operand)))
      return "the element types of its operands are not known";
  }
  std::string why;
  auto equation =
      onnx::EinsumEquation::parse(op.getEquation(), ranks.size(), why);
  auto tensors = equation ? equation->labels(ranks, why) : std::nullopt;
  if (!tensors)
    return why;

  EinsumRewriter rewriter(g, tensors->result);
  SmallVector<Factor> factors;
  for (auto [value, labels] : llvm::zip(op.getInputs(), tensors->operands)) {
    factors.push_back({value, labels});
    rewriter.takeDiagonals(factors.back());
  }
  Factor all = factors.front();
  for (size_t i = 0; i < factors.size(); ++i) {
    auto needed = [&](int label) {
      return llvm::is_contained(tensors->result, label) ||
             llvm::any_of(ArrayRef(factors).drop_front(i + 1),
                          [&](const Factor &x) { return x.has(label); });
    };
    if (i == 0)
      rewriter.sumOut(all, needed);
    else
      all = rewriter.multiply(all, factors[i], needed);
  }
  rewriter.transpose(all, tensors->result);
  g.replace(op.getOutput(), all.value);
  return {};
}

} // namespace blockattn
