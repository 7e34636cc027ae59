// SPDX-License-Identifier: Apache-2.0
#include "onnx/import_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <type_traits>

#include "base/readable_file.h"
#include "relevid/error.h"

namespace relevid::onnx_io {
namespace {

using Proto = ::onnx::TensorProto;

[[noreturn]] void corrupt(const Proto& proto, const std::string& what) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("tensor '{}': {}", proto.name(), what));
}

float from_half(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
  float value = 0;
  if (exponent == 31)
    value = mantissa != 0 ? NAN : INFINITY;
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(mantissa), -24);
  else
    value = std::ldexp(static_cast<float>(mantissa | 0x400), exponent - 25);
  return (bits & 0x8000) != 0 ? -value : value;
}

float from_bfloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

/// What is beyond int64's largest becomes that.
template <class T>
int64_t as_int64(T value) {
  constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if constexpr (std::is_same_v<T, uint64_t>) return static_cast<int64_t>(std::min(value, kLargest));
  return static_cast<int64_t>(value);
}

void require_count(const Proto& proto, int64_t found, int64_t expected) {
  if (found != expected)
    corrupt(proto, fmt::format("holds {} values, and its shape needs {}", found, expected));
}

template <class T>
Tensor from_bytes(const Proto& proto, const Shape& shape, const ByteRange& bytes) {
  require_count(proto, static_cast<int64_t>(bytes.size()),
                shape.elements() * static_cast<int64_t>(sizeof(T)));
  Tensor tensor(shape, dtype_of<T>());
  bytes.read(tensor.bytes());
  return tensor;
}

Tensor from_16_bits(const Proto& proto, const Shape& shape, const ByteRange& bytes,
                    float (*convert)(uint16_t)) {
  require_count(proto, static_cast<int64_t>(bytes.size()), shape.elements() * 2);
  std::vector<uint16_t> bits(static_cast<size_t>(shape.elements()));
  bytes.read(std::as_writable_bytes(std::span(bits)));
  Tensor tensor(shape, DType::kF32);
  std::ranges::transform(bits, tensor.values<float>().begin(), convert);
  return tensor;
}

/// Types that have no counterpart here, as one that holds all their values.
template <class T>
Tensor widened(const Proto& proto, const Shape& shape, const ByteRange& bytes, DType dtype) {
  const auto size = static_cast<int64_t>(sizeof(T));
  require_count(proto, static_cast<int64_t>(bytes.size()), shape.elements() * size);
  std::vector<T> values(static_cast<size_t>(shape.elements()));
  bytes.read(std::as_writable_bytes(std::span(values)));
  Tensor tensor(shape, DType::kI64);
  std::ranges::transform(values, tensor.values<int64_t>().begin(), as_int64<T>);
  return tensor.cast(dtype);
}

/// Numbers of 2 or 4 bits, several to a byte, the first in the lowest bits.
Tensor unpacked(const Proto& proto, const Shape& shape, std::span<const uint8_t> bytes, int bits,
                DType dtype) {
  const int64_t in_a_byte = 8 / bits;
  require_count(proto, std::ssize(bytes), (shape.elements() + in_a_byte - 1) / in_a_byte);
  Tensor tensor(shape, DType::kI64);
  const int64_t values = int64_t{1} << bits;
  for (int64_t i = 0; int64_t & value : tensor.values<int64_t>()) {
    value = (bytes[static_cast<size_t>(i / in_a_byte)] >> (i % in_a_byte * bits)) & (values - 1);
    if (dtype == DType::kI8 && value >= values / 2) value -= values;
    ++i;
  }
  return tensor.cast(dtype);
}

/// How types of less than a byte are packed; nothing for others.
struct Packing {
  int bits = 0;
  DType dtype = DType::kU8;
};
std::optional<Packing> packing_of(const Proto& proto) {
  constexpr int kUint4 = 21, kInt4 = 22, kUint2 = 25, kInt2 = 26;  // younger than the library's enumeration
  switch (proto.data_type()) {
    case kUint4:
      return Packing{4, DType::kU8};
    case kInt4:
      return Packing{4, DType::kI8};
    case kUint2:
      return Packing{2, DType::kU8};
    case kInt2:
      return Packing{2, DType::kI8};
    default:
      return std::nullopt;
  }
}

template <class T, class Field>
Tensor from_field(const Proto& proto, const Shape& shape, const Field& field) {
  require_count(proto, field.size(), shape.elements());
  Tensor tensor(shape, dtype_of<T>());
  for (int i = 0; T & value : tensor.values<T>()) value = static_cast<T>(field[i++]);
  return tensor;
}

Tensor from_field_64(const Proto& proto, const Shape& shape) {
  require_count(proto, proto.uint64_data_size(), shape.elements());
  Tensor tensor(shape, DType::kI64);
  std::ranges::transform(proto.uint64_data(), tensor.values<int64_t>().begin(), as_int64<uint64_t>);
  return tensor;
}

Tensor from_field_16(const Proto& proto, const Shape& shape, float (*convert)(uint16_t)) {
  require_count(proto, proto.int32_data_size(), shape.elements());
  Tensor tensor(shape, DType::kF32);
  for (int i = 0; float& value : tensor.values<float>())
    value = convert(static_cast<uint16_t>(proto.int32_data(i++)));
  return tensor;
}

