// SPDX-License-Identifier: Apache-2.0
// What positions take: of an explanation, in its record, and in an audit of the same clips.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "api/position_share.h"
#include "api/records.h"
#include "api/transformer_model.h"
#include "audit/small_run.h"
#include "explain/volume.h"
#include "relevid/audit.h"
#include "relevid/audit_report.h"
#include "run/run_reader.h"

namespace relevid {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;
using testing::ScratchFolder;
using ::testing::SizeIs;
using testing::transformer_model;
using testing::transformer_settings;
using Json = nlohmann::json;

constexpr int64_t kInterval = 2;

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

MethodOptions by(const std::string& method) {
  MethodOptions options;
  options.method = method;
  options.threads = 1;
  options.layout = ClipLayout::kNtchw;
  return options;
}

/// Two clips of 5 frames of one pixel in 2 steps of 1 x 2 places.
Explanation made_up(double first_start, double second_start) {
  Explanation e;
  e.relevance = Tensor::from(Shape{2, 1, 5, 1, 1}, std::vector<float>{1, 2, 3, 4, 5, -1, -1, -1, -2, -2});
  e.position = Tensor::from(Shape{2, 2, 1, 2}, std::vector<float>{1, 2, 3, 4, -1, -1, -2, 0});
  LayerAccount first, second;
  first.incoming = first_start;
  second.incoming = second_start;
  e.layers = {{first}, {second}};
  return e;
}

TEST(PositionShare, CountsClipsByTheSizeOfTheirStart) {
  const PositionShare share = *position_share(made_up(20, -5));
  EXPECT_DOUBLE_EQ(share.share, (10.0 + 4) / 25);
  EXPECT_THAT(share.by_time, ElementsAre((3.0 + 2) / 25, (7.0 + 2) / 25));
  EXPECT_THAT(share.by_place, ElementsAre((4.0 + 3) / 25, (6.0 + 1) / 25));
  EXPECT_THAT(share.content, ElementsAre((6.0 + 3) / 25, (9.0 + 4) / 25)) << "frames 0 to 2, and 3 and 4";
  EXPECT_EQ(share.rows, 1);
  EXPECT_EQ(share.columns, 2);
}

TEST(PositionShare, IsNothingWithoutPositionsScoreOrAccounts) {
  EXPECT_FALSE(position_share(made_up(0, 0)));
  Explanation none = made_up(1, 1);
  none.position = {};
  EXPECT_FALSE(position_share(none));
  Explanation unaccounted = made_up(1, 1);
  unaccounted.layers = {{}, {}};
  EXPECT_FALSE(position_share(unaccounted));
}

/// A transformer on three videos of images.
class PositionOfVideos : public ::testing::Test {
 protected:
  Explanation explain(size_t video, const std::string& method = "value_path") const {
    const Shape shape = model_.clip_shape(settings_);
    auto [low, high] = input_bounds(settings_.preprocessing, settings_.sampling.clip_len);
    const InputRange range{std::move(low), std::move(high)};
    ClipExplainer explainer(model_, shape, by(method), &range);
    InputOptions input;
    input.settings = settings_;
    input.settings->sampling.frame_interval = kInterval;
    input.layout = ClipLayout::kNtchw;
    auto all =
        explain_input(explainer, shape, data_.rows[video].path, input, std::vector<TargetChoice>(1), {});
    return std::move(all.at(0));
  }

  void audit(const std::filesystem::path& out, Shard shard = {}) const {
    AuditOptions options;
    options.out = out;
    options.settings = settings_;
    options.intervals = {1, kInterval};
    options.controls = {AuditControl::kRandomWeights, AuditControl::kSecondMethod};
    options.method = by("auto");
    options.shard = shard;
    run_audit(model_, data_, options, {});
  }

