// SPDX-License-Identifier: Apache-2.0
#include "report/audit_sheet.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "relevid/figures.h"
#include "report/canvas.h"
#include "support/scratch.h"

namespace relevid::report {
namespace {

IntervalSheet interval(int64_t step, IntervalSheet::Role role, int64_t frames = 8) {
  IntervalSheet sheet;
  sheet.interval = step;
  sheet.rate = "12.5";
  sheet.videos = 40;
  sheet.role = role;
  for (int64_t t = 0; t < frames; ++t) {
    const double share = 1.0 / static_cast<double>(frames) + 0.001 * static_cast<double>(t);
    sheet.shares.push_back({share, share - 0.01, share + 0.01});
  }
  sheet.border_ratio = {1.2, 1.1, 1.3};
  sheet.accuracy = {0.5, 0.4, 0.6};
  return sheet;
}

AuditSheet whole() {
  AuditSheet sheet;
  sheet.title = "<img src=x onerror=alert(1)>.db";
  sheet.facts = {{"Model", "0123"}, {"Data", std::string(4000, 'x')}};
  sheet.verdict = "Border effect present, in a sentence that is longer than one line of the sheet. " +
                  std::string(300, 'y');
  sheet.recommendation = "Use interval 2.";
  sheet.intervals = {interval(1, IntervalSheet::Role::kBase), interval(2, IntervalSheet::Role::kAdvised)};
  sheet.null_shares = std::vector<double>(8, 0.125);
  sheet.null_ratio = 1;
  sheet.accuracy_videos = 40;
  sheet.controls = {{"frames shuffled", {0.9, 0.8, 1.0}, {"A sentence.", "Another."}}};
  return sheet;
}

/// How many pixels are of this colour.
int64_t pixels_of(const Picture& picture, uint32_t rgb) {
  int64_t count = 0;
  for (size_t i = 0; i < picture.rgb.size(); i += 3)
    count += (uint32_t{picture.rgb[i]} << 16 | uint32_t{picture.rgb[i + 1]} << 8 | picture.rgb[i + 2]) == rgb;
  return count;
}

TEST(AuditSheet, MarksTheRecommendedInterval) {
  AuditSheet sheet = whole();
  EXPECT_GT(pixels_of(render_audit_sheet(sheet), ink::kAccent.rgb), 100);
  sheet.intervals[1].role = IntervalSheet::Role::kOther;
  EXPECT_EQ(pixels_of(render_audit_sheet(sheet), ink::kAccent.rgb), 0);
}

TEST(AuditSheet, GrowsWithWhatItHolds) {
  AuditSheet sheet = whole();
  const Picture few = render_audit_sheet(sheet);
  EXPECT_EQ(few.width, kSheetWidth);
  for (int64_t step = 3; step <= 9; ++step)
    sheet.intervals.push_back(interval(step, IntervalSheet::Role::kOther));
  sheet.controls.push_back(sheet.controls[0]);
  EXPECT_GT(render_audit_sheet(sheet).height, few.height + 400);
}

TEST(AuditSheet, WhatIsNotKnownIsLeftOut) {
  AuditSheet sheet = whole();
  sheet.null_shares.clear();
  sheet.null_ratio = std::numeric_limits<double>::quiet_NaN();
  sheet.accuracy_videos = 0;
  sheet.controls[0].relative = {};
  for (IntervalSheet& one : sheet.intervals) {
    one.shares.clear();
    one.border_ratio = {};
    one.accuracy = {};
    one.rate.clear();
    one.videos = 0;
  }
  EXPECT_GT(render_audit_sheet(sheet).height, 400);
  sheet.intervals.clear();
  sheet.controls.clear();
  sheet.warnings = {"UNFINISHED"};
  EXPECT_GT(render_audit_sheet(sheet).height, 300);
}

TEST(AuditSheet, OfOneVideoHasNoBandsAndOfOneFrameNoLines) {
  AuditSheet sheet = whole();
  sheet.intervals = {interval(1, IntervalSheet::Role::kBaseAndAdvised, 2)};
  for (Interval& share : sheet.intervals[0].shares) share.low = share.high = std::nan("");
  EXPECT_GT(render_audit_sheet(sheet).height, 400);
  EXPECT_EQ(render_audit_sheet(sheet).rgb, render_audit_sheet(sheet).rgb);
}

TEST(AuditSheet, IsWrittenAsAPng) {
  const relevid::testing::ScratchFolder folder;
  draw_audit_sheet(folder / "sheet.png", whole());
  EXPECT_EQ(read_file(folder / "sheet.png").substr(1, 3), "PNG");
  EXPECT_EQ(folder.names().size(), 1U);
}

}  // namespace
}  // namespace relevid::report
