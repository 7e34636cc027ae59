// SPDX-License-Identifier: Apache-2.0
#include "tune/tuner.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/linear_network.h"
#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::tune {
namespace {

using statistics::Half;

constexpr double kPerfect = 0.5, kNoisy = 9;

/// A linear model whose preset has no map, whose gamma 0.5 has the perfect one, any other its negative, and
/// whose gamma 9 is noise.
class FormulaNetwork : public GammaNetwork {
 public:
  FormulaNetwork() : linear_(weights()) {}

  void use(std::span<const Setting> settings) override { settings_ = {settings.begin(), settings.end()}; }
  int64_t take(const Tensor& clip) override {
    taken.push_back(clip.values<float>()[0]);
    return linear_.take(clip);
  }
  evaluate::TargetScore score(int64_t target) override { return linear_.score(target); }
  std::vector<float> map(size_t method, int64_t target) override {
    const auto gamma = settings_.at(method)[0];
    if (gamma == kNoisy) throw Error(ErrorKind::kUnsupportedModel, "noise");
    constexpr size_t kPerfectMap = 0, kReversedMap = 1, kNoMap = 2;
    return linear_.map(!gamma ? kNoMap : gamma == kPerfect ? kPerfectMap : kReversedMap, target);
  }
  std::vector<evaluate::TargetScore> classify(int64_t count, const evaluate::ClipWriter& write,
                                              int64_t target) override {
    return linear_.classify(count, write, target);
  }

  std::vector<float> taken;  ///< the first value of each clip

 private:
  static std::vector<float> weights() {
    std::vector<float> weights(64);
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = (static_cast<float>(i % 7) - 3) / 200;
    return weights;
  }
  testing::LinearNetwork linear_;
  std::vector<Setting> settings_;
};

/// Clip i starts with i; even ones choose.
TuningClips clips(int count) {
  TuningClips all;
  for (int i = 0; i < count; ++i) {
    TuningClip& clip = all.clips.emplace_back();
    clip.video.name = clip.video.sha256 = fmt::format("video{}", i);
    clip.clip = Tensor(Shape{1, 1, 4, 4, 4}, DType::kF32);
    const auto values = clip.clip.values<float>();
    for (size_t v = 0; v < values.size(); ++v) values[v] = static_cast<float>((v * 37 + 11) % 64) / 16;
    values[0] = static_cast<float>(i);
    clip.half = i % 2 == 0 ? Half::kChoice : Half::kReport;
  }
  return all;
}

evaluate::EvaluationPlan plan() {
  evaluate::EvaluationPlan plan;
  plan.flippings = {{evaluate::RegionKind::kCells, evaluate::Fill::kMean},
                    {evaluate::RegionKind::kFrames, evaluate::Fill::kPrevious}};
  plan.steps = 4;
  plan.cells = {2, 2, 2};
  return plan;
}

const std::vector<Setting> kSettings = {{std::nullopt}, {kPerfect}, {0.0}};

TEST(Tuner, ScoresByTheCurvesOnTheClipsThatChooseAlone) {
  const TuningClips all = clips(6);
  FormulaNetwork network;
  Scores scores({}, "{}");
  Tuner tuner(all, plan(), Tuner::Target::kPredicted, network, scores);
  const auto found = tuner.score(kSettings);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_GT(found[1], found[0]);
  EXPECT_GT(found[0], found[2]);
  EXPECT_NEAR(found[1], -found[2], 1e-9) << "the reversed map has the reversed curves";
  EXPECT_EQ(network.taken, (std::vector<float>{0, 2, 4})) << "one pass a clip for all settings";
}

TEST(Tuner, ComputesNothingTwiceNorWhatTheFileHas) {
  const testing::ScratchFolder folder;
  const TuningClips all = clips(6);
  FormulaNetwork network;
  Scores scores(folder / "state", "{}");
  Tuner tuner(all, plan(), Tuner::Target::kPredicted, network, scores);
  const auto first = tuner.score(kSettings);
  EXPECT_EQ(tuner.score(kSettings), first);
  EXPECT_EQ(network.taken.size(), 3U);
  Scores read(folder / "state", "{}");
  Tuner resumed(all, plan(), Tuner::Target::kPredicted, network, read);
  EXPECT_EQ(resumed.score(kSettings), first);
  EXPECT_EQ(network.taken.size(), 3U);
}

TEST(Tuner, CountsNoiseAsTheLeastAndSparesTheOthers) {
  const TuningClips all = clips(4);
  FormulaNetwork network;
  Scores scores({}, "{}");
  Tuner tuner(all, plan(), Tuner::Target::kPredicted, network, scores);
  const auto without = tuner.score(kSettings);
  Scores fresh({}, "{}");
  Tuner other(all, plan(), Tuner::Target::kPredicted, network, fresh);
  std::vector<Setting> with_noise = kSettings;
  with_noise.insert(with_noise.begin() + 1, {kNoisy});
  const auto found = other.score(with_noise);
  EXPECT_EQ(found[1], kNoise);
  EXPECT_EQ((std::vector<double>{found[0], found[2], found[3]}), without);
}

TEST(Tuner, HoldsTheOtherHalfOut) {
  const TuningClips all = clips(6);
  FormulaNetwork network;
  Scores scores({}, "{}");
  Tuner tuner(all, plan(), Tuner::Target::kPredicted, network, scores);
  const auto rows = tuner.held_out({kPerfect});
  ASSERT_EQ(rows.size(), 3U);
  for (const float first : network.taken) EXPECT_EQ(static_cast<int>(first) % 2, 1);
  for (const HeldOutClip& row : rows) {
    EXPECT_GT(row.tuned, row.own);
    EXPECT_GT(row.tuned, row.random);
    EXPECT_NE(row.whole, row.flipped);
  }
  const auto same = tuner.held_out({std::nullopt});
  for (const HeldOutClip& row : same) EXPECT_EQ(row.tuned, row.own);
}

TEST(Tuner, ExplainsTheLabelWhereThatIsAskedFor) {
  TuningClips all = clips(2);
  for (TuningClip& clip : all.clips) clip.video.label = 0;
  FormulaNetwork network;
  Scores scores({}, "{}");
  Tuner tuner(all, plan(), Tuner::Target::kLabel, network, scores);
  EXPECT_EQ(tuner.score(kSettings), std::vector<double>(3, 0.0)) << "class 0 has the same score everywhere";
  EXPECT_EQ(tuner.predictions(), (std::vector<int64_t>{1, 1}));
}

}  // namespace
}  // namespace relevid::tune
