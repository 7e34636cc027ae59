// SPDX-License-Identifier: Apache-2.0
#include "api/distinct_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace relevid {
namespace {

/// The last `count` parts of a path, all of them where it has fewer.
std::string ending(const std::vector<std::string>& parts, size_t count) {
  std::string name;
  for (size_t i = parts.size() - std::min(count, parts.size()); i < parts.size(); ++i)
    name += (name.empty() ? "" : "/") + parts[i];
  return name;
}

std::vector<std::string> parts_of(const std::filesystem::path& file) {
  std::error_code ignored;
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::absolute(file, ignored).lexically_normal().relative_path())
    parts.push_back(part.string());
  return parts;
}

}  // namespace

std::vector<std::string> distinct_names(std::span<const std::filesystem::path> files) {
  std::vector<std::vector<std::string>> parts;
  for (const auto& file : files) parts.push_back(parts_of(file));
  std::vector<std::string> names;
  for (const auto& own : parts) {
    const auto same = std::ranges::count(parts, own);
    size_t count = 1;
    while (count < own.size() && std::ranges::count_if(parts, [&](const auto& other) {
                                   return ending(other, count) == ending(own, count);
                                 }) > same)
      ++count;
    names.push_back(ending(own, count));
  }
  std::map<std::string, int> seen;
  for (std::string& name : names) {
    const int times = ++seen[name];
    if (times > 1) name += fmt::format(" ({})", times);
  }
  return names;
}

}  // namespace relevid
