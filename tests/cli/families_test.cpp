// SPDX-License-Identifier: Apache-2.0
// A small network of every family through the commands: inspected, explained, audited.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
namespace cli = ::relevid::testing;

struct Family {
  std::string name;
  std::string layout = "NCTHW";
  int frames = 8;
};

void PrintTo(const Family& family, std::ostream* out) {
  *out << family.name;
}

class Families : public ::testing::TestWithParam<Family> {};

TEST_P(Families, GoThroughInspectExplainAndAudit) {
  if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
  const cli::ScratchFolder folder;
  const auto& [name, layout, frames] = GetParam();
  const std::string model = fmt::format("{}/{}.onnx", RELEVID_REFERENCES_DIR, name);
  const std::string settings = (folder / "settings.json").string(), videos = (folder / "videos").string();
  cli::write_bytes(settings,
                   fmt::format(R"({{"layout": "{}", "clip_len": {}, "frame_interval": 1, "num_clips": 1,
      "size": [12, 12], "resize": "stretch, bilinear", "antialias": false, "crop": null, "colour": "RGB",
      "scale": 0.00392156862745098, "value_range": [0, 1], "mean": [0.5, 0.5, 0.5], "std": [0.3, 0.3, 0.3]}})",
                               layout, frames));
  std::filesystem::create_directory(videos);
  cli::make_video(videos + "/one.mp4", 20);
  cli::make_video(videos + "/two.mp4", 24, "64x64");

  const auto inspected = cli::relevid({"inspect", model, "--settings", settings});
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  const auto explained = cli::relevid({"explain", model, videos + "/one.mp4", "--settings", settings, "--out",
                                       (folder / "out").string(), "--no-film", "--no-page"});
  ASSERT_EQ(explained.status, 0) << explained.err;
  EXPECT_EQ(read_npz(folder / "out/one.npz").at("relevance").shape(), (Shape{1, 3, frames, 12, 12}));
  const auto audited =
      cli::relevid({"audit", model, videos, "--settings", settings, "--out", (folder / "run.db").string(),
                    "--intervals", "1,2", "--num-clips", "1", "--controls", "null_profile,random_weights"});
  EXPECT_EQ(audited.status, 0) << audited.err;
  EXPECT_THAT(audited.out, HasSubstr("2 of 2: 2 audited"));
}

const Family kFamilies[] = {{"r3d"},
                            {"mc3"},
                            {"r2plus1d"},
                            {"i3d"},
                            {"slow"},
                            {"csn"},
                            {"x3d"},
                            {"movinet"},
                            {"s3d"},
                            {"slowfast"},
                            {"slowfast_one_input"},
                            {"tsn", "NTCHW"},
                            {"tsm", "NTCHW"},
                            {"tpn"},
                            {"nonlocal"},
                            {"mmdeploy", "NCTHW", 4}};

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(kFamilies),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace relevid
