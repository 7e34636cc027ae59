// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "small_videos.h"
#include "train/clip_loader.h"
#include "train/epoch.h"

namespace relevid {
namespace {

using testing::message_of;
using ::testing::SizeIs;
using testing::stretched;
using train::ClipLoader;
using train::FrameCache;
using train::TrainingVideo;

SamplingOptions sampling() {
  SamplingOptions sampling;
  sampling.clip_len = 4;
  return sampling;
}

class TrainThreads : public testing::SmallVideoTest {
 protected:
  std::vector<TrainingVideo> videos() const {
    const auto video = make_video("a.mp4");
    return {{cached(video, stretched({8, 8})), 0}, {cached(video, stretched({8, 8})), 1}};
  }
};

TEST_F(TrainThreads, CutAnEpoch) {
  const auto all = videos();
  int64_t clips = 0;
  ClipLoader loader(all, train::plan_epoch(all, sampling(), 20, 0, 1), stretched({8, 8}),
                    {.flip_probability = 0.5, .contrast = 0.2},
                    {.batch_size = 3, .threads = 4, .batches_ahead = 4});
  while (const auto batch = loader.next()) clips += batch->clips.shape()[0];
  EXPECT_EQ(clips, 40);
}

TEST_F(TrainThreads, EndWhenTheLoaderIsLeft) {
  const auto all = videos();
  for (int taken = 0; taken < 3; ++taken) {
    ClipLoader loader(all, train::plan_epoch(all, sampling(), 50, 0, 1), stretched({8, 8}), {},
                      {.batch_size = 5, .threads = 3, .batches_ahead = 3});
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(loader.next().has_value());
  }
}

TEST_F(TrainThreads, HandOverTheirErrors) {
  const auto all = videos();
  auto requests = train::plan_epoch(all, sampling(), 20, 0, 1);
  for (auto& request : requests) request.frame_indices[0] = -1;
  ClipLoader loader(all, requests, stretched({8, 8}), {},
                    {.batch_size = 5, .threads = 3, .batches_ahead = 3});
  message_of(ErrorKind::kInvalidArgument, [&] { loader.next(); });
}

TEST_F(TrainThreads, ShareAFrameCache) {
  for (int64_t i = 0; i < 3; ++i) make_video(fmt::format("{}.mp4", i), {.frames = 4, .number = i});
  FrameCache cache(cache_folder(), stretched({8, 8}), testing::cache_options());
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 3; ++i)
          EXPECT_EQ(cache.open(folder_ / fmt::format("{}.mp4", i))->frame_count(), 4);
      });
    }
  }
  EXPECT_THAT(cache_names(), SizeIs(3));
}

}  // namespace
}  // namespace relevid
