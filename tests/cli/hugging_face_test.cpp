// SPDX-License-Identifier: Apache-2.0
// A model in a folder of Hugging Face's: its files are settings, after MODEL.json and before --preprocess.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace cli = ::relevid::testing;

constexpr const char* kProcessor = R"("image_processor_type": "VideoMAEImageProcessor",
  "size": {"height": 12, "width": 12}, "crop_size": {"height": 12, "width": 12})";

class HuggingFaceCommand : public ::testing::Test {
 protected:
  /// A network of clips [1, 8, 3, 12, 12] and five classes, with its processor's file and config.json.
  void SetUp() override {
    std::filesystem::copy_file(fmt::format("{}/tsm.onnx", RELEVID_REFERENCES_DIR), model_);
    write("preprocessor_config.json", fmt::format("{{{}}}", kProcessor));
    write("config.json", R"({"model_type": "videomae", "num_frames": 8,
      "id2label": {"0": "walk", "1": "run", "2": "jump", "3": "swim", "4": "fly"}})");
  }
  void write(const std::string& name, const std::string& content) const {
    cli::write_bytes(folder_ / name, content);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  cli::Outcome inspect(std::vector<std::string> options = {"--json"}) const {
    options.insert(options.begin(), {"inspect", model_});
    return cli::relevid(options);
  }

  cli::ScratchFolder folder_;
  std::string model_ = path("model.onnx");
};

TEST_F(HuggingFaceCommand, InspectSaysWhereSettingsCameFrom) {
  const auto outcome = inspect();
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json record = json::parse(outcome.out);
  EXPECT_EQ(record["settings_from"], "preprocessor_config.json, config.json");
  EXPECT_EQ(record["class_names"][4], "fly");
  EXPECT_EQ(record["settings"]["layout"], "NTCHW");
  EXPECT_EQ(record["settings"]["clip_len"], 8);
  EXPECT_EQ(record["settings"]["resized_values"], "torch");
  EXPECT_EQ(record["clip"], (std::vector<int64_t>{1, 8, 3, 12, 12}));
  EXPECT_THAT(inspect({}).out, HasSubstr("(preprocessor_config.json, config.json)"));
}

TEST_F(HuggingFaceCommand, WhoSaysWhichFramesAreAClipIsNotWarned) {
  EXPECT_THAT(inspect().err, HasSubstr("\"do_sample_frames\" is not set"));
  EXPECT_THAT(inspect({"--json", "--frame-interval", "4"}).err, Not(HasSubstr("do_sample_frames")));
  EXPECT_THAT(inspect({"--json", "--sampler", "transformers"}).err, Not(HasSubstr("do_sample_frames")));
}

/// transformers' models take [N, T, C, H, W]; who exports one as other packages have clips is understood.
TEST_F(HuggingFaceCommand, AnExportWithChannelsFirstIsTakenAsItIs) {
  std::filesystem::copy_file(fmt::format("{}/c3d.onnx", RELEVID_REFERENCES_DIR), model_,
                             std::filesystem::copy_options::overwrite_existing);
  const json record = json::parse(inspect().out);
  EXPECT_EQ(record["settings"]["layout"], "NCTHW");
  EXPECT_EQ(record["settings"]["clip_len"], record["clip"][2]);
  EXPECT_EQ(record["clip"][1], 3);
}

TEST_F(HuggingFaceCommand, ModelJsonComesBeforeAndPresetsAfter) {
  const auto unused = inspect({"--json", "--preprocess", "videomae"});
  EXPECT_THAT(unused.err, HasSubstr("--preprocess videomae is not used: preprocessor_config.json"));
  EXPECT_EQ(json::parse(unused.out)["settings_from"], "preprocessor_config.json, config.json");
  json own = json::parse(inspect().out)["settings"];
  own["resized_values"] = "pillow";
  write("model.json", own.dump());
  const json record = json::parse(inspect().out);
  EXPECT_EQ(record["settings_from"], "model.json");
  EXPECT_EQ(record["settings"]["resized_values"], "pillow");
  EXPECT_EQ(record["class_names"][0], "walk");  // of which model.json says nothing
}

TEST_F(HuggingFaceCommand, WhatIsNotSupportedLeavesSettingsOpen) {
  write("preprocessor_config.json", R"({"image_processor_type": "CLIPImageProcessor"})");
  const auto outcome = inspect({});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("\"CLIPImageProcessor\""), HasSubstr("is not supported")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("prepared not known"), HasSubstr("walk, run")));
  EXPECT_EQ(json::parse(inspect({"--json", "--preprocess", "videomae"}).out)["settings_from"],
            "preset videomae");
  write("preprocessor_config.json", "{");
  EXPECT_EQ(inspect().status, 4);
}

TEST_F(HuggingFaceCommand, ClassNamesOfAnotherModelAreLeftOut) {
  std::filesystem::remove(folder_ / "preprocessor_config.json");
  EXPECT_THAT(inspect({}).out, HasSubstr("walk, run"));
  write("config.json", R"({"model_type": "videomae", "id2label": {"0": "walk", "1": "run"}})");
  const auto outcome = inspect({});
  EXPECT_THAT(outcome.err, HasSubstr("names 2 classes, and the model has 5"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("walk")));
}

TEST_F(HuggingFaceCommand, VideosAreExplainedAndTheProcessorsFramesTaken) {
  if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
  write("preprocessor_config.json",
        fmt::format(R"({{{}, "do_sample_frames": true, "num_frames": 8}})", kProcessor));
  std::filesystem::create_directory(folder_ / "videos");
  cli::make_video(folder_ / "videos/film.mp4", 20);
  const auto explained = cli::relevid({"explain", model_, path("videos/film.mp4"), "--out", path("out"),
                                       "--no-page", "--no-overlay-video", "--target", "swim"});
  ASSERT_EQ(explained.status, 0) << explained.err;
  const auto arrays = read_npz(folder_ / "out/film.npz");
  const Tensor& frames = arrays.at("frame_indices");
  EXPECT_THAT(frames.values<int64_t>(), ::testing::ElementsAre(0, 2, 5, 7, 10, 12, 15, 17));
  const auto audit = [&](std::vector<std::string> options) {
    options.insert(options.begin(),
                   {"audit", model_, path("videos"), "--out", path("run.db"), "--num-clips", "1"});
    return cli::relevid(options);
  };
  const auto refused = audit({});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("sampler 'transformers'"), HasSubstr("--sampler")));
  EXPECT_EQ(audit({"--sampler", "mmaction2"}).status, 0);
}

}  // namespace
}  // namespace relevid
