//===- CpuDevice.h - programs on the host -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_CPU_CPUDEVICE_H
#define BLOCKATTN_RUNTIME_CPU_CPUDEVICE_H

#include "Artifact/Artifact.h"
#include "Device/Device.h"

namespace blockattn::rt {

/// Loads the code for `level`, or, if that is null, the best that this machine
/// can run.
Expected<std::unique_ptr<Device>> openCpuDevice(const Artifact &artifact,
                                                int threads, const char *level);

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_CPU_CPUDEVICE_H
