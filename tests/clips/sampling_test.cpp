// SPDX-License-Identifier: Apache-2.0
// Golden numbers: each package's formula evaluated in Python with numpy (float32 for torch.linspace), apart
// from this code. Cases are chosen for ties (half to even), truncation, and videos shorter than a clip.
#include "relevid/sampling.h"

#include <limits>
#include <set>

#include "expect_error.h"

namespace relevid {
namespace {

using testing::ElementsAre;
using Frames = std::vector<int64_t>;

SamplingOptions options(Sampler sampler, int64_t clip_len, int64_t frame_interval, int64_t num_clips) {
  SamplingOptions result;
  result.sampler = sampler;
  result.clip_len = clip_len;
  result.frame_interval = frame_interval;
  result.num_clips = num_clips;
  return result;
}

std::vector<double> offsets(const SamplingOptions& options, int64_t frame_count, double fps = 25) {
  std::vector<double> result;
  for (const ClipPlan& plan : plan_clips(options, frame_count, fps)) result.push_back(plan.offset);
  return result;
}

TEST(Samplers, NamesGoBothWaysAndTyposAreExplained) {
  for (const std::string& text : sampler_names()) EXPECT_EQ(name(parse_sampler(text)), text);
  for (const std::string& text : past_end_names()) EXPECT_EQ(name(parse_past_end(text)), text);
  expect_error(ErrorKind::kInvalidArgument, {"'slowfsat'", "did you mean 'slowfast'", "torchcodec"},
               [] { parse_sampler("slowfsat"); });
  expect_error(ErrorKind::kInvalidArgument, {"'again'", "loop, repeat-last, wrap, error"},
               [] { parse_past_end("again"); });
}

TEST(Mmaction2, OneClipIsTheCentreSeveralRoundHalfToEven) {
  EXPECT_THAT(offsets(options(Sampler::kMmaction2, 16, 6, 1), 131), ElementsAre(20));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2, 16, 6, 10), 131),
              ElementsAre(0, 4, 9, 13, 18, 22, 27, 31, 36, 40));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2, 16, 1, 5), 26), ElementsAre(0, 2, 5, 8, 10));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2, 16, 1, 3), 21), ElementsAre(0, 2, 5));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2, 16, 1, 9), 20), ElementsAre(0, 0, 1, 2, 2, 2, 3, 4, 4));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2, 16, 2, 4), 10), ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(plan_clips(options(Sampler::kMmaction2, 4, 3, 1), 11, 25)[0].frame_indices, (Frames{0, 3, 6, 9}));
}

TEST(Mmaction2, SegmentsAreTruncatedMiddles) {
  EXPECT_THAT(offsets(options(Sampler::kMmaction2Segments, 1, 1, 8), 100),
              ElementsAre(6, 18, 31, 43, 56, 68, 81, 93));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2Segments, 1, 1, 8), 3), ElementsAre(0, 0, 0, 1, 1, 2, 2, 2));
  EXPECT_THAT(offsets(options(Sampler::kMmaction2Segments, 1, 1, 3), 7), ElementsAre(1, 3, 5));
  expect_error(ErrorKind::kInvalidArgument, {"clip_len 1 (found 16)"},
               [] { plan_clips(options(Sampler::kMmaction2Segments, 16, 1, 8), 100, 25); });
}

TEST(Slowfast, SpacingIsNotTheInterval) {
  const auto plans = plan_clips(options(Sampler::kSlowfast, 8, 8, 3), 300, 30);
  EXPECT_EQ(plans[0].frame_indices, (Frames{0, 9, 18, 27, 36, 45, 54, 63}));
  EXPECT_EQ(plans[1].frame_indices, (Frames{78, 87, 96, 105, 114, 123, 132, 141}));
  EXPECT_EQ(plans[2].frame_indices, (Frames{157, 166, 175, 184, 193, 202, 211, 220}));
  EXPECT_DOUBLE_EQ(plans[2].offset, 236.0 * 2 / 3);
}

TEST(Slowfast, TargetRateScalesTheClip) {
  SamplingOptions rate = options(Sampler::kSlowfast, 8, 8, 2);
  rate.target_fps = 30;
  auto plans = plan_clips(rate, 300, 29.97);
  EXPECT_EQ(plans[0].frame_indices, (Frames{0, 8, 17, 26, 35, 44, 53, 62}));
  EXPECT_EQ(plans[1].frame_indices, (Frames{118, 127, 136, 145, 153, 162, 171, 180}));
  EXPECT_DOUBLE_EQ(plans[1].offset, 118.032);
  rate = options(Sampler::kSlowfast, 16, 2, 2);
  rate.target_fps = 30;
  plans = plan_clips(rate, 108, 25);
  EXPECT_EQ(plans[0].frame_indices, (Frames{0, 1, 3, 5, 6, 8, 10, 11, 13, 15, 17, 18, 20, 22, 23, 25}));
  EXPECT_EQ(plans[1].frame_indices, (Frames{40, 42, 44, 45, 47, 49, 50, 52, 54, 56, 57, 59, 61, 62, 64, 66}));
}

