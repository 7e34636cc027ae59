// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include "relevid/error.h"

namespace relevid::report {
namespace {

constexpr std::string_view kElement = R"(<script type="application/json" id="relevid-data">null</script>)";
constexpr std::string_view kPlaceholder = "null";
constexpr std::string_view kLineSeparator = "\xe2\x80\xa8", kParagraphSeparator = "\xe2\x80\xa9";

/// How a character of JSON text is written, or "" where it stays as it is. `text` begins with it.
std::string_view escape_of(std::string_view text) {
  switch (text.front()) {
    case '<':
      return "\\u003c";
    case '>':
      return "\\u003e";
    case '&':
      return "\\u0026";
    case '\xe2':
      if (text.starts_with(kLineSeparator)) return "\\u2028";
      return text.starts_with(kParagraphSeparator) ? "\\u2029" : "";
    default:
      return "";
  }
}

}  // namespace

PageParts cut_template(std::string_view page_template) {
  const size_t at = page_template.find(kElement);
  const bool once =
      at != std::string_view::npos && page_template.find(kElement, at + 1) == std::string_view::npos;
  if (!once) {
    throw Error(ErrorKind::kInternal,
                "the page's template does not hold the place of its data exactly once; build web/ again");
  }
  const size_t begin = at + kElement.find(kPlaceholder);
  return {page_template.substr(0, begin), page_template.substr(begin + kPlaceholder.size())};
}

std::string escaped_for_script(std::string_view json) {
  std::string result;
  result.reserve(json.size() + json.size() / 64);
  size_t copied = 0;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string_view escape = escape_of(json.substr(i));
    if (escape.empty()) continue;
    result.append(json, copied, i - copied).append(escape);
    i += json[i] == '\xe2' ? 2 : 0;
    copied = i + 1;
  }
  return result.append(json, copied);
}

std::string embed(std::string_view page_template, std::string_view json) {
  const PageParts parts = cut_template(page_template);
  return std::string(parts.before).append(escaped_for_script(json)).append(parts.after);
}

}  // namespace relevid::report
