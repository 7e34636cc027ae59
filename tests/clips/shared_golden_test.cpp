// SPDX-License-Identifier: Apache-2.0
// A real network's side file, and the frames another implementation took by it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "relevid/preprocessing.h"

namespace relevid {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = fs::path(RELEVID_SHARED_DIR) / "models";

std::vector<std::string> columns(const std::string& line) {
  std::vector<std::string> result;
  std::stringstream stream(line);
  for (std::string column; std::getline(stream, column, ',');) result.push_back(column);
  return result;
}

TEST(MovinetSideFile, IsReadWhole) {
  if (!fs::exists(kModels)) GTEST_SKIP() << kModels << " is missing";
  const ModelSettings settings = read_settings(kModels / "movinet_a0_k600.json");
  EXPECT_TRUE(settings.warnings.empty());
  EXPECT_EQ(settings.class_names.size(), 600U);
  EXPECT_EQ(settings.sampling.clip_len, 16);
  EXPECT_EQ(settings.sampling.target_fps, 5);
  EXPECT_EQ(settings.sampling.past_end, PastEnd::kRepeatLast);
  const Preprocessing& p = settings.preprocessing;
  EXPECT_EQ(p.spatial, Spatial::kStretch);
  EXPECT_EQ(p.stretch, (Size{172, 172}));
  EXPECT_EQ(p.filter, Filter::kBilinear);
  EXPECT_EQ(p.smoothing, Smoothing::kOff);
  EXPECT_EQ(p.resized_values, ResizedValues::kOpenCv);
  EXPECT_FALSE(p.crop);
}

TEST(MovinetSideFile, ItsFramesAreTaken) {
  if (!fs::exists(kModels)) GTEST_SKIP() << kModels << " is missing";
  const ModelSettings settings = read_settings(kModels / "movinet_a0_k600.json");
  std::ifstream file(kModels / "expected.csv");
  std::string line;
  std::getline(file, line);
  int videos = 0;
  for (; std::getline(file, line); ++videos) {
    const auto row = columns(line);
    const double fps = std::stod(row.at(4));
    std::vector<int64_t> expected;
    std::stringstream indices(row.at(6));
    for (int64_t index = 0; indices >> index;) expected.push_back(index);
    EXPECT_EQ(effective_frame_interval(settings.sampling, fps), std::stoll(row.at(5))) << row[0];
    const auto plans = plan_clips(settings.sampling, std::stoll(row.at(3)), fps);
    ASSERT_EQ(plans.size(), 1U);
    EXPECT_EQ(plans[0].frame_indices, expected) << row[0];
  }
  EXPECT_EQ(videos, 6);
}

}  // namespace
}  // namespace relevid
