//===- Driver.h - the CUDA driver, opened when first used -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of the CUDA driver's interface that the runtime uses, written down
// here so that building needs no CUDA: names, types and numbers are those of
// cuda.h, which never change for a symbol once it is published.
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_DRIVER_H
#define BLOCKATTN_RUNTIME_CUDA_DRIVER_H

#include "Support/Status.h"

#include <cstddef>
#include <cstdint>
#include <dlfcn.h>

namespace blockattn::rt::cuda {

using Result = int;
using DeviceId = int;
using Address = unsigned long long;
using Context = struct ContextTag *;
using ModuleHandle = struct ModuleTag *;
using Function = struct FunctionTag *;
using StreamHandle = struct StreamTag *;
using Event = struct EventTag *;
using Graph = struct GraphTag *;
using GraphExec = struct GraphExecTag *;
using Pool = struct PoolTag *;

enum : Result {
  kSuccess = 0,
  kErrorOutOfMemory = 2,
  kErrorDeinitialized = 4,
  kErrorDeviceUnavailable = 46,
  kErrorNoDevice = 100,
  kErrorInvalidImage = 200,
  kErrorInvalidContext = 201,
  kErrorNoBinaryForGpu = 209,
  kErrorEccUncorrectable = 214,
  kErrorInvalidPtx = 218,
  kErrorNvlinkUncorrectable = 220,
  kErrorJitCompilerNotFound = 221,
  kErrorUnsupportedPtxVersion = 222,
  kErrorContained = 226,
  kErrorInvalidSource = 300,
  kErrorIllegalAddress = 700,
  kErrorLaunchTimeout = 702,
  kErrorContextIsDestroyed = 709,
  kErrorAssert = 710,
  kErrorHardwareStackError = 714,
  kErrorIllegalInstruction = 715,
  kErrorMisalignedAddress = 716,
  kErrorInvalidAddressSpace = 717,
  kErrorInvalidPc = 718,
  kErrorLaunchFailed = 719,
  kErrorTensorMemoryLeak = 721,
  kErrorMpsClientTerminated = 810,
  kErrorUnknown = 999
};

enum DeviceAttribute : int {
  kMultiprocessorCount = 16,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kMaxSharedMemoryOptin = 97,
  kMemoryPoolsSupported = 115
};

enum FunctionAttribute : int {
  kSharedSizeBytes = 1,
  kMaxDynamicSharedSizeBytes = 8
};

enum JitOption : int { kJitErrorLogBuffer = 5, kJitErrorLogBufferSize = 6 };

enum PointerAttribute : int {
  kPointerMemoryType = 2,
  kPointerDeviceOrdinal = 9
};

constexpr int kPoolReleaseThreshold = 4;
constexpr unsigned kStreamNonBlocking = 1;
constexpr int kCaptureModeRelaxed = 2;

struct PoolProperties {
  int allocationType;
  int handleTypes;
  int locationType;
  int locationId;
  void *securityAttributes;
  size_t maxSize;
  unsigned short usage;
  unsigned char reserved[54];
};
static_assert(sizeof(PoolProperties) == 88, "as CUmemPoolProps");

/// How a kernel is launched.
struct LaunchAttribute {
  int id;
  char padding[4];
  union {
    int number;
    char bytes[64];
    uint64_t alignment;
  } value;
};
static_assert(sizeof(LaunchAttribute) == 72, "as CUlaunchAttribute");
/// The kernel may start before those ahead of it in the stream end: it waits
/// for them itself.
constexpr int kProgrammaticSerialization = 6;

struct LaunchConfig {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  StreamHandle stream;
  LaunchAttribute *attributes;
  unsigned attributeCount;
};
static_assert(sizeof(LaunchConfig) == 56, "as CUlaunchConfig");

struct CopyRows {
  size_t fromX, fromY;
  int fromType;
  const void *fromHost;
  Address from;
  void *fromArray;
  size_t fromPitch;
  size_t toX, toY;
  int toType;
  void *toHost;
  Address to;
  void *toArray;
  size_t toPitch;
  size_t width, height;
};
static_assert(sizeof(CopyRows) == 128, "as CUDA_MEMCPY2D");
constexpr int kMemoryOnDevice = 2;
/// Of an event that only says that work is done.
constexpr unsigned kEventDisableTiming = 2;

/// X(member, symbol, parameters)
#define BLOCKATTN_CUDA_DRIVER(X)                                               \
  X(init, "cuInit", (unsigned))                                                \
  X(getErrorName, "cuGetErrorName", (Result, const char **))                   \
  X(getErrorString, "cuGetErrorString", (Result, const char **))               \
  X(driverVersion, "cuDriverGetVersion", (int *))                              \
  X(deviceCount, "cuDeviceGetCount", (int *))                                  \
  X(deviceGet, "cuDeviceGet", (DeviceId *, int))                               \
  X(deviceName, "cuDeviceGetName", (char *, int, DeviceId))                    \
  X(deviceAttribute, "cuDeviceGetAttribute", (int *, int, DeviceId))           \
  X(contextRetain, "cuDevicePrimaryCtxRetain", (Context *, DeviceId))          \
  X(contextRelease, "cuDevicePrimaryCtxRelease_v2", (DeviceId))                \
  X(contextPush, "cuCtxPushCurrent_v2", (Context))                             \
  X(contextPop, "cuCtxPopCurrent_v2", (Context *))                             \
  X(pointerAttributes, "cuPointerGetAttributes",                               \
    (unsigned, int *, void **, Address))                                       \
  X(memoryInfo, "cuMemGetInfo_v2", (size_t *, size_t *))                       \
  X(memoryAlloc, "cuMemAlloc_v2", (Address *, size_t))                         \
  X(memoryFree, "cuMemFree_v2", (Address))                                     \
  X(hostAlloc, "cuMemAllocHost_v2", (void **, size_t))                         \
  X(hostFree, "cuMemFreeHost", (void *))                                       \
  X(poolCreate, "cuMemPoolCreate", (Pool *, const PoolProperties *))           \
  X(poolDestroy, "cuMemPoolDestroy", (Pool))                                   \
  X(poolSetAttribute, "cuMemPoolSetAttribute", (Pool, int, void *))            \
  X(poolTrim, "cuMemPoolTrimTo", (Pool, size_t))                               \
  X(poolAlloc, "cuMemAllocFromPoolAsync",                                      \
    (Address *, size_t, Pool, StreamHandle))                                   \
  X(poolFree, "cuMemFreeAsync", (Address, StreamHandle))                       \
  X(copyToDevice, "cuMemcpyHtoDAsync_v2",                                      \
    (Address, const void *, size_t, StreamHandle))                             \
  X(copyToHost, "cuMemcpyDtoHAsync_v2",                                        \
    (void *, Address, size_t, StreamHandle))                                   \
  X(copyOnDevice, "cuMemcpyDtoDAsync_v2",                                      \
    (Address, Address, size_t, StreamHandle))                                  \
  X(copyRows, "cuMemcpy2DAsync_v2", (const CopyRows *, StreamHandle))          \
  X(fill8, "cuMemsetD8Async", (Address, unsigned char, size_t, StreamHandle))  \
  X(fill16, "cuMemsetD16Async",                                                \
    (Address, unsigned short, size_t, StreamHandle))                           \
  X(fill32, "cuMemsetD32Async", (Address, unsigned, size_t, StreamHandle))     \
  X(fillRows, "cuMemsetD2D8Async",                                             \
    (Address, size_t, unsigned char, size_t, size_t, StreamHandle))            \
  X(streamCreate, "cuStreamCreate", (StreamHandle *, unsigned))                \
  X(streamDestroy, "cuStreamDestroy_v2", (StreamHandle))                       \
  X(streamContext, "cuStreamGetCtx", (StreamHandle, Context *))                \
  X(streamSynchronize, "cuStreamSynchronize", (StreamHandle))                  \
  X(captureBegin, "cuStreamBeginCapture_v2", (StreamHandle, int))              \
  X(captureEnd, "cuStreamEndCapture", (StreamHandle, Graph *))                 \
  X(graphInstantiate, "cuGraphInstantiateWithFlags",                           \
    (GraphExec *, Graph, unsigned long long))                                  \
  X(graphLaunch, "cuGraphLaunch", (GraphExec, StreamHandle))                   \
  X(graphDestroy, "cuGraphDestroy", (Graph))                                   \
  X(graphExecDestroy, "cuGraphExecDestroy", (GraphExec))                       \
  X(eventCreate, "cuEventCreate", (Event *, unsigned))                         \
  X(eventDestroy, "cuEventDestroy_v2", (Event))                                \
  X(eventRecord, "cuEventRecord", (Event, StreamHandle))                       \
  X(eventSynchronize, "cuEventSynchronize", (Event))                           \
  X(eventElapsed, "cuEventElapsedTime", (float *, Event, Event))               \
  X(moduleLoad, "cuModuleLoadDataEx",                                          \
    (ModuleHandle *, const void *, unsigned, int *, void **))                  \
  X(moduleUnload, "cuModuleUnload", (ModuleHandle))                            \
  X(moduleFunction, "cuModuleGetFunction",                                     \
    (Function *, ModuleHandle, const char *))                                  \
  X(functionAttribute, "cuFuncGetAttribute", (int *, int, Function))           \
  X(functionSetAttribute, "cuFuncSetAttribute", (Function, int, int))          \
  X(launch, "cuLaunchKernelEx",                                                \
    (const LaunchConfig *, Function, void **, void **))

/// The driver's functions.
struct Driver {
#define X(member, symbol, parameters) Result(*member) parameters = nullptr;
  BLOCKATTN_CUDA_DRIVER(X)
#undef X

  /// Opens and initialises the driver, once for the process; it stays open, as
  /// it does for everybody who uses it.
  static Expected<const Driver *> get();

  /// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)"
  std::string describe(Result result) const;
};

/// The first of the libraries that can be opened, or null; `problem` is then
/// what the loader said last.
void *openLibrary(const char *const *names, size_t count, std::string &problem);

/// Whether a library has a function, which is then set.
template <typename Function>
bool findFunction(void *library, const char *symbol, Function *&function) {
  function = reinterpret_cast<Function *>(dlsym(library, symbol));
  return function != nullptr;
}

} // namespace blockattn::rt::cuda

#endif // BLOCKATTN_RUNTIME_CUDA_DRIVER_H
