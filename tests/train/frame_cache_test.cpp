// SPDX-License-Identifier: Apache-2.0
#include "train/frame_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>

#include "base/atomic_file.h"
#include "small_videos.h"
#include "train/cache_file.h"

namespace relevid {
namespace {

using ::testing::AllOf;
using testing::cache_options;
using testing::DecodeCounter;
using testing::decoded_frames;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;
using testing::plain_preprocessing;
using ::testing::SizeIs;
using testing::SmallVideo;
using testing::stretched;
using train::CachedVideo;
using train::FrameCache;

using FrameCacheTest = testing::SmallVideoTest;

using FileClock = std::filesystem::file_time_type::clock;

void make_older(const std::filesystem::path& file, std::chrono::seconds age) {
  std::filesystem::last_write_time(file, FileClock::now() - age);
}

/// Expects every cached frame to be what make_clip resizes it to, rounded to the nearest level.
void expect_resized_frames(const CachedVideo& cached, const std::filesystem::path& video, Preprocessing p) {
  p.layout = ClipLayout::kNthwc;
  const std::vector<Frame> frames = decoded_frames(video);
  ASSERT_EQ(cached.frame_count(), static_cast<int64_t>(frames.size()));
  for (const Frame& frame : frames) {
    const Tensor clip = make_clip({&frame, 1}, p);
    ASSERT_EQ(clip.shape(), (Shape{1, 1, cached.size().height, cached.size().width, 3}));
    std::vector<int> expected;
    for (const float value : clip.values<float>()) {
      expected.push_back(static_cast<int>(std::floor(std::clamp(value, 0.0F, 255.0F) + 0.5F)));
    }
    const auto actual = cached.frame(frame.index);
    ASSERT_EQ(std::vector<int>(actual.begin(), actual.end()), expected) << "frame " << frame.index;
  }
}

TEST_F(FrameCacheTest, FramesAreWhatMakeClipResizesTo) {
  const auto video = make_video("a.mp4");
  Preprocessing reduced = stretched({17, 19});
  Preprocessing opencv = reduced;
  opencv.resized_values = ResizedValues::kOpenCv;
  Preprocessing in_float = reduced;
  in_float.resized_values = ResizedValues::kFloat;
  Preprocessing pillow = stretched({40, 21});
  pillow.filter = Filter::kBicubic;
  pillow.smoothing = Smoothing::kOn;
  Preprocessing pillow_bits = pillow, torch_bits = pillow;
  pillow_bits.resized_values = ResizedValues::kPillow;
  torch_bits.resized_values = ResizedValues::kTorch;
  Preprocessing short_side = plain_preprocessing();
  short_side.spatial = Spatial::kShortSide;
  short_side.short_side = 31;
  short_side.filter = Filter::kArea;
  for (const Preprocessing& p :
       {plain_preprocessing(), reduced, opencv, in_float, pillow, pillow_bits, torch_bits, short_side}) {
    expect_resized_frames(*cached(video, p), video, p);
  }
  EXPECT_THAT(cache_names(), SizeIs(8));
}

TEST_F(FrameCacheTest, SaysWhatTheVideoIs) {
  const auto video = make_video("a.mp4", {.frames = 7});
  const auto frames = cached(video, stretched({8, 12}));
  EXPECT_EQ(frames->video(), video);
  EXPECT_EQ(frames->frame_count(), 7);
  EXPECT_EQ(frames->size(), (Size{8, 12}));
  EXPECT_NEAR(frames->fps(), 25, 1e-9);
  EXPECT_EQ(frames->file_bytes(), 256 + 7 * 8 * 12 * 3);
  EXPECT_THAT(frames->frame(6), SizeIs(8 * 12 * 3));
  for (const int64_t index : {-1, 7}) {
    EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { frames->frame(index); }),
                HasSubstr("a.mp4, which has 7 frames"));
  }
}

TEST_F(FrameCacheTest, ASecondOpeningDecodesNothing) {
  const auto video = make_video("a.mp4");
  DecodeCounter first, second;
  FrameCache(cache_folder(), stretched({8, 8}), cache_options()).open(video, first.control());
  make_older(only_entry(), std::chrono::hours(5));
  FrameCache cache(cache_folder(), stretched({8, 8}), cache_options());
  expect_resized_frames(*cache.open(video, second.control()), video, stretched({8, 8}));
  cache.open(video, second.control());
  EXPECT_EQ(first.frames, 12);
  EXPECT_EQ(second.frames, 0);
  EXPECT_GT(std::filesystem::last_write_time(only_entry()), FileClock::now() - std::chrono::hours(4));
}

