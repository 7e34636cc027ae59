// SPDX-License-Identifier: Apache-2.0
#include "cli/video_counts.h"

#include <fmt/format.h>

#include <utility>

#include "cli/command.h"

namespace relevid::cli {
namespace {

constexpr int64_t kNamedFailures = 20;

}  // namespace

void print_video_counts(const std::filesystem::path& run, const RunCounts& counts, std::string_view done) {
  fmt::print("videos       {} of {}: {} {}", counts.done, counts.expected, counts.ok, done);
  for (const auto& [count, what] : {std::pair{counts.too_short, "too short"},
                                    {counts.unreadable, "unreadable"},
                                    {counts.empty, "empty"},
                                    {counts.failed, "failed"}}) {
    if (count > 0) fmt::print(", {} {}", count, what);
  }
  fmt::print("\n");
  int64_t failures = 0;
  for_each_failure(run, [&](const VideoFailure& failure) {
    if (++failures > kNamedFailures) return;
    fmt::print("  {:<11}{}: {}\n", name(failure.state), printable(failure.name), printable(failure.error));
  });
  if (failures > kNamedFailures)
    fmt::print("  and {} more; they are in the run\n", failures - kNamedFailures);
}

}  // namespace relevid::cli
