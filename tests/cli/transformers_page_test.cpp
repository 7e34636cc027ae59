// SPDX-License-Identifier: Apache-2.0
// The commands of docs/user/transformers.md, as they stand there.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "cli/program.h"
#include "support/python.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
namespace cli = ::relevid::testing;

/// The blocks of a language, one after the other.
std::string blocks(const std::string& language) {
  const std::string page = read_file(RELEVID_TRANSFORMERS_PAGE), begin = "```" + language + "\n";
  std::string result;
  for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
    at += begin.size();
    const size_t end = page.find("```", at);
    result += page.substr(at, end - at);
    at = end;
  }
  return result;
}

/// Films of noise, dark ones of one class and bright ones of another.
void make_videos(const std::filesystem::path& folder) {
  for (const auto& [name, brightness] : {std::pair("archery", -0.4), std::pair("bowling", 0.4)}) {
    std::filesystem::create_directories(folder / name);
    for (int i = 0; i < 8; ++i) {
      const auto made = cli::shell(
          fmt::format("ffmpeg -v error -f lavfi -i "
                      "'color=gray:size=64x48:rate=25,noise=alls=40:allf=t:all_seed={},eq=brightness={}' "
                      "-frames:v 40 {}",
                      i, brightness, (folder / name / fmt::format("{:06}.mp4", i)).string()));
      ASSERT_EQ(made.status, 0) << made.err;
    }
  }
}

/// Runs a script in a folder, with the program under test on the path.
cli::Outcome run(const std::filesystem::path& folder, const std::string& script) {
  cli::write_bytes(folder / "script.sh", "set -e\n" + script);
  const std::string programs = std::filesystem::path(RELEVID_PROGRAM).parent_path().string();
  return cli::shell(fmt::format("cd {} && PATH={}:$PATH bash script.sh", folder.string(), programs));
}

TEST(TransformersPage, CommandsRunAsTheyStandThere) {
  if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not installed";
  const cli::ScratchFolder folder;
  make_videos(folder / "videos");
  std::filesystem::copy_file(folder / "videos/archery/000003.mp4", folder / "video.mp4");
  std::filesystem::create_directories(folder / "videomae");
  const auto standin =
      run(folder.path(),
          "relevid train videos --arch vit_small --width 0.5 --clip-len 8 --size 32 --resize 32 "
          "--epochs 2 --allow-chance --dropout 0 --threads 1 --cache cache --out videomae/model.onnx");
  ASSERT_EQ(standin.status, 0) << standin.err;
  const std::string commands = blocks("sh");
  ASSERT_EQ(std::ranges::count(commands, '\n'), 5) << "a command more or less: is it looked at here?";
  const auto outcome = run(folder.path(), commands);
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("4 x 4 x 4 patches"));
  EXPECT_THAT(outcome.out, HasSubstr("value_path"));
  EXPECT_TRUE(std::filesystem::exists(folder / "audit.html"));
  EXPECT_TRUE(std::filesystem::exists(folder / "head.onnx"));
  EXPECT_FALSE(std::filesystem::is_empty(folder / "explained"));
}

/// With random weights in place of those that it downloads.
TEST(TransformersPage, ExportsByInstalledTransformers) {
  const cli::ScratchFolder folder;
  if (!cli::python_error(folder.path(), "import torch, transformers, onnxscript").empty())
    GTEST_SKIP() << "python3 with torch, transformers and onnxscript is not installed";
  std::string script = blocks("python");
  const auto replace = [&](const std::string& from, const std::string& to) {
    const size_t at = script.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    script.replace(at, from.size(), to);
  };
  replace("VideoMAEForVideoClassification.from_pretrained(name)",
          "VideoMAEForVideoClassification(transformers.VideoMAEConfig(image_size=64, num_frames=8, "
          "hidden_size=48, "
          "num_hidden_layers=2, num_attention_heads=2, intermediate_size=96))");
  replace("AutoVideoProcessor.from_pretrained(name)",
          "transformers.VideoMAEVideoProcessor(size={'shortest_edge': 64}, crop_size={'height': 64, 'width': "
          "64})");
  ASSERT_EQ(cli::python_error(folder.path(), "import transformers\n" + script), "");
  const auto outcome = run(folder.path(), "relevid inspect videomae/model.onnx");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("(video_preprocessor_config.json, config.json)"));
}

}  // namespace
}  // namespace relevid
