// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "run/database.h"
#include "run/manifest.h"
#include "run/rows.h"

namespace relevid::run {

/// Reads a run, also one that was killed (which it rolls back). Not thread-safe. Errors as Database's;
/// Error(kCorruptInput) for rows that make no sense.
class RunReader {
 public:
  /// Error(kInvalidArgument) where it is of another kind; with nothing given either will do, and the
  /// manifest, counts and for_each_row alone are to be asked for.
  explicit RunReader(const std::filesystem::path& path, std::optional<RunKind> kind = RunKind::kAudit);

  const Manifest& manifest() const { return manifest_; }
  std::optional<std::vector<double>> null_profile();
  RunCounts counts();
  /// In the order of the data set.
  void for_each_row(const std::function<void(const VideoRow&)>& take);
  /// Of all videos, under all conditions.
  int64_t clip_count();
  /// In the order of the data set. Holds one video at a time.
  void for_each_video(const std::function<void(const VideoRecord&)>& take);
  /// The clips of one video under one condition, by number.
  std::vector<ClipRow> clips_of(int64_t video, int64_t condition);
  /// By video, condition and number. Holds one clip at a time.
  void for_each_clip(const std::function<void(const VideoRow&, const ClipRow&)>& take);
  /// How many steps in time the clips' PositionFindings have, at most; 0 where there are none.
  int64_t position_steps();
  /// For tables that are not read here.
  Database& database() { return *database_; }

 private:
  std::unique_ptr<Database> database_;
  Manifest manifest_;
};

}  // namespace relevid::run
