// SPDX-License-Identifier: Apache-2.0
#include "audit/extremes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/small_run.h"
#include "run/run_store.h"

namespace relevid::audit {

using run::RunReader;
using run::RunStore;

namespace {

using relevid::testing::kClipLength;
using relevid::testing::ScratchFolder;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A network that gives the border of each video what the test says: by the grey level of its first frame.
class GivenScorer : public ClipScorer {
 public:
  explicit GivenScorer(std::vector<double> border) : border_(std::move(border)) {}
  ClipScore score(const Tensor& clip, std::optional<int64_t> target) override {
    const auto video = static_cast<size_t>(clip.values<float>()[0]) / 10;
    const double border = border_.at(video);
    ClipScore score;
    score.probabilities.assign(relevid::testing::kClasses, 0.1);
    score.finding.target = target.value_or(0);
    if (border < 0)
      score.finding.shares.assign(kClipLength, 0.0);  // no relevance
    else
      score.finding.shares = {border / 2, (1 - border) / 2, (1 - border) / 2, border / 2};
    return score;
  }

 private:
  std::vector<double> border_;
};

/// A run of videos with these border shares; negative: a video without relevance.
std::filesystem::path run_of(const ScratchFolder& folder, const std::vector<double>& border) {
  DataSet data = relevid::testing::make_dataset(folder, std::vector<int64_t>(border.size(), 8));
  data.rows[0].label = kUnlabelled;
  const auto options = relevid::testing::small_options();
  RunStore store(folder / "run.db", relevid::testing::small_manifest(data, options.feed));
  GivenScorer network(border), random(border);
  audit_videos(store, data, options, {network, &random}, {});
  return folder / "run.db";
}

std::vector<int64_t> videos(const std::vector<Extreme>& list) {
  std::vector<int64_t> indices;
  for (const Extreme& one : list) indices.push_back(one.video.index);
  return indices;
}

TEST(Extremes, AreTheStrongestAndTheWeakestInOrder) {
  const ScratchFolder folder;
  RunReader reader(run_of(folder, {0.5, 0.9, 0.1, 0.7, -1, 0.3, 0.6}));
  const Extremes extremes = find_extremes(reader, 2);
  EXPECT_THAT(videos(extremes.strongest), ElementsAre(1, 3));
  EXPECT_THAT(videos(extremes.weakest), ElementsAre(2, 5));
  EXPECT_THAT(extremes.strongest[0].border_ratio, DoubleEq(0.9 / 0.5));  // k = 1 of four frames
  EXPECT_TRUE(extremes.strongest[0].right.has_value());
  EXPECT_EQ(extremes.strongest[0].clip.frame_indices.size(), static_cast<size_t>(kClipLength));
}

TEST(Extremes, EqualOnesGoByTheirRowAndNoneIsInBothLists) {
  const ScratchFolder folder;
  RunReader reader(run_of(folder, std::vector<double>(7, 0.5)));
  const Extremes extremes = find_extremes(reader, 6);
  EXPECT_THAT(videos(extremes.strongest), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(videos(extremes.weakest), ElementsAre(4, 5, 6));
  EXPECT_FALSE(extremes.strongest[0].right.has_value());  // it has no label
}

TEST(Extremes, ARunWithoutRelevanceHasNone) {
  const ScratchFolder folder;
  RunReader reader(run_of(folder, {-1, -1}));
  EXPECT_THAT(find_extremes(reader, 6).strongest, IsEmpty());
  EXPECT_THAT(find_extremes(reader, 6).weakest, IsEmpty());
}

}  // namespace
}  // namespace relevid::audit
