// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/run_file.h"

namespace relevid::run {

/// A class and its probability.
using ClassProbability = std::pair<int64_t, double>;

/// What is known of a video whether its clips came out or not.
struct VideoRow {
  int64_t index = 0;  ///< of the data set's row
  std::string name, path;
  std::string sha256;  ///< of the file, or of a folder of images; "" where unreadable
  int64_t label = kUnlabelled;
  double fps = 0;  ///< frames per second; 0 where unreadable
  int64_t frame_count = 0, width = 0, height = 0;
  VideoState state = VideoState::kOk;
  std::string error_kind, error;
};

/// A clip with what the network said of it. right1, right5: nothing where the video has no label.
struct ClipRow {
  int64_t condition = 0, number = 0;   ///< number: of the clip in its video and condition
  double offset = 0;                   ///< in frames (of the resampled video, where it is)
  std::vector<int64_t> frame_indices;  ///< [T] of the file
  std::vector<double> pts_seconds;     ///< [T]
  int64_t target = 0;
  double target_logit = 0;
  std::optional<bool> right1, right5;
  std::vector<ClassProbability> classes;  ///< the best few, best first
  std::vector<double> shares;             ///< [T] of absolute relevance per frame
  double negative_share = 0;              ///< of absolute relevance
};

/// A video under one condition: its clips' mean probabilities.
struct VideoPredictionRow {
  int64_t condition = 0;
  int64_t clips = 0;
  int64_t predicted = 0;
  std::optional<double> label_probability;
  std::optional<bool> right1, right5;
  std::vector<ClassProbability> classes;
};

}  // namespace relevid::run
