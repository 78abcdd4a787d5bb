//===- Skeleton.cpp - a model file without its weights --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Skeleton.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include <climits>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>

using namespace llvm;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace blockattn {
namespace {

/// The field of a skeleton's TensorProto that holds the place of its raw data.
/// It is not in onnx.proto, and is dropped where a file has it.
constexpr unsigned removedField = 100000;

/// As deep as protobuf itself parses.
constexpr unsigned maxDepth = 100;

enum WireType : unsigned {
  Varint = 0,
  Fixed64 = 1,
  Length = 2,
  StartGroup = 3,
  EndGroup = 4,
  Fixed32 = 5
};

/// How a field of this type is written, but for packed ones.
WireType wireType(FieldDescriptor::Type type) {
  switch (type) {
  case FieldDescriptor::TYPE_DOUBLE:
  case FieldDescriptor::TYPE_FIXED64:
  case FieldDescriptor::TYPE_SFIXED64:
    return Fixed64;
  case FieldDescriptor::TYPE_FLOAT:
  case FieldDescriptor::TYPE_FIXED32:
  case FieldDescriptor::TYPE_SFIXED32:
    return Fixed32;
  case FieldDescriptor::TYPE_STRING:
  case FieldDescriptor::TYPE_BYTES:
  case FieldDescriptor::TYPE_MESSAGE:
    return Length;
  case FieldDescriptor::TYPE_GROUP:
    return StartGroup;
  default:
    return Varint;
  }
}

void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

/// Copies a message field by field. Fails at the first thing that is wrong:
/// where one length is wrong, nothing after it can be trusted.
class Walker {
public:
  Walker(StringRef file, function_ref<void(const std::string &)> warn)
      : file(file), warn(warn) {}

  /// Appends the skeleton of the message in file[pos, end) to `out`.
  bool walk(const Descriptor *message, uint64_t pos, uint64_t end,
            std::string &out, unsigned depth);

  std::string error;
  /// The fields that lead to the error: "graph.node[12].attribute[0]".
  std::string path;

private:
  bool fail(const Descriptor *message, uint64_t pos, const Twine &what) {
    error =
        (what + " in a " + message->name() + " at byte " + Twine(pos)).str();
    return false;
  }
  bool readVarint(uint64_t &pos, uint64_t end, uint64_t &value);
  bool walkLength(const Descriptor *message, const FieldDescriptor *field,
                  unsigned number, uint64_t begin, uint64_t &pos, uint64_t end,
                  std::string &out, unsigned depth);
  void warnUnknown(const Descriptor *message, unsigned number);

  StringRef file;
  function_ref<void(const std::string &)> warn;
  DenseSet<std::pair<const Descriptor *, unsigned>> warned;
};

bool Walker::readVarint(uint64_t &pos, uint64_t end, uint64_t &value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && pos < end; shift += 7) {
    auto byte = static_cast<uint8_t>(file[pos++]);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return true;
  }
  return false;
}

void Walker::warnUnknown(const Descriptor *message, unsigned number) {
  if (warned.insert({message, number}).second)
    warn("field " + std::to_string(number) + " of " + message->name() +
         " is not known to this version of ONNX (IR " +
         std::to_string(::onnx::IR_VERSION) + ") and is ignored");
}

/// One field with a length: a message inside of this one, a string, or packed
/// numbers. `begin` is where its tag began.
bool Walker::walkLength(const Descriptor *message, const FieldDescriptor *field,
                        unsigned number, uint64_t begin, uint64_t &pos,
                        uint64_t end, std::string &out, unsigned depth) {
  uint64_t size;
  if (!readVarint(pos, end, size))
    return fail(message, begin, "unreadable length");
  if (size > end - pos)
    return fail(message, begin,
                "a length of " + Twine(size) + " bytes where " +
                    Twine(end - pos) + " are left");
  uint64_t content = pos;
  pos += size;
  if (field && field->type() == FieldDescriptor::TYPE_MESSAGE) {
    std::string child;
    if (!walk(field->message_type(), content, pos, child, depth + 1))
      return false;
    appendVarint(out, (number << 3) | Length);
    appendVarint(out, child.size());
    out += child;
    return true;
  }
  if (field && message == ::onnx::TensorProto::descriptor() &&
      number == ::onnx::TensorProto::kRawDataFieldNumber &&
      size > inlineBytes) {
    char range[16];
    support::endian::write64le(range, content);
    support::endian::write64le(range + 8, size);
    appendVarint(out, (uint64_t(removedField) << 3) | Length);
    appendVarint(out, sizeof(range));
    out.append(range, sizeof(range));
    return true;
  }
  out.append(file.data() + begin, pos - begin);
  return true;
}

bool Walker::walk(const Descriptor *message, uint64_t pos, uint64_t end,
                  std::string &out, unsigned depth) {
  if (depth >= maxDepth)
    return fail(message, pos,
                "messages nested deeper than " + Twine(maxDepth) + " levels");
  // How often each field was seen, to name elements of lists in errors.
  SmallDenseMap<unsigned, unsigned, 8> seen;
  while (pos < end) {
    uint64_t begin = pos, tag, value;
    if (!readVarint(pos, end, tag))
      return fail(message, begin, "unreadable field tag");
    uint64_t number = tag >> 3;
    if (number == 0 || number > FieldDescriptor::kMaxNumber)
      return fail(message, begin, "impossible field number " + Twine(number));
    const FieldDescriptor *field =
        message->FindFieldByNumber(static_cast<int>(number));
    auto wire = static_cast<WireType>(tag & 7);
    if (!field && number != removedField)
      warnUnknown(message, number);
    if (field && wire != wireType(field->type()) &&
        !(wire == Length && field->is_packable()))
      return fail(message, begin,
                  "field '" + field->name() + "' of another kind (" +
                      Twine(unsigned(wire)) + ")");
    unsigned index = seen[number]++;
    switch (wire) {
    case Varint:
      if (!readVarint(pos, end, value))
        return fail(message, begin, "unreadable number");
      break;
    case Fixed64:
    case Fixed32: {
      uint64_t size = wire == Fixed64 ? 8 : 4;
      if (end - pos < size)
        return fail(message, begin, "number cut off");
      pos += size;
      break;
    }
    case Length: {
      size_t keep = out.size();
      if (!walkLength(message, field, number, begin, pos, end, out, depth)) {
        // On the way out each level puts its part of the path in front.
        std::string part = field ? field->name() : std::to_string(number);
        if (field && field->is_repeated())
          part += "[" + std::to_string(index) + "]";
        path = path.empty() ? part : part + "." + path;
        return false;
      }
      if (!field && number == removedField)
        out.resize(keep);
      continue;
    }
    default:
      return fail(message, begin,
                  "field " + Twine(number) + " of the unknown kind " +
                      Twine(unsigned(wire)));
    }
    if (number != removedField)
      out.append(file.data() + begin, pos - begin);
  }
  return true;
}

} // namespace

