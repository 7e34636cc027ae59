// SPDX-License-Identifier: Apache-2.0
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace relevid::report {
namespace {

constexpr std::string_view kReplacement = "�";
constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kMinus = "−";

/// Length in bytes of the character that begins `text`; 0 where those bytes are no well-formed UTF-8.
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool beyond_unicode = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond_unicode ? 0 : length;
}

/// C0, DEL, and the C1 block U+0080..U+009F.
bool is_control(std::string_view character) {
  const auto lead = static_cast<uint8_t>(character[0]);
  if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
  return lead == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
}

/// Byte offsets at which the characters of valid UTF-8 begin, and its size.
std::vector<size_t> character_starts(std::string_view text) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

std::string with_real_minus(std::string text) {
  for (size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at))
    text.replace(at, 1, kMinus);
  return text;
}

}  // namespace

std::string drawable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t length = character_length(text);
    const auto character = text.substr(0, length);
    if (length == 0) {
      result += kReplacement;
    } else if (is_control(character)) {
      result += ' ';
    } else {
      result += character;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

std::string elided(const std::string& text, Elide where,
                   const std::function<bool(const std::string&)>& fits) {
  if (fits(text)) return text;
  const auto starts = character_starts(text);
  const size_t characters = starts.size() - 1;
  const auto keep = [&](size_t count) {
    const size_t tail = where == Elide::kMiddle ? count / 2 : 0;
    return text.substr(0, starts[count - tail]) + std::string(kEllipsis) +
           text.substr(starts[characters - tail]);
  };
  size_t low = 0;
  size_t high = characters;
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    (fits(keep(middle)) ? low : high) = middle;
  }
  return low > 0 ? keep(low) : "";
}

std::string NumberFormat::write(double value) const {
  if (value == 0) return "0";
  return with_real_minus(fmt::format("{:.{}f}", value / std::pow(10.0, exponent), decimals));
}

std::string NumberFormat::factor() const {
  constexpr std::array kSuperscript = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  if (exponent == 0) return "";
  std::string text = exponent < 0 ? "×10⁻" : "×10";
  for (const char digit : std::to_string(std::abs(exponent)))
    text += kSuperscript.at(static_cast<size_t>(digit - '0'));
  return text;
}

NumberFormat format_for(double largest) {
  if (largest <= 0) return {};
  const int exponent = static_cast<int>(std::floor(std::log10(largest)));
  if (exponent < -1 || exponent > 2) return {.exponent = exponent, .decimals = 2};
  return {.exponent = 0, .decimals = 2 - std::min(exponent, 2)};
}

std::string percent(double fraction) {
  const double value = 100 * fraction;
  if (value > 0 && value < 0.01) return "<0.01 %";
  return with_real_minus(fmt::format("{:.{}f} %", value, value > 0 && value < 1 ? 2 : 1));
}

}  // namespace relevid::report
