// SPDX-License-Identifier: Apache-2.0
// From a transformer's file to what its audit says of positions, against explain on the same clips.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "cli/page_data.h"
#include "cli/program.h"
#include "run/small_dataset.h"

namespace relevid::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

/// A VideoMAE of the families' references, of clips of 8 frames in 4 steps, and one video.
class PositionCommand : public ::testing::Test {
 protected:
  PositionCommand() {
    std::filesystem::copy_file(RELEVID_REFERENCES_DIR "/videomae.onnx", folder_ / "videomae.onnx");
    write_bytes(folder_ / "videomae.json", R"({"layout": "NTCHW", "clip_len": 8, "frame_interval": 2,
      "num_clips": 2, "colour": "RGB", "size": [12, 12], "resize": "stretch, bilinear", "antialias": false, "crop": null,
      "scale": 0.00392156862745098, "mean": [0.4, 0.5, 0.6], "std": [0.3, 0.2, 0.25]})");
    make_dataset(folder_, {24});
    write_bytes(folder_ / "list.csv", "path,label\nvideo0,0\n");
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Outcome audit(const std::string& out) const {
    return relevid({"audit", path("videomae.onnx"), path("list.csv"), "--out", path(out), "--intervals", "2",
                    "--num-clips", "2", "--controls", "null_profile", "--threads", "1"});
  }
  Outcome report(const std::vector<std::string>& further) const {
    std::vector<std::string> all = {"report", path("run.db")};
    all.insert(all.end(), further.begin(), further.end());
    return relevid(all);
  }
  Json record() const {
    const Outcome made = relevid({"explain", path("videomae.onnx"), path("video0"), "--out", path("out"),
                                  "--no-overlay-video", "--no-page", "--threads", "1"});
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_THAT(made.out, HasSubstr("position     its embeddings take"));
    return Json::parse(read_file(folder_ / "out/video0.json"))["position"];
  }

  ScratchFolder folder_;
};

TEST_F(PositionCommand, ReportsOfARunWhatExplainSaysOfItsClips) {
  const Outcome made = audit("run.db");
  ASSERT_EQ(made.status, 0) << made.err;
  const Json expected = record();
  ASSERT_THAT(expected["by_time"], SizeIs(4));
  const Outcome json = report({"--format", "json"});
  ASSERT_EQ(json.status, 0) << json.err;
  const Json statistics = Json::parse(json.out)["statistics"];
  const Json& position = statistics["conditions"][0]["position"];
  EXPECT_NEAR(position["share"]["value"], expected["share"], 1e-6);
  for (size_t s = 0; s < 4; ++s) {
    EXPECT_NEAR(position["by_time"][s]["value"], expected["by_time"][s], 1e-6);
    EXPECT_NEAR(position["content_by_time"][s]["value"], expected["content"][s], 1e-6);
  }
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column)
      EXPECT_NEAR(position["by_place"][row][column], expected["by_place"][row][column], 1e-6);
  }
  const Outcome text = report({});
  EXPECT_THAT(text.out, AllOf(HasSubstr("Positions: what their embeddings take"), HasSubstr("\n    1-2 "),
                              HasSubstr("Position embeddings take")));
  const Outcome table = report({"--format", "csv", "--table", "positions"});
  EXPECT_EQ(std::ranges::count(table.out, '\n'), 1 + 4) << table.err;
}

TEST_F(PositionCommand, AreOnThePageOfTheAudit) {
  ASSERT_EQ(audit("run.db").status, 0);
  const Outcome written = report({"--format", "html", "--model", path("videomae.onnx"), "--threads", "1"});
  if (written.status != 0) {
    EXPECT_THAT(written.err, HasSubstr("nodejs"));
    GTEST_SKIP() << "this build has no page";
  }
  const Json run = page_data(read_file(folder_ / "run.html"))["runs"][0];
  EXPECT_THAT(run["report"]["statistics"]["conditions"][0]["position"]["by_time"], SizeIs(4));
  const Json& strongest = run["extremes"]["strongest"][0]["explanation"]["explanations"][0];
  EXPECT_THAT(strongest["position"]["by_time"], SizeIs(4));
}

}  // namespace
}  // namespace relevid::testing
