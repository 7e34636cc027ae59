// SPDX-License-Identifier: Apache-2.0
#include "graph/einsum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "graph/evaluators.h"

namespace relevid::graph {
namespace {

constexpr std::string_view kEllipsis = "...";

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

/// The names of `count` axes under an ellipsis.
std::string names_under_ellipsis(int64_t count) {
  std::string names;
  for (int64_t i = count; i-- > 0;) names += static_cast<char>('0' + i);
  return names;
}

/// Written out; `count` axes are under its ellipsis, where it has one.
std::string written_out(std::string term, int64_t count) {
  const size_t at = term.find(kEllipsis);
  if (at != std::string::npos) term.replace(at, kEllipsis.size(), names_under_ellipsis(count));
  return term;
}

bool is_term(const std::string& term) {
  std::string letters = term;
  if (const size_t at = letters.find(kEllipsis); at != std::string::npos) letters.erase(at, kEllipsis.size());
  return std::ranges::all_of(letters, [](unsigned char c) { return std::isalpha(c) != 0; });
}

/// Without a stated result: what is under an ellipsis, then every letter that stands once.
std::string implied_result(const std::vector<std::string>& terms) {
  std::map<char, int> count;
  std::string result;
  for (const std::string& term : terms) {
    if (term.find(kEllipsis) != std::string::npos) result = kEllipsis;
    for (const char c : term) ++count[c];
  }
  count.erase('.');
  for (const auto& [letter, times] : count) {
    if (times == 1) result += letter;
  }
  return result;
}

}  // namespace

Equation parse_equation(const ModelNode& node, std::span<const int64_t> ranks) {
  std::string text = node.text("equation", "");
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  Equation equation;
  equation.operands = split_at_commas(text.substr(0, arrow));
  equation.result = arrow == std::string::npos ? implied_result(equation.operands) : text.substr(arrow + 2);
  const auto wrong = [&] { throw_corrupt(node, fmt::format("the equation '{}'", text)); };
  if (equation.operands.size() != ranks.size() || !is_term(equation.result)) wrong();
  int64_t under_ellipsis = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    std::string& term = equation.operands[i];
    const bool open = term.find(kEllipsis) != std::string::npos;
    const int64_t letters = std::ssize(term) - (open ? std::ssize(kEllipsis) : 0), rest = ranks[i] - letters;
    if (!is_term(term) || rest < 0 || rest > 9 || (rest > 0 && !open)) wrong();
    term = written_out(term, rest);
    under_ellipsis = std::max(under_ellipsis, rest);
  }
  equation.result = written_out(equation.result, under_ellipsis);
  for (const char c : equation.result) {
    const bool known = std::ranges::any_of(
        equation.operands, [&](const std::string& term) { return term.find(c) != std::string::npos; });
    if (!known || std::ranges::count(equation.result, c) > 1) wrong();
  }
  return equation;
}

std::map<char, int64_t> sizes_of(const ModelNode& node, const Equation& equation,
                                 const std::vector<Shape>& shapes) {
  std::map<char, int64_t> sizes;
  for (size_t i = 0; i < shapes.size(); ++i) {
    for (size_t axis = 0; axis < equation.operands[i].size(); ++axis) {
      const char name = equation.operands[i][axis];
      const int64_t size = shapes[i][static_cast<int64_t>(axis)];
      const bool broadcasts = std::isdigit(static_cast<unsigned char>(name)) != 0;
      int64_t& known = sizes.try_emplace(name, size).first->second;
      if (broadcasts && known == 1) known = size;
      if (size != known && !(broadcasts && size == 1))
        throw_corrupt(node, fmt::format("axes '{}' of sizes {} and {}", name, known, size));
    }
  }
  return sizes;
}

}  // namespace relevid::graph
