// SPDX-License-Identifier: Apache-2.0
#include "onnx/parsed_model.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <unistd.h>

#include <cstring>
#include <limits>

namespace relevid::onnx_io {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

/// Below it a tensor's bytes are parsed with what is around them.
constexpr uint32_t kLeastBytesLeftInFile = 4096;

/// protobuf writes what it dislikes to stderr; the error raised here says it all.
class QuietProtobuf {
 public:
  QuietProtobuf() : previous_(google::protobuf::SetLogHandler(nullptr)) {}
  ~QuietProtobuf() { google::protobuf::SetLogHandler(previous_); }
  QuietProtobuf(const QuietProtobuf&) = delete;
  QuietProtobuf& operator=(const QuietProtobuf&) = delete;

 private:
  google::protobuf::LogHandler* previous_;
};

/// Goes through the message that the stream is in. `take(size)` reads every field of that number, which has
/// so many bytes; the others go to `message` as they are. False where it is damaged.
template <class Take>
bool split(CodedInputStream& stream, int field, google::protobuf::MessageLite& message, Take take) {
  std::string rest;
  {
    google::protobuf::io::StringOutputStream sink(&rest);
    google::protobuf::io::CodedOutputStream copied(&sink);
    const uint32_t taken = WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
    while (const uint32_t tag = stream.ReadTag()) {
      uint32_t size = 0;
      if (tag != taken) {
        if (!WireFormatLite::SkipField(&stream, tag, &copied)) return false;
      } else if (!stream.ReadVarint32(&size) || size > std::numeric_limits<int>::max() || !take(size)) {
        return false;
      }
    }
  }
  return stream.ConsumedEntireMessage() && message.MergeFromString(rest);
}

/// As split, of the message of `size` bytes that is next in the stream.
template <class Take>
bool split_inner(CodedInputStream& stream, uint32_t size, int field, google::protobuf::MessageLite& message,
                 Take take) {
  // A limit beyond the one around it would be taken for that one.
  const int left = stream.BytesUntilLimit();
  if (left >= 0 && size > static_cast<uint32_t>(left)) return false;
  const auto limit = stream.PushLimit(static_cast<int>(size));
  if (!split(stream, field, message, take) || stream.BytesUntilLimit() != 0) return false;
  stream.PopLimit(limit);
  return true;
}

bool parse_initializer(CodedInputStream& stream, uint32_t size, ParsedModel::Initializer& initializer) {
  const auto take_raw = [&](uint32_t length) {
    initializer.raw_length = 0;
    if (length < kLeastBytesLeftInFile)
      return stream.ReadString(initializer.proto.mutable_raw_data(), static_cast<int>(length));
    initializer.raw_offset = static_cast<uint64_t>(stream.CurrentPosition());
    initializer.raw_length = length;
    return stream.Skip(static_cast<int>(length));
  };
  return split_inner(stream, size, onnx::TensorProto::kRawDataFieldNumber, initializer.proto, take_raw);
}

}  // namespace

uint64_t ByteRange::size() const {
  if (const auto* bytes = std::get_if<std::string_view>(&place_)) return bytes->size();
  return std::get<Stretch>(place_).length;
}

void ByteRange::read(std::span<std::byte> to) const {
  if (const auto* stretch = std::get_if<Stretch>(&place_)) {
    stretch->file->read(stretch->offset, to);
  } else if (!to.empty()) {
    std::memcpy(to.data(), std::get<std::string_view>(place_).data(), to.size());
  }
}

std::optional<ParsedModel> parse_model(const ReadableFile& file) {
  const QuietProtobuf quiet;
  ::lseek(file.descriptor(), 0, SEEK_SET);
  google::protobuf::io::FileInputStream bytes(file.descriptor());
  CodedInputStream stream(&bytes);
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  ParsedModel model;
  const auto take_initializer = [&](uint32_t size) {
    return parse_initializer(stream, size, model.initializers.emplace_back());
  };
  const auto take_graph = [&](uint32_t size) {
    return split_inner(stream, size, onnx::GraphProto::kInitializerFieldNumber, *model.rest.mutable_graph(),
                       take_initializer);
  };
  if (!split(stream, onnx::ModelProto::kGraphFieldNumber, model.rest, take_graph)) return std::nullopt;
  return model;
}

}  // namespace relevid::onnx_io
