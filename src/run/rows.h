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

/// A clip that is to be looked at.
struct PlannedClip {
  int64_t condition = 0;  ///< index into Manifest::conditions
  int64_t number = 0;     ///< of the clip at its interval; a control has that of the clip it is made from
  double offset = 0;      ///< frames of the resampled video
  std::vector<int64_t> frame_indices;  ///< [T] of the file, in the order in which the network gets them
};

/// What position embeddings took of relevance, beside what reached the frames, in the unit of the start: a
/// clip's, or the mean over clips of which each counts by the size of its start. T', H' and W' are the
/// network's tokens along time, rows and columns.
struct PositionFinding {
  double start = 0;              ///< relevance at the output
  std::vector<double> by_time;   ///< [T'] what positions took
  std::vector<double> content;   ///< [T'] what reached the frames of each step in time
  std::vector<double> by_place;  ///< [H' W'] what positions took, row by row
  int64_t columns = 0;           ///< W'
};

/// What was found out about a clip: which class was explained, and where its relevance lies.
struct ClipFinding {
  int64_t target = 0;
  double target_logit = 0;
  std::vector<double> shares;  ///< [T] of absolute relevance per frame; sums to 1, or all 0
  double negative_share = 0;   ///< of absolute relevance
  /// Nothing for networks without position embeddings, and methods that give them no share.
  std::optional<PositionFinding> position;
};

/// A clip of a run. right1, right5: nothing where the video has no label.
struct ClipRow : PlannedClip, ClipFinding {
  std::vector<double> pts_seconds;  ///< [T]
  std::optional<bool> right1, right5;
  std::vector<ClassProbability> classes;  ///< the best few, best first
};

/// A video under one condition (a frame interval of the real clips, or a control), its clips reduced.
struct Observation {
  int64_t predicted = 0;                ///< the class with the largest mean probability of the clips
  int64_t clips = 0;                    ///< how many were explained
  int64_t clips_right1 = 0;             ///< clips whose top 1 is the label
  int64_t clips_right5 = 0;             ///< clips whose top 5 hold the label
  bool right1 = false, right5 = false;  ///< the video's, by mean probability; false without a label
  std::vector<double> shares;           ///< [T] mean over clips of ClipFinding::shares
  /// Of a control that was made from some of the real clips: [T] mean over just those clips, as they were.
  /// Empty for an interval, and where a control was made from all real clips of its interval.
  std::vector<double> real_shares;
  double negative_share = 0;                ///< mean over clips
  std::optional<PositionFinding> position;  ///< mean over the clips that have it
};

/// A video with what was observed of it.
struct VideoRecord {
  VideoRow video;
  std::vector<std::optional<Observation>> by_condition;  ///< nullopt: the video does not fit, or failed
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
