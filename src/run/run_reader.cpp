// SPDX-License-Identifier: Apache-2.0
#include "run/run_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "relevid/error.h"
#include "run/position_sum.h"
#include "run/run_schema.h"

namespace relevid::run {
namespace {

/// How many rows with index % count == shard.index there are below `rows`.
int64_t rows_of(const Shard& shard, int64_t rows) {
  return rows > shard.index ? (rows - shard.index - 1) / shard.count + 1 : 0;
}

VideoState parse_state(const std::string& text, const std::string& where) {
  for (const VideoState state : {VideoState::kOk, VideoState::kTooShort, VideoState::kUnreadable,
                                 VideoState::kEmpty, VideoState::kFailed}) {
    if (text == name(state)) return state;
  }
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}: a video is '{}'; the run is damaged", where, text));
}

VideoRow video_of(const Statement& row, const std::string& where) {
  VideoRow video;
  video.index = row.integer(0);
  video.name = row.text(1);
  video.path = row.text(2);
  video.sha256 = row.text(3);
  video.label = row.is_null(4) ? kUnlabelled : row.integer(4);
  video.fps = row.real(5);
  video.frame_count = row.integer(6);
  video.width = row.integer(7);
  video.height = row.integer(8);
  video.state = parse_state(row.text(9), where);
  video.error_kind = row.text(10);
  video.error = row.text(11);
  return video;
}

/// Reads what positions took, clip by clip.
class Positions {
 public:
  explicit Positions(Database& database)
      : path_(database.path().string()),
        rows_(database.prepare("SELECT number, start, columns, by_time, content, by_place FROM position "
                               "WHERE video = ?1 AND condition = ?2 ORDER BY number")) {}

  /// By the clip's number; empty where the run has none.
  std::map<int64_t, PositionFinding> of(int64_t video, int64_t condition) {
    std::map<int64_t, PositionFinding> by_clip;
    rows_.bind(1, video).bind(2, condition);
    while (rows_.step()) by_clip.emplace(rows_.integer(0), row());
    return by_clip;
  }

  std::optional<PositionFinding> mean_of(int64_t video, int64_t condition) {
    PositionSum sum;
    for (const auto& [number, position] : of(video, condition)) {
      if (!sum.add(position)) damaged("clips of one video differ in their steps");
    }
    return sum.mean();
  }

 private:
  PositionFinding row() const {
    PositionFinding position{rows_.real(1), values(3), values(4), values(5), rows_.integer(2)};
    if (position.by_time.empty() || position.by_time.size() != position.content.size())
      damaged("steps in time without a number");
    if (position.columns < 1 || std::ssize(position.by_place) % position.columns != 0)
      damaged("places that make no rows");
    return position;
  }

  std::vector<double> values(int column) const {
    const auto blob = rows_.blob(column);
    return from_blob(blob, static_cast<int64_t>(blob.size() / sizeof(double)),
                     "what positions took in " + path_);
  }

  [[noreturn]] void damaged(std::string_view what) const {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: its table of positions has {}; the run is damaged", path_, what));
  }

  std::string path_;
  Statement rows_;
};

/// Reads what was observed of a video, its clips reduced.
class Observations {
 public:
  Observations(Database& database, const Manifest& manifest)
      : path_(database.path().string()),
        manifest_(manifest),
        predictions_(
            database.prepare("SELECT condition, clips, predicted, right1, right5 FROM video_prediction "
                             "WHERE video = ?1 ORDER BY condition")),
        clips_(database.prepare(
            "SELECT right1, right5, shares, negative_share FROM prediction NATURAL JOIN profile "
            "WHERE video = ?1 AND condition = ?2 ORDER BY number")),
        real_clips_(
            database.prepare("SELECT shares FROM profile WHERE video = ?1 AND condition = ?2 AND number IN "
                             "(SELECT number FROM profile WHERE video = ?1 AND condition = ?3) "
                             "ORDER BY number")),
        positions_(database) {}

  /// [condition]
  std::vector<std::optional<Observation>> of(int64_t video) {
    std::vector<std::optional<Observation>> by_condition(manifest_.conditions.size());
    predictions_.bind(1, video);
    while (predictions_.step()) {
      const int64_t condition = predictions_.integer(0);
      if (condition < 0 || condition >= std::ssize(manifest_.conditions)) damaged(video);
      Observation observation;
      observation.predicted = predictions_.integer(2);
      observation.right1 = predictions_.integer(3) != 0;
      observation.right5 = predictions_.integer(4) != 0;
      reduce_clips(video, condition, observation);
      if (observation.clips < 1 || observation.clips != predictions_.integer(1)) damaged(video);
      reduce_real_clips(video, condition, observation);
      observation.position = positions_.mean_of(video, condition);
      by_condition[static_cast<size_t>(condition)] = std::move(observation);
    }
    return by_condition;
  }

