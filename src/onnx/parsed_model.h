// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/readable_file.h"

namespace relevid::onnx_io {

/// A stretch of bytes, in memory or still in its file, which must outlive it.
class ByteRange {
 public:
  explicit ByteRange(std::string_view bytes) : place_(bytes) {}
  ByteRange(const ReadableFile& file, uint64_t offset, uint64_t length)
      : place_(Stretch{&file, offset, length}) {}

  uint64_t size() const;
  /// Fills `to`, which is as long as this. Throws Error(kCorruptInput, kIo) as ReadableFile does.
  void read(std::span<std::byte> to) const;

 private:
  struct Stretch {
    const ReadableFile* file;
    uint64_t offset, length;
  };
  std::variant<std::string_view, Stretch> place_;
};

/// The weights' bytes are most of a model. They stay in the file when the rest of it is parsed, so that each
/// is read once, to where it belongs.
struct ParsedModel {
  struct Initializer {
    onnx::TensorProto proto;
    uint64_t raw_offset = 0, raw_length = 0;  ///< of raw_data that is not in `proto`
  };
  onnx::ModelProto rest;  ///< all but the initializers
  std::vector<Initializer> initializers;
};

/// Nothing where the file is not a serialised ModelProto.
std::optional<ParsedModel> parse_model(const ReadableFile& file);

}  // namespace relevid::onnx_io
