// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "evaluate/store.h"
#include "relevid/evaluate_report.h"

namespace relevid::evaluate {

/// What is known of a method on one video under one kind of flipping: the mean over the video's clips.
struct FlippingValues {
  double abpc = 0, aopc = 0, deletion = 0, insertion = 0;
  double whole = 0, flipped = 0;                ///< the curve's ends
  std::vector<double> most_first, least_first;  ///< empty where clips differ in their points
};

using FlippingKey = std::pair<std::string, std::string>;               ///< regions, fill
using MeasureKey = std::tuple<std::string, std::string, std::string>;  ///< measure, versus, method

/// One video, its clips reduced.
struct VideoValues {
  std::string key;  ///< for the bootstrap: copies of one video have the same
  std::map<FlippingKey, std::map<std::string, FlippingValues>> flippings;  ///< by method
  std::map<MeasureKey, double> measures;  ///< NaN clips left out; absent where all are
  int64_t clips = 0;
};

/// Throws Error(kCorruptInput) where a curve lacks its counterpart.
VideoValues reduce(const VideoRows& rows, EvaluationReportOptions::Score score);

}  // namespace relevid::evaluate
