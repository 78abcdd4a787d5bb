//===- CudaDevice.h - programs on a GPU -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CUDA_CUDADEVICE_H
#define BLOCKATTN_RUNTIME_CUDA_CUDADEVICE_H

#include "Artifact/Artifact.h"
#include "Device/Device.h"

namespace blockattn::rt {

/// `threads` of the host copy the weights. `tuningFile` is where the measured
/// choices for matrix products are kept; empty: nowhere.
Expected<std::unique_ptr<Device>> openCudaDevice(const Artifact &artifact,
                                                 const Manifest &manifest,
                                                 int ordinal, int threads,
                                                 const std::string &tuningFile);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CUDA_CUDADEVICE_H
