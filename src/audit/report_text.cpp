// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "audit/report.h"
#include "audit/report_position.h"
#include "statistics/report_numbers.h"

namespace relevid::audit {

using run::Condition;
using run::Manifest;
using statistics::bar;
using statistics::Chance;
using statistics::class_label;
using statistics::counted;
using statistics::Estimate;
using statistics::kFewVideos;
using statistics::kPercent;
using statistics::kPoints;
using statistics::kRatio;
using statistics::never_predicted;
using statistics::number;
using statistics::NumberStyle;
using statistics::p_value;
using statistics::short_name;
using statistics::sparkline;
using statistics::with_interval;
using statistics::wrapped;

namespace {

constexpr size_t kWidth = 100, kIndent = 13, kDigestDigits = 12, kNameWidth = 28, kBarWidth = 20;
constexpr int64_t kMostRows = 16;    // frames that get a bar each
constexpr size_t kMostColumns = 84;  // of a sparkline
constexpr size_t kMostClasses = 10;
constexpr int64_t kMostTop5Classes = 5;  // of which the best five are all

/// "VERDICT      text", broken into lines.
std::string paragraph(std::string_view name, std::string_view text) {
  return fmt::format("{:<{}}{}\n", name, kIndent, wrapped(text, kWidth, kIndent));
}

std::string without_trailing_blanks(std::string_view page) {
  std::string result;
  for (const char c : page) {
    if (c == '\n') result.erase(result.find_last_not_of(' ') + 1);
    result += c;
  }
  return result;
}

/// Writes the page from top to bottom.
class Page {
 public:
  explicit Page(const Report& report)
      : report_(report), statistics_(report.statistics), base_(base_of(report.statistics)) {}

  std::string write() {
    add_state();
    add_chance();
    add_subject();
    add("verdict", statistics_.verdict.sentence);
    if (!report_.method_sentence.empty()) add("method", report_.method_sentence);
    add_accuracy();
    page_ += '\n';
    add("advice", statistics_.recommendation.sentence);
    add_frames();
    add_borders();
    add_positions();
    add_controls();
    add_classes();
    if (unreliable_) {
      page_ += fmt::format("\n~ from fewer than {} videos: the interval is not to be trusted\n", kFewVideos);
    }
    return without_trailing_blanks(page_);
  }

 private:
  static const ConditionStatistics& base_of(const Statistics& statistics) {
    return at(statistics, statistics.sweep.base_interval);
  }
  static const ConditionStatistics& at(const Statistics& statistics, int64_t interval) {
    const Condition wanted{std::nullopt, interval, 0};
    return *std::ranges::find(statistics.conditions, wanted, &ConditionStatistics::condition);
  }

  void add(std::string_view name, std::string_view text) { page_ += paragraph(name, text); }
  void add_heading(std::string_view text) { page_ += fmt::format("\n{}\n", wrapped(text, kWidth, 1)); }

  /// "~" where an interval comes from too few videos.
  std::string_view mark(const Estimate& estimate) {
    if (estimate.reliable() || estimate.videos == 0) return "";
    unreliable_ = true;
    return "~";
  }

  std::string cell(const Estimate& estimate, const NumberStyle& style) {
    return fmt::format("{}{}", with_interval(estimate, style), mark(estimate));
  }
  std::string cell(const std::optional<Estimate>& estimate, const NumberStyle& style) {
    return estimate ? cell(*estimate, style) : "n/a";
  }

  void add_state();
  void add_chance();
  void add_subject();
  std::string left_out() const;
  void add_accuracy();
  void add_accuracy_row(int64_t interval, int64_t videos, const AccuracyEstimate& accuracy,
                        const Comparison* gain);
  void add_frames();
  void add_frame_rows(const std::vector<double>* null);
  void add_frame_lines(const std::vector<double>* null);
  std::string frame_cell(size_t t, double largest, const std::vector<double>* null) const;
  void add_moments();
  void add_borders();
  void add_positions();
  void add_controls();
  void add_classes();

