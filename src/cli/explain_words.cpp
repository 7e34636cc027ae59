// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid::cli {

Tensor parse_bound(const std::string& text, const char* option, const Shape& clip, ClipLayout layout) {
  std::vector<float> values;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    float value = 0;
    const auto [rest, error] = std::from_chars(text.data() + begin, text.data() + end, value);
    if (error != std::errc{} || rest != text.data() + end || !std::isfinite(value)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("{} {}: a number, or one per channel with commas between", option, text));
    }
    values.push_back(value);
    begin = end + 1;
  }
  const int64_t axis = layout == ClipLayout::kNcthw ? 1 : layout == ClipLayout::kNtchw ? 2 : 4;
  const auto count = static_cast<int64_t>(values.size());
  if (count != 1 && count != clip[axis]) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} has {} numbers, and the clip {} channels", option, count, clip[axis]));
  }
  Shape shape{1, 1, 1, 1, 1};
  shape[axis] = count;
  return Tensor::from(shape, values);
}

int64_t parse_class(const std::string& text, const std::vector<std::string>& class_names) {
  int64_t index = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error == std::errc{} && rest == text.data() + text.size()) return index;
  const auto found = std::ranges::find(class_names, text);
  if (found != class_names.end()) return found - class_names.begin();
  const std::string known = class_names.empty() ? "; class names are not known, give an index or --labels"
                                                : did_you_mean(text, class_names);
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no class '{}'{}", text, known));
}

TargetChoice parse_target(const std::string& text, const std::vector<std::string>& class_names) {
  if (text == "top1") return {};
  return {parse_class(text, class_names)};
}

std::vector<std::string> output_stems(const std::vector<std::string>& inputs) {
  std::vector<std::string> stems;
  std::set<std::string> used;
  for (const std::string& input : inputs) {
    std::error_code ignored;
    auto path = std::filesystem::absolute(input, ignored).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();  // "frames/"
    const bool folder = std::filesystem::is_directory(path, ignored);
    const std::string base = folder ? path.filename().string() : path.stem().string();
    std::string stem = base.empty() ? "input" : base;
    for (int n = 2; !used.insert(stem).second; ++n) stem = fmt::format("{}-{}", base, n);
    stems.push_back(stem);
  }
  return stems;
}

}  // namespace relevid::cli
