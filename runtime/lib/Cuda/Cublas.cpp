//===- Cublas.cpp - matrix products by cuBLASLt ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cuda/Cublas.h"
#include "Cuda/CublasApi.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

using namespace blockattn::rt;
using namespace blockattn::rt::cuda;

namespace {

/// How many of the library's proposals are measured, and how often each.
constexpr int kCandidates = 8;
constexpr int kRepeats = 3;

/// The library's number for a type, or -1.
int realType(int32_t type) {
  switch (type) {
  case BA_CUDA_F32:
    return kReal32F;
  case BA_CUDA_F16:
    return kReal16F;
  case BA_CUDA_BF16:
    return kReal16BF;
  default:
    return -1;
  }
}

int64_t bytesOf(int32_t type) { return type == BA_CUDA_F32 ? 4 : 2; }

/// The largest power of two, up to 256, that all of the addresses and strides
/// (in bytes) are multiples of.
uint32_t alignmentOf(const void *pointer, int64_t strideBytes) {
  uint64_t bits = address(pointer) | static_cast<uint64_t>(strideBytes) | 256;
  return static_cast<uint32_t>(bits & (~bits + 1));
}

std::string sizeText(const ba_cuda_gemm &gemm) {
  char text[128];
  std::snprintf(text, sizeof text,
                "a matrix product [%" PRId64 ", %" PRId64 "] x [%" PRId64
                ", %" PRId64 "], batch %" PRId64,
                gemm.m, gemm.k, gemm.k, gemm.n, gemm.batch);
  std::string result = text + epilogueText(gemm);
  return gemm.node ? result + " of node " + quote(gemm.node) : result;
}

/// Row-major matrices are the transposes of column-major ones, so the library
/// computes C^T = B^T A^T: its A is our B, and the other way round.
struct Column {
  const void *data;
  int32_t type;
  int64_t rows, columns, leading, stride;
};

Column columnOf(const void *data, int32_t type, bool transposed, int64_t rows,
                int64_t columns, int64_t leading, int64_t stride) {
  if (!transposed)
    std::swap(rows, columns);
  // From its only column to the next one may be any distance, of which the
  // library wants a possible one.
  if (columns == 1)
    leading = std::max(leading, rows);
  return {data, type, rows, columns, leading, stride};
}

} // namespace

std::string blockattn::rt::cuda::epilogueText(const ba_cuda_gemm &gemm) {
  std::string text = gemm.bias ? " + bias" : "";
  if (gemm.activation == BA_CUDA_ACTIVATION_GELU)
    text += ", gelu";
  else if (gemm.activation == BA_CUDA_ACTIVATION_RELU)
    text += ", relu";
  return text;
}

int blockattn::rt::cuda::epilogueOf(const ba_cuda_gemm &gemm) {
  int epilogue = gemm.bias ? kEpilogueBias : 0;
  if (gemm.activation == BA_CUDA_ACTIVATION_GELU)
    epilogue |= kEpilogueGelu;
  else if (gemm.activation == BA_CUDA_ACTIVATION_RELU)
    epilogue |= kEpilogueRelu;
  return epilogue ? epilogue : kEpilogueNone;
}

/// The library's objects for a product.
struct Cublas::Product {
  explicit Product(const CublasApi &api) : api(api) {}
  ~Product() {
    for (void *layout : {a, b, c})
      if (layout)
        api.layoutDestroy(layout);
    if (description)
      api.descriptionDestroy(description);
    if (preference)
      api.preferenceDestroy(preference);
  }
  Product(const Product &) = delete;

  const CublasApi &api;
  void *description = nullptr, *preference = nullptr;
  void *a = nullptr, *b = nullptr, *c = nullptr;
  /// What is added to the product, scaled by `beta`.
  const void *addend = nullptr;
  float beta = 0;
  int epilogue = kEpilogueNone;
  /// Of A, B, C and the bias, a byte each.
  uint64_t alignments = 0;
};

Cublas::~Cublas() {
  if (!handle)
    return;
  kept.save(/*isLast=*/true);
  if (Gpu::Scope scope(gpu); scope)
    api->destroy(handle);
}