Tensor import_raw(const Proto& proto, const Shape& shape, const ByteRange& bytes) {
  if (const auto packing = packing_of(proto)) {
    std::vector<uint8_t> packed(bytes.size());
    bytes.read(std::as_writable_bytes(std::span(packed)));
    return unpacked(proto, shape, packed, packing->bits, packing->dtype);
  }
  switch (proto.data_type()) {
    case Proto::FLOAT:
      return from_bytes<float>(proto, shape, bytes);
    case Proto::DOUBLE:
      return from_bytes<double>(proto, shape, bytes);
    case Proto::INT64:
      return from_bytes<int64_t>(proto, shape, bytes);
    case Proto::INT32:
      return from_bytes<int32_t>(proto, shape, bytes);
    case Proto::UINT8:
      return from_bytes<uint8_t>(proto, shape, bytes);
    case Proto::INT8:
      return from_bytes<int8_t>(proto, shape, bytes);
    case Proto::UINT16:
      return widened<uint16_t>(proto, shape, bytes, DType::kI32);
    case Proto::INT16:
      return widened<int16_t>(proto, shape, bytes, DType::kI32);
    case Proto::UINT32:
      return widened<uint32_t>(proto, shape, bytes, DType::kI64);
    case Proto::UINT64:
      return widened<uint64_t>(proto, shape, bytes, DType::kI64);
    case Proto::BOOL:
      return from_bytes<uint8_t>(proto, shape, bytes).cast(DType::kBool);
    case Proto::FLOAT16:
      return from_16_bits(proto, shape, bytes, from_half);
    case Proto::BFLOAT16:
      return from_16_bits(proto, shape, bytes, from_bfloat);
    default:
      break;
  }
  const std::string known = Proto::DataType_Name(static_cast<Proto::DataType>(proto.data_type()));
  throw Error(ErrorKind::kUnsupportedModel,
              fmt::format("tensor '{}' has element type {}, which is not taken", proto.name(),
                          known.empty() ? std::to_string(proto.data_type()) : known));
}

/// The file of external data: `location` is one in the model's own folder or below it, links resolved.
ReadableFile open_external(const Proto& proto, const std::filesystem::path& location,
                           const std::filesystem::path& folder) {
  std::error_code error;
  const auto root = std::filesystem::weakly_canonical(folder.empty() ? "." : folder, error);
  const auto path = std::filesystem::weakly_canonical(root / location, error);
  const auto relative = path.lexically_relative(root);
  if (location.empty() || location.is_absolute() || relative.empty() || *relative.begin() == "..") {
    corrupt(proto, fmt::format("its external data '{}' lies outside the model's folder; it is not read",
                               location.string()));
  }
  if (std::filesystem::is_regular_file(path, error)) return ReadableFile(path);
  throw Error(ErrorKind::kIo,
              fmt::format("tensor '{}': external data {} cannot be read; it belongs beside the model",
                          proto.name(), path.string()));
}

Tensor import_external(const Proto& proto, const Shape& shape, const std::filesystem::path& folder) {
  std::map<std::string, std::string> entries;
  for (const auto& entry : proto.external_data()) entries[entry.key()] = entry.value();
  const ReadableFile file = open_external(proto, entries["location"], folder);
  const uint64_t size = file.size_bytes();
  uint64_t offset = 0, length = 0;
  try {
    offset = entries.contains("offset") ? std::stoull(entries["offset"]) : 0;
    length = entries.contains("length") ? std::stoull(entries["length"]) : size - std::min(offset, size);
  } catch (const std::exception&) {
    corrupt(proto, "external data with an offset or length that is not a number");
  }
  if (offset > size || length > size - offset) {
    corrupt(proto, fmt::format("external data {} is truncated: {} bytes, {} needed", file.path().string(),
                               size, offset + length));
  }
  return import_raw(proto, shape, ByteRange(file, offset, length));
}

Tensor import_fields(const Proto& proto, const Shape& shape) {
  if (const auto packing = packing_of(proto)) {
    const std::vector<uint8_t> packed(proto.int32_data().begin(), proto.int32_data().end());
    return unpacked(proto, shape, packed, packing->bits, packing->dtype);
  }
  switch (proto.data_type()) {
    case Proto::FLOAT:
      return from_field<float>(proto, shape, proto.float_data());
    case Proto::DOUBLE:
      return from_field<double>(proto, shape, proto.double_data());
    case Proto::INT64:
      return from_field<int64_t>(proto, shape, proto.int64_data());
    case Proto::INT32:
    case Proto::INT16:
    case Proto::UINT16:
      return from_field<int32_t>(proto, shape, proto.int32_data());
    case Proto::UINT32:
    case Proto::UINT64:
      return from_field_64(proto, shape);
    case Proto::UINT8:
      return from_field<uint8_t>(proto, shape, proto.int32_data());
    case Proto::INT8:
      return from_field<int8_t>(proto, shape, proto.int32_data());
    case Proto::BOOL:
      return from_field<bool>(proto, shape, proto.int32_data());
    case Proto::FLOAT16:
      return from_field_16(proto, shape, from_half);
    case Proto::BFLOAT16:
      return from_field_16(proto, shape, from_bfloat);
    default:
      return import_raw(proto, shape, ByteRange(std::string_view{}));
  }
}

Shape shape_of(const Proto& proto) {
  std::vector<int64_t> dims(proto.dims().begin(), proto.dims().end());
  for (const int64_t dim : dims) {
    if (dim < 0) corrupt(proto, "its shape has a negative size");
  }
  return Shape(std::move(dims));
}

}  // namespace

Tensor import_tensor(const Proto& proto, const std::filesystem::path& folder) {
  const Shape shape = shape_of(proto);
  if (proto.data_location() == Proto::EXTERNAL) return import_external(proto, shape, folder);
  if (proto.has_raw_data()) return import_raw(proto, shape, ByteRange(proto.raw_data()));
  return import_fields(proto, shape);
}

Tensor import_tensor(const Proto& proto, const ByteRange& raw_data) {
  return import_raw(proto, shape_of(proto), raw_data);
}

}  // namespace relevid::onnx_io
