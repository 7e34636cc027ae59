// SPDX-License-Identifier: Apache-2.0
#include "relevid/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "api/audit_networks.h"
#include "api/shares.h"
#include "audit/small_run.h"
#include "relevid/create.h"
#include "run/run_reader.h"

namespace relevid {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Pointwise;
using testing::ScratchFolder;

constexpr int64_t kFrames = 8;

/// Small, of three classes, clips of kFrames.
Model small_model(const ScratchFolder& folder) {
  CreateOptions options;
  options.classes = 3;
  options.clip_len = kFrames;
  options.height = 32;
  options.width = 0.03;
  create_model("c3d", folder / "c3d.onnx", options);
  return Model(folder / "c3d.onnx");
}

/// Several wait for one another on a busy machine.
MethodOptions one_thread() {
  MethodOptions options;
  options.threads = 1;
  return options;
}

AuditOptions small_options(const Model& model, const std::filesystem::path& out) {
  AuditOptions options;
  options.out = out;
  options.settings = model.find_settings()->settings;
  options.settings.sampling.num_clips = 2;
  options.intervals = {1, 2, 4};
  options.method = one_thread();
  return options;
}

MethodOptions flat() {
  MethodOptions options = one_thread();
  options.method = "null_profile";
  options.start = Start::kOne;
  return options;
}

class Audit : public ::testing::Test {
 protected:
  ScratchFolder folder_;
  Model model_ = small_model(folder_);
  DataSet data_ = testing::make_dataset(folder_, {20, 31, 5, 12});
};

TEST_F(Audit, TheNullProfileDependsOnTheNetworkAlone) {
  const Shape shape = model_.clip_shape(model_.find_settings()->settings);
  const auto profile = null_profile(model_, shape, one_thread());
  EXPECT_THAT(std::accumulate(profile.begin(), profile.end(), 0.0), DoubleNear(1, 1e-12));
  const auto of_clip = [&](const Model& model, float value, int64_t target) {
    ClipExplainer explainer(model, shape, flat(), nullptr);
    Tensor clip(shape, DType::kF32);
    for (size_t i = 0; float& x : clip.values<float>()) x = i++ % 7 == 0 ? value : -value;
    explainer.forward(clip);
    return absolute_shares(explainer.explain(target).relevance).per_frame;
  };
  EXPECT_THAT(of_clip(model_, 1.5F, 2), Pointwise(DoubleNear(1e-7), profile));
  EXPECT_THAT(of_clip(with_random_weights(model_, 9), 0.1F, 1), Pointwise(DoubleNear(1e-7), profile));
}

TEST_F(Audit, RandomWeightsAreAnotherNetworkOfTheSameShape) {
  const Shape shape = model_.clip_shape(model_.find_settings()->settings);
  const auto logits = [&](const Model& model) {
    ClipExplainer explainer(model, shape, one_thread(), nullptr);
    Tensor clip(shape, DType::kF32);
    std::ranges::fill(clip.values<float>(), 1.0F);
    return explainer.forward(clip).as_doubles();
  };
  const auto drawn = logits(with_random_weights(model_, 5));
  EXPECT_EQ(drawn.size(), 3);
  EXPECT_NE(drawn, logits(model_));
  EXPECT_NE(drawn, logits(with_random_weights(model_, 6)));
  EXPECT_EQ(drawn, logits(with_random_weights(model_, 5)));
}

TEST_F(Audit, SplitAndMergedItIsToTheBitWhatItIsWhole) {
  AuditOptions options = small_options(model_, folder_ / "whole.db");
  const AuditOutcome whole = run_audit(model_, data_, options, {});
  EXPECT_TRUE(whole.finished);
  EXPECT_EQ(whole.counts, (RunCounts{.expected = 4, .done = 4, .ok = 3, .too_short = 1}));
  EXPECT_EQ(whole.clips, (4 + 6) + (6 + 6) + (2 + 6));
  std::vector<std::filesystem::path> runs;
  for (int64_t i = 0; i < 2; ++i) {
    options.shard = {i, 2};
    options.out = folder_ / fmt::format("{}.db", i);
    runs.push_back(options.out);
    run_audit(model_, data_, options, {});
  }
  merge_runs(folder_ / "merged.db", runs);
  EXPECT_EQ(content_digest(folder_ / "merged.db"), content_digest(folder_ / "whole.db"));
}

TEST_F(Audit, ItsClipsAreThoseOfExplain) {
  const AuditOptions options = small_options(model_, folder_ / "run.db");
  run_audit(model_, data_, options, {});
  const Shape shape = model_.clip_shape(options.settings);
  auto [low, high] = input_bounds(options.settings.preprocessing, kFrames);
  const InputRange range{std::move(low), std::move(high)};
  ClipExplainer explainer(model_, shape, one_thread(), &range);
  InputOptions input;
  input.settings = options.settings;
  input.settings->sampling.frame_interval = 4;
  const auto explained =
      explain_input(explainer, shape, data_.rows[1].path, input, std::vector<TargetChoice>(1), {});
  std::vector<double> shares(kFrames, 0.0);
  for (size_t i = 0; const float share : explained[0].frame_share.values<float>())
    shares[i++ % kFrames] += static_cast<double>(share) / 2;
  run::RunReader(folder_ / "run.db").for_each_video([&](const run::VideoRecord& record) {
    if (record.video.index != 1) return;
    ASSERT_GE(record.by_condition.size(), 3);
    EXPECT_EQ(record.by_condition[2]->predicted, explained[0].target);
    EXPECT_THAT(record.by_condition[2]->shares, Pointwise(DoubleNear(1e-6), shares));
  });
}

TEST_F(Audit, TheSecondMethodExplainsTheSameClip) {
  AuditOptions options = small_options(model_, folder_ / "run.db");
  options.controls = {AuditControl::kSecondMethod};
  options.intervals = {1};
  options.settings.sampling.num_clips = 1;
  data_.rows.resize(2);
  run_audit(model_, data_, options, {});
  AuditOptions other = options;
  other.controls = {};
  other.method.method = "deep_taylor";
  other.out = folder_ / "other.db";
  run_audit(model_, data_, other, {});
  const auto shares_of = [&](const char* name, size_t condition) {
    std::vector<std::vector<double>> shares;
    run::RunReader(folder_ / name).for_each_video([&](const run::VideoRecord& record) {
      shares.push_back(record.by_condition.at(condition)->shares);
    });
    return shares;
  };
  EXPECT_EQ(shares_of("run.db", 1), shares_of("other.db", 0));
  EXPECT_NE(shares_of("run.db", 1), shares_of("run.db", 0));
  EXPECT_THAT(run::RunReader(folder_ / "run.db").manifest().settings,
              HasSubstr("\"second_method\":\"deep_taylor\""));
}

TEST_F(Audit, TheSecondMethodIsNeverTheFirst) {
  AuditOptions options = small_options(model_, folder_ / "run.db");
  options.second_method = "epsilon_plus_flat";
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { run_audit(model_, data_, options, {}); }),
              HasSubstr("the second method is the audit's own, epsilon_plus_flat"));
  options.second_method = "deep_tailor";
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { run_audit(model_, data_, options, {}); }),
              HasSubstr("did you mean 'deep_taylor'"));
  options.method.method = "deep_taylor";
  options.second_method = "auto";
  data_.rows.resize(1);
  EXPECT_TRUE(run_audit(model_, data_, options, {}).finished);
  EXPECT_THAT(run::RunReader(folder_ / "run.db").manifest().settings,
              HasSubstr("\"second_method\":\"epsilon_plus_flat\""));
}

