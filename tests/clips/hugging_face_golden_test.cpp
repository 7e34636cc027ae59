// SPDX-License-Identifier: Apache-2.0
// hugging_face.py makes the folders and says what transformers' own processors make of the same frames.
#include "relevid/hugging_face.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/atomic_file.h"
#include "frames.h"
#include "relevid/npz.h"
#include "support/python.h"

namespace relevid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The frames of case.json that settings take.
std::vector<Frame> frames_of(const json& given, const ModelSettings& settings) {
  std::vector<int64_t> indices(given["frames"].get<size_t>());
  std::iota(indices.begin(), indices.end(), int64_t{0});
  if (given["sampled"].get<bool>())
    indices = plan_clips(settings.sampling, std::ssize(indices), 25).at(0).frame_indices;
  std::vector<Frame> frames;
  for (const int64_t index : indices)
    frames.push_back(source_frame(given["width"].get<int64_t>(), given["height"].get<int64_t>(), index));
  return frames;
}

/// That relevid makes of the frames what transformers' processor made: pixel_values.npy, [T, C, H, W].
void expect_pixel_values(const fs::path& folder) {
  const auto found = read_hugging_face_folder(folder, std::nullopt);
  ASSERT_TRUE(found) << folder;
  const json given = json::parse(read_file(folder / "case.json"));
  const Tensor clip = make_clip(frames_of(given, found->settings), found->settings.preprocessing);
  const Tensor expected = read_npy(folder / "pixel_values.npy");
  ASSERT_EQ(clip.shape().dims().size(), 5U);
  ASSERT_TRUE(std::ranges::equal(std::span(clip.shape().dims()).subspan(1), expected.shape().dims()))
      << folder;
  double largest = 0;  // relative, where values are not normalised and go up to 255
  for (int64_t i = 0; i < clip.elements(); ++i) {
    const double value = expected.values<float>()[static_cast<size_t>(i)];
    const double difference = std::abs(clip.values<float>()[static_cast<size_t>(i)] - value);
    largest = std::max(largest, difference / std::max(1.0, std::abs(value)));
  }
  EXPECT_LE(largest, 1e-5) << folder;
}

int expect_pixel_values_of_all(const fs::path& folder) {
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    expect_pixel_values(entry.path());
    ++cases;
  }
  return cases;
}

TEST(HuggingFaceFolder, ClipsAreThoseOfItsOwnProcessor) {
  EXPECT_EQ(expect_pixel_values_of_all(RELEVID_HUGGING_FACE_DIR), 15);
}

TEST(HuggingFaceFolder, ClipsAreThoseOfInstalledTransformers) {
  const testing::ScratchFolder folder;
  const std::string missing = testing::python_error(folder.path(), "import torchvision, transformers");
  if (!missing.empty()) GTEST_SKIP() << "python3 with torchvision and transformers is not installed";
  const auto script = fmt::format(
      "import runpy, sys\nsys.argv = ['', 'cases', 'large']\nrunpy.run_path('{}.py', run_name='__main__')",
      RELEVID_HUGGING_FACE_DIR);
  ASSERT_EQ(testing::python_error(folder.path(), script), "");
  EXPECT_EQ(expect_pixel_values_of_all(folder / "cases"), 44);
}

}  // namespace
}  // namespace relevid