TEST(Slowfast, ShortVideosRepeatTheirLastFrame) {
  const auto plans = plan_clips(options(Sampler::kSlowfast, 8, 8, 2), 40, 30);
  EXPECT_EQ(plans[1].frame_indices, (Frames{0, 9, 18, 27, 36, 39, 39, 39}));
}

TEST(Slowfast, OffsetSamplingReachesTheEnd) {
  EXPECT_THAT(offsets(options(Sampler::kSlowfastOffset, 8, 8, 1), 300, 30), ElementsAre(118));
  const auto plans = plan_clips(options(Sampler::kSlowfastOffset, 4, 16, 3), 301, 30);
  EXPECT_EQ(plans[0].frame_indices, (Frames{0, 21, 42, 63}));
  EXPECT_EQ(plans[2].frame_indices, (Frames{236, 257, 278, 299}));
}

TEST(Pytorchvideo, ConstantAndUniformClips) {
  const auto constant = plan_clips(options(Sampler::kPytorchvideo, 8, 8, 3), 300, 30);
  ASSERT_EQ(constant.size(), 3U);
  EXPECT_EQ(constant[1].frame_indices, (Frames{118, 127, 136, 145, 154, 163, 172, 181}));
  EXPECT_EQ(constant[2].frame_indices, (Frames{236, 245, 254, 263, 272, 281, 290, 299}));
  const auto uniform = plan_clips(options(Sampler::kPytorchvideo, 8, 8, 0), 200, 30);
  ASSERT_EQ(uniform.size(), 3U);
  EXPECT_EQ(uniform[2].frame_indices, (Frames{128, 137, 146, 155, 164, 173, 182, 191}));
}

TEST(Pytorchvideo, CountsInSeconds) {
  SamplingOptions rate = options(Sampler::kPytorchvideo, 4, 8, 2);
  rate.target_fps = 30;
  const auto plans = plan_clips(rate, 108, 25);
  EXPECT_EQ(plans[0].frame_indices, (Frames{0, 8, 17, 26}));
  EXPECT_EQ(plans[1].frame_indices, (Frames{82, 90, 98, 107}));
  EXPECT_EQ(plan_clips(rate, 10, 25)[1].frame_indices, (Frames{0, 3, 6, 9}));
}

TEST(Torchcodec, RegularStarts) {
  EXPECT_THAT(offsets(options(Sampler::kTorchcodec, 16, 2, 1), 100), ElementsAre(0));
  EXPECT_THAT(offsets(options(Sampler::kTorchcodec, 16, 2, 5), 100), ElementsAre(0, 17, 34, 51, 69));
  EXPECT_THAT(offsets(options(Sampler::kTorchcodec, 16, 2, 20), 42),
              ElementsAre(0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 9, 9, 10, 11));
  EXPECT_THAT(offsets(options(Sampler::kTorchcodec, 16, 2, 3), 10), ElementsAre(0, 0, 0));
}

TEST(C3d, ListedStartsOrEverySixteenFrames) {
  EXPECT_THAT(offsets(options(Sampler::kC3d, 16, 1, 1), 50), ElementsAre(0, 16, 32));
  EXPECT_THAT(offsets(options(Sampler::kC3d, 16, 1, 1), 48), ElementsAre(0, 16, 32));
  EXPECT_THAT(offsets(options(Sampler::kC3d, 16, 1, 1), 47), ElementsAre(0, 16));
  EXPECT_THAT(offsets(options(Sampler::kC3d, 16, 1, 1), 3), ElementsAre(0));
  SamplingOptions listed = options(Sampler::kC3d, 4, 2, 1);
  listed.starts = {7, 2};
  const auto plans = plan_clips(listed, 10, 25);
  EXPECT_EQ(plans[0].frame_indices, (Frames{7, 9, 9, 9}));
  EXPECT_EQ(plans[1].frame_indices, (Frames{2, 4, 6, 8}));
  listed.starts = {10};
  expect_error(ErrorKind::kInvalidArgument, {"frame 10 of a video of 10"},
               [&] { plan_clips(listed, 10, 25); });
}

