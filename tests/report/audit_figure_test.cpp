// SPDX-License-Identifier: Apache-2.0
#include "report/audit_figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "relevid/figures.h"
#include "report/canvas.h"
#include "support/scratch.h"

namespace relevid::report {
namespace {

FigureInterval interval(int64_t step, FigureInterval::Role role, int64_t frames = 8) {
  FigureInterval figure;
  figure.interval = step;
  figure.rate = "12.5";
  figure.videos = 40;
  figure.role = role;
  for (int64_t t = 0; t < frames; ++t) {
    const double share = 1.0 / static_cast<double>(frames) + 0.001 * static_cast<double>(t);
    figure.shares.push_back({share, share - 0.01, share + 0.01});
  }
  figure.border_ratio = {1.2, 1.1, 1.3};
  figure.accuracy = {0.5, 0.4, 0.6};
  return figure;
}

AuditFigure whole() {
  AuditFigure figure;
  figure.title = "<img src=x onerror=alert(1)>.db";
  figure.facts = {{"Model", "0123"}, {"Data", std::string(4000, 'x')}};
  figure.verdict = "Border effect present, in a sentence that is longer than one line of the figure. " +
                   std::string(300, 'y');
  figure.recommendation = "Use interval 2.";
  figure.intervals = {interval(1, FigureInterval::Role::kBase), interval(2, FigureInterval::Role::kAdvised)};
  figure.null_shares = std::vector<double>(8, 0.125);
  figure.null_ratio = 1;
  figure.accuracy_videos = 40;
  figure.controls = {{"frames shuffled", {0.9, 0.8, 1.0}, {"A sentence.", "Another."}}};
  return figure;
}

/// How many pixels are of this colour.
int64_t pixels_of(const Picture& picture, uint32_t rgb) {
  int64_t count = 0;
  for (size_t i = 0; i < picture.rgb.size(); i += 3)
    count += (uint32_t{picture.rgb[i]} << 16 | uint32_t{picture.rgb[i + 1]} << 8 | picture.rgb[i + 2]) == rgb;
  return count;
}

TEST(AuditFigure, MarksTheRecommendedInterval) {
  AuditFigure figure = whole();
  EXPECT_GT(pixels_of(render_audit_figure(figure), ink::kAccent.rgb), 100);
  figure.intervals[1].role = FigureInterval::Role::kOther;
  EXPECT_EQ(pixels_of(render_audit_figure(figure), ink::kAccent.rgb), 0);
}

TEST(AuditFigure, GrowsWithWhatItHolds) {
  AuditFigure figure = whole();
  const Picture few = render_audit_figure(figure);
  EXPECT_EQ(few.width, kFigureWidth);
  for (int64_t step = 3; step <= 9; ++step)
    figure.intervals.push_back(interval(step, FigureInterval::Role::kOther));
  figure.controls.push_back(figure.controls[0]);
  EXPECT_GT(render_audit_figure(figure).height, few.height + 400);
}

TEST(AuditFigure, WhatIsNotKnownIsLeftOut) {
  AuditFigure figure = whole();
  figure.null_shares.clear();
  figure.null_ratio = std::numeric_limits<double>::quiet_NaN();
  figure.accuracy_videos = 0;
  figure.controls[0].relative = {};
  for (FigureInterval& one : figure.intervals) {
    one.shares.clear();
    one.border_ratio = {};
    one.accuracy = {};
    one.rate.clear();
    one.videos = 0;
  }
  EXPECT_GT(render_audit_figure(figure).height, 400);
  figure.intervals.clear();
  figure.controls.clear();
  figure.warnings = {"UNFINISHED"};
  EXPECT_GT(render_audit_figure(figure).height, 300);
}

TEST(AuditFigure, OfOneVideoHasNoBandsAndOfOneFrameNoLines) {
  AuditFigure figure = whole();
  figure.intervals = {interval(1, FigureInterval::Role::kBaseAndAdvised, 2)};
  for (Interval& share : figure.intervals[0].shares) share.low = share.high = std::nan("");
  EXPECT_GT(render_audit_figure(figure).height, 400);
  EXPECT_EQ(render_audit_figure(figure).rgb, render_audit_figure(figure).rgb);
}

TEST(AuditFigure, IsWrittenAsAPng) {
  const relevid::testing::ScratchFolder folder;
  draw_audit_figure(folder / "figure.png", whole());
  EXPECT_EQ(read_file(folder / "figure.png").substr(1, 3), "PNG");
  EXPECT_EQ(folder.names().size(), 1U);
}

}  // namespace
}  // namespace relevid::report
