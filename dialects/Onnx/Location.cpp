//===- Location.cpp - what a location says about the user's model ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/Location.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace blockattn::onnx {

StringRef nodeName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto call = dyn_cast<CallSiteLoc>(loc)) {
    StringRef name = nodeName(call.getCallee());
    return name.empty() ? nodeName(call.getCaller()) : name;
  }
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = nodeName(part); !name.empty())
        return name;
  return {};
}

/// The recorded stack: of the node itself or, for a node of a model-local
/// function, of the call.
static StringRef stackTrace(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return stackTrace(name.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(loc)) {
    StringRef trace = stackTrace(call.getCallee());
    return trace.empty() ? stackTrace(call.getCaller()) : trace;
  }
  auto fused = dyn_cast<FusedLoc>(loc);
  if (!fused)
    return {};
  if (auto metadata = dyn_cast_if_present<DictionaryAttr>(fused.getMetadata()))
    if (auto trace = metadata.getAs<StringAttr>("stack_trace"))
      return trace.getValue();
  for (Location part : fused.getLocations())
    if (StringRef trace = stackTrace(part); !trace.empty())
      return trace;
  return {};
}

/// Reads `File "model.py", line 24, in forward`, a frame as Python prints it.
static std::optional<std::pair<StringRef, unsigned>> readFrame(StringRef line) {
  line = line.trim();
  if (!line.consume_front("File \""))
    return std::nullopt;
  auto [file, rest] = line.split('"');
  unsigned number = 0;
  if (file.empty() || !rest.consume_front(", line ") ||
      rest.consumeInteger(10, number))
    return std::nullopt;
  return std::make_pair(file, number);
}

/// True for files of installed packages and of Python itself.
static bool isLibrary(StringRef file) {
  return file.contains("site-packages") || file.contains("dist-packages") ||
         file.contains("/lib/python") || file.starts_with("<");
}

std::optional<std::string> userSource(Location loc) {
  std::optional<std::pair<StringRef, unsigned>> found;
  // Python prints the innermost frame last.
  for (StringRef line : llvm::split(stackTrace(loc), '\n'))
    if (auto frame = readFrame(line))
      if (!found || !isLibrary(frame->first) || isLibrary(found->first))
        found = frame;
  if (!found)
    return std::nullopt;
  return (found->first + ":" + Twine(found->second)).str();
}

std::string quoted(StringRef name) {
  constexpr size_t longest = 200;
  std::string text = "'";
  llvm::raw_string_ostream os(text);
  for (unsigned char c : name.take_front(longest)) {
    // UTF-8 stays as it is where the whole name is well formed.
    if (c == '\'' || c == '\\')
      os << '\\' << c;
    else if (c < 0x20 || c == 0x7f)
      os << "\\x" << llvm::hexdigit(c >> 4) << llvm::hexdigit(c & 15);
    else
      os << c;
  }
  if (name.size() > longest)
    os << "...";
  os << '\'';
  if (!llvm::json::isUTF8(text))
    return "'" + llvm::toHex(name.take_front(longest / 2)) + "' (bytes in hex)";
  return text;
}

} // namespace blockattn::onnx
