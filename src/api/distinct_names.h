// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace relevid {

/// What to call files beside each other: each file's name, with as many of its folders before it as tell it
/// from the others ("before/run.db", "after/run.db"). A file that is there again gets a number: "run.db (2)".
std::vector<std::string> distinct_names(std::span<const std::filesystem::path> files);

}  // namespace relevid
