// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>

#include "relevid/generate.h"
#include "support/scratch.h"

namespace relevid {
namespace {

GenerateOptions options_of(int threads) {
  GenerateOptions options;
  options.videos = 16;
  options.size_pixels = 32;
  options.frames = 3;
  options.threads = threads;
  return options;
}

TEST(GenerateThreads, MakeEachVideoOnce) {
  const testing::ScratchFolder folder;
  int64_t last = 0;
  const RunControl control{[&](const Progress& progress) { EXPECT_EQ(progress.done, ++last); }, nullptr};
  EXPECT_EQ(generate_videos(folder / "set", options_of(4), control).written, 16);
  EXPECT_EQ(last, 16);
}

TEST(GenerateThreads, StopWhenAsked) {
  const testing::ScratchFolder folder;
  std::atomic<bool> stop = false;
  const RunControl control{[&](const Progress&) { stop = true; }, &stop};
  EXPECT_THROW(generate_videos(folder / "set", options_of(4), control), Interrupted);
}

TEST(GenerateThreads, EndTogetherWhenOneFails) {
  const testing::ScratchFolder folder;
  const RunControl control{[&](const Progress&) { throw Error(ErrorKind::kIo, "the listener failed"); },
                           nullptr};
  EXPECT_EQ(
      testing::message_of(ErrorKind::kIo, [&] { generate_videos(folder / "set", options_of(4), control); }),
      "the listener failed");
}

}  // namespace
}  // namespace relevid
