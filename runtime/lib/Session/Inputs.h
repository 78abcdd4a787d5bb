//===- Inputs.h - the inputs of one run -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_RUNTIME_SESSION_INPUTS_H
#define BLOCKATTN_RUNTIME_SESSION_INPUTS_H

#include "Artifact/Manifest.h"
#include "Support/AlignedBuffer.h"
#include "Support/Status.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace blockattn::rt {

/// Checks the tensors that a caller gave against what a program wants, and
/// makes those that can be derived.
class Inputs {
public:
  Inputs(const ProgramInfo &program, const Manifest &manifest)
      : program(program), manifest(manifest) {}

  /// Gives an input by name. Kept by reference, as are all views here. What is
  /// `onDevice` is not looked into: its elements are not checked here.
  void give(const std::string &name, const ba_tensor &tensor,
            bool onDevice = false) {
    named[name] = tensor;
    if (onDevice)
      unreadable.insert(name);
  }
  /// Gives every input of a role, in the runtime's own name.
  void give(Role role, const ba_tensor &tensor) { byRole[role] = tensor; }
  /// Has positions derived, from this one on; none can then be given.
  void setFirstPosition(int64_t position) {
    firstPosition = position;
    positionsGiven = true;
  }

  /// Checks everything and completes the list. Errors name the input.
  Status complete();

  /// In the program's order.
  const std::vector<ba_tensor> &tensors() const { return all; }
  /// Which of them were given on the device.
  const std::vector<bool> &onDevice() const { return there; }
  /// Elements of the token input (of the first input where there is none).
  int64_t tokens() const;
  /// Its last dimension: the length of a row.
  int64_t rowLength() const;

private:
  Status checkNames() const;
  Status match(const ValueInfo &info, const ba_tensor &tensor);
  Status checkTokens(const ValueInfo &info, const ba_tensor &tensor) const;
  Status checkExpressions() const;
  /// Under a layout: positions that restart inside of a block are a packed
  /// prompt, which the graph itself may tell apart, but the layout does not.
  Status checkBlockPositions() const;
  /// The table has as many rows as the model was compiled for, or none.
  Status checkSinks(const ValueInfo &info, const ba_tensor &tensor) const;
  /// Every position, behind the sinks before it, has a learned one.
  Status checkLastPosition() const;
  std::optional<int64_t> symbol(const std::string &name) const;
  int64_t pastLength() const;
  Status derivePast(const ValueInfo &info, ba_tensor &tensor);
  Status derive(const ValueInfo &info, ba_tensor &tensor);
  Status missing(const ValueInfo &info) const;
  std::string inputList() const;

  struct Bound {
    int64_t size;
    /// "input_ids", for messages.
    std::string where;
  };

  const ProgramInfo &program;
  const Manifest &manifest;
  std::map<std::string, ba_tensor> named;
  std::map<Role, ba_tensor> byRole;
  int64_t firstPosition = 0;
  bool positionsGiven = false;
  std::map<std::string, Bound> symbols;
  std::set<std::string> unreadable;
  std::vector<ba_tensor> all;
  std::vector<bool> there;
  std::vector<AlignedBuffer> owned;
};

} // namespace blockattn::rt

#endif // BLOCKATTN_RUNTIME_SESSION_INPUTS_H