TEST_F(FrameCacheTest, OnlyTheContentAndTheResizeDecide) {
  const auto video = make_video("a.mp4");
  const auto copy = folder_ / "copy.mp4";
  std::filesystem::copy_file(video, copy);
  Preprocessing p = stretched({8, 8});
  cached(video, p);
  p.crop = Size{4, 4};
  p.scale = 1.0 / 255;
  p.colour = Colour::kBgr;
  p.layout = ClipLayout::kNtchw;
  DecodeCounter counter;
  FrameCache(cache_folder(), p, cache_options()).open(copy, counter.control());
  EXPECT_EQ(counter.frames, 0);
  p.stretch = {8, 9};
  FrameCache(cache_folder(), p, cache_options()).open(copy, counter.control());
  EXPECT_EQ(counter.frames, 12);
}

TEST_F(FrameCacheTest, AVideoThatChangesIsAnotherVideo) {
  const auto video = make_video("a.mp4");
  FrameCache cache(cache_folder(), plain_preprocessing(), cache_options());
  cache.open(video);
  make_video("a.mp4", {.frames = 5, .number = 1});
  const auto frames = cache.open(video);
  EXPECT_EQ(frames->frame_count(), 5);
  expect_resized_frames(*frames, video, plain_preprocessing());
}

void write_image(const std::filesystem::path& path, int shade) {
  testing::write_bytes(path, "P6\n16 16\n255\n" + std::string(16 * 16 * 3, static_cast<char>(shade)));
}

TEST_F(FrameCacheTest, AFolderOfImagesIsKnownByItsImages) {
  const auto images = folder_ / "images";
  std::filesystem::create_directory(images);
  write_image(images / "1.ppm", 10);
  write_image(images / "2.ppm", 20);
  const auto frames = cached(images, plain_preprocessing());
  EXPECT_EQ(frames->frame_count(), 2);
  EXPECT_EQ(frames->frame(1)[0], 20);
  write_image(images / "2.ppm", 30);
  EXPECT_EQ(cached(images, plain_preprocessing())->frame(1)[0], 30);
  auto faster = cache_options();
  faster.video.image_sequence_fps = 50;
  EXPECT_NEAR(FrameCache(cache_folder(), plain_preprocessing(), faster).open(images)->fps(), 50, 1e-9);
}

TEST_F(FrameCacheTest, DamagedAndForeignFilesAreMadeAnew) {
  const auto video = make_video("a.mp4");
  cached(video, plain_preprocessing());
  const auto entry = only_entry();
  const std::string whole = read_file(entry);
  const auto with_byte = [&](size_t at, char byte) {
    std::string changed = whole;
    changed.at(at) = byte;
    return changed;
  };
  std::string of_another_video = whole;
  train::CacheFileInfo info = *train::decode_header(whole, static_cast<int64_t>(whole.size()));
  info.key[0] = info.key[0] == 'a' ? 'b' : 'a';
  of_another_video.replace(0, train::kCacheHeaderBytes, train::encode_header(info));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"empty", ""},
      {"without its frames", whole.substr(0, train::kCacheHeaderBytes)},
      {"within its header", whole.substr(0, 100)},
      {"without its last byte", whole.substr(0, whole.size() - 1)},
      {"a byte longer", whole + "x"},
      {"another magic", with_byte(0, 'X')},
      {"another version", with_byte(8, 99)},
      {"garbled sizes", with_byte(24, 99)},
      {"a garbled rate", with_byte(50, 99)},
      {"something else", std::string(whole.size(), 'x')},
      {"of another video", of_another_video},
  };
  for (const auto& [what, content] : cases) {
    SCOPED_TRACE(what);
    testing::write_bytes(entry, content);
    DecodeCounter counter;
    const auto frames =
        FrameCache(cache_folder(), plain_preprocessing(), cache_options()).open(video, counter.control());
    EXPECT_EQ(counter.frames, 12);
    EXPECT_EQ(read_file(only_entry()), whole);
    EXPECT_EQ(frames->frame_count(), 12);
  }
}

/// Opens the video in a process of its own that is gone after its third frame, without any clean-up.
void open_and_die(const std::filesystem::path& cache, const std::filesystem::path& video) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const RunControl dying{[](const Progress& progress) {
                             if (progress.done == 3) ::_exit(9);
                           },
                           nullptr};
    FrameCache(cache, plain_preprocessing(), cache_options()).open(video, dying);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