TEST_F(Audit, OtherSettingsAreRefusedAndNamed) {
  AuditOptions options = small_options(model_, folder_ / "run.db");
  options.controls = {};
  data_.rows.resize(1);
  run_audit(model_, data_, options, {});
  const auto refusal = [&](const AuditOptions& other) {
    return message_of(ErrorKind::kInvalidArgument, [&] { run_audit(model_, data_, other, {}); });
  };
  AuditOptions other = options;
  other.method.method = "gradient";
  EXPECT_THAT(refusal(other),
              HasSubstr("settings.method.name: \"epsilon_plus_flat\" there, \"gradient\" here"));
  other = options;
  other.controls = {AuditControl::kFrozen};
  EXPECT_THAT(refusal(other), HasSubstr("settings.controls.0: nothing there, \"frozen\" here"));
  other = options;
  other.method.start = Start::kOne;
  other.method.gate = GateRule::kHalf;
  EXPECT_THAT(refusal(other), AllOf(HasSubstr("settings.method.start: \"logit\" there, \"one\" here"),
                                    HasSubstr("settings.method.gate: ")));
  other = options;
  other.method.threads = 2;  // play no part
  other.method.fill = Fill::kBlur;
  EXPECT_TRUE(run_audit(model_, data_, other, {}).finished);
}

