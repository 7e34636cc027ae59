// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "audit/report.h"
#include "statistics/csv_line.h"

namespace relevid::audit {

using run::ClipRow;
using run::Condition;
using run::Manifest;
using run::RunReader;
using run::VideoRecord;
using run::VideoRow;
using statistics::estimate_columns;
using statistics::Line;

namespace {

std::string share_columns(int64_t frames) {
  std::string columns;
  for (int64_t t = 0; t < frames; ++t) columns += fmt::format(",share_{}", t);
  return columns;
}

constexpr const char* kConditionColumns = "condition,frame_interval,shift_frames";

Line& put(Line& line, const Condition& condition) {
  return line.text(name(condition)).integer(condition.frame_interval).integer(condition.shift_frames);
}

std::string class_name(const Manifest& manifest, int64_t label) {
  const bool named = label >= 0 && label < std::ssize(manifest.class_names);
  return named ? manifest.class_names[static_cast<size_t>(label)] : "";
}

Line& put_label(Line& line, const Manifest& manifest, int64_t label) {
  if (label < 0) return line.none(2);
  return line.integer(label).text(class_name(manifest, label));
}

/// The table of profiles, a frame a line.
class ProfileTable {
 public:
  ProfileTable(const Report& report, const ReportSink& sink) : report_(report), sink_(sink) {}

  void write() {
    sink_(std::string(kConditionColumns) + ",group,label,class,frame,videos," + estimate_columns("share") +
          ",standard_error,null_share\n");
    for (const ConditionStatistics& condition : report_.statistics.conditions) {
      add(condition.condition, "all", -1, condition.all);
      add(condition.condition, "right", -1, condition.right);
      add(condition.condition, "wrong", -1, condition.wrong);
      for (const ClassStatistics& one : condition.classes)
        add(condition.condition, "class", one.label, one.profile);
    }
  }

 private:
  void add(const Condition& condition, std::string_view group, int64_t label,
           const ProfileEstimate& profile) {
    if (profile.videos == 0) return;
    const auto& null = report_.options.null_profile;
    for (size_t t = 0; t < profile.shares.size(); ++t) {
      put(line_, condition).text(group);
      put_label(line_, report_.manifest, label).integer(t).integer(profile.videos);
      line_.estimate(profile.shares[t]).real(profile.shares[t].standard_error);
      (null ? line_.real((*null)[t]) : line_.none()).end(sink_);
    }
  }