  const Report& report_;
  const Statistics& statistics_;
  const ConditionStatistics& base_;
  std::string page_;
  bool unreliable_ = false;
};

void Page::add_state() {
  const RunCounts& counts = report_.counts;
  const Shard& shard = report_.manifest.shard;
  if (!counts.complete()) {
    add("UNFINISHED", fmt::format("{} of {} videos are in this run; what follows is of these alone. The "
                                  "same command resumes it.",
                                  counts.done, counts.expected));
  }
  if (shard.count > 1) {
    add("PART", fmt::format("This is shard {} of a data set of {}; `relevid merge` puts the shards together.",
                            to_string(shard), counted(report_.manifest.dataset_rows, "video")));
  }
}

void Page::add_chance() {
  const Chance& chance = statistics_.chance;
  add("accuracy", chance.sentence);
  const std::string never = never_predicted(chance, report_.manifest.class_names);
  if (!never.empty()) add("", never);
}

std::string Page::left_out() const {
  const RunCounts& counts = report_.counts;
  std::string text;
  for (const auto& [count, what] : {std::pair{counts.too_short, "too short"},
                                    {counts.unreadable, "unreadable"},
                                    {counts.empty, "empty"},
                                    {counts.failed, "failed"}}) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "; left out: " : ", ", count, what);
  }
  return text;
}

void Page::add_subject() {
  const Manifest& manifest = report_.manifest;
  add("run", short_name(report_.run, kWidth - kIndent));
  add("model",
      fmt::format("{}, {}, clips of {}; explained by {}", manifest.model_sha256.substr(0, kDigestDigits),
                  fmt::format("{} classes", manifest.class_count), counted(manifest.clip_len, "frame"),
                  report_.method.empty() ? "method n/a" : short_name(report_.method, kNameWidth)));
  const std::string copies =
      statistics_.copies > 0 ? fmt::format(", {} of them copies of others", statistics_.copies) : "";
  add("data", fmt::format("{}: {} used, {} labelled{}{}", manifest.dataset_sha256.substr(0, kDigestDigits),
                          counted(statistics_.videos, "video"), statistics_.labelled, copies, left_out()));
  const auto intervals =
      std::ranges::count_if(manifest.conditions, [](const Condition& c) { return !c.control; });
  add("clips", fmt::format("{}, at {} and under {}", report_.clips, counted(intervals, "frame interval"),
                           counted(std::ssize(manifest.conditions) - intervals, "control")));
}

void Page::add_accuracy() {
  const Sweep& sweep = statistics_.sweep;
  if (statistics_.labelled == 0) return add_heading("Accuracy: n/a, no video that was used has a label");
  add_heading(
      fmt::format("Accuracy of videos in % [95 % interval], on the {} that fit all of these "
                  "intervals; gain over {} in points",
                  counted(sweep.common_videos, "labelled video"), sweep.base_interval));
  page_ += fmt::format("{:>8} {:>6} {:<20} {:<20} {:<21} {:>6} {:>6} {}\n", "interval", "videos", "top 1",
                       "top 5", "gain, top 1", "p", "Holm", "fps");
  const auto find = [](const std::vector<Comparison>& list, int64_t interval) {
    const auto found = std::ranges::find(list, interval, &Comparison::interval);
    return found == list.end() ? nullptr : &*found;
  };
  for (size_t i = 0; i < sweep.compared.size(); ++i) {
    add_accuracy_row(sweep.compared[i], sweep.common_videos, sweep.common_accuracy[i],
                     find(sweep.common, sweep.compared[i]));
  }
  if (sweep.left_out.empty()) return;
  page_ += " too many videos are too short for these; each on its own videos, not comparable with others:\n";
  for (const int64_t interval : sweep.left_out) {
    const Comparison* gain = find(sweep.with_base, interval);
    add_accuracy_row(interval, gain ? gain->videos : 0,
                     at(statistics_, interval).accuracy.value_or(AccuracyEstimate{}), gain);
  }
}

void Page::add_accuracy_row(int64_t interval, int64_t videos, const AccuracyEstimate& accuracy,
                            const Comparison* gain) {
  if (videos == 0) {
    page_ += fmt::format("{:>8} {:>6} n/a\n", interval, videos);
    return;
  }
  const bool is_base = interval == statistics_.sweep.base_interval;
  const bool top5 = report_.manifest.class_count > kMostTop5Classes;
  page_ += fmt::format("{:>8} {:>6} {:<20} {:<20} {:<21} {:>6} {:>6} {}\n", interval, videos,
                       cell(accuracy.video1, kPercent), top5 ? cell(accuracy.video5, kPercent) : "n/a",
                       is_base ? "base"
                       : gain  ? cell(gain->gain.video1, kPoints)
                               : "n/a",
                       gain ? p_value(gain->mcnemar.p) : "", gain ? p_value(gain->p_holm) : "",
                       rate(at(statistics_, interval).rate));
}

