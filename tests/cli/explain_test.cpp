// SPDX-License-Identifier: Apache-2.0
// The main job, as a user does it: a video file and a model file in, its files out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/page_data.h"
#include "cli/program.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "relevid/npz.h"
#include "relevid/precision.h"

namespace relevid {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
namespace cli = ::relevid::testing;

class ExplainCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
    model_ = (folder_ / "c3d.onnx").string();
    video_ = (folder_ / "film.mp4").string();
    out_ = (folder_ / "out").string();
    cli::make_small_c3d(model_);
    cli::make_video(video_, 40);
  }

  cli::Outcome explain(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"explain", model_, "--out", out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cli::relevid(arguments);
  }
  nlohmann::json record(const std::string& name) const {
    std::ifstream file(std::filesystem::path(out_) / name);
    return nlohmann::json::parse(file);
  }
  std::vector<std::string> written() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(out_))
      names.push_back(entry.path().filename().string());
    return names;
  }

  /// The page, or "" where this build has none.
  std::string page(const std::string& name) const {
    std::ifstream file(std::filesystem::path(out_) / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// All but the page, which needs a build that has it.
  std::vector<std::string> written_but_page() const {
    std::vector<std::string> names = written();
    std::erase_if(names, [](const std::string& name) { return name.ends_with(".html"); });
    return names;
  }

  cli::ScratchFolder folder_;
  std::string model_, video_, out_;
};

TEST_F(ExplainCommand, WritesFilesThatAgree) {
  const auto outcome = explain({video_});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("prediction"));
  EXPECT_THAT(written_but_page(), UnorderedElementsAre("film.npz", "film.json", "film.png", "film.mp4"));

  const auto arrays = read_npz(std::filesystem::path(out_) / "film.npz");
  EXPECT_EQ(arrays.at("relevance").shape(), (Shape{1, 3, 16, 48, 48}));
  EXPECT_EQ(arrays.at("logits").shape(), (Shape{1, 5}));
  EXPECT_EQ(arrays.at("source_size").as_ints(), (std::vector<int64_t>{60, 80}));
  const auto indices = arrays.at("frame_indices").as_ints();
  EXPECT_EQ(indices.front(), 12);  // mmaction2's middle clip: (40 - 16) / 2
  EXPECT_EQ(indices.back(), 27);
  EXPECT_NEAR(arrays.at("times").as_doubles().front(), 1.2, 1e-3);
  const auto shares = arrays.at("frame_share").as_doubles();
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-5);

  const auto json = record("film.json");
  const auto target = json["target"]["index"].get<size_t>();
  const double logit = arrays.at("logits").as_doubles()[target];
  const auto relevance = arrays.at("relevance").as_doubles();
  EXPECT_NEAR(std::accumulate(relevance.begin(), relevance.end(), 0.0), logit, 1e-3 * std::abs(logit));
  EXPECT_EQ(json["prediction"][0]["index"].get<size_t>(), target);
  EXPECT_EQ(json["video"]["frames"], 40);
  EXPECT_EQ(json["model"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_FALSE(json["layers"][0].empty());

  const auto probe = cli::shell(
      "ffprobe -v error -count_frames -show_entries stream=codec_name,pix_fmt,nb_read_frames -of csv=p=0 '" +
      out_ + "/film.mp4'");
  EXPECT_EQ(probe.out, "h264,yuv420p,40\n");
}

TEST_F(ExplainCommand, PrecisionIsWhatTheProcessorHas) {
  const auto outcome = explain({video_, "--precision", "bf16"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const bool has = computes_bfloat16();
  EXPECT_EQ(record("film.json")["settings"]["method"]["precision"], has ? "bf16" : "f32");
  EXPECT_EQ(outcome.err.find("no bf16 instructions") == std::string::npos, has) << outcome.err;
}

TEST_F(ExplainCommand, RunsOnTheDeviceThatIsNamed) {
  std::map<std::string, std::string> relevances;
  for (const std::string device : {"cpu", "reference", "check"}) {
    const auto outcome = explain({video_, "--num-clips", "1", "--device", device, "--no-film", "--no-page"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(record("film.json")["settings"]["method"]["device"], device);
    std::ifstream file(std::filesystem::path(out_) / "film.npz", std::ios::binary);
    relevances[device] = {std::istreambuf_iterator<char>(file), {}};
  }
  EXPECT_TRUE(relevances["cpu"] == relevances["check"]) << "checking changes no bit";
  EXPECT_FALSE(relevances["cpu"] == relevances["reference"]) << "the reference computes in float64";
}

TEST_F(ExplainCommand, ANamedPreprocessingTakesAsManyFramesAsTheModel) {
  const std::string plain = (folder_ / "plain.onnx").string();
  const auto made = cli::relevid({"create", "c3d", "--width", "0.05", "--size", "112", "--clip-len", "8",
                                  "--classes", "5", "--out", plain});
  ASSERT_EQ(made.status, 0) << made.err;
  auto model = onnx_io::read_model(plain);
  model.metadata.clear();
  onnx_io::write_model(model, plain);
  const auto outcome =
      cli::relevid({"explain", plain, video_, "--preprocess", "torchvision-r3d", "--out", out_});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(read_npz(std::filesystem::path(out_) / "film.npz").at("relevance").shape(),
            (Shape{1, 3, 8, 112, 112}));
}

TEST_F(ExplainCommand, PathwaysAreCutFromOneClip) {
  cli::write_bytes(folder_ / "settings.json",
                   R"({"layout": "NCTHW", "clip_len": 8, "frame_interval": 1, "num_clips": 2,
      "size": [12, 12], "resize": "stretch, bilinear", "antialias": false, "crop": null, "colour": "RGB",
      "scale": 0.00392156862745098, "value_range": [0, 1], "mean": [0, 0, 0], "std": [1, 1, 1]})");
  model_ = RELEVID_REFERENCES_DIR "/slowfast.onnx";
  const auto outcome = explain({video_, "--settings", (folder_ / "settings.json").string()});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("through 'slow' (2 frames)"));
  EXPECT_EQ(read_npz(std::filesystem::path(out_) / "film.npz").at("relevance").shape(),
            (Shape{2, 3, 8, 12, 12}));
  const auto shown = cli::relevid({"inspect", model_});
  EXPECT_THAT(shown.out, HasSubstr("slow takes frames 0, 7"));
}

TEST_F(ExplainCommand, EveryMethodRuns) {
  for (const char* method :
       {"deep_taylor", "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1",
        "epsilon_alpha2_beta1_flat", "epsilon_gamma_box", "excitation_backprop", "null_profile", "gradient",
        "input_x_gradient", "integrated_gradients", "smoothgrad", "guided_backprop", "deconvnet"}) {
    const auto outcome =
        explain({video_, "--method", method, "--no-film", "--samples", "2", "--ig-steps", "2"});
    EXPECT_EQ(outcome.status, 0) << method << ": " << outcome.err;
  }
}

TEST_F(ExplainCommand, SeveralTargetsGetFilesOfTheirOwn) {
  const auto outcome = explain({video_, "--target", "top1", "--target", "3", "--no-film"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(written(), Contains("film.target-3.npz"));
  EXPECT_EQ(written_but_page().size(), 6U);
}

TEST_F(ExplainCommand, SeveralMethodsShareAPage) {
  const auto outcome = explain(
      {video_, "--method", "deep_taylor", "--method", "gradient", "--method", "deep_taylor", "--no-film"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(written_but_page(),
              UnorderedElementsAre("film.method-deep_taylor.npz", "film.method-deep_taylor.png",
                                   "film.method-deep_taylor.json", "film.method-gradient.npz",
                                   "film.method-gradient.png", "film.method-gradient.json"));
  EXPECT_EQ(record("film.method-gradient.json")["settings"]["method"]["start"], "one");
  EXPECT_EQ(record("film.method-deep_taylor.json")["settings"]["method"]["start"], "logit");
  if (page("film.html").empty()) {
    EXPECT_THAT(outcome.err, HasSubstr("nodejs"));
    return;
  }
  const nlohmann::json data = cli::page_data(page("film.html"));
  ASSERT_EQ(data["explanations"].size(), 2U);
  EXPECT_EQ(data["explanations"][1]["method"], "gradient");
  EXPECT_EQ(data["explanations"][1]["settings"]["start"], "one");
  EXPECT_EQ(data["explanations"][0]["clips"][0]["frame_share"],
            record("film.method-deep_taylor.json")["clips"][0]["frame_share"]);
}

TEST_F(ExplainCommand, ThePageAndTheNullProfileCanBeLeftOut) {
  ASSERT_EQ(explain({video_, "--no-film"}).status, 0);
  EXPECT_EQ(record("film.json")["null_profile"].size(), 16U);
  const auto outcome = explain({video_, "--no-film", "--no-page", "--no-null-profile"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_FALSE(record("film.json").contains("null_profile"));
  EXPECT_TRUE(page("film.html").empty());  // it would show another explanation
}

TEST_F(ExplainCommand, TheBorderOfTheTableIsTheRecords) {
  const auto outcome = explain({video_, "--no-film"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = record("film.json");
  EXPECT_EQ(json["border_frames"], 2);
  const auto shares = json["clips"][0]["frame_share"].get<std::vector<double>>();
  const double border = shares[0] + shares[1] + shares[14] + shares[15];
  EXPECT_THAT(outcome.out, HasSubstr(fmt::format("borders      {:.1f} % in the first and last 2 frames; even "
                                                 "would be 25.0 %",
                                                 100 * border)));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("repeated")));
}

TEST_F(ExplainCommand, AShortVideosRepeatedFramesAreSaid) {
  const std::string brief = (folder_ / "brief.mp4").string();
  cli::make_video(brief, 10);
  const auto outcome = explain({brief});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string sentence =
      "6 of the clip's 16 frames repeat another: the video (10 frames) ends before the clip does.";
  EXPECT_THAT(outcome.out, HasSubstr("repeated     " + sentence));
  EXPECT_EQ(record("brief.json")["repeated_frames"]["sentence"], sentence);
  const auto arrays = read_npz(std::filesystem::path(out_) / "brief.npz");
  EXPECT_EQ(arrays.at("frame_share").elements(), 16);
  const auto shares = arrays.at("frame_share").as_doubles(),
             covered = arrays.at("covered_share").as_doubles();
  ASSERT_EQ(covered.size(), 10U);
  EXPECT_NEAR(covered[9], std::accumulate(shares.begin() + 9, shares.end(), 0.0) / 7, 1e-6);
  if (!page("brief.html").empty()) {
    EXPECT_EQ(cli::page_data(page("brief.html"))["repeated_frames"]["sentence"], sentence);
  }
}

TEST_F(ExplainCommand, AMapOfALayerHasNoNullProfileAndNoneIsMade) {
  ASSERT_EQ(explain({video_, "--no-film", "--method", "grad_cam"}).status, 0);
  EXPECT_FALSE(record("film.json").contains("null_profile"));
  EXPECT_EQ(record("film.json")["scale"]["colors"], "inferno");
  ASSERT_EQ(explain({video_, "--no-film", "--method", "gradient", "--colormap", "viridis"}).status, 0);
  EXPECT_EQ(record("film.json")["null_profile"].size(), 16U);
  EXPECT_EQ(record("film.json")["scale"]["colors"], "coldnhot") << "viridis can't show what is negative";
  EXPECT_EQ(explain({video_, "--colormap", "virids"}).status, 2);
}

TEST_F(ExplainCommand, NoNameIsMarkupInThePage) {
  const std::string name = "<img src=x onerror=alert(1)>";
  std::filesystem::copy_file(video_, folder_ / (name + ".mp4"));
  const auto outcome = explain({(folder_ / (name + ".mp4")).string(), "--no-film"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string html = page(name + ".html");
  if (html.empty()) GTEST_SKIP() << "this build has no page";
  EXPECT_EQ(html.find(name), std::string::npos);
  EXPECT_EQ(cli::page_data(html)["title"], name + ".mp4");
}

TEST_F(ExplainCommand, APageOfAClipIsSmall) {
  const std::string model = (folder_ / "large.onnx").string(), film = (folder_ / "large.mp4").string();
  ASSERT_EQ(cli::relevid({"create", "c3d", "--width", "0.03", "--classes", "3", "--out", model}).status, 0);
  cli::make_video(film, 16, "320x240");
  ASSERT_EQ(cli::relevid({"explain", model, film, "--no-film", "--out", out_}).status, 0);
  EXPECT_LT(page("large.html").size(), 3'000'000U);
}

TEST_F(ExplainCommand, SlidingWindowsCoverTheVideoAndAreCombined) {
  const auto outcome = explain({video_, "--stride", "8", "--no-film"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto arrays = read_npz(std::filesystem::path(out_) / "film.npz");
  EXPECT_EQ(arrays.at("clip_offsets").as_doubles(), (std::vector<double>{0, 8, 16, 24}));
  EXPECT_EQ(arrays.at("covered_frames").elements(), 40);
  EXPECT_EQ(arrays.at("covered_clips").as_ints()[10], 2);
}

TEST_F(ExplainCommand, AClipGivenAsNumbersIsUsedAsItIs) {
  ASSERT_EQ(explain({video_, "--no-film"}).status, 0);
  const std::string numbers = (std::filesystem::path(out_) / "film.npz").string();
  const std::string again = (folder_ / "again").string();
  const auto outcome = cli::relevid(
      {"explain", model_, numbers, "--input-key", "clip", "--low", "-2", "--high", "2", "--out", again});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto first = read_npz(numbers), second = read_npz(std::filesystem::path(again) / "film.npz");
  EXPECT_EQ(first.at("relevance").as_doubles(), second.at("relevance").as_doubles());
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(again) / "film.mp4"));
}

TEST_F(ExplainCommand, AFolderOfImagesIsAVideo) {
  const auto frames = folder_ / "frames";
  std::filesystem::create_directory(frames);
  ASSERT_EQ(cli::shell("ffmpeg -v error -i '" + video_ + "' '" + frames.string() + "/%d.png'").status, 0);
  const auto outcome = explain({frames.string() + "/", "--no-film"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(written(), Contains("frames.npz"));
}

TEST_F(ExplainCommand, OneBadInputDoesNotKeepTheOthersBack) {
  cli::write_bytes(folder_ / "bad.mp4", "not a video");
  const auto outcome = explain({(folder_ / "bad.mp4").string(), video_, "--no-film"});
  EXPECT_EQ(outcome.status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("bad.mp4"));
  EXPECT_THAT(written(), Contains("film.json"));
}

TEST_F(ExplainCommand, SkipExistingGoesOn) {
  ASSERT_EQ(explain({video_, "--no-film"}).status, 0);
  const auto before = std::filesystem::last_write_time(std::filesystem::path(out_) / "film.npz");
  ASSERT_EQ(explain({video_, "--no-film", "--skip-existing"}).status, 0);
  EXPECT_EQ(std::filesystem::last_write_time(std::filesystem::path(out_) / "film.npz"), before);
}

TEST_F(ExplainCommand, SkipExistingKnowsTargetsAndSettings) {
  const std::vector<std::string> arguments = {video_, "--no-film", "--target", "1", "--target", "2"};
  ASSERT_EQ(explain(arguments).status, 0);
  auto again = arguments;
  again.emplace_back("--skip-existing");
  EXPECT_THAT(explain(again).err, HasSubstr("skipped"));
  if (!page("film.html").empty()) {
    std::filesystem::remove(std::filesystem::path(out_) / "film.html");
    EXPECT_THAT(explain(again).err, ::testing::Not(HasSubstr("skipped")));
  }
  again.insert(again.end(), {"--method", "epsilon_plus"});
  EXPECT_THAT(explain(again).err, ::testing::Not(HasSubstr("skipped")));
  again.insert(again.end(), {"--method", "gradient"});
  ASSERT_THAT(explain(again).err, ::testing::Not(HasSubstr("skipped")));
  EXPECT_THAT(explain(again).err, HasSubstr("skipped"));
  std::filesystem::remove(std::filesystem::path(out_) / "film.method-gradient.target-2.json");
  EXPECT_THAT(explain(again).err, ::testing::Not(HasSubstr("skipped")));
}

TEST_F(ExplainCommand, InterruptLeavesNothingHalfWritten) {
  const std::string many = (folder_ / "long.mp4").string();
  cli::make_video(many, 400);
  const auto outcome = cli::relevid_signalled(
      {"explain", model_, many, "--stride", "1", "--method", "smoothgrad", "--out", out_}, SIGINT);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("interrupted"));
  EXPECT_TRUE(!std::filesystem::exists(out_) || written().empty());
}

TEST_F(ExplainCommand, RunsTwiceToTheSameBits) {
  ASSERT_EQ(explain({video_, "--no-film"}).status, 0);
  const auto first = read_npz(std::filesystem::path(out_) / "film.npz");
  ASSERT_EQ(explain({video_, "--no-film"}).status, 0);
  const auto second = read_npz(std::filesystem::path(out_) / "film.npz");
  EXPECT_EQ(first.at("relevance").as_doubles(), second.at("relevance").as_doubles());
}

TEST_F(ExplainCommand, NamesAreDataAndNeverMarkup) {
  const std::string odd = (folder_ / "<img src=x> 'a' $(b) é.mp4").string();
  std::filesystem::copy_file(video_, odd);
  const auto outcome = explain({odd});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(written(), Contains("<img src=x> 'a' $(b) é.png"));
}

}  // namespace
}  // namespace relevid