bool parseSkeleton(StringRef file, ::onnx::ModelProto &model,
                   std::string &error,
                   function_ref<void(const std::string &)> warn) {
  Walker walker(file, warn);
  std::string skeleton;
  if (!walker.walk(::onnx::ModelProto::descriptor(), 0, file.size(), skeleton,
                   0)) {
    error = (walker.path.empty() ? "" : walker.path + ": ") + walker.error;
    return false;
  }
  if (skeleton.size() > INT_MAX) {
    error = "holds " + std::to_string(skeleton.size()) +
            " bytes besides raw tensor data, and protobuf reads 2 GiB at "
            "most; save the model with external data "
            "(onnx.save_model(..., save_as_external_data=True))";
    return false;
  }
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>(skeleton.data()),
      static_cast<int>(skeleton.size()));
  stream.SetTotalBytesLimit(INT_MAX);
  stream.SetRecursionLimit(maxDepth + 1);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    error = "a packed list of numbers is damaged";
    return false;
  }
  return true;
}

std::optional<FileRange> removedRawData(const ::onnx::TensorProto &tensor) {
  const google::protobuf::UnknownFieldSet &fields = tensor.unknown_fields();
  for (int i = fields.field_count() - 1; i >= 0; --i) {
    const google::protobuf::UnknownField &field = fields.field(i);
    if (field.number() != int(removedField) ||
        field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED ||
        field.length_delimited().size() != 16)
      continue;
    const char *data = field.length_delimited().data();
    return FileRange{support::endian::read64le(data),
                     support::endian::read64le(data + 8)};
  }
  return std::nullopt;
}

} // namespace blockattn