TEST_F(Audit, TheBaseIntervalIsTheModelsAndJoinsTheOthers) {
  AuditOptions options = small_options(model_, folder_ / "run.db");
  options.settings.sampling.frame_interval = 3;
  options.controls = {AuditControl::kShifted};
  data_.rows.resize(1);
  run_audit(model_, data_, options, {});
  EXPECT_THAT(run::RunReader(folder_ / "run.db").manifest().conditions,
              ElementsAre(run::Condition{std::nullopt, 1, 0}, run::Condition{std::nullopt, 2, 0},
                          run::Condition{std::nullopt, 3, 0}, run::Condition{std::nullopt, 4, 0},
                          run::Condition{AuditControl::kShifted, 3, 6}));
}

TEST_F(Audit, AModelsRateIsResampledTo) {
  AuditOptions options = small_options(model_, folder_ / "run.db");
  options.settings.sampling.target_fps = 12.5;
  options.settings.sampling.frame_interval = 3;  // the rate stands in its place
  options.controls = {AuditControl::kReversed};
  run_audit(model_, data_, options, {});
  run::RunReader reader(folder_ / "run.db");
  EXPECT_EQ(reader.manifest().conditions.back().frame_interval, 1);
  EXPECT_THAT(reader.manifest().settings, HasSubstr("\"fps\":12.5"));
  EXPECT_EQ(reader.counts().too_short, 2);  // of 20, 31, 5 and 12 frames, halved
}

TEST_F(Audit, LabelsOfOtherNamesAreRefusedUnlessTakenAsNumbers) {
  AuditOptions options = small_options(model_, folder_ / "run.db");
  options.settings.class_names = {"c", "b", "A"};
  options.controls = {};
  data_.rows.resize(1);
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { run_audit(model_, data_, options, {}); }),
              HasSubstr("class 'a'"));
  options.labels = AuditOptions::Labels::kByIndex;
  EXPECT_TRUE(run_audit(model_, data_, options, {}).finished);
  options.settings.class_names.pop_back();
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { run_audit(model_, data_, options, {}); }),
              HasSubstr("2 class names are given, and the model has 3 classes"));
}

TEST(AbsoluteShares, AreOfBothSigns) {
  const Tensor relevance = Tensor::from(Shape{1, 2, 2, 1, 1}, std::vector<float>{1, -2, 0, 1});
  const AbsoluteShares shares = absolute_shares(relevance);
  EXPECT_THAT(shares.per_frame, ElementsAre(0.25, 0.75));
  EXPECT_EQ(shares.negative, 0.5);
  const AbsoluteShares none = absolute_shares(Tensor(Shape{1, 1, 3, 1, 1}, DType::kF32));
  EXPECT_THAT(none.per_frame, Each(0.0));
  EXPECT_EQ(none.negative, 0);
}

TEST(AuditControl, HasNames) {
  for (const AuditControl control : all_audit_controls()) EXPECT_EQ(audit_control(name(control)), control);
  message_of(ErrorKind::kInvalidArgument, [] { audit_control("interval"); });
}

}  // namespace
}  // namespace relevid