 private:
  void reduce_clips(int64_t video, int64_t condition, Observation& observation) {
    observation.shares.assign(static_cast<size_t>(manifest_.clip_len), 0.0);
    clips_.bind(1, video).bind(2, condition);
    while (clips_.step()) {
      ++observation.clips;
      observation.clips_right1 += clips_.integer(0) != 0;
      observation.clips_right5 += clips_.integer(1) != 0;
      add_shares(clips_.blob(2), observation.shares);
      observation.negative_share += clips_.real(3);
    }
    const auto count = static_cast<double>(std::max<int64_t>(1, observation.clips));
    for (double& share : observation.shares) share /= count;
    observation.negative_share /= count;
  }

  /// A control's clip has the number of the clip it was made from.
  void reduce_real_clips(int64_t video, int64_t condition, Observation& observation) {
    const Condition& control = manifest_.conditions[static_cast<size_t>(condition)];
    if (!control.control) return;
    const Condition wanted{std::nullopt, control.frame_interval, 0};
    const auto real = std::ranges::find(manifest_.conditions, wanted);
    if (real == manifest_.conditions.end()) return;
    observation.real_shares.assign(static_cast<size_t>(manifest_.clip_len), 0.0);
    real_clips_.bind(1, video).bind(2, real - manifest_.conditions.begin()).bind(3, condition);
    int64_t clips = 0;
    for (; real_clips_.step(); ++clips) add_shares(real_clips_.blob(0), observation.real_shares);
    if (clips != observation.clips) damaged(video);
    for (double& share : observation.real_shares) share /= static_cast<double>(clips);
  }

  void add_shares(std::span<const std::byte> blob, std::vector<double>& sums) const {
    const auto shares = from_blob(blob, manifest_.clip_len, "a profile in " + path_);
    for (size_t t = 0; t < shares.size(); ++t) sums[t] += shares[t];
  }

  [[noreturn]] void damaged(int64_t video) const {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: the clips of video {} do not fit its predictions; the run is damaged", path_,
                            video));
  }

  std::string path_;
  const Manifest& manifest_;
  Statement predictions_, clips_, real_clips_;
  Positions positions_;
};

std::optional<bool> truth(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column) != 0;
}

/// A column that holds a JSON list of T.
template <class T>
std::vector<T> list_of(const Statement& row, int column, const std::string& path) {
  try {
    return nlohmann::json::parse(row.text(column)).get<std::vector<T>>();
  } catch (const nlohmann::json::exception&) {
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{}: a clip has '{}' where a list belongs; the run is damaged", path, row.text(column)));
  }
}

ClipRow clip_of(const Statement& row, int64_t clip_len, const std::string& path) {
  ClipRow clip;
  clip.condition = row.integer(0);
  clip.number = row.integer(1);
  clip.offset = row.real(2);
  clip.frame_indices = list_of<int64_t>(row, 3, path);
  clip.pts_seconds = from_blob(row.blob(4), clip_len, "the times of a clip in " + path);
  clip.target = row.integer(5);
  clip.target_logit = row.real(6);
  clip.right1 = truth(row, 7);
  clip.right5 = truth(row, 8);
  clip.classes = list_of<ClassProbability>(row, 9, path);
  clip.negative_share = row.real(10);
  clip.shares = from_blob(row.blob(11), clip_len, "a profile in " + path);
  return clip;
}

void take_position(std::map<int64_t, PositionFinding>& positions, ClipRow& clip) {
  const auto found = positions.find(clip.number);
  if (found != positions.end()) clip.position = std::move(found->second);
}

constexpr const char* kClips =
    "SELECT condition, number, offset, frame_indices, pts_seconds, target, target_logit, right1, right5, "
    "classes, negative_share, shares FROM clip NATURAL JOIN prediction NATURAL JOIN profile "
    "WHERE video = ?1 ORDER BY condition, number";

constexpr const char* kVideos =
    "SELECT id, name, path, sha256, label, fps, frame_count, width, height, state, error_kind, error "
    "FROM video ORDER BY id";

}  // namespace

