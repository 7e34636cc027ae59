// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "cli/program.h"

namespace relevid::testing {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> arguments(const ScratchFolder& folder, std::vector<std::string> further) {
  std::vector<std::string> all = {"generate", folder / "set", "--videos", "6",
                                  "--size",   "32",           "--frames", "4"};
  all.insert(all.end(), further.begin(), further.end());
  return all;
}

TEST(GenerateCommand, WritesASetAndSaysWhere) {
  const ScratchFolder folder;
  const Outcome first = relevid(arguments(folder, {"--classes", "rotation-zoom", "--background", "faint"}));
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("clockwise, counterclockwise, zoom-in, zoom-out"));
  EXPECT_THAT(first.out, HasSubstr("written 6"));
  EXPECT_THAT(first.out, HasSubstr("train.csv"));
  const Outcome again = relevid(arguments(folder, {"--classes", "rotation-zoom", "--background", "faint"}));
  EXPECT_THAT(again.out, HasSubstr("kept 6"));
}

TEST(GenerateCommand, BadInputHasItsMessageAndStatus) {
  const ScratchFolder folder;
  EXPECT_EQ(relevid(arguments(folder, {"--vides", "3"})).status, 2);
  const Outcome classes = relevid(arguments(folder, {"--classes", "5"}));
  EXPECT_EQ(classes.status, 2);
  EXPECT_THAT(classes.err, HasSubstr("4, 8, rotation-zoom"));
  EXPECT_EQ(relevid(arguments(folder, {"--speed-min", "2"})).status, 2);
  ASSERT_EQ(relevid(arguments(folder, {})).status, 0);
  const Outcome other = relevid(arguments(folder, {"--seed", "9"}));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("seed 1, not 9"));
}

TEST(GenerateCommand, AFullDiskHasItsStatus) {
  const ScratchFolder folder;
  const Outcome outcome = relevid(arguments(folder, {}), "ulimit -f 1; ");
  EXPECT_EQ(outcome.status, 5);
  EXPECT_THAT(outcome.err, HasSubstr("videos/"));
}

TEST(GenerateCommand, CtrlCEndsWithItsStatusAndTheNextRunGoesOn) {
  const ScratchFolder folder;
  const auto videos = folder / "set/videos";
  const auto has_begun = [&] {
    return std::filesystem::exists(videos) && !std::filesystem::is_empty(videos);
  };
  const Outcome outcome =
      relevid_signalled({"generate", folder / "set", "--videos", "100000"}, SIGINT, has_begun);
  EXPECT_EQ(outcome.status, 130);
  EXPECT_THAT(outcome.err, HasSubstr("goes on where it stopped"));
  for (const auto& entry : std::filesystem::directory_iterator(videos)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  }
}

}  // namespace
}  // namespace relevid::testing
