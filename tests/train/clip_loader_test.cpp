// SPDX-License-Identifier: Apache-2.0
#include "train/clip_loader.h"

#include "small_videos.h"

namespace relevid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::stretched;

using train::Batch;
using train::ClipLoader;
using train::ClipLoaderOptions;
using train::ClipRequest;
using train::TrainingVideo;

constexpr Augmentation kEverything{
    .crop = Augmentation::Crop::kRandom, .flip_probability = 0.5, .contrast = 0.3, .brightness = 0.3};

Preprocessing preprocessing() {
  Preprocessing p = stretched({12, 14});
  p.crop = Size{8, 8};
  return p;
}

class ClipLoaderTest : public testing::SmallVideoTest {
 protected:
  ClipLoaderTest() {
    for (int64_t i = 0; i < 2; ++i) {
      const auto video = make_video(fmt::format("{}.mp4", i), {.frames = 8, .number = i});
      videos_.push_back({cached(video, preprocessing()), 10 + i});
    }
  }

  /// Clips of three frames, from both videos in turn.
  static std::vector<ClipRequest> requests(int64_t count) {
    std::vector<ClipRequest> requests;
    for (int64_t i = 0; i < count; ++i) {
      requests.push_back({i % 2, {i % 5, i % 5 + 1, i % 5 + 3}, 10 + i % 2, static_cast<uint64_t>(100 + i)});
    }
    return requests;
  }

  std::vector<TrainingVideo> videos_;
};

std::vector<Batch> all_batches(ClipLoader& loader) {
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(*std::move(batch));
  return batches;
}

std::vector<float> floats(std::span<const float> values) {
  return {values.begin(), values.end()};
}

TEST_F(ClipLoaderTest, BatchesComeInOrder) {
  ClipLoader loader(videos_, requests(10), preprocessing(), kEverything, {.batch_size = 4, .threads = 2});
  const train::ClipCutter cutter(preprocessing(), kEverything);
  const auto asked = requests(10);
  size_t next = 0;
  for (const Batch& batch : all_batches(loader)) {
    const size_t clips = batch.labels.size();
    ASSERT_EQ(batch.clips.shape(), (Shape{static_cast<int64_t>(clips), 3, 3, 8, 8}));
    ASSERT_EQ(batch.videos.size(), clips);
    for (size_t i = 0; i < clips; ++i, ++next) {
      const ClipRequest& request = asked.at(next);
      EXPECT_EQ(batch.labels[i], request.label);
      EXPECT_EQ(batch.videos[i], request.video);
      std::vector<float> expected(3 * 3 * 8 * 8);
      cutter.cut(*videos_[static_cast<size_t>(request.video)].frames, request.frame_indices, request.seed,
                 expected);
      const auto actual = batch.clips.values<float>().subspan(i * expected.size(), expected.size());
      EXPECT_EQ(floats(actual), expected) << "clip " << next;
    }
  }
  EXPECT_EQ(next, asked.size());
  EXPECT_FALSE(loader.next().has_value());
}

TEST_F(ClipLoaderTest, ClipsAreInThePreprocessingsLayout) {
  Preprocessing p = preprocessing();
  p.layout = ClipLayout::kNthwc;
  ClipLoader loader(videos_, requests(2), p, {}, {.batch_size = 2});
  EXPECT_EQ(loader.next()->clips.shape(), (Shape{2, 3, 8, 8, 3}));
}

TEST_F(ClipLoaderTest, TheLastBatchIsKeptOrDropped) {
  const auto sizes = [&](int64_t clips, ClipLoaderOptions::LastBatch last) {
    ClipLoader loader(videos_, requests(clips), preprocessing(), {}, {.batch_size = 3, .last_batch = last});
    std::vector<int64_t> result;
    for (const Batch& batch : all_batches(loader)) result.push_back(batch.clips.shape()[0]);
    return result;
  };
  EXPECT_THAT(sizes(7, ClipLoaderOptions::LastBatch::kKeep), ElementsAre(3, 3, 1));
  EXPECT_THAT(sizes(7, ClipLoaderOptions::LastBatch::kDrop), ElementsAre(3, 3));
  EXPECT_THAT(sizes(6, ClipLoaderOptions::LastBatch::kKeep), ElementsAre(3, 3));
  EXPECT_THAT(sizes(6, ClipLoaderOptions::LastBatch::kDrop), ElementsAre(3, 3));
  EXPECT_THAT(sizes(2, ClipLoaderOptions::LastBatch::kDrop), ElementsAre());
  EXPECT_THAT(sizes(0, ClipLoaderOptions::LastBatch::kKeep), ElementsAre());
}

