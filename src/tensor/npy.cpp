// SPDX-License-Identifier: Apache-2.0
#include "tensor/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/atomic_file.h"
#include "relevid/error.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeaderBytes = 1 << 16;  // NumPy itself writes a few hundred at most

[[noreturn]] void corrupt(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", where, what));
}

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the Python dictionary of a .npy header, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  Header parse() {
    Header header;
    bool has_descr = false;
    bool has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = parse_string();
      expect(':');
      if (key == "descr") {
        header.descr = parse_string();
        has_descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = parse_bool();
      } else if (key == "shape") {
        header.shape = parse_shape();
        has_shape = true;
      } else {
        fail(fmt::format("unknown key '{}'", key));
      }
      if (!accept(',') && peek() != '}') fail("',' or '}' expected");
    }
    if (!has_descr || !has_shape) fail("'descr' or 'shape' is missing");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    corrupt(where_, fmt::format("damaged NumPy header at character {}: {}", position_, what));
  }

  char peek() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++position_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail(fmt::format("'{}' expected", wanted));
  }

  bool accept_word(std::string_view word) {
    if (peek() != word.front() || !text_.substr(position_).starts_with(word)) return false;
    position_ += word.size();
    return true;
  }

  std::string parse_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a string expected (structured types are not read)");
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) fail("a string does not end");
    std::string value(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return value;
  }

  bool parse_bool() {
    if (accept_word("True")) return true;
    if (accept_word("False")) return false;
    fail("True or False expected");
  }

  Shape parse_shape() {
    constexpr size_t kMaxRank = 64;
    std::vector<int64_t> dims;
    expect('(');
    while (!accept(')')) {
      peek();
      int64_t dim = 0;
      const char* const begin = text_.data() + position_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), dim);
      if (error != std::errc{} || dim < 0) fail("a size from 0 to 2^63 - 1 expected");
      position_ += static_cast<size_t>(end - begin);
      accept('L');  // Python 2 wrote long integers so
      dims.push_back(dim);
      if (dims.size() > kMaxRank) fail("too many dimensions");
      if (!accept(',') && peek() != ')') fail("',' or ')' expected");
    }
    return Shape(std::move(dims));
  }

  std::string_view text_;
  const std::string& where_;
  size_t position_ = 0;
};

/// The text of the header; `file` loses everything before the data.
std::string_view take_header(std::string_view& file, const std::string& where) {
  if (!file.starts_with(kMagic)) corrupt(where, "not a NumPy array (it does not start with \\x93NUMPY)");
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(file[i])); };
  if (file.size() < 8) corrupt(where, "truncated NumPy header");
  const size_t version = byte(6);
  if (version < 1 || version > 3)
    corrupt(where, fmt::format("NumPy format {} is not known (1 to 3 are)", version));
  const size_t start = version == 1 ? 10 : 12;
  if (file.size() < start) corrupt(where, "truncated NumPy header");
  const size_t wide = version == 1 ? 0 : byte(10) << 16 | byte(11) << 24;
  const size_t length = byte(8) | byte(9) << 8 | wide;
  if (length > kMaxHeaderBytes)
    corrupt(where, fmt::format("a NumPy header of {} bytes is not plausible", length));
  if (file.size() < start + length) corrupt(where, "truncated NumPy header");
  const std::string_view text = file.substr(start, length);
  file.remove_prefix(start + length);
  return text;
}

float float_from_half(uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const int mantissa = bits & 0x3ff;
  float value = 0;
  if (exponent == 0) {
    value = std::ldexp(static_cast<float>(mantissa), -24);
  } else if (exponent == 31) {
    value = mantissa != 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  } else {
    value = std::ldexp(static_cast<float>(mantissa | 0x400), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

constexpr std::string_view kHalf = "<f2";

std::string_view numpy_descr(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "<f4";
    case DType::kF64:
      return "<f8";
    case DType::kI64:
      return "<i8";
    case DType::kI32:
      return "<i4";
    case DType::kU8:
      return "|u1";
    case DType::kI8:
      return "|i1";
    case DType::kBool:
      return "|b1";
  }
  throw Error(ErrorKind::kInternal, "unknown tensor type");
}

std::optional<DType> dtype_from_descr(std::string_view descr) {
  if (descr == kHalf) return DType::kF32;
  for (const DType dtype :
       {DType::kF32, DType::kF64, DType::kI64, DType::kI32, DType::kU8, DType::kI8, DType::kBool}) {
    if (descr == numpy_descr(dtype)) return dtype;
  }
  return std::nullopt;
}

void copy_values(std::string_view data, bool half, Tensor& tensor) {
  if (half) {
    for (float& value : tensor.values<float>()) {
      uint16_t bits = 0;
      std::memcpy(&bits, data.data(), sizeof bits);
      data.remove_prefix(sizeof bits);
      value = float_from_half(bits);
    }
  } else if (tensor.dtype() == DType::kBool) {
    // Any other byte than 0 and 1 would not be a valid bool.
    std::ranges::transform(data.substr(0, tensor.bytes().size()), tensor.values<bool>().begin(),
                           [](char byte) { return byte != 0; });
  } else if (tensor.elements() > 0) {
    std::memcpy(tensor.bytes().data(), data.data(), tensor.bytes().size());
  }
}

}  // namespace

Tensor parse_npy(std::string_view file, const std::string& where) {
  const std::string_view header_text = take_header(file, where);
  Header header = HeaderParser(header_text, where).parse();
  const std::optional<DType> dtype = dtype_from_descr(header.descr);
  if (!dtype) corrupt(where, fmt::format("element type '{}' is not read; save as float32", header.descr));
  if (header.fortran_order && header.shape.rank() > 1) {
    corrupt(where, "Fortran order is not read; save np.ascontiguousarray(array)");
  }
  // The size is checked before anything that large is allocated.
  const bool half = header.descr == kHalf;
  const int64_t wanted_bytes = header.shape.elements() * (half ? 2 : size_bytes(*dtype));
  if (wanted_bytes > static_cast<int64_t>(file.size())) {
    corrupt(where, fmt::format("truncated: {} bytes of data, {} expected for shape {}", file.size(),
                               wanted_bytes, header.shape.to_string()));
  }
  Tensor tensor(std::move(header.shape), *dtype);
  copy_values(file, half, tensor);
  return tensor;
}

std::string npy_header(const Tensor& tensor) {
  constexpr size_t kAlignment = 64;  // of the data, as NumPy pads it
  constexpr size_t kPrefixBytes = 10;
  const auto& dims = tensor.shape().dims();
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", numpy_descr(tensor.dtype()),
                  fmt::join(dims, ", "), dims.size() == 1 ? "," : "");
  header.append(kAlignment - 1 - (kPrefixBytes + header.size()) % kAlignment, ' ');
  header += '\n';
  std::string file(kMagic);
  file += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return file + header;
}

Tensor read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path), path.string());
}

}  // namespace relevid