  const Report& report_;
  const ReportSink& sink_;
  Line line_;
};

/// The comparison of an interval with the base, on all videos that fit these two.
const Comparison* comparison_of(const Sweep& sweep, const Condition& condition) {
  if (condition.control) return nullptr;
  const auto found = std::ranges::find(sweep.with_base, condition.frame_interval, &Comparison::interval);
  return found == sweep.with_base.end() ? nullptr : &*found;
}

/// Of an interval that is compared with others, on the videos that fit all of them.
struct Common {
  const AccuracyEstimate* accuracy = nullptr;
  const Comparison* gain = nullptr;
};

Common common_of(const Sweep& sweep, const Condition& condition) {
  Common common;
  if (condition.control) return common;
  const auto found = std::ranges::find(sweep.compared, condition.frame_interval);
  if (found == sweep.compared.end()) return common;
  common.accuracy = &sweep.common_accuracy[static_cast<size_t>(found - sweep.compared.begin())];
  const auto gain = std::ranges::find(sweep.common, condition.frame_interval, &Comparison::interval);
  if (gain != sweep.common.end()) common.gain = &*gain;
  return common;
}

void put_gain(Line& line, const Comparison* gain) {
  if (!gain) {
    line.none(7);
    return;
  }
  line.estimate(gain->gain.video1);
  line.integer(gain->mcnemar.gained).integer(gain->mcnemar.lost).real(gain->mcnemar.p).real(gain->p_holm);
}

std::string gain_columns(std::string_view prefix) {
  return fmt::format("{1},{0}gained,{0}lost,{0}p,{0}p_holm", prefix,
                     estimate_columns(fmt::format("{}gain", prefix)));
}

std::string sweep_header(const std::vector<int64_t>& widths) {
  std::string header = fmt::format("{},videos,without_relevance,rate_low,rate_high", kConditionColumns);
  for (const char* column : {"top1", "top5", "clip_top1", "clip_top5"})
    header += "," + estimate_columns(column);
  header += ",common_videos," + estimate_columns("common_top1") + "," + estimate_columns("common_top5");
  header += "," + gain_columns("common_") + ",pair_videos," + gain_columns("pair_");
  for (const int64_t k : widths) {
    for (const char* column : {"share", "ratio", "excess"})
      header += "," + estimate_columns(fmt::format("border{}_{}", k, column));
  }
  for (const char* column : {"centre", "asymmetry", "entropy", "negative_share"})
    header += "," + estimate_columns(column);
  return header + "\n";
}

void put_accuracies(Line& line, const Report& report, const ConditionStatistics& condition) {
  if (const auto& a = condition.accuracy) {
    line.estimate(a->video1).estimate(a->video5).estimate(a->clip1).estimate(a->clip5);
  } else {
    line.none(12);
  }
  const Sweep& sweep = report.statistics.sweep;
  const Common common = common_of(sweep, condition.condition);
  if (common.accuracy) {
    line.integer(sweep.common_videos).estimate(common.accuracy->video1).estimate(common.accuracy->video5);
  } else {
    line.none(7);
  }
  put_gain(line, common.gain);
  const Comparison* pair = comparison_of(sweep, condition.condition);
  (pair ? line.integer(pair->videos) : line.none());
  put_gain(line, pair);
}

}  // namespace

void write_profiles_csv(const Report& report, const ReportSink& sink) {
  ProfileTable(report, sink).write();
}

void write_sweep_csv(const Report& report, const ReportSink& sink) {
  const std::vector<int64_t> widths = border_widths(report.statistics.frames);
  sink(sweep_header(widths));
  Line line;
  for (const ConditionStatistics& condition : report.statistics.conditions) {
    put(line, condition.condition).integer(condition.videos).integer(condition.without_relevance);
    if (condition.rate) {
      line.real(condition.rate->lowest).real(condition.rate->highest);
    } else {
      line.none(2);
    }
    put_accuracies(line, report, condition);
    const ProfileEstimate& profile = condition.all;
    for (const BorderEstimate& border : profile.borders)
      line.estimate(border.share).estimate(border.ratio).estimate(border.excess);
    line.none(9 * static_cast<int>(std::ssize(widths) - std::ssize(profile.borders)));
    line.estimate(profile.centre).estimate(profile.asymmetry).estimate(profile.entropy);
    line.estimate(profile.negative_share).end(sink);
  }
}

namespace {

/// What positions take of the clip's score, in all and by step: only of runs that have it.
std::string position_columns(int64_t steps) {
  std::string columns = steps > 0 ? ",position" : "";
  for (int64_t s = 0; s < steps; ++s) columns += fmt::format(",position_{}", s);
  return columns;
}

void put_position(Line& line, const ClipRow& clip, int64_t steps) {
  if (steps == 0) return;
  if (!clip.position || clip.position->start == 0 || std::ssize(clip.position->by_time) != steps) {
    line.none(1 + static_cast<int>(steps));
    return;
  }
  std::vector<double> shares = clip.position->by_time;
  for (double& share : shares) share /= clip.position->start;
  line.real(std::accumulate(shares.begin(), shares.end(), 0.0)).shares(shares);
}

}  // namespace

void write_clips_csv(RunReader& reader, const ReportSink& sink) {
  const Manifest& manifest = reader.manifest();
  const int64_t steps = reader.position_steps();
  sink(
      fmt::format("video,name,label,class,{},clip,offset,frame_indices,begin_seconds,end_seconds,predicted,"
                  "probability,right1,right5,target,target_logit,negative_share{}{}\n",
                  kConditionColumns, share_columns(manifest.clip_len), position_columns(steps)));
  Line line;
  reader.for_each_clip([&](const VideoRow& video, const ClipRow& clip) {
    line.integer(video.index).text(video.name);
    put_label(line, manifest, video.label);
    put(line, manifest.conditions[static_cast<size_t>(clip.condition)])
        .integer(clip.number)
        .real(clip.offset);
    const auto [begin, end] = std::ranges::minmax(clip.pts_seconds);
    line.text(fmt::format("{}", fmt::join(clip.frame_indices, " "))).real(begin).real(end);
    line.integer(clip.classes[0].first).real(clip.classes[0].second);
    line.truth(clip.right1).truth(clip.right5).integer(clip.target).real(clip.target_logit);
    line.real(clip.negative_share).shares(clip.shares);
    put_position(line, clip, steps);
    line.end(sink);
  });
}

void write_videos_csv(RunReader& reader, const ReportSink& sink) {
  const Manifest& manifest = reader.manifest();
  sink(fmt::format(
      "video,name,sha256,label,class,fps,frame_count,width,height,state,error_kind,error,{},clips,"
      "clips_right1,clips_right5,predicted,right1,right5,negative_share{}\n",
      kConditionColumns, share_columns(manifest.clip_len)));
  Line line;
  reader.for_each_video([&](const VideoRecord& record) {
    const VideoRow& video = record.video;
    const auto begin = [&] {
      line.integer(video.index).text(video.name).text(video.sha256);
      put_label(line, manifest, video.label).real(video.fps).integer(video.frame_count);
      line.integer(video.width).integer(video.height).text(name(video.state));
      line.text(video.error_kind).text(video.error);
    };
    if (std::ranges::none_of(record.by_condition, [](const auto& one) { return one.has_value(); })) {
      begin();
      line.none(10 + static_cast<int>(manifest.clip_len)).end(sink);
    }
    for (size_t i = 0; i < record.by_condition.size(); ++i) {
      if (!record.by_condition[i]) continue;
      const run::Observation& c = *record.by_condition[i];
      begin();
      put(line, manifest.conditions[i]).integer(c.clips);
      if (video.label < 0) {
        line.none(2).integer(c.predicted).none(2);
      } else {
        line.integer(c.clips_right1).integer(c.clips_right5).integer(c.predicted);
        line.truth(c.right1).truth(c.right5);
      }
      line.real(c.negative_share).shares(c.shares).end(sink);
    }
  });
}

}  // namespace relevid::audit