TEST_F(ClipLoaderTest, TheNumberOfThreadsChangesNothing) {
  const auto values = [&](int64_t threads, int64_t ahead) {
    ClipLoader loader(videos_, requests(30), preprocessing(), kEverything,
                      {.batch_size = 4, .threads = threads, .batches_ahead = ahead});
    std::vector<std::vector<float>> result;
    for (const Batch& batch : all_batches(loader)) result.push_back(floats(batch.clips.values<float>()));
    return result;
  };
  const auto one = values(1, 1);
  EXPECT_EQ(one.size(), 8U);
  EXPECT_EQ(values(1, 2), one);
  EXPECT_EQ(values(3, 2), one);
  EXPECT_EQ(values(3, 5), one);
}

TEST_F(ClipLoaderTest, AResumedEpochGivesTheSameClips) {
  const auto all = requests(12);
  ClipLoader whole(videos_, all, preprocessing(), kEverything, {.batch_size = 4});
  ClipLoader rest(videos_, {all.begin() + 8, all.end()}, preprocessing(), kEverything, {.batch_size = 4});
  EXPECT_EQ(floats(all_batches(whole).at(2).clips.values<float>()),
            floats(rest.next()->clips.values<float>()));
}

TEST_F(ClipLoaderTest, CanBeLeftAtAnyTime) {
  for (int64_t taken = 0; taken < 4; ++taken) {
    ClipLoader loader(videos_, requests(1000), preprocessing(), kEverything, {.batch_size = 4, .threads = 3});
    for (int64_t i = 0; i < taken; ++i) EXPECT_TRUE(loader.next().has_value());
  }
}

TEST_F(ClipLoaderTest, AVideoLivesAsLongAsItsLoader) {
  ClipLoader loader(videos_, requests(8), preprocessing(), {}, {.batch_size = 4});
  videos_.clear();
  EXPECT_EQ(all_batches(loader).size(), 2U);
}

TEST_F(ClipLoaderTest, AnErrorComesInPlaceOfItsBatchAndStays) {
  auto asked = requests(12);
  asked[5].frame_indices[1] = 99;
  ClipLoader loader(videos_, asked, preprocessing(), {}, {.batch_size = 4, .threads = 2});
  EXPECT_TRUE(loader.next().has_value());
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { loader.next(); }), HasSubstr("frame 99 of"));
  }
}

TEST_F(ClipLoaderTest, RefusesClipsThatMakeNoBatch) {
  const auto refuse = [&](const std::vector<ClipRequest>& asked, const Preprocessing& p,
                          const ClipLoaderOptions& options = {}) {
    return message_of(ErrorKind::kInvalidArgument, [&] { ClipLoader(videos_, asked, p, {}, options); });
  };
  EXPECT_THAT(refuse(requests(1), preprocessing(), {.batch_size = 0}), HasSubstr("the batch size is 0"));
  EXPECT_THAT(refuse(requests(1), preprocessing(), {.threads = 0}), HasSubstr("threads that cut clips is 0"));
  EXPECT_THAT(refuse(requests(1), preprocessing(), {.batches_ahead = 0}), HasSubstr("cut ahead is 0"));

  auto asked = requests(4);
  asked[3].video = 2;
  EXPECT_THAT(refuse(asked, preprocessing()), HasSubstr("a clip of video 2, where there are 2"));
  asked = requests(4);
  asked[2].frame_indices.pop_back();
  EXPECT_THAT(refuse(asked, preprocessing()), HasSubstr("they make no batch"));
  asked[2].frame_indices.clear();
  EXPECT_THAT(refuse(asked, preprocessing()), HasSubstr("at least one frame"));

  Preprocessing whole = testing::plain_preprocessing();
  videos_[0].frames = cached(make_video("wide.mp4", {.frames = 8, .size = {24, 40}}), whole);
  EXPECT_THAT(refuse(requests(4), whole),
              ::testing::AllOf(HasSubstr("wide.mp4"), HasSubstr("[1, 3, 3, 24, 40]"), HasSubstr("1.mp4")));
}

}  // namespace
}  // namespace relevid
