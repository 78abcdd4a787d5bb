//===- Explain.cpp - what is told about each attention --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Raise/Explain.h"

#include "dialects/Onnx/Location.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace blockattn;
using namespace blockattn::raise;

DictionaryAttr AttentionEntry::toAttr(Builder &b) const {
  SmallVector<NamedAttribute> list;
  auto add = [&](StringRef key, Attribute value) {
    list.push_back(b.getNamedAttr(key, value));
  };
  // The precision of the op's attributes is that of f32; so it is printed.
  auto number = [&](double value) {
    return b.getF32FloatAttr(static_cast<float>(value));
  };
  add("node", b.getStringAttr(onnx::nodeName(location)));
  if (std::optional<std::string> source = onnx::userSource(location))
    add("source", b.getStringAttr(*source));
  add("raised", b.getBoolAttr(raised));
  if (heads)
    add("heads", b.getI64IntegerAttr(*heads));
  if (kvHeads)
    add("kv_heads", b.getI64IntegerAttr(*kvHeads));
  if (headSize)
    add("head_size", b.getI64IntegerAttr(*headSize));
  if (scale)
    add("scale", number(*scale));
  if (softcap)
    add("softcap", number(*softcap));
  add("mask", b.getStringAttr(mask));
  add("window", b.getI64IntegerAttr(window));
  add("positions", b.getStringAttr(positions));
  add("kv_position_independent", b.getBoolAttr(kvPositionIndependent));
  SmallVector<Attribute> texts;
  for (const std::string &reason : reasons)
    texts.push_back(b.getStringAttr(reason));
  add("reasons", b.getArrayAttr(texts));
  return b.getDictionaryAttr(list);
}

void AttentionEntry::remark() const {
  for (const std::string &reason : reasons) {
    std::string text = "attention " + onnx::quoted(onnx::nodeName(location));
    if (std::optional<std::string> source = onnx::userSource(location))
      text += " (" + *source + ")";
    text += ": " + reason;
    remark::missed(location,
                   remark::RemarkOpts::name("attention").category("raise"))
        << remark::reason("{0}", text);
  }
}