TEST(Dense, EveryStartThatFits) {
  EXPECT_THAT(offsets(options(Sampler::kDense, 4, 2, 1), 10), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(offsets(options(Sampler::kDense, 4, 2, 1), 7), ElementsAre(0));
  EXPECT_THAT(offsets(options(Sampler::kDense, 4, 2, 1), 1), ElementsAre(0));
}

TEST(Transformers, SpreadsOneClipOverTheWholeVideo) {
  // numpy.arange(L) * n // L
  const auto frames = [](SamplingOptions clip, int64_t frame_count) {
    const auto plans = plan_clips(clip, frame_count, 25);
    EXPECT_EQ(plans.size(), 1U);
    return plans.at(0).frame_indices;
  };
  SamplingOptions clip = options(Sampler::kTransformers, 8, 3, 4);
  EXPECT_EQ(frames(clip, 100), (Frames{0, 12, 25, 37, 50, 62, 75, 87}));
  EXPECT_EQ(frames(clip, 9), (Frames{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(frames(clip, 3), (Frames{0, 0, 0, 1, 1, 1, 2, 2}));
  clip.stride = 5;
  EXPECT_EQ(frames(clip, 8), (Frames{0, 1, 2, 3, 4, 5, 6, 7}));
  clip.past_end = PastEnd::kError;
  EXPECT_EQ(frames(clip, 8).back(), 7);
  expect_error(ErrorKind::kInvalidArgument, {"8 frames", "whole video", "has 7"},
               [&] { plan_clips(clip, 7, 25); });
  for (const ClipPlan& plan : plan_random_clips(options(Sampler::kTransformers, 4, 1, 3), 10, 25, 1))
    EXPECT_EQ(plan.frame_indices, (Frames{0, 2, 5, 7}));
}

TEST(Stride, SlidesOverTheVideoAndEndsAtItsLastFrame) {
  SamplingOptions sliding = options(Sampler::kMmaction2, 4, 1, 1);
  sliding.stride = 3;
  EXPECT_THAT(offsets(sliding, 12), ElementsAre(0, 3, 6, 8));
  EXPECT_THAT(offsets(sliding, 13), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(offsets(sliding, 2), ElementsAre(0));
  EXPECT_EQ(plan_clips(sliding, 12, 25).back().frame_indices, (Frames{8, 9, 10, 11}));
}

TEST(PastEndPolicy, EachAsNamed) {
  SamplingOptions clip = options(Sampler::kMmaction2, 6, 2, 1);
  const auto frames = [&](PastEnd policy) {
    clip.past_end = policy;
    return plan_clips(clip, 6, 25)[0].frame_indices;
  };
  EXPECT_EQ(frames(PastEnd::kLoop), (Frames{0, 2, 4, 0, 2, 4}));
  EXPECT_EQ(frames(PastEnd::kRepeatLast), (Frames{0, 2, 4, 5, 5, 5}));
  EXPECT_EQ(frames(PastEnd::kWrap), (Frames{0, 2, 4, 0, 2, 4}));
  expect_error(ErrorKind::kInvalidArgument, {"spans 11 frames", "the video has 6"},
               [&] { frames(PastEnd::kError); });
  clip = options(Sampler::kC3d, 5, 2, 1);
  clip.starts = {5};
  const auto later = [&](PastEnd policy) {
    clip.past_end = policy;
    return plan_clips(clip, 10, 25)[0].frame_indices;
  };
  EXPECT_EQ(later(PastEnd::kLoop), (Frames{5, 7, 9, 1, 3}));
  EXPECT_EQ(later(PastEnd::kRepeatLast), (Frames{5, 7, 9, 9, 9}));
  EXPECT_EQ(later(PastEnd::kWrap), (Frames{5, 7, 9, 5, 7}));
  expect_error(ErrorKind::kInvalidArgument, {"starts at frame 5", "has 10"}, [&] { later(PastEnd::kError); });
}

TEST(PastEndPolicy, ErrorPassesClipsThatFitExactly) {
  SamplingOptions clip = options(Sampler::kMmaction2, 4, 3, 1);
  clip.past_end = PastEnd::kError;
  EXPECT_EQ(plan_clips(clip, 10, 25)[0].frame_indices, (Frames{0, 3, 6, 9}));
  expect_error(ErrorKind::kInvalidArgument, {"spans 10 frames", "the video has 9"},
               [&] { plan_clips(clip, 9, 25); });
}

TEST(TargetRate, ReplacesTheIntervalHalfToEven) {
  SamplingOptions rate;
  rate.target_fps = 5;
  EXPECT_EQ(effective_frame_interval(rate, 29.593), 6);
  EXPECT_EQ(effective_frame_interval(rate, 22.5), 4);
  EXPECT_EQ(effective_frame_interval(rate, 27.5), 6);
  EXPECT_EQ(effective_frame_interval(rate, 1), 1);
  expect_error(ErrorKind::kInvalidArgument, {"frames per second", "0"},
               [&] { effective_frame_interval(rate, 0); });
}

TEST(Errors, BadSizesAndRates) {
  const auto refuse = [](SamplingOptions bad, int64_t frames, double fps, const std::string& part) {
    expect_error(ErrorKind::kInvalidArgument, {part}, [&] { plan_clips(bad, frames, fps); });
  };
  refuse({}, 0, 25, "no frames");
  refuse({}, -1, 25, "no frames");
  refuse(options(Sampler::kMmaction2, 0, 1, 1), 10, 25, "clip_len");
  refuse(options(Sampler::kMmaction2, 16, 0, 1), 10, 25, "frame_interval");
  refuse(options(Sampler::kMmaction2, 16, -2, 1), 10, 25, "frame_interval");
  refuse(options(Sampler::kMmaction2, 16, 1, 0), 10, 25, "num_clips");
  refuse(options(Sampler::kPytorchvideo, 16, 1, -1), 10, 25, "num_clips");
  refuse(options(Sampler::kSlowfast, 16, 1, 1), 10, 0, "frames per second");
  refuse(options(Sampler::kPytorchvideo, 16, 1, 1), 10, std::numeric_limits<double>::quiet_NaN(),
         "frames per second");
  SamplingOptions bad;
  bad.stride = 0;
  refuse(bad, 10, 25, "stride");
  bad = {};
  bad.target_fps = -5;
  refuse(bad, 10, 25, "target_fps");
  bad = {};
  bad.starts = {3};
  refuse(bad, 10, 25, "'c3d'");
  bad = options(Sampler::kSlowfast, 16, 1, 1);
  bad.target_fps = 1e-300;
  refuse(bad, 10, 25, "span");
  expect_error(ErrorKind::kResourceLimit, {"frames to list"},
               [] { plan_clips(options(Sampler::kDense, 1000, 1, 1), 10'000'000, 25); });
  expect_error(ErrorKind::kResourceLimit, {"20000000 frames"}, [] { plan_clips({}, 20'000'000, 25); });
}

TEST(Property, EveryPlanHasItsLengthAndStaysInside) {
  for (const std::string& sampler : sampler_names()) {
    const bool segments = parse_sampler(sampler) == Sampler::kMmaction2Segments;
    for (const PastEnd policy : {PastEnd::kLoop, PastEnd::kRepeatLast, PastEnd::kWrap}) {
      for (const int64_t frames : {1, 2, 15, 16, 17, 97}) {
        for (const int64_t num_clips : {1, 2, 7, 40}) {
          SamplingOptions clip = options(parse_sampler(sampler), segments ? 1 : 16, 3, num_clips);
          clip.past_end = policy;
          for (const auto& plans :
               {plan_clips(clip, frames, 23.976), plan_random_clips(clip, frames, 23.976, 5)}) {
            ASSERT_FALSE(plans.empty());
            for (const ClipPlan& plan : plans) {
              ASSERT_EQ(static_cast<int64_t>(plan.frame_indices.size()), clip.clip_len);
              for (const int64_t frame : plan.frame_indices)
                ASSERT_TRUE(frame >= 0 && frame < frames) << sampler;
            }
          }
        }
      }
    }
  }
}

TEST(RandomClips, DeterministicAndUniformOverAllThatFit) {
  const SamplingOptions clip = options(Sampler::kDense, 4, 2, 20'000);
  const auto plans = plan_random_clips(clip, 10, 25, 42);
  EXPECT_EQ(plans, plan_random_clips(clip, 10, 25, 42));
  EXPECT_NE(plans, plan_random_clips(clip, 10, 25, 43));
  std::vector<int64_t> counts(4);
  for (const ClipPlan& plan : plans) ++counts.at(static_cast<size_t>(plan.offset));
  for (const int64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 5000, 300);
}

TEST(RandomClips, Mmaction2TrainingOffsets) {
  // span = 32, a = (100 - 32 + 1) // 3 = 23: one clip in each of three ranges.
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto plans = plan_random_clips(options(Sampler::kMmaction2, 16, 2, 3), 100, 25, seed);
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_GE(plans[k].offset, 23.0 * static_cast<double>(k));
      EXPECT_LT(plans[k].offset, 23.0 * static_cast<double>(k + 1));
    }
  }
  // a = 0 and n > max(K, span): sorted, anywhere in [0, n - span].
  std::set<double> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto plans = plan_random_clips(options(Sampler::kMmaction2, 16, 2, 10), 36, 25, seed);
    for (size_t k = 1; k < plans.size(); ++k) EXPECT_LE(plans[k - 1].offset, plans[k].offset);
    for (const ClipPlan& plan : plans) seen.insert(plan.offset);
  }
  EXPECT_EQ(seen, (std::set<double>{0, 1, 2, 3, 4}));
  // a = 0 and n <= K: round(k (n - span + 1) / K), at most n - 1. a < 0: zeros.
  const auto spread = plan_random_clips(options(Sampler::kMmaction2, 1, 1, 8), 4, 25, 1);
  std::vector<double> starts;
  for (const ClipPlan& plan : spread) starts.push_back(plan.offset);
  EXPECT_THAT(starts, ElementsAre(0, 0, 1, 2, 2, 2, 3, 3));
  EXPECT_EQ(plan_random_clips(options(Sampler::kMmaction2, 16, 2, 2), 10, 25, 1)[1].offset, 0);
}

TEST(Coverage, FindsEveryClipAndPosition) {
  const std::vector<ClipPlan> plans = {{0, {0, 2, 4}}, {2, {2, 4, 4}}};
  const auto frames = covered_frames(plans);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1].frame_index, 2);
  EXPECT_THAT(frames[1].positions, ElementsAre(CoveredFrame::Position{0, 1}, CoveredFrame::Position{1, 0}));
  EXPECT_THAT(frames[2].positions, ElementsAre(CoveredFrame::Position{0, 2}, CoveredFrame::Position{1, 1},
                                               CoveredFrame::Position{1, 2}));
}

TEST(Coverage, AveragesCopiesWithinAClipAndThenClips) {
  const std::vector<ClipPlan> plans = {{0, {0, 2, 4}}, {2, {2, 4, 4}}};
  const Tensor values = Tensor::from<float>({2, 3, 2}, {1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60});
  const FrameValues combined = combine_over_clips(plans, values);
  EXPECT_EQ(combined.frame_indices, (Frames{0, 2, 4}));
  EXPECT_EQ(combined.clip_counts, (Frames{1, 2, 2}));
  EXPECT_EQ(combined.values.shape(), (Shape{3, 2}));
  const auto result = combined.values.values<float>();
  // Frame 4: 3 in the first clip, the mean of 5 and 6 in the second.
  EXPECT_THAT(std::vector<float>(result.begin(), result.end()), ElementsAre(1, 10, 3, 30, 4.25F, 42.5F));
}

TEST(Coverage, EvenSharesStayEvenWhereFramesRepeat) {
  const std::vector<ClipPlan> plans = {{0, {0, 1, 2, 2, 2, 2, 2, 2}}, {1, {1, 2, 0, 1, 2, 0, 1, 2}}};
  const FrameValues combined = combine_over_clips(plans, Tensor::from(Shape{2, 8}, std::vector(16, 0.125F)));
  for (const float share : combined.values.values<float>()) EXPECT_FLOAT_EQ(share, 0.125F);
}

TEST(Coverage, CountsWhatClipsRepeat) {
  EXPECT_EQ(repeated_frames(std::vector<ClipPlan>{{0, {0, 1, 2}}, {1, {2, 1, 0}}}).clips, 0);
  const auto repeated =
      repeated_frames(std::vector<ClipPlan>{{0, {0, 1, 2}}, {1, {1, 2, 2}}, {2, {2, 2, 2}}});
  EXPECT_EQ(repeated.clips, 2);
  EXPECT_EQ(repeated.copies, 2);
}

TEST(Coverage, RefusesValuesThatDoNotFit) {
  const std::vector<ClipPlan> plans = {{0, {0, 2, 4}}, {2, {2, 4, 4}}};
  expect_error(ErrorKind::kInvalidArgument, {"[3, 3]", "2 clips"}, [&] {
    combine_over_clips(plans, Tensor({3, 3}, DType::kF32));
  });
  expect_error(ErrorKind::kInvalidArgument, {"[2, 4]", "3 frames"}, [&] {
    combine_over_clips(plans, Tensor({2, 4}, DType::kF32));
  });
}

}  // namespace
}  // namespace relevid
