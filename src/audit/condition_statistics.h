// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "audit/observation.h"
#include "audit/position.h"
#include "audit/profile.h"
#include "audit/survey.h"
#include "audit/sweep.h"
#include "statistics/bootstrap.h"
#include "statistics/moments.h"

namespace relevid::audit {

/// One class under one condition. Its intervals are Student's (moments.h): replicates of every class would
/// take memory by the number of classes.
struct ClassStatistics {
  int64_t label = 0;
  AccuracyEstimate accuracy;
  ProfileEstimate profile;
};

/// Everything about one condition by itself.
struct ConditionStatistics {
  run::Condition condition;
  int64_t videos = 0;             ///< observed under it
  int64_t without_relevance = 0;  ///< of these: in no profile, as no clip has any
  /// Frames a second that the network sees, fps / interval, over the videos; nullopt where no rate is known.
  std::optional<statistics::Range> rate;
  std::optional<AccuracyEstimate> accuracy;  ///< nullopt for a null profile and without labelled videos
  ProfileEstimate all;
  ProfileEstimate right, wrong;          ///< labelled videos, by their top 1 under this condition
  std::vector<ClassStatistics> classes;  ///< by ascending label; those with a video under this condition
  /// Nothing for networks without position embeddings, and methods that give them no share.
  std::optional<PositionEstimate> position;
};

/// Collects ConditionStatistics. Borrows the bootstrap, the conditions and the survey. Memory: by conditions,
/// frames, replicates and classes, not by videos.
class ConditionSums {
 public:
  /// `null_profile`: checked_null_profile, or nullopt; then a condition kNullProfile serves where there is
  /// one (of the same interval, otherwise the first), and excess is paired over the videos that have both.
  ConditionSums(statistics::Bootstrap& bootstrap, const std::vector<run::Condition>& conditions,
                const Survey& survey, std::optional<std::vector<double>> null_profile);
  void add(const run::VideoRecord& video);
  std::vector<ConditionStatistics> result();

 private:
  struct Panels {
    statistics::Bootstrap::Panel all = 0, right = 0, wrong = 0;  ///< profile_row
    statistics::Bootstrap::Panel accuracy = 0;                   ///< accuracy_row
    std::optional<size_t> null_condition;
    statistics::Bootstrap::Panel against_null = 0;  ///< B_k of every k, then those of the null profile
  };
  struct ClassSums {
    statistics::Moments profile, accuracy;
  };

  std::optional<size_t> null_of(const run::Condition& condition) const;
  void add(const run::VideoRecord& video, size_t condition);
  void add_profile(const run::VideoRecord& video, size_t condition, const std::vector<double>& profile);
  void add_against_null(const Panels& panels, const std::vector<double>& own, const run::Observation& null);
  ClassSums& class_sums(int64_t label, size_t condition);
  ProfileEstimate profile(statistics::Bootstrap::Panel panel);
  void set_observed_excess(const Panels& panels, ProfileEstimate& profile);
  ConditionStatistics result(size_t condition);

  statistics::Bootstrap& bootstrap_;
  const std::vector<run::Condition>& conditions_;
  const Survey& survey_;
  int64_t frames_;
  std::optional<std::vector<double>> null_profile_;
  std::vector<Panels> panels_;                              ///< [condition]
  std::map<int64_t, std::map<size_t, ClassSums>> classes_;  ///< [label][condition]
};

}  // namespace relevid::audit
