// SPDX-License-Identifier: Apache-2.0
#include "report/text.h"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace relevid::report {
namespace {

constexpr std::string_view kMinus = "−";

bool is_control(gunichar character) {
  const GUnicodeType type = g_unichar_type(character);
  return type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

std::string with_real_minus(std::string text) {
  for (size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at))
    text.replace(at, 1, kMinus);
  return text;
}

}  // namespace

std::string drawable(std::string_view text) {
  if (text.empty()) return "";
  const std::unique_ptr<char, decltype(&g_free)> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), &g_free);
  std::string result;
  for (const char* at = valid.get(); *at != 0;) {
    const char* next = g_utf8_next_char(at);
    if (is_control(g_utf8_get_char(at)))
      result += ' ';
    else
      result.append(at, next);
    at = next;
  }
  return result;
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
