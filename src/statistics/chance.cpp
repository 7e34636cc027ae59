// SPDX-License-Identifier: Apache-2.0
#include "statistics/chance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "statistics/distributions.h"
#include "statistics/estimate.h"
#include "statistics/report_numbers.h"

namespace relevid::statistics {
namespace {

/// "50 of 200 labelled videos are right, 25.0 % (19.2 to 31.6); ..."
std::string numbers_of(const Chance& c) {
  return fmt::format(
      "{} of {} labelled video{} right, {:.1f} % (exact 95 % interval {:.1f} to {:.1f}); always giving the "
      "most frequent label would get {:.1f} %",
      c.right, c.labelled, c.labelled == 1 ? "" : "s", 100 * c.accuracy(), 100 * c.interval.low,
      100 * c.interval.high, 100 * c.constant_share());
}

std::string sentence_of(const Chance& c, int64_t videos) {
  const std::string constant =
      c.predicted_classes == 1 && videos > 1 ? " The model gives one class to every video." : "";
  if (c.labelled == 0) return "Unknown: no video that was used has a label." + constant;
  if (c.skill == Skill::kAboveChance) return fmt::format("Above chance: {}.{}", numbers_of(c), constant);
  if (c.skill == Skill::kAtChance) {
    return fmt::format("Not distinguishable from chance: {}.{}", numbers_of(c), constant);
  }
  if (c.labels == 1 && c.labelled > 1) {
    return fmt::format("Can't tell: all {} labelled videos have one label; {} of them are right.{}",
                       c.labelled, c.right, constant);
  }
  return fmt::format("Can't tell from {} video{} whether the model is above chance: {}.{}", c.labelled,
                     c.labelled == 1 ? "" : "s", numbers_of(c), constant);
}

Skill skill_of(const Chance& c) {
  if (c.labelled == 0) return Skill::kUnknown;
  if (c.interval.low > c.constant_share()) return Skill::kAboveChance;
  const bool attainable = clopper_pearson(c.labelled, c.labelled).low > c.constant_share();
  return attainable && c.labelled >= kFewVideos ? Skill::kAtChance : Skill::kCantTell;
}

}  // namespace

std::string_view name(Skill skill) {
  switch (skill) {
    case Skill::kAboveChance:
      return "above_chance";
    case Skill::kAtChance:
      return "at_chance";
    case Skill::kCantTell:
      return "cant_tell";
    case Skill::kUnknown:
      return "unknown";
  }
  return "";
}

ExactInterval clopper_pearson(int64_t successes, int64_t trials) {
  const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
  ExactInterval interval;
  if (successes > 0) interval.low = beta_quantile(1 - kUpperLevel, k, n - k + 1);
  if (successes < trials) interval.high = beta_quantile(kUpperLevel, k + 1, n - k);
  return interval;
}

void ChanceSums::add(int64_t label, int64_t predicted) {
  ++videos_;
  ++predicted_[predicted];
  if (label < 0) return;
  ++labelled_;
  ++labels_[label];
  right_ += label == predicted ? 1 : 0;
}

Chance ChanceSums::result() const {
  Chance chance;
  chance.labelled = labelled_;
  chance.right = right_;
  chance.labels = static_cast<int64_t>(labels_.size());
  chance.predicted_classes = static_cast<int64_t>(predicted_.size());
  for (const auto& [label, count] : labels_) {
    if (!predicted_.contains(label)) chance.never_predicted.push_back(label);
    if (count <= chance.most_frequent) continue;
    chance.most_frequent = count;
    chance.most_frequent_label = label;
  }
  if (labelled_ > 0) chance.interval = clopper_pearson(right_, labelled_);
  chance.skill = skill_of(chance);
  chance.sentence = sentence_of(chance, videos_);
  return chance;
}

std::string class_label(std::span<const std::string> class_names, int64_t label) {
  if (label < 0 || label >= std::ssize(class_names)) return fmt::format("{}", label);
  return fmt::format("{}: {}", label, class_names[static_cast<size_t>(label)]);
}

std::string never_predicted(const Chance& chance, std::span<const std::string> class_names) {
  constexpr size_t kMostNames = 10, kNameWidth = 28;
  const auto& never = chance.never_predicted;
  if (never.empty()) return "";
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(never.size(), kMostNames); ++i)
    names.push_back(short_name(class_label(class_names, never[i]), kNameWidth));
  const std::string more =
      never.size() > kMostNames ? fmt::format(" and {} more", never.size() - kMostNames) : "";
  return fmt::format("Never predicted, of {} classes that label a video: {}{}.", chance.labels,
                     fmt::join(names, ", "), more);
}

}  // namespace relevid::statistics