TEST_F(FrameCacheTest, AKillInMidWriteDoesNoHarm) {
  const auto video = make_video("a.mp4");
  open_and_die(cache_folder(), video);
  const auto left_over = only_entry();
  EXPECT_THAT(left_over.filename().string(), HasSubstr(".part"));
  expect_resized_frames(*cached(video, plain_preprocessing()), video, plain_preprocessing());
  EXPECT_TRUE(std::filesystem::exists(left_over)) << "young enough to be somebody's";

  make_older(left_over, std::chrono::minutes(5));
  DecodeCounter counter;
  FrameCache(cache_folder(), plain_preprocessing(), cache_options()).open(video, counter.control());
  EXPECT_FALSE(std::filesystem::exists(left_over));
  EXPECT_EQ(counter.frames, 0);
}

TEST_F(FrameCacheTest, FilesOfLivingWritersStay) {
  std::filesystem::create_directory(cache_folder());
  const auto file = cache_folder() / ".abc.1-0.part.frames";
  testing::write_bytes(file, "half");
  make_older(file, std::chrono::hours(5));
  {
    const train::OpenFile writer(file, O_RDWR);
    ASSERT_EQ(::flock(writer.get(), LOCK_EX), 0);
    FrameCache(cache_folder(), plain_preprocessing(), cache_options());
    EXPECT_TRUE(std::filesystem::exists(file));
  }
  FrameCache(cache_folder(), plain_preprocessing(), cache_options());
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(FrameCacheTest, AWriterLocksItsFile) {
  const auto video = make_video("a.mp4");
  bool locked = false;
  const RunControl looking{[&](const Progress&) {
                             const train::OpenFile file(only_entry(), O_RDWR);
                             locked = ::flock(file.get(), LOCK_EX | LOCK_NB) != 0;
                           },
                           nullptr};
  FrameCache(cache_folder(), plain_preprocessing(), cache_options()).open(video, looking);
  EXPECT_TRUE(locked);
}

TEST_F(FrameCacheTest, AnInterruptLeavesNothing) {
  const auto video = make_video("a.mp4");
  std::atomic<bool> stop = false;
  const RunControl control{[&](const Progress&) { stop = true; }, &stop};
  FrameCache cache(cache_folder(), plain_preprocessing(), cache_options());
  EXPECT_THROW(cache.open(video, control), Interrupted);
  EXPECT_THAT(cache_names(), IsEmpty());
}

constexpr int64_t kFrameBytes = 24 * 32 * 3;

/// Of a file of so many frames.
constexpr int64_t entry_bytes(int64_t frames) {
  return 256 + frames * kFrameBytes;
}

TEST_F(FrameCacheTest, TheLeastRecentlyOpenedGoFirst) {
  std::vector<std::filesystem::path> videos;
  for (int64_t i = 0; i < 4; ++i) {
    videos.push_back(make_video(fmt::format("{}.mp4", i), {.frames = 4, .number = i}));
  }
  std::map<std::string, size_t> video_of_entry;
  std::vector<std::filesystem::path> entries;
  for (size_t i = 0; i < 3; ++i) {
    cached(videos[i], plain_preprocessing());
    for (const std::string& name : cache_names()) {
      if (video_of_entry.emplace(name, i).second) entries.push_back(cache_folder() / name);
    }
  }
  ASSERT_THAT(entries, SizeIs(3));
  make_older(entries[0], std::chrono::hours(1));
  make_older(entries[1], std::chrono::hours(3));
  make_older(entries[2], std::chrono::hours(2));
  testing::write_bytes(cache_folder() / "notes.txt", std::string(100'000, 'x'));
  testing::write_bytes(cache_folder() / "notes.frames", std::string(100'000, 'x'));

  FrameCache cache(cache_folder(), plain_preprocessing(), cache_options(3 * entry_bytes(4)));
  cache.open(videos[3]);
  EXPECT_TRUE(std::filesystem::exists(entries[0]));
  EXPECT_FALSE(std::filesystem::exists(entries[1]));
  EXPECT_TRUE(std::filesystem::exists(entries[2]));

  cache.open(videos[2]);  // the oldest by now, but opened by this run
  cache.open(videos[1]);
  EXPECT_FALSE(std::filesystem::exists(entries[0]));
  EXPECT_TRUE(std::filesystem::exists(entries[1]));
  EXPECT_TRUE(std::filesystem::exists(entries[2]));
  EXPECT_THAT(cache_names(), SizeIs(3 + 2)) << "files that are not the cache's stay";
}

TEST_F(FrameCacheTest, ALowerLimitIsKeptFromTheFirstVideoOn) {
  for (int64_t i = 0; i < 3; ++i) {
    cached(make_video(fmt::format("{}.mp4", i), {.frames = 4, .number = i}), plain_preprocessing());
  }
  FrameCache cache(cache_folder(), plain_preprocessing(), cache_options(2 * entry_bytes(4) - 1));
  cache.open(folder_ / "1.mp4");
  EXPECT_THAT(cache_names(), SizeIs(1));
}

TEST_F(FrameCacheTest, ASetThatDoesNotFitIsRefusedBeforeItIsDecoded) {
  const auto first = make_video("a.mp4", {.frames = 4});
  const auto second = make_video("b.mp4", {.frames = 4, .number = 1});
  auto options = cache_options(2 * entry_bytes(4) - 1);
  options.video_count = 500;
  FrameCache cache(cache_folder(), plain_preprocessing(), options);
  const auto kept = cache.open(first);
  DecodeCounter counter;
  const std::string message =
      message_of(ErrorKind::kResourceLimit, [&] { cache.open(second, counter.control()); });
  EXPECT_THAT(message,
              AllOf(HasSubstr("b.mp4"), HasSubstr(cache_folder().string()), HasSubstr("--cache-limit"),
                    HasSubstr(fmt::format("take {} bytes", 2 * entry_bytes(4))),
                    HasSubstr(fmt::format("may hold {} bytes", 2 * entry_bytes(4) - 1)),
                    HasSubstr("all 500 videos need about 5 MiB")));
  EXPECT_EQ(counter.frames, 0);
  EXPECT_THAT(cache_names(), SizeIs(1));
  cache.open(first, counter.control());
  EXPECT_EQ(counter.frames, 0);
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { FrameCache(cache_folder(), plain_preprocessing(), cache_options(0)); }),
              HasSubstr("a frame cache of 0 bytes"));
}

TEST_F(FrameCacheTest, AVideoThatFailsTakesNothingFromTheLimit) {
  const auto video = make_video("a.mp4", {.frames = 4});
  FrameCache cache(cache_folder(), plain_preprocessing(), cache_options(entry_bytes(4)));
  const std::atomic<bool> stop = true;
  EXPECT_THROW(cache.open(video, {{}, &stop}), Interrupted);
  const auto other = make_video("b.mp4", {.frames = 4, .number = 1});
  EXPECT_EQ(cache.open(other)->frame_count(), 4);
  testing::write_bytes(folder_ / "broken.mp4", "no video");
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { cache.open(folder_ / "broken.mp4"); }),
              HasSubstr("broken.mp4"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { cache.open(folder_ / "absent.mp4"); }),
              HasSubstr("absent.mp4"));
}

TEST_F(FrameCacheTest, AVideoStaysReadableWhenItsFileIsDeleted) {
  const auto video = make_video("a.mp4");
  const auto frames = cached(video, plain_preprocessing());
  std::filesystem::remove(only_entry());
  expect_resized_frames(*frames, video, plain_preprocessing());
}

TEST_F(FrameCacheTest, AFullDiskIsAnErrorThatNamesTheFolder) {
  const auto video = make_video("a.mp4");
  FrameCache cache(cache_folder(), plain_preprocessing(), cache_options());
  {
    const testing::FullDisk full(5 * kFrameBytes);
    EXPECT_THAT(message_of(ErrorKind::kIo, [&] { cache.open(video); }),
                AllOf(HasSubstr("the cache folder " + cache_folder().string()),
                      HasSubstr(fmt::format("cannot write {} bytes", entry_bytes(12)))));
  }
  EXPECT_THAT(cache_names(), IsEmpty());
  EXPECT_EQ(cache.open(video)->frame_count(), 12);
}

TEST_F(FrameCacheTest, AFolderThatCannotBeMadeIsAnIoError) {
  testing::write_bytes(folder_ / "cache", "a file");
  EXPECT_THAT(
      message_of(ErrorKind::kIo, [&] { FrameCache(cache_folder() / "below", plain_preprocessing()); }),
      HasSubstr((cache_folder() / "below").string()));
}

}  // namespace
}  // namespace relevid