void Page::add_frames() {
  const ProfileEstimate& profile = base_.all;
  if (profile.videos == 0) {
    return add_heading("Share of relevance per frame: n/a, no video has relevance at the base interval");
  }
  const auto& null = report_.options.null_profile;
  add_heading(fmt::format("Share of {}relevance per frame in % [95 % interval] at interval {}, mean of {}{}",
                          profile.negative_share.value > 0 ? "absolute " : "", base_.condition.frame_interval,
                          counted(profile.videos, "video"),
                          null ? "; then the null's, the architecture alone, marked | in the bar" : ""));
  if (std::ssize(profile.shares) <= kMostRows) {
    add_frame_rows(null ? &*null : nullptr);
  } else {
    add_frame_lines(null ? &*null : nullptr);
  }
  add_moments();
}

double largest_share(const ProfileEstimate& profile, const std::vector<double>* null) {
  double largest = null ? *std::ranges::max_element(*null) : 0;
  for (const Estimate& share : profile.shares) largest = std::max(largest, share.value);
  return largest;
}

std::string Page::frame_cell(size_t t, double largest, const std::vector<double>* null) const {
  const Estimate& share = base_.all.shares[t];
  const auto beside = null ? std::optional((*null)[t]) : std::nullopt;
  return fmt::format("{:>3} {:>18} {:>5} {}", t, with_interval(share, kPercent),
                     beside ? number(*beside, kPercent) : "", bar(share.value, beside, largest, kBarWidth));
}

/// The first half of the clip on the left, the second on the right.
void Page::add_frame_rows(const std::vector<double>* null) {
  const size_t frames = base_.all.shares.size(), rows = (frames + 1) / 2;
  const double largest = largest_share(base_.all, null);
  const std::string head = fmt::format("{:>3} {:>18} {:>5}", "t", "share", null ? "null" : "");
  page_ += fmt::format("{:<51}{}\n", head, head);
  for (size_t row = 0; row < rows; ++row) {
    const std::string left = frame_cell(row, largest, null);
    page_ += row + rows < frames ? fmt::format("{:<51}{}\n", left, frame_cell(row + rows, largest, null))
                                 : left + "\n";
  }
}

/// Means of runs of values, so that they fit a line.
std::vector<double> condensed(const std::vector<double>& values) {
  const size_t each = (values.size() + kMostColumns - 1) / kMostColumns;
  std::vector<double> result;
  for (size_t begin = 0; begin < values.size(); begin += each) {
    const size_t end = std::min(values.size(), begin + each);
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += values[i];
    result.push_back(sum / static_cast<double>(end - begin));
  }
  return result;
}

void Page::add_frame_lines(const std::vector<double>* null) {
  std::vector<double> shares;
  for (const Estimate& share : base_.all.shares) shares.push_back(share.value);
  const double largest = largest_share(base_.all, null);
  page_ += fmt::format("  shares     {}\n", sparkline(condensed(shares), largest));
  if (null) page_ += fmt::format("  null       {}\n", sparkline(condensed(*null), largest));
  page_ += fmt::format("  first {}, last {}; even would be {}; full height is {}\n",
                       cell(base_.all.shares.front(), kPercent), cell(base_.all.shares.back(), kPercent),
                       number(1 / static_cast<double>(shares.size()), kPercent), number(largest, kPercent));
}

void Page::add_moments() {
  const ProfileEstimate& p = base_.all;
  std::string text =
      fmt::format("centre at frame {} of 0 to {}; later half less earlier {} points; entropy {}",
                  cell(p.centre, kRatio), p.shares.size() - 1, cell(p.asymmetry, kPoints),
                  cell(p.entropy, NumberStyle{1, 3, NumberStyle::Sign::kMinus}));
  if (p.negative_share.value > 0) text += fmt::format("; negative part {}", cell(p.negative_share, kPercent));
  if (base_.without_relevance > 0)
    text += fmt::format("; {} without relevance left out", counted(base_.without_relevance, "video"));
  page_ += " " + wrapped(text, kWidth, 1) + "\n";
}

