//===- Load.cpp - reads a model file --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Load.h"

#include "compiler/Import/Skeleton.h"
#include "compiler/Import/TextParser.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

using namespace mlir;

namespace blockattn {
namespace {

/// Hands protobuf's complaints about its text format on, with line and column.
class TextErrors : public google::protobuf::io::ErrorCollector {
public:
  TextErrors(StringRef path, Report &report) : path(path), report(report) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string &message) override {
    MLIRContext *context = report.fileLocation().getContext();
    report.error(FileLineColLoc::get(context, path, line + 1, column + 1))
        << message;
  }
  void AddWarning(int, google::protobuf::io::ColumnNumber,
                  const std::string &) override {}

private:
  StringRef path;
  Report &report;
};

bool parseProtobufText(StringRef path, StringRef text,
                       ::onnx::ModelProto &model, Report &report) {
  if (text.size() > INT_MAX) {
    report.error() << "protobuf text of more than 2 GiB can not be read; save "
                      "the model as .onnx with external data";
    return false;
  }
  TextErrors errors(path, report);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(100);
  google::protobuf::io::ArrayInputStream stream(text.data(),
                                                static_cast<int>(text.size()));
  return parser.Parse(&stream, &model);
}

/// What a file that is no ONNX model may be instead; empty when nobody knows.
StringRef guessContent(StringRef bytes) {
  if (bytes.starts_with("version https://git-lfs"))
    return "this is a Git LFS pointer, not the model; run 'git lfs pull'";
  if (bytes.starts_with("PK\x03\x04"))
    return "this is a zip archive (a PyTorch checkpoint?); export the model "
           "to ONNX";
  if (bytes.starts_with("GGUF"))
    return "this is a GGUF file; export the model to ONNX";
  if (bytes.starts_with("<!") || bytes.starts_with_insensitive("<html"))
    return "this is a web page, not the model; download the file itself";
  if (bytes.starts_with("<") || bytes.starts_with("ir_version:"))
    return "this looks like text; name the file .onnxtxt (ONNX's own syntax) "
           "or .txtpb (protobuf text)";
  if (bytes.starts_with("BLKATTN"))
    return "this is a compiled artifact; give the ONNX model";
  return {};
}

bool parseBinary(StringRef bytes, ::onnx::ModelProto &model, Report &report) {
  StringRef guess = guessContent(bytes);
  if (!guess.empty()) {
    report.error() << "not an ONNX model: " << guess;
    return false;
  }
  // Fields that nobody knows are told once the file proves to be a model.
  std::vector<std::string> warnings;
  std::string error;
  if (!parseSkeleton(bytes, model, error, [&](const std::string &message) {
        warnings.push_back(message);
      })) {
    report.error() << "not an ONNX model, or a damaged one: " << error;
    return false;
  }
  if (!model.has_graph()) {
    report.error() << "not an ONNX model, or a damaged one: it has no graph";
    return false;
  }
  for (const std::string &message : warnings)
    report.warning() << message;
  return true;
}

} // namespace

bool loadModel(StringRef path, ::onnx::ModelProto &model, Report &report) {
  namespace fs = llvm::sys::fs;
  fs::file_status status;
  if (std::error_code ec = fs::status(path, status)) {
    report.error() << "can not open the model: " << ec.message();
    return false;
  }
  if (status.type() != fs::file_type::regular_file) {
    report.error() << "can not read the model: it is "
                   << (status.type() == fs::file_type::directory_file
                           ? "a folder"
                           : "not a regular file");
    return false;
  }
  // Mapped, not read, where the file is large.
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file) {
    report.error() << "can not read the model: " << file.getError().message();
    return false;
  }
  StringRef bytes = (*file)->getBuffer();
  if (bytes.empty()) {
    report.error() << "the model file is empty";
    return false;
  }
  enum class Format { Binary, ProtobufText, OnnxText };
  auto format = llvm::StringSwitch<Format>(llvm::sys::path::extension(path))
                    .Cases({".txtpb", ".textproto", ".prototxt", ".pbtxt"},
                           Format::ProtobufText)
                    .Case(".onnxtxt", Format::OnnxText)
                    .Default(Format::Binary);
  switch (format) {
  case Format::ProtobufText:
    return parseProtobufText(path, bytes, model, report);
  case Format::OnnxText:
    return parseOnnxText(path, bytes, model, report);
  case Format::Binary:
    return parseBinary(bytes, model, report);
  }
  llvm_unreachable("all formats are covered");
}

} // namespace blockattn