Status Cublas::open() {
  std::lock_guard<std::mutex> lock(mutex);
  if (handle)
    return Status();
  Expected<const CublasApi *> library = CublasApi::get();
  if (!library)
    return library.takeError();
  api = *library;
  if (Status status = check(api->create(&handle), "starting cuBLASLt"))
    return status;
  int cuda = 0;
  gpu.driver().driverVersion(&cuda);
  kept.open(gpu.model() + ", cuBLASLt " + std::to_string(api->version()) +
            ", CUDA " + std::to_string(cuda));
  return Status();
}

void Cublas::saveChoices() {
  std::lock_guard<std::mutex> lock(mutex);
  kept.save(/*isLast=*/false);
}

Status Cublas::check(int result, const std::string &what) const {
  if (result == 0)
    return Status();
  std::string name = api->statusName ? api->statusName(result)
                                     : "status " + std::to_string(result);
  return error(result == kCublasNotSupported ? BA_UNSUPPORTED : BA_INTERNAL,
               "%s: %s failed: %s", gpu.title().c_str(), what.c_str(),
               name.c_str());
}

Status Cublas::describe(const ba_cuda_gemm &gemm, Product &product) const {
  const char *what = "describing a matrix product";
  auto layout = [&](void **result, const Column &matrix) -> Status {
    if (Status status =
            check(api->layoutCreate(result, realType(matrix.type), matrix.rows,
                                    matrix.columns, matrix.leading),
                  what))
      return status;
    if (gemm.batch == 1)
      return Status();
    int32_t count = static_cast<int32_t>(gemm.batch);
    if (Status status = check(
            api->layoutSet(*result, kLayoutBatchCount, &count, sizeof count),
            what))
      return status;
    return check(api->layoutSet(*result, kLayoutBatchStride, &matrix.stride,
                                sizeof matrix.stride),
                 what);
  };
  Column columns[] = {columnOf(gemm.b, gemm.type, gemm.trans_b, gemm.k, gemm.n,
                               gemm.ldb, gemm.stride_b),
                      columnOf(gemm.a, gemm.type, gemm.trans_a, gemm.m, gemm.k,
                               gemm.lda, gemm.stride_a),
                      columnOf(gemm.c, gemm.c_type, false, gemm.m, gemm.n,
                               gemm.ldc, gemm.stride_c)};
  void **layouts[] = {&product.a, &product.b, &product.c};
  for (int i = 0; i < 3; ++i) {
    if (Status status = layout(layouts[i], columns[i]))
      return status;
    int64_t bytes = bytesOf(columns[i].type);
    uint32_t alignment =
        std::min(alignmentOf(columns[i].data, columns[i].leading * bytes),
                 alignmentOf(columns[i].data, columns[i].stride * bytes));
    if (i == 2 && gemm.residual)
      alignment = std::min(alignment, alignmentOf(gemm.residual, 0));
    // 256 does not fit into a byte; 128 serves as well.
    product.alignments |= uint64_t(std::min(alignment, 128u)) << (8 * i);
  }
  // The library looks at the pointer where it chooses an algorithm.
  if (gemm.bias)
    product.alignments |= uint64_t(std::min(alignmentOf(gemm.bias, 0), 128u))
                          << 24;

  if (Status status = check(
          api->descriptionCreate(&product.description, kCompute32F, kReal32F),
          what))
    return status;
  product.beta = gemm.residual ? 1 : gemm.beta;
  product.addend = gemm.residual ? gemm.residual : gemm.c;
  product.epilogue = epilogueOf(gemm);
  int32_t transA = gemm.trans_b, transB = gemm.trans_a;
  int32_t biasType = realType(gemm.c_type);
  struct {
    DescriptionAttribute attribute;
    const void *value;
    size_t bytes;
    bool isNeeded;
  } settings[] = {
      {kTransposeA, &transA, sizeof transA, true},
      {kTransposeB, &transB, sizeof transB, true},
      {kEpilogue, &product.epilogue, sizeof product.epilogue, true},
      {kBiasPointer, &gemm.bias, sizeof gemm.bias, gemm.bias != nullptr},
      {kBiasType, &biasType, sizeof biasType, gemm.bias != nullptr},
  };
  for (auto &setting : settings)
    if (setting.isNeeded)
      if (Status status =
              check(api->descriptionSet(product.description, setting.attribute,
                                        setting.value, setting.bytes),
                    what))
        return status;
  return Status();
}

