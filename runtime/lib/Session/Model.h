//===- Model.h - a loaded artifact ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_MODEL_H
#define BLOCKATTN_RUNTIME_SESSION_MODEL_H

#include "Artifact/Artifact.h"
#include "Artifact/Manifest.h"
#include "Device/Device.h"
#include "Support/MappedFile.h"
#include "Support/RefCounted.h"

#include <memory>
#include <string>
#include <vector>

namespace blockattn::rt {

/// An artifact loaded on a device: immutable, shared by all sessions and
/// threads.
class Model : public RefCounted {
public:
  static Expected<Ref<Model>> open(const std::string &path,
                                   const ba_model_options &options);
  ~Model() override = default;

  const Artifact &artifact() const { return *file; }
  const Manifest &manifest() const { return contents; }
  Device &device() const { return *place; }
  const std::vector<Program> &programs() const { return loaded; }
  /// Null if the artifact has no such program.
  const Program *find(std::string_view name) const;
  /// The same, with an error that says what there is.
  Expected<const Program *> get(std::string_view name) const;

private:
  Model() = default;
  Status mapWeights();
  Status loadPrograms();

  std::unique_ptr<Artifact> file;
  Manifest contents;
  std::vector<std::unique_ptr<MappedFile>> weightsFiles;
  std::vector<Descriptor> weights;
  std::unique_ptr<Device> place;
  std::vector<Program> loaded;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_MODEL_H
