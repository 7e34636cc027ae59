// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relevid {

/// The candidate nearest to `word` in edit distance (ignoring case), or "" where none is near enough to be a
/// typo.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// " (did you mean X?)", or "" where nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace relevid
