// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/training.h"
#include "statistics/trainings_estimate.h"

namespace relevid::audit {

/// One frame interval over the trainings.
struct IntervalSummary {
  int64_t interval = 0;
  statistics::TrainingsEstimate excess;  ///< of all videos that fit the interval
  statistics::TrainingsEstimate
      change;  ///< of the excess against the base's, on the same videos; none for the base
  /// Of the videos that fit all compared intervals; none for an interval that is not compared.
  statistics::TrainingsEstimate accuracy;
  statistics::TrainingsEstimate gain;          ///< in accuracy over the base; none for the base
  std::vector<double> excess_of, accuracy_of;  ///< [training], also of those in no mean; NaN where none
};

/// The interval that is best for all trainings together, chosen on one half of the videos, and its gain on
/// the other, so that the gain is not the luck of the best of several.
struct SharedChoice {
  int64_t base = 1, chosen = 1;
  int64_t choice_videos = 0, report_videos = 0;       ///< different ones
  std::optional<statistics::TrainingsEstimate> gain;  ///< nullopt where the base was chosen
};

enum class Sharing { kSame, kOwn, kSome };  ///< which videos the trainings were audited on

struct SummaryCounts {
  int64_t used = 0, at_chance = 0, without_relevance = 0;
  int64_t present = 0, absent = 0, cant_tell = 0;  ///< verdicts; the rest has none
  int64_t change = 0, keep = 0;                    ///< advice, `keep` for now, too; the rest has none
  int64_t significant_gains = 0;                   ///< gain_is_significant, also where advice is withheld
};

/// What the numbers say, in plain words; "" where there is nothing to say.
struct SummarySentences {
  std::string left_out, effect, fading, gain, advice, videos;
};

/// Several trainings of one recipe.
struct Summary {
  std::vector<Training> trainings;
  SummaryCounts counts;
  Sharing sharing = Sharing::kSame;
  int64_t videos = 0;                             ///< different ones
  BorderEffect effect = BorderEffect::kCantTell;  ///< of the mean excess, as a verdict's
  std::vector<IntervalSummary> intervals;         ///< ascending
  SharedChoice choice;
  SummarySentences sentences;

  const StatisticsOptions& options() const { return trainings.front().report.options; }
  const run::Manifest& manifest() const { return trainings.front().report.manifest; }
  const IntervalSummary& base() const;
};

/// A run and what to call it.
struct LabelledRun {
  std::filesystem::path path;
  std::string label;
};

/// Reads finished audits of three or more trainings. Means are over the trainings that are neither at chance
/// nor without relevance; accuracy and gain are of all where there are no such. Memory: 9 bytes a training,
/// video and interval. Error(kInvalidArgument) for fewer runs, one given twice, two of one network,
/// unfinished ones, and runs that differ in more than network, videos and seed; otherwise errors as
/// write_audit_report's.
Summary summarise(std::span<const LabelledRun> runs, const ReportOptions& options);

/// The same of trainings that are read already, three or more; nothing is checked.
Summary summary_of(std::vector<Training> trainings);

/// The refusals among these that need no statistics.
void check_trainings(const std::vector<Training>& trainings);

SummarySentences sentences_of(const Summary& summary);
/// The same with the fields of a single run's estimate.
statistics::Estimate as_estimate(const statistics::TrainingsEstimate& estimate);

/// A page of about 100 columns.
std::string text_of(const Summary& summary);
/// One object; docs/dev/page-data.md has it.
std::string json_of(const Summary& summary);

}  // namespace relevid::audit
