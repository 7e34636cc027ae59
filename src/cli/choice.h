// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid::cli {

/// The value that an option's word stands for. Throws Error(kInvalidArgument) with all words and the nearest.
template <class T>
T choice(const std::string& text, const char* option, const std::vector<std::pair<std::string, T>>& known) {
  std::vector<std::string> names;
  for (const auto& [name, value] : known) {
    if (name == text) return value;
    names.push_back(name);
  }
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} {}{}; it is one of {}", option, text,
                                                       did_you_mean(text, names), fmt::join(names, ", ")));
}

}  // namespace relevid::cli
