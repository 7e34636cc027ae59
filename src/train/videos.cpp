// SPDX-License-Identifier: Apache-2.0
#include "train/videos.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>

#include "relevid/error.h"

namespace relevid::train {
namespace {

/// Whether an error is the video's own. A full disk and a full cache are not.
bool is_of_the_video(const Error& error, const std::filesystem::path& video) {
  if (error.kind() == ErrorKind::kIo) return ::access(video.c_str(), R_OK) != 0;
  return error.kind() == ErrorKind::kCorruptInput;
}

/// The video of a row, or why there is none.
std::optional<std::string> open_video(FrameCache& cache, const DataRow& row, const RunControl& control,
                                      std::vector<TrainingVideo>& videos) {
  if (!row.error.empty()) return row.error;
  if (row.label == kUnlabelled) return "it has no label";
  try {
    videos.push_back({cache.open(row.path, control), row.label});
    return std::nullopt;
  } catch (const Error& error) {
    if (!is_of_the_video(error, row.path)) throw;
    return error.what();
  }
}

}  // namespace

std::vector<TrainingVideo> open_videos(FrameCache& cache, const DataSet& data, double max_bad_share,
                                       const std::string& what, const RunControl& control,
                                       const TrainObserver& observer,
                                       std::vector<UnreadableVideo>& unreadable) {
  std::vector<TrainingVideo> videos;
  std::vector<UnreadableVideo> bad;
  const auto total = static_cast<int64_t>(data.rows.size());
  for (int64_t i = 0; i < total; ++i) {
    if (control.interrupted()) throw Interrupted{};
    const DataRow& row = data.rows[static_cast<size_t>(i)];
    if (auto reason = open_video(cache, row, control, videos)) {
      bad.push_back({row.name, std::move(*reason)});
      if (observer.unreadable) observer.unreadable(bad.back());
    }
    if (control.report) control.report({"decoding " + what, i + 1, total});
  }
  const double allowed = max_bad_share * static_cast<double>(total);
  if (static_cast<double>(bad.size()) > allowed) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{} of {} {} cannot be used, more than --max-bad {:g} allows; the first is {}: {}",
                    bad.size(), total, what, max_bad_share, bad.front().name, bad.front().reason));
  }
  unreadable.insert(unreadable.end(), bad.begin(), bad.end());
  return videos;
}

void require_every_class(const std::vector<TrainingVideo>& videos,
                         const std::vector<std::string>& class_names) {
  std::vector<int64_t> count(class_names.size(), 0);
  for (const TrainingVideo& video : videos) ++count.at(static_cast<size_t>(video.label));
  std::string missing;
  for (size_t c = 0; c < count.size(); ++c) {
    if (count[c] == 0) missing += (missing.empty() ? "" : ", ") + class_names[c];
  }
  if (missing.empty()) return;
  throw Error(
      ErrorKind::kInvalidArgument,
      fmt::format("no video is left to learn these classes from: {}. Add some, or leave the classes out",
                  missing));
}

}  // namespace relevid::train
