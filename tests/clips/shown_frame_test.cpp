// SPDX-License-Identifier: Apache-2.0
#include "clips/shown_frame.h"

#include <memory>

#include "expect_error.h"

namespace relevid {
namespace {

Frame noise(int64_t index) {
  Frame frame;
  frame.index = index;
  frame.width = 7;
  frame.height = 5;
  for (int64_t i = 0; i < 7 * 5 * 3; ++i)
    frame.rgb.push_back(static_cast<uint8_t>((i * 37 + index * 91) % 256));
  return frame;
}

/// The inner 3 x 4 pixels of the frame.
std::vector<uint8_t> cropped(const Frame& frame) {
  std::vector<uint8_t> rgb;
  for (int64_t y = 1; y < 4; ++y) {
    const auto row = frame.rgb.begin() + (y * 7 + 1) * 3;
    rgb.insert(rgb.end(), row, row + 4 * 3);
  }
  return rgb;
}

Preprocessing cropping() {
  Preprocessing p;
  p.crop = Size{3, 4};
  p.mean = {0.4, 0.5, 0.6};
  p.std = {0.2, 0.3, 0.25};
  return p;
}

void expect_pixels_of_both(const Preprocessing& p) {
  const std::vector<Frame> frames = {noise(0), noise(1)};
  const Tensor clip = make_clip(frames, p);  // NCTHW
  const Geometry g = geometry(p, 7, 5);
  for (int64_t t = 0; t < 2; ++t)
    EXPECT_EQ(shown_frame(clip, 0, t, p, g), cropped(frames[static_cast<size_t>(t)]));
}

TEST(ShownFrame, IsWhatTheNetworkSaw) {
  expect_pixels_of_both(cropping());
}

TEST(ShownFrame, IsRedFirstWhateverTheModelTakes) {
  Preprocessing p = cropping();
  p.colour = Colour::kBgr;
  p.scale = 1;
  p.value_range = {0, 255};
  expect_pixels_of_both(p);
}

TEST(ShownFrame, HasAMeanVolumeAddedAgain) {
  Preprocessing p = cropping();
  p.scale = 1;
  p.value_range = {0, 255};
  p.needs_mean_volume = true;
  Tensor volume(Shape{3, 2, 3, 4}, DType::kF32);
  for (float i = 80; float& value : volume.values<float>()) value = i += 0.37F;
  p.mean_volume = std::make_shared<const Tensor>(std::move(volume));
  expect_pixels_of_both(p);
}

TEST(ShownFrame, RefusesAFrameThatIsNotThere) {
  const Preprocessing p = cropping();
  const Geometry g = geometry(p, 7, 5);
  const Tensor clip = make_clip(std::vector<Frame>{noise(0)}, p);
  EXPECT_THROW(shown_frame(clip, 0, 1, p, g), Error);
  EXPECT_THROW(shown_frame(clip, 1, 0, p, g), Error);
}

}  // namespace
}  // namespace relevid