Status Cublas::launch(const ba_cuda_gemm &gemm, const Product &product,
                      const uint64_t *algorithm, StreamHandle stream,
                      const Workspace &workspace) const {
  const float one = 1;
  return check(api->matmul(handle, product.description, &one, gemm.b, product.a,
                           gemm.a, product.b, &product.beta, product.addend,
                           product.c, gemm.c, product.c, algorithm,
                           workspace.memory, workspace.bytes, stream),
               sizeText(gemm));
}

bool Cublas::isUsable(const ProductChoices::Algorithm &algorithm,
                      const Product &product,
                      const Workspace &workspace) const {
  HeuristicResult result{};
  return api->algorithmCheck(handle, product.description, product.a, product.b,
                             product.c, product.c, algorithm.data(),
                             &result) == 0 &&
         result.workspaceBytes <= workspace.bytes;
}

Status Cublas::choose(const ba_cuda_gemm &gemm, const Product &product,
                      StreamHandle stream, const Workspace &workspace,
                      bool mayMeasure, Choice &choice) {
  // Whether C is read makes a difference as well.
  int64_t update = product.epilogue | (product.beta != 0 ? 1 << 16 : 0);
  Key key{gemm.type,     gemm.c_type,
          gemm.trans_a,  gemm.trans_b,
          gemm.m,        gemm.n,
          gemm.k,        gemm.lda,
          gemm.ldb,      gemm.ldc,
          gemm.batch,    gemm.stride_a,
          gemm.stride_b, gemm.stride_c,
          update,        static_cast<int64_t>(product.alignments)};
  bool isFirst = true;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto known = choices.find(key);
    if (known != choices.end()) {
      choice = known->second;
      if (choice.isMeasured || !mayMeasure)
        return Status();
    }
    isFirst = known == choices.end();
    std::optional<ProductChoices::Algorithm> earlier = kept.find(key);
    if (isFirst && earlier && isUsable(*earlier, product, workspace)) {
      choice = {*earlier, /*isMeasured=*/true};
      choices[key] = choice;
      return Status();
    }
  }
  void *preference = nullptr;
  if (Status status = check(api->preferenceCreate(&preference), sizeText(gemm)))
    return status;
  uint32_t alignment[3];
  for (int i = 0; i < 3; ++i)
    alignment[i] = (product.alignments >> (8 * i)) & 255;
  int result = api->preferenceSet(preference, kMaxWorkspace, &workspace.bytes,
                                  sizeof workspace.bytes);
  const std::pair<PreferenceAttribute, int> aligned[] = {{kMinAlignmentA, 0},
                                                         {kMinAlignmentB, 1},
                                                         {kMinAlignmentC, 2},
                                                         {kMinAlignmentD, 2}};
  for (auto [attribute, i] : aligned)
    if (result == 0)
      result = api->preferenceSet(preference, attribute, &alignment[i],
                                  sizeof alignment[i]);
  HeuristicResult found[kCandidates];
  int count = 0;
  if (result == 0)
    result = api->heuristic(handle, product.description, product.a, product.b,
                            product.c, product.c, preference,
                            isFirst ? 1 : kCandidates, found, &count);
  api->preferenceDestroy(preference);
  if (Status status = check(result, sizeText(gemm)))
    return status;
  if (count == 0)
    return error(BA_UNSUPPORTED,
                 "%s: cuBLASLt has no algorithm for %s of these types",
                 gpu.title().c_str(), sizeText(gemm).c_str());
  int best = 0;
  bool isMeasured = !isFirst;
  // A product added to its own result can't be repeated at will: it is measured
  // with its result elsewhere.
  ba_cuda_gemm trial = gemm;
  char *scratch = nullptr;
  if (!isFirst && product.beta != 0 && product.addend == gemm.c) {
    uint64_t bytes = bytesOf(gemm.c_type) *
                     ((gemm.batch - 1) * gemm.stride_c + gemm.m * gemm.ldc);
    Expected<char *> memory = gpu.allocate(bytes, "measuring a matrix product");
    if (!memory) {
      Status status = memory.takeError();
      // Without room the library's guess stays.
      return status.code() == BA_OUT_OF_MEMORY ? Status() : std::move(status);
    }
    trial.c = scratch = *memory;
  }
  if (!isFirst && count > 1) {
    const Driver &driver = gpu.driver();
    Event begin = nullptr, end = nullptr;
    bool canTime = driver.eventCreate(&begin, 0) == kSuccess &&
                   driver.eventCreate(&end, 0) == kSuccess;
    float bestTime = 0;
    for (int i = 0; canTime && i < count; ++i) {
      float time = 0;
      bool works =
          !launch(trial, product, found[i].algorithm, stream, workspace) &&
          driver.eventRecord(begin, stream) == kSuccess;
      for (int repeat = 0; works && repeat < kRepeats; ++repeat)
        works = !launch(trial, product, found[i].algorithm, stream, workspace);
      // Waits in any case: the memory of a trial is given back below.
      works = driver.eventRecord(end, stream) == kSuccess && works;
      works = driver.eventSynchronize(end) == kSuccess && works &&
              driver.eventElapsed(&time, begin, end) == kSuccess;
      if (works && (bestTime == 0 || time < bestTime)) {
        bestTime = time;
        best = i;
      }
    }
    for (Event event : {begin, end})
      if (event)
        driver.eventDestroy(event);
    isMeasured = bestTime > 0;
  }
  if (scratch)
    gpu.free(scratch);
  std::copy_n(found[best].algorithm, choice.algorithm.size(),
              choice.algorithm.begin());
  choice.isMeasured = isMeasured;
  std::lock_guard<std::mutex> lock(mutex);
  choices[key] = choice;
  if (choice.isMeasured)
    kept.add(key, choice.algorithm);
  return Status();
}