  ScratchFolder folder_;
  Model model_ = transformer_model();
  ModelSettings settings_ = transformer_settings();
  DataSet data_ = testing::make_dataset(folder_, {20, 17, 24});
};

TEST_F(PositionOfVideos, AddsUpToWhatExplainHas) {
  const Explanation e = explain(0);
  const PositionShare share = *position_share(e);
  const RelevanceAccount account = *relevance_account(e);
  ASSERT_THAT(share.by_time, SizeIs(4));
  ASSERT_THAT(share.by_place, SizeIs(9));
  EXPECT_GT(std::abs(share.share), 1e-3);
  EXPECT_NEAR(sum_of(share.by_time), share.share, 1e-9);
  EXPECT_NEAR(sum_of(share.by_place), share.share, 1e-6);
  ASSERT_GT(e.layers[0].front().incoming * e.layers[1].front().incoming, 0) << "clips of one sign";
  EXPECT_NEAR(sum_of(share.content), account.arrived / account.start, 1e-5);
  const double of_first =
      sum_of(position_finding(item_of(e.position, 0), item_of(e.relevance, 0), 1)->by_time);
  EXPECT_TRUE(std::ranges::any_of(e.layers[0], [&](const LayerAccount& layer) {
    return std::abs(layer.absorbed_by_bias - of_first) < 1e-5 * std::abs(of_first);
  })) << "a layer's bias took it";
  const Json record = position_record(e);
  EXPECT_EQ(record["share"], share.share);
  EXPECT_EQ(record["by_time"], Json(share.by_time));
  EXPECT_EQ(record["content"], Json(share.content));
  EXPECT_TRUE(position_record(explain(0, "deep_taylor")).is_null());
}

TEST_F(PositionOfVideos, IsInAnAuditWhatItIsInExplain) {
  audit(folder_ / "run.db");
  run::RunReader reader(folder_ / "run.db");
  size_t compared = 0;
  reader.for_each_video([&](const run::VideoRecord& record) {
    ASSERT_TRUE(record.by_condition[1]);
    const PositionShare expected = *position_share(explain(static_cast<size_t>(record.video.index)));
    run::PositionFinding found = *record.by_condition[1]->position;
    const auto in_shares = [&](std::vector<double> values) {
      for (double& value : values) value /= found.start;
      return values;
    };
    EXPECT_THAT(in_shares(found.by_time), Pointwise(DoubleNear(1e-6), expected.by_time));
    EXPECT_THAT(in_shares(found.content), Pointwise(DoubleNear(1e-6), expected.content));
    EXPECT_THAT(in_shares(found.by_place), Pointwise(DoubleNear(1e-6), expected.by_place));
    EXPECT_EQ(found.columns, expected.columns);
    ++compared;
  });
  EXPECT_EQ(compared, data_.rows.size());
}

TEST_F(PositionOfVideos, IsReportedForConditionsWhoseMethodSeparatesIt) {
  audit(folder_ / "run.db");
  ReportOptions options;
  options.format = ReportOptions::Format::kJson;
  const Json json = Json::parse(audit_report(folder_ / "run.db", options));
  std::map<std::string, size_t> steps;
  for (const Json& condition : json["statistics"]["conditions"]) {
    const bool has = condition.contains("position");
    steps[condition["condition"]["kind"]] = has ? condition["position"]["by_time"].size() : 0;
  }
  EXPECT_EQ(steps,
            (std::map<std::string, size_t>{{"interval", 4}, {"random_weights", 4}, {"second_method", 0}}));
}

TEST_F(PositionOfVideos, SplitAndMergedIsToTheBitWhatItIsWhole) {
  audit(folder_ / "whole.db");
  std::vector<std::filesystem::path> parts;
  for (int64_t i = 0; i < 2; ++i) {
    parts.push_back(folder_ / fmt::format("{}.db", i));
    audit(parts.back(), {i, 2});
  }
  merge_runs(folder_ / "merged.db", parts);
  EXPECT_EQ(content_digest(folder_ / "merged.db"), content_digest(folder_ / "whole.db"));
  ReportOptions options;
  options.format = ReportOptions::Format::kJson;
  EXPECT_EQ(audit_report(folder_ / "merged.db", options), audit_report(folder_ / "whole.db", options));
}

}  // namespace
}  // namespace relevid
