// SPDX-License-Identifier: Apache-2.0
#include "run/condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid::run {
namespace {

const std::vector<std::string>& kind_names() {
  static const std::vector<std::string> kNames = {"interval", "null_profile", "random_weights",
                                                  "frozen",   "shuffled",     "reversed",
                                                  "shifted",  "second_method"};
  return kNames;
}

}  // namespace

std::string_view name(ConditionKind kind) {
  return kind_names()[static_cast<size_t>(kind)];
}

ConditionKind condition_kind(std::string_view word) {
  const auto& names = kind_names();
  const auto found = std::ranges::find(names, word);
  if (found != names.end()) return static_cast<ConditionKind>(found - names.begin());
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no condition '{}'{}; there are {}", word,
                                                       did_you_mean(word, names), fmt::join(names, ", ")));
}

}  // namespace relevid::run
