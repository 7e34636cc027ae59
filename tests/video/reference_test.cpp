// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "media.h"
#include "relevid/npz.h"

namespace relevid::testing {
namespace {

const std::filesystem::path kShared = RELEVID_SHARED_DIR;

// The frames that a published model's reference was computed from; see Note [Conversion flags] in colour.cpp.
TEST(ReferenceFrames, AreReproducedToTheBit) {
  const auto reference = kShared / "reference" / "movinet_reference_carving_ice.npz";
  const auto video = kShared / "data" / "actions" / "carving_ice.mp4";
  if (!std::filesystem::exists(reference) || !std::filesystem::exists(video)) {
    GTEST_SKIP() << "no shared reference data in " << kShared;
  }
  const auto arrays = read_npz(reference);
  const Tensor& frames = arrays.at("frames");
  ASSERT_EQ(frames.shape(), (Shape{16, 172, 172, 3}));
  const auto expected = frames.values<uint8_t>();

  VideoReader reader(video);
  EXPECT_EQ(reader.info().frame_count, 131);
  std::vector<int64_t> indices;
  for (int64_t index = 20; index <= 110; index += 6) indices.push_back(index);
  const std::vector<Frame> actual = read_frames(reader, indices);
  const size_t frame_bytes = 172 * 172 * 3;
  for (size_t i = 0; i < actual.size(); ++i) {
    const auto part = expected.subspan(i * frame_bytes, frame_bytes);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), actual[i].rgb.begin(), actual[i].rgb.end()))
        << indices[i];
  }
}

// Real files of other people's making: counts and times as ffprobe finds them, and not a warning.
class RealVideos : public MediaTest {};

TEST_F(RealVideos, AgreeWithFfprobe) {
  const auto folder = kShared / "data" / "actions";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared videos in " << kShared;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const VideoReader reader(entry.path());
    expect_times(reader, probe(entry.path()));
    EXPECT_THAT(reader.info().warnings, ::testing::IsEmpty()) << entry.path();
  }
}

}  // namespace
}  // namespace relevid::testing