RunReader::RunReader(const std::filesystem::path& path, std::optional<RunKind> kind)
    : database_(std::make_unique<Database>(path, DatabaseOptions{})) {
  if (kind) {
    require_schema(*database_, *kind);
  } else {
    require_schema(*database_);
  }
  manifest_ = read_manifest(*database_);
}

std::optional<std::vector<double>> RunReader::null_profile() {
  Statement row = database_->prepare("SELECT null_profile FROM run");
  if (!row.step() || row.is_null(0)) return std::nullopt;
  return from_blob(row.blob(0), manifest_.clip_len, "the null profile of " + database_->path().string());
}

RunCounts RunReader::counts() {
  RunCounts counts;
  counts.expected = rows_of(manifest_.shard, manifest_.dataset_rows);
  Statement rows = database_->prepare("SELECT state, count(*) FROM video GROUP BY state");
  while (rows.step()) {
    const int64_t videos = rows.integer(1);
    counts.done += videos;
    switch (parse_state(rows.text(0), database_->path().string())) {
      case VideoState::kOk:
        counts.ok = videos;
        break;
      case VideoState::kTooShort:
        counts.too_short = videos;
        break;
      case VideoState::kUnreadable:
        counts.unreadable = videos;
        break;
      case VideoState::kEmpty:
        counts.empty = videos;
        break;
      case VideoState::kFailed:
        counts.failed = videos;
        break;
    }
  }
  return counts;
}

void RunReader::for_each_row(const std::function<void(const VideoRow&)>& take) {
  Statement videos = database_->prepare(kVideos);
  while (videos.step()) take(video_of(videos, database_->path().string()));
}

int64_t RunReader::clip_count() {
  Statement row = database_->prepare("SELECT count(*) FROM prediction");
  return row.step() ? row.integer(0) : 0;
}

void RunReader::for_each_video(const std::function<void(const VideoRecord&)>& take) {
  Observations observations(*database_, manifest_);
  Statement videos = database_->prepare(kVideos);
  while (videos.step()) {
    VideoRecord record;
    record.video = video_of(videos, database_->path().string());
    record.by_condition.resize(manifest_.conditions.size());
    if (record.video.state == VideoState::kOk) record.by_condition = observations.of(record.video.index);
    take(record);
  }
}

std::vector<ClipRow> RunReader::clips_of(int64_t video, int64_t condition) {
  std::vector<ClipRow> result;
  auto positions = Positions(*database_).of(video, condition);
  Statement clips = database_->prepare(kClips);
  clips.bind(1, video);
  while (clips.step()) {
    if (clips.integer(0) != condition) continue;
    result.push_back(clip_of(clips, manifest_.clip_len, database_->path().string()));
    take_position(positions, result.back());
  }
  return result;
}

void RunReader::for_each_clip(const std::function<void(const VideoRow&, const ClipRow&)>& take) {
  const std::string path = database_->path().string();
  Statement videos = database_->prepare(kVideos);
  Statement clips = database_->prepare(kClips);
  Positions reader(*database_);
  while (videos.step()) {
    const VideoRow video = video_of(videos, path);
    std::map<int64_t, PositionFinding> positions;
    int64_t condition = -1;  // whose positions these are
    clips.bind(1, video.index);
    while (clips.step()) {
      ClipRow clip = clip_of(clips, manifest_.clip_len, path);
      if (clip.condition < 0 || clip.condition >= std::ssize(manifest_.conditions) || clip.classes.empty())
        throw Error(ErrorKind::kCorruptInput, path + ": a clip without condition or class; it is damaged");
      if (std::exchange(condition, clip.condition) != clip.condition)
        positions = reader.of(video.index, condition);
      take_position(positions, clip);
      take(video, clip);
    }
  }
}

int64_t RunReader::position_steps() {
  Statement row = database_->prepare("SELECT max(length(by_time)) FROM position");
  return row.step() && !row.is_null(0) ? row.integer(0) / static_cast<int64_t>(sizeof(double)) : 0;
}

}  // namespace relevid::run

namespace relevid {

RunCounts run_counts(const std::filesystem::path& run) {
  return run::RunReader(run, std::nullopt).counts();
}

void for_each_failure(const std::filesystem::path& run,
                      const std::function<void(const VideoFailure&)>& take) {
  run::RunReader(run, std::nullopt).for_each_row([&](const run::VideoRow& video) {
    if (video.state == VideoState::kOk) return;
    take({video.index, video.name, video.state, video.error});
  });
}

}  // namespace relevid
