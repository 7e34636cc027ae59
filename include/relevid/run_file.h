// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// One part of a data set that is audited by many machines: the rows i with i mod count = index.
struct Shard {
  int64_t index = 0;  ///< from 0
  int64_t count = 1;
  bool operator==(const Shard&) const = default;
};

/// "2/4", the third of four. Throws Error(kInvalidArgument).
Shard parse_shard(std::string_view text);
/// "2/8", as parse_shard() reads it.
std::string to_string(const Shard& shard);
/// Whether the shard has this row of the data set.
inline bool holds(const Shard& shard, int64_t row) {
  return row % shard.count == shard.index;
}

/// What became of a video. kEmpty: a file of no bytes; kUnreadable: missing, or not a video that decodes;
/// kFailed: anything else, such as a crop larger than the frame.
enum class VideoState { kOk, kTooShort, kUnreadable, kEmpty, kFailed };
/// "ok", "too_short", "unreadable", "empty", "failed".
std::string_view name(VideoState state);

/// What a run is of: `relevid audit`, or `relevid evaluate`.
enum class RunKind { kAudit, kEvaluation };
/// Errors as content_digest's.
RunKind run_kind(const std::filesystem::path& run);

/// How many videos of a run are in which state.
struct RunCounts {
  int64_t expected = 0;  ///< rows of the data set that the run's shard has
  int64_t done = 0;      ///< of those, the ones that are in the file
  int64_t ok = 0, too_short = 0, unreadable = 0, empty = 0, failed = 0;
  /// Whether the run has every video that it is to have.
  bool complete() const { return done == expected; }
  bool operator==(const RunCounts&) const = default;
};

/// Errors as content_digest's.
RunCounts run_counts(const std::filesystem::path& run);

/// A video that could not be audited, and why.
struct VideoFailure {
  int64_t row = 0;  ///< of the data set
  std::string name;
  VideoState state = VideoState::kFailed;
  std::string error;
};
/// In the order of the data set. Errors as content_digest's.
void for_each_failure(const std::filesystem::path& run, const std::function<void(const VideoFailure&)>& take);

/// SHA-256 over the values of all rows of a run in the order of their keys. Equal digests: equal content,
/// however the pages of the files lie. Throws Error(kIo), Error(kCorruptInput) where it is not a run.
std::string content_digest(const std::filesystem::path& run);

/// How runs are merged.
struct MergeOptions {
  /// Whether rows of the data set may be missing from all runs.
  enum class Gaps { kRefuse, kAllow } gaps = Gaps::kRefuse;  ///< rows of the data set that no run has
};

/// Puts runs of parts of a data set into one, which then equals (content_digest) that of one machine. It
/// appears whole or not at all. Runs that differ in anything but their shard, a row that two of them have,
/// gaps, and an `out` that exists are Error(kInvalidArgument); further kIo, kCorruptInput.
RunCounts merge_runs(const std::filesystem::path& out, std::span<const std::filesystem::path> runs,
                     const MergeOptions& options = {});

}  // namespace relevid