void Page::add_borders() {
  const auto& borders = base_.all.borders;
  if (borders.empty()) return;
  const bool excess = borders.front().excess.has_value();
  add_heading(fmt::format(
      "Border, the k first and k last frames: share of relevance in %, ratio to an even share{}",
      excess ? ", excess over the null's ratio" : " (without a null profile it may be the architecture's)"));
  page_ += fmt::format("{:>8}", "interval");
  for (const BorderEstimate& border : borders) {
    page_ += fmt::format(" {:<6}{:<6}{:<17}", fmt::format("k={}", border.k), excess ? "ratio" : "",
                         excess ? "excess" : "ratio");
  }
  page_ += '\n';
  for (const ConditionStatistics& condition : statistics_.conditions) {
    if (condition.condition.control) continue;
    page_ += fmt::format("{:>8}", condition.condition.frame_interval);
    for (const BorderEstimate& border : condition.all.borders) {
      page_ += fmt::format(" {:<6}{:<6}{:<17}", number(border.share.value, kPercent),
                           excess ? number(border.ratio.value, kRatio) : "",
                           excess ? cell(border.excess, kRatio) : cell(border.ratio, kRatio));
    }
    page_ += '\n';
  }
}

void Page::add_positions() {
  if (!base_.position) return;
  const PercentCell percent = [&](const Estimate& estimate) { return cell(estimate, kPercent); };
  add_heading(fmt::format(
      "Positions: what their embeddings take of the score in % [95 % interval] at interval {}, over {}, and "
      "beside it the content, what reaches the frames",
      base_.condition.frame_interval, counted(base_.position->videos, "video")));
  page_ += position_rows(*base_.position, statistics_.frames, percent);
  page_ += " " + wrapped(sentence_of(*base_.position), kWidth, 1) + "\n";
  page_ += " " + wrapped("in all: " + position_totals(statistics_, percent), kWidth, 1) + "\n";
}

void Page::add_controls() {
  const Controls& controls = statistics_.controls;
  if (controls.border.empty()) return;
  add_heading("Controls, at the base interval");
  for (const BorderControl& control : controls.border)
    page_ += " " + wrapped(control.sentence, kWidth, 2) + "\n";
  for (const FollowControl& control : controls.follow)
    page_ += " " + wrapped(control.sentence, kWidth, 2) + "\n";
}

void Page::add_classes() {
  const int64_t k = statistics_.verdict.k;
  const auto border = [&](const ProfileEstimate& profile) {
    const auto found = std::ranges::find(profile.borders, k, &BorderEstimate::k);
    return found == profile.borders.end() ? std::string("n/a") : cell(found->ratio, kRatio);
  };
  std::vector<const ClassStatistics*> classes;
  for (const ClassStatistics& one : base_.classes) classes.push_back(&one);
  if (classes.empty()) return;
  std::ranges::stable_sort(classes, std::greater{},
                           [](const auto* one) { return one->accuracy.video1.videos; });
  const bool more = classes.size() > kMostClasses;
  add_heading(fmt::format("At interval {}, border ratio for k = {}{}", base_.condition.frame_interval, k,
                          more ? fmt::format("; {} of {} classes, those with most videos (json and csv have "
                                             "all)",
                                             kMostClasses, classes.size())
                               : ""));
  page_ += fmt::format(" {:<30} {:>6}  {:<22} {}\n", "", "videos", "top 1, %", "border ratio");
  const auto row = [&](std::string_view name, int64_t videos, const std::string& accuracy,
                       const ProfileEstimate& profile) {
    page_ += fmt::format(" {:<30} {:>6}  {:<22} {}\n", name, videos, accuracy, border(profile));
  };
  row("right predictions", base_.right.videos, "", base_.right);
  row("wrong predictions", base_.wrong.videos, "", base_.wrong);
  if (more) classes.resize(kMostClasses);
  for (const ClassStatistics* one : classes) {
    row(short_name(class_label(report_.manifest.class_names, one->label), kNameWidth),
        one->accuracy.video1.videos, cell(one->accuracy.video1, kPercent), one->profile);
  }
}

}  // namespace

std::string text_of(const Report& report) {
  return Page(report).write();
}

}  // namespace relevid::audit
