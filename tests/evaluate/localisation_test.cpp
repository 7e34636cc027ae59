// SPDX-License-Identifier: Apache-2.0
#include "evaluate/localisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/scratch.h"

namespace relevid::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Objects objects(const testing::ScratchFolder& folder, const std::string& text) {
  testing::write_bytes(folder / "objects.csv", text);
  return Objects::read(folder / "objects.csv");
}

/// The model sees the source as it is.
Geometry plain(int64_t height, int64_t width) {
  return {{height, width}, {height, width}, 0, 0, {height, width}};
}

TEST(Objects, BoxesHoldThePixelsWhoseCentreIsInThem) {
  const testing::ScratchFolder folder;
  const Objects found = objects(folder, "bottom,video,frame,left,top,right\n2,a,0,1,0,2.6\n1,a,0,0,0,1\n");
  const std::vector<int64_t> frames = {0, 1};
  const auto mask = found.mask("a", frames, plain(2, 4));
  ASSERT_TRUE(mask);
  EXPECT_THAT(*mask, ElementsAre(1, 1, 1, 0, 0, 1, 1, 0, /* frame 1 */ 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_FALSE(found.mask("b", frames, plain(2, 4)));
}

TEST(Objects, DiscsGoRoundTheEdges) {
  const testing::ScratchFolder folder;
  const Objects found = objects(folder, "video,frame,x,y,half_width,shake_x\na,3,0,0.5,1.2,9\n");
  const std::vector<int64_t> frames = {3};
  // Centres at 0.5 .. 3.5 in x; distances to 0 round the edge: 0.5, 1.5, 1.5, 0.5. Rows 0 and 1 apart: 0,
  // 1, 1.
  EXPECT_THAT(*found.mask("a", frames, plain(3, 4)), ElementsAre(1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1));
}

TEST(Objects, FollowTheResizingAndTheCrop) {
  const testing::ScratchFolder folder;
  const Objects found = objects(folder, "video,frame,left,top,right,bottom\na,0,0,0,4,4\n");
  // 8 x 8 resized to 4 x 4, of which the middle 2 x 2 is seen: its upper left pixel is at (3, 3) of the
  // source.
  const Geometry geometry{{8, 8}, {4, 4}, 1, 1, {2, 2}};
  const std::vector<int64_t> frames = {0};
  EXPECT_THAT(*found.mask("a", frames, geometry), ElementsAre(1, 0, 0, 0));
}

/// A picture of grey values, [height, width].
std::string picture(int height, int width, const std::vector<char>& grey) {
  std::string bytes = "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
  for (const char value : grey) bytes += std::string(3, value);
  return bytes;
}

TEST(Objects, MasksHoldWhatIsNotBlack) {
  const testing::ScratchFolder folder;
  testing::write_bytes(folder / "one.ppm", picture(2, 3, {0, 1, 0, 0, 0, 90}));
  testing::write_bytes(folder / "other.ppm", picture(2, 3, {0, 0, 0, 7, 0, 0}));
  const Objects found = objects(folder, "video,frame,mask\na,5,one.ppm\na,5,other.ppm\na,6,other.ppm\n");
  const std::vector<int64_t> frames = {5, 6, 7};
  EXPECT_THAT(*found.mask("a", frames, plain(2, 3)),
              ElementsAre(0, 1, 0, 1, 0, 1, /* 6 */ 0, 0, 0, 1, 0, 0, /* 7 */ 0, 0, 0, 0, 0, 0));
}

TEST(Objects, AreOtherOnesWhereAMaskIsAnother) {
  const testing::ScratchFolder folder;
  const std::string table = "video,frame,mask\na,0,one.ppm\n";
  testing::write_bytes(folder / "one.ppm", picture(1, 2, {0, 1}));
  const std::string before = objects(folder, table).sha256();
  EXPECT_EQ(objects(folder, table).sha256(), before);
  testing::write_bytes(folder / "one.ppm", picture(1, 2, {1, 1}));
  EXPECT_NE(objects(folder, table).sha256(), before);
}

TEST(Objects, MasksThatAreMissingOrOfAnotherSizeAreNamed) {
  const testing::ScratchFolder folder;
  const std::string table = "video,frame,mask\na,0,one.ppm\n";
  EXPECT_THAT(testing::message_of(ErrorKind::kIo, [&] { objects(folder, table); }),
              ::testing::AllOf(HasSubstr("one.ppm"), HasSubstr("line 2")));
  testing::write_bytes(folder / "one.ppm", picture(1, 2, {0, 1}));
  const Objects found = objects(folder, table);
  const std::vector<int64_t> frames = {0};
  EXPECT_THAT(testing::message_of(ErrorKind::kCorruptInput, [&] { found.mask("a", frames, plain(4, 4)); }),
              HasSubstr("2 x 1"));
}

TEST(Objects, BadFilesHaveTheirLine) {
  const testing::ScratchFolder folder;
  const auto message = [&](const std::string& text) {
    return testing::message_of(ErrorKind::kCorruptInput, [&] { objects(folder, text); });
  };
  EXPECT_THAT(message("video,frame,x,y\n"), HasSubstr("x, y, half_width"));
  EXPECT_THAT(message(""), HasSubstr("columns video and frame"));
  EXPECT_THAT(message("video,frame,x,y,half_width\na,0,1,1,2\na,one,1,1,2\n"),
              HasSubstr("line 3: has 'one'"));
  EXPECT_THAT(message("video,frame,x,y,half_width\na,0,1,1\n"), HasSubstr("line 2"));
  EXPECT_THAT(message("video,frame,left,top,right,bottom\na,0,2,0,1,1\n"), HasSubstr("without an area"));
  testing::message_of(ErrorKind::kIo, [&] { Objects::read(folder / "absent.csv"); });
}

TEST(Localisation, ByHand) {
  const Volume volume{2, 1, 4};
  const std::vector<char> mask = {1, 0, 0, 0, 1, 1, 0, 0};
  // Positive relevance 10, of it 3 + 1 inside; the largest of frame 0 is inside, of frame 1 outside.
  const std::vector<float> map = {3, 1, 0, -5, 1, -2, 5, 0};
  const Localisation found = localisation(map, mask, volume);
  EXPECT_DOUBLE_EQ(found.area, 3.0 / 8);
  EXPECT_DOUBLE_EQ(found.share_inside, 0.4);
  EXPECT_DOUBLE_EQ(found.pointing, 0.5);
}

TEST(Localisation, ANullMapPointsAsChanceDoes) {
  const Volume volume{2, 1, 4};
  const std::vector<char> mask = {1, 0, 0, 0, 0, 0, 0, 0};  // the second frame has no object
  const Localisation found = localisation(std::vector<float>(8, 0.0F), mask, volume);
  EXPECT_TRUE(std::isnan(found.share_inside));
  EXPECT_DOUBLE_EQ(found.pointing, 0.25);
}

}  // namespace
}  // namespace relevid::evaluate
