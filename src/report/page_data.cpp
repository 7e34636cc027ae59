// SPDX-License-Identifier: Apache-2.0
#include "report/page_data.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cmath>
#include <new>

#include "relevid/error.h"
#include "report/canvas.h"
#include "report/checks.h"

namespace relevid::report {
namespace {

constexpr double kLevels = 127;
constexpr double kRoundingSlack = 1 + 1e-6;

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string result(size, '\0');
  const int status =
      compress2(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                static_cast<uLong>(bytes.size()), Z_DEFAULT_COMPRESSION);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status != Z_OK) throw Error(ErrorKind::kInternal, fmt::format("zlib failed with {}", status));
  result.resize(size);
  return result;
}

}  // namespace

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view part = bytes.substr(i, 3);
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k)
      word = word << 8 | (k < part.size() ? static_cast<unsigned char>(part[k]) : 0U);
    for (size_t k = 0; k < 4; ++k) result += k <= part.size() ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return result;
}

std::string quantised_map(std::span<const float> relevance, double limit) {
  std::string bytes;
  bytes.reserve(relevance.size());
  for (const float value : relevance) {
    const double size = std::fabs(static_cast<double>(value));
    if (!(size <= limit * kRoundingSlack)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("a map holds {}, and its largest relevance is said to be {}", value, limit));
    }
    const long level = limit > 0 ? std::lround(kLevels * std::sqrt(std::fmin(size / limit, 1))) : 0;
    bytes += static_cast<char>(std::signbit(value) ? -level : level);
  }
  return bytes;
}

std::string encoded_map(std::span<const float> relevance, double limit) {
  return base64(deflated(quantised_map(relevance, limit)));
}

std::string encoded_picture(PictureView picture) {
  require_valid(picture, "a page's frame");
  Canvas canvas(picture.width, picture.height);
  canvas.picture({picture.width, picture.height, {picture.rgb.begin(), picture.rgb.end()}}, 0, 0);
  return base64(canvas.to_png());
}

}  // namespace relevid::report
