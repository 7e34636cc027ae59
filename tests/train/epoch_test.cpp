// SPDX-License-Identifier: Apache-2.0
#include "train/epoch.h"

#include <algorithm>
#include <map>
#include <set>

#include "small_videos.h"

namespace relevid {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::plain_preprocessing;
using train::ClipRequest;
using train::plan_epoch;
using train::TrainingVideo;

SamplingOptions sampling_of(int64_t clip_len, int64_t frame_interval = 1) {
  SamplingOptions sampling;
  sampling.clip_len = clip_len;
  sampling.frame_interval = frame_interval;
  return sampling;
}

/// Videos of 12, 9 and 3 frames with the labels 5, 6 and 7.
class EpochTest : public testing::SmallVideoTest {
 protected:
  EpochTest() {
    int64_t label = 5;
    for (const int64_t frames : {12, 9, 3}) {
      const auto video = make_video(fmt::format("{}.mp4", frames), {.frames = frames, .size = {16, 16}});
      videos_.push_back({cached(video, plain_preprocessing()), label++});
    }
  }

  std::vector<TrainingVideo> videos_;
};

TEST_F(EpochTest, EveryVideoGivesItsClips) {
  const auto requests = plan_epoch(videos_, sampling_of(3, 2), 7, 0, 1);
  std::map<int64_t, int> counts;
  for (const ClipRequest& request : requests) {
    ++counts[request.video];
    EXPECT_EQ(request.label, 5 + request.video);
    EXPECT_EQ(request.frame_indices.size(), 3U);
  }
  EXPECT_THAT(counts, ElementsAre(std::pair(0, 7), std::pair(1, 7), std::pair(2, 7)));
}

TEST_F(EpochTest, OffsetsAreUniformOverAllThatFit) {
  // Whatever the sampler of the model's tests is.
  for (const Sampler sampler : {Sampler::kMmaction2, Sampler::kDense, Sampler::kC3d}) {
    SamplingOptions sampling = sampling_of(3, 2);
    sampling.sampler = sampler;
    sampling.num_clips = 10;
    if (sampler == Sampler::kC3d) sampling.starts = {0, 1};
    std::map<int64_t, int> counts;
    for (int64_t epoch = 0; epoch < 80; ++epoch) {
      for (const ClipRequest& request : plan_epoch({videos_.data(), 1}, sampling, 10, epoch, 1)) {
        const int64_t start = request.frame_indices[0];
        ASSERT_THAT(request.frame_indices, ElementsAre(start, start + 2, start + 4));
        ++counts[start];
      }
    }
    EXPECT_EQ(counts.begin()->first, 0);
    EXPECT_EQ(counts.rbegin()->first, 12 - 5);
    double chi_square = 0;
    for (const auto& [start, count] : counts) chi_square += (count - 100.0) * (count - 100.0) / 100.0;
    EXPECT_EQ(counts.size(), 8U);
    EXPECT_LT(chi_square, 24.3);  // 7 degrees of freedom: one set of seeds in a thousand is above
  }
}

TEST_F(EpochTest, SamplersThatPlaceFramesKeepDoingSo) {
  SamplingOptions sampling = sampling_of(4, 2);
  sampling.sampler = Sampler::kSlowfast;
  for (const ClipRequest& request : plan_epoch({videos_.data(), 1}, sampling, 5, 0, 1)) {
    // linspace over 8 frames, not 0, 2, 4, 6
    EXPECT_EQ(request.frame_indices[3] - request.frame_indices[0], 7);
  }
}

TEST_F(EpochTest, ShortVideosFollowThePolicy) {
  SamplingOptions sampling = sampling_of(5);
  const std::span<const TrainingVideo> shortest(&videos_[2], 1);
  const auto indices = [&] { return plan_epoch(shortest, sampling, 1, 0, 1).at(0).frame_indices; };
  EXPECT_THAT(indices(), ElementsAre(0, 1, 2, 2, 2));
  sampling.past_end = PastEnd::kLoop;
  EXPECT_THAT(indices(), ElementsAre(0, 1, 2, 0, 1));
  sampling.past_end = PastEnd::kError;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, indices),
              AllOf(HasSubstr("3.mp4: "), HasSubstr("spans 5 frames")));
}

TEST_F(EpochTest, DependsOnSeedAndEpochAlone) {
  const auto plan = [&](int64_t epoch, uint64_t seed) {
    return plan_epoch(videos_, sampling_of(2), 4, epoch, seed);
  };
  EXPECT_EQ(plan(3, 8), plan(3, 8));
  const std::vector<std::vector<ClipRequest>> all = {plan(0, 0), plan(1, 0), plan(0, 1), plan(3, 8),
                                                     plan(8, 3)};
  std::set<uint64_t> seeds;
  for (const auto& requests : all) {
    for (const ClipRequest& request : requests) seeds.insert(request.seed);
  }
  EXPECT_EQ(seeds.size(), 5U * 12U);
}

TEST_F(EpochTest, ClipsAreShuffledAnewInEveryEpoch) {
  std::set<std::vector<int64_t>> orders;
  std::map<int64_t, int> first;
  for (int64_t epoch = 0; epoch < 300; ++epoch) {
    std::vector<int64_t> order;
    for (const ClipRequest& request : plan_epoch(videos_, sampling_of(2), 1, epoch, 4)) {
      order.push_back(request.video);
    }
    orders.insert(order);
    ++first[order[0]];
  }
  EXPECT_EQ(orders.size(), 6U);
  std::vector<int> counts;
  for (const auto& [video, count] : first) counts.push_back(count);
  EXPECT_THAT(counts,
              AllOf(::testing::SizeIs(3), Each(::testing::AllOf(::testing::Gt(70), ::testing::Lt(130)))));
}

TEST_F(EpochTest, RefusesWhatMakesNoSense) {
  message_of(ErrorKind::kInvalidArgument, [&] { plan_epoch(videos_, {}, 0, 0, 1); });
  message_of(ErrorKind::kInvalidArgument, [&] { plan_epoch(videos_, {}, 1, -1, 1); });
  EXPECT_TRUE(plan_epoch({}, {}, 1, 0, 1).empty());
}

}  // namespace
}  // namespace relevid
