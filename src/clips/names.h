// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid {

/// The values of an enumeration and their names, in the order in which they are listed to the user.
template <class Enum, size_t kCount>
using NameTable = std::array<std::pair<Enum, std::string_view>, kCount>;

template <class Enum, size_t kCount>
std::string_view name_in(const NameTable<Enum, kCount>& table, Enum value) {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  throw Error(ErrorKind::kInternal, "an enumeration value without a name");
}

template <class Enum, size_t kCount>
std::vector<std::string> names_in(const NameTable<Enum, kCount>& table) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.second);
  return names;
}

[[noreturn]] inline void throw_unknown_name(ErrorKind kind, std::string_view what, std::string_view text,
                                            const std::vector<std::string>& names) {
  throw Error(kind, fmt::format("unknown {} '{}'{}; there are: {}", what, text, did_you_mean(text, names),
                                fmt::join(names, ", ")));
}

/// The value called `text`. Otherwise throws `kind`: "unknown {what} '{text}' (did you mean ...); there are:
/// ...".
template <class Enum, size_t kCount>
Enum value_in(const NameTable<Enum, kCount>& table, std::string_view what, std::string_view text,
              ErrorKind kind = ErrorKind::kInvalidArgument) {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  throw_unknown_name(kind, what, text, names_in(table));
}

}  // namespace relevid
