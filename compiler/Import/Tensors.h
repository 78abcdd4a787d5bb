//===- Tensors.h - tensors of a model file -----------------------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BLOCKATTN_COMPILER_IMPORT_TENSORS_H
#define BLOCKATTN_COMPILER_IMPORT_TENSORS_H

#include "compiler/Import/ExternalData.h"
#include "mlir/IR/Builders.h"
#include "onnx.pb.h"

namespace blockattn {

/// Makes constants and weights of a model file's tensors.
class TensorImporter {
public:
  TensorImporter(ModelFiles &files, Report &report)
      : files(files), report(report) {}

  /// Emits `onnx.Constant` for a small tensor and `onnx.Weight` for a large
  /// one. Null after an error, which is reported at `where` and calls the
  /// tensor by `name`.
  mlir::Value emit(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Location where, const ::onnx::TensorProto &tensor,
                   llvm::StringRef name);

  /// The tensor as an attribute, whatever its size. Null after an error.
  mlir::ElementsAttr attribute(mlir::Location loc,
                               const ::onnx::TensorProto &tensor,
                               llvm::StringRef name);

private:
  /// Bytes of file number `file`, checked to be there.
  struct Place {
    int64_t file = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  mlir::RankedTensorType type(mlir::Location loc,
                              const ::onnx::TensorProto &tensor,
                              llvm::StringRef name);
  bool locate(mlir::Location loc, const ::onnx::TensorProto &tensor,
              llvm::StringRef name, uint64_t size, std::optional<Place> &place);
  bool locateExternal(mlir::Location loc, const ::onnx::TensorProto &tensor,
                      llvm::StringRef name, uint64_t size, Place &place);
  mlir::ElementsAttr inMemory(mlir::Location loc,
                              const ::onnx::TensorProto &tensor,
                              llvm::StringRef name, mlir::RankedTensorType type,
                              std::optional<Place> place);
  mlir::InFlightDiagnostic error(mlir::Location loc, llvm::StringRef name);

  ModelFiles &files;
  Report &report;
};

} // namespace blockattn

#endif // BLOCKATTN_COMPILER_IMPORT_TENSORS_H
