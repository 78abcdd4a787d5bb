//===- Json.cpp - attributes as JSON --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/Json.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace blockattn {

llvm::json::Value toJson(Attribute attr) {
  if (!attr)
    return nullptr;
  return llvm::TypeSwitch<Attribute, llvm::json::Value>(attr)
      .Case([](StringAttr a) { return llvm::json::fixUTF8(a.getValue()); })
      .Case([](BoolAttr a) { return a.getValue(); })
      .Case([](IntegerAttr a) { return a.getValue().getSExtValue(); })
      .Case([](FloatAttr a) { return a.getValueAsDouble(); })
      .Case([](ArrayAttr a) {
        llvm::json::Array array;
        for (Attribute element : a)
          array.push_back(toJson(element));
        return array;
      })
      .Case([](DictionaryAttr a) {
        llvm::json::Object object;
        for (NamedAttribute entry : a)
          object[entry.getName().getValue()] = toJson(entry.getValue());
        return object;
      })
      .Default([](Attribute a) {
        std::string text;
        llvm::raw_string_ostream(text) << a;
        return llvm::json::fixUTF8(text);
      });
}

} // namespace blockattn
