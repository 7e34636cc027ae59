// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "relevid/run_file.h"

namespace relevid::cli {

/// "videos  47 of 50: 45 audited, 2 unreadable", then the first twenty that failed, each with its reason.
/// `done` is what happened to the others, such as "audited".
void print_video_counts(const std::filesystem::path& run, const RunCounts& counts, std::string_view done);

}  // namespace relevid::cli
