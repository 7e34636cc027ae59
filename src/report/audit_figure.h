// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "relevid/colormap.h"
#include "report/interval.h"

namespace relevid::report {

/// One frame interval of an audit. Strings are data, drawn as they are.
struct FigureInterval {
  int64_t interval = 1;
  std::string rate;  ///< frames a second that the network sees; "" unknown
  int64_t videos = 0;
  enum class Role { kOther, kBase, kAdvised, kBaseAndAdvised } role = Role::kOther;
  std::vector<Interval> shares;  ///< [T]; empty without relevance
  Interval border_ratio;
  Interval accuracy;     ///< top 1 in [0, 1], on the videos that all compared intervals share; NaN: none
  bool reliable = true;  ///< false: from fewer than ten videos
};

/// One control: its border ratio over that of the real clips, and what it says.
struct FigureControl {
  std::string name;
  Interval relative;  ///< NaN where it has none
  std::vector<std::string> sentences;
};

/// What an audit's figure shows.
struct AuditFigure {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  ///< "Model", "3f2a…, 5 classes"
  std::string verdict, recommendation;
  std::vector<std::string> warnings;  ///< unfinished, a part: drawn first
  std::vector<FigureInterval> intervals;
  std::vector<double> null_shares;                               ///< [T]; empty: not known
  double null_ratio = std::numeric_limits<double>::quiet_NaN();  ///< of the border; NaN: not known
  int64_t border_frames = 1;                                     ///< k, at either end
  int64_t accuracy_videos = 0;  ///< labelled ones that fit all compared intervals
  std::vector<FigureControl> controls;
  std::string note;
};

/// As wide as an explanation's figure; the height follows from the contents. Reentrant.
Picture render_audit_figure(const AuditFigure& figure);
/// Writes it as a PNG, atomically. Throws Error(kIo).
void draw_audit_figure(const std::filesystem::path& path, const AuditFigure& figure);

}  // namespace relevid::report
