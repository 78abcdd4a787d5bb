//===- DimNames.cpp - names of dimensions that can't be meant -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/DimNames.h"

#include "onnx.pb.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace blockattn {

StringMap<std::string> meantDimNames(const ::onnx::GraphProto &graph) {
  // Past keys and values have rank 4; token ids are a matrix of integers whose
  // rows have a name of their own.
  StringSet<> past;
  std::string tokens;
  for (const ::onnx::ValueInfoProto &input : graph.input()) {
    if (!input.type().has_tensor_type())
      continue;
    const auto &tensor = input.type().tensor_type();
    const auto &dims = tensor.shape().dim();
    bool isInteger = tensor.elem_type() == ::onnx::TensorProto::INT64 ||
                     tensor.elem_type() == ::onnx::TensorProto::INT32;
    if (dims.size() == 4)
      for (const auto &dim : dims)
        if (!dim.dim_param().empty())
          past.insert(dim.dim_param());
    if (dims.size() == 2 && isInteger && tokens.empty() &&
        StringRef(dims[1].dim_param()).find_first_of(" +*-/()") ==
            StringRef::npos)
      tokens = dims[1].dim_param();
  }
  StringMap<std::string> meant;
  if (tokens.empty() || past.contains(tokens))
    return meant;
  for (const auto &entry : past) {
    std::string name = entry.getKey().str();
    meant[name + " + 1"] = name + " + " + tokens;
  }
  return meant;
}

} // namespace blockattn