/// A sum without terms.
Status Cublas::emptySum(const ba_cuda_gemm &gemm, StreamHandle stream) const {
  if (gemm.beta == 1 && !gemm.bias && !gemm.residual &&
      gemm.activation == BA_CUDA_ACTIVATION_NONE)
    return Status();
  if (gemm.bias || gemm.residual || gemm.beta != 0)
    return error(BA_INTERNAL,
                 "a matrix product over 0 elements with something added");
  int64_t bytes = bytesOf(gemm.c_type);
  for (int64_t i = 0; i < gemm.batch; ++i)
    if (Status status =
            gpu.check(gpu.driver().fillRows(
                          address(gemm.c) + i * gemm.stride_c * bytes,
                          gemm.ldc * bytes, 0, gemm.n * bytes, gemm.m, stream),
                      sizeText(gemm)))
      return status;
  return Status();
}

Status Cublas::multiply(const ba_cuda_gemm &gemm, StreamHandle stream,
                        const Workspace &workspace, bool mayMeasure) {
  if (gemm.m == 0 || gemm.n == 0 || gemm.batch == 0)
    return Status();
  if (gemm.m < 0 || gemm.n < 0 || gemm.k < 0 || gemm.batch < 0 ||
      gemm.batch > INT32_MAX || realType(gemm.type) < 0 ||
      realType(gemm.c_type) < 0 || (gemm.residual && gemm.beta != 0))
    return error(BA_INTERNAL, "the compiled code asks for %s, which cannot be",
                 sizeText(gemm).c_str());
  if (gemm.k == 0)
    return emptySum(gemm, stream);
  if (Status status = open())
    return status;
  Product product(*api);
  if (Status status = describe(gemm, product))
    return status;
  Choice choice;
  if (Status status =
          choose(gemm, product, stream, workspace, mayMeasure, choice))
    return status;
  return launch(gemm, product, choice.algorithm.data(), stream, workspace);
}
