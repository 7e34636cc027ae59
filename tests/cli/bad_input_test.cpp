// SPDX-License-Identifier: Apache-2.0
// Bad input of each kind gives its message and its exit status, and leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "cli/program.h"
#include "graph/model.h"
#include "models/models.h"
#include "onnx/export.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace cli = ::relevid::testing;

constexpr int kInvalid = 2, kUnsupported = 3, kCorrupt = 4, kIo = 5, kResource = 6;

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
    model_ = path("c3d.onnx");
    video_ = path("film.mp4");
    out_ = path("out");
    cli::make_small_c3d(model_);
    cli::make_video(video_, 40);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string bytes(const std::string& name, const std::string& content) const {
    cli::write_bytes(folder_ / name, content);
    return path(name);
  }
  static std::string content(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// A settings file that suits the small network.
  std::string settings() const {
    return bytes("settings.json",
                 R"({"layout": "NCTHW", "clip_len": 16, "frame_interval": 1, "num_clips": 1, "size": [48, 48],
        "resize": "stretch, bilinear", "antialias": false, "crop": null, "colour": "RGB", "scale": 0.00392156862745098,
        "value_range": [0, 1], "mean": [0, 0, 0], "std": [1, 1, 1]})");
  }

  /// Expects this status and this in the message, and no file in the output folder.
  void expect(int status, const std::string& message, std::vector<std::string> arguments,
              const std::string& before = "") {
    arguments.insert(arguments.begin(), "explain");
    arguments.insert(arguments.end(), {"--out", out_});
    const auto outcome = cli::relevid(arguments, before);
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_TRUE(!std::filesystem::exists(out_) || std::filesystem::is_empty(out_))
        << "something was left in the output folder";
  }

  cli::ScratchFolder folder_;
  std::string model_, video_, out_;
};

TEST_F(BadInput, Files) {
  expect(kIo, "missing.mp4", {model_, path("missing.mp4")});
  expect(kIo, "missing.onnx", {path("missing.onnx"), video_});
  expect(kCorrupt, "text.mp4", {model_, bytes("text.mp4", "this is not a video\n")});
  expect(kCorrupt, "empty.mp4", {model_, bytes("empty.mp4", "")});
  expect(kCorrupt, "not an ONNX model", {bytes("text.onnx", "this is not a model\n"), video_});
  expect(kCorrupt, "empty.onnx", {bytes("empty.onnx", ""), video_});
  expect(kIo, "folder", {folder_.path().string(), video_});
}

TEST_F(BadInput, TruncatedModel) {
  const std::string whole = content(model_);
  expect(kCorrupt, "truncated", {bytes("half.onnx", whole.substr(0, whole.size() / 2)), video_});
}

TEST_F(BadInput, TruncatedVideoIsUsedAsFarAsItGoes) {
  ASSERT_EQ(cli::shell("ffmpeg -v error -f lavfi -i testsrc=size=160x120:rate=10 -frames:v 100 -g 10 "
                       "-pix_fmt yuv420p -movflags +faststart " +
                       path("long.mp4"))
                .status,
            0);
  const std::string whole = content(path("long.mp4"));
  const std::string cut = bytes("cut.mp4", whole.substr(0, whole.size() * 7 / 10));
  const auto outcome = cli::relevid({"explain", model_, cut, "--no-film", "--out", out_});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("decoding stopped at frame"));
}

TEST_F(BadInput, FewerFramesThanAClip) {
  cli::make_video(path("short.mp4"), 3);
  expect(kInvalid, "3", {model_, path("short.mp4"), "--past-end", "error"});
  cli::make_video(path("one.mp4"), 1);
  const auto outcome = cli::relevid({"explain", model_, path("one.mp4"), "--out", path("one-out")});
  EXPECT_EQ(outcome.status, 0) << outcome.err;  // the last frame is repeated
}

TEST_F(BadInput, OptionsAndNames) {
  expect(kInvalid, "did you mean '--method'", {model_, video_, "--methd", "gradient"});
  expect(kInvalid, "did you mean 'deep_taylor'", {model_, video_, "--method", "deep_tailor"});
  const std::string labels = bytes("labels.txt", "running\nwalking\njumping\nsitting\nstanding\n");
  expect(kInvalid, "did you mean 'walking'", {model_, video_, "--labels", labels, "--target", "walkin"});
  expect(kInvalid, "no class 17", {model_, video_, "--target", "17"});
  expect(kInvalid, "did you mean 'pytorchvideo'", {model_, video_, "--sampler", "pytorchvido"});
  expect(kInvalid, "--device chek (did you mean 'check'?): it is one of cpu, reference, check",
         {model_, video_, "--device", "chek"});
  expect(kInvalid, "--precision", {model_, video_, "--precision", "f16"});
  expect(kInvalid, "--clip-len", {model_, video_, "--clip-len", "8"});
  expect(kInvalid, "did you mean 'inferno'", {model_, video_, "--colormap", "infern"});
  expect(kIo, "labels", {model_, video_, "--labels", path("no-labels.txt")});
  expect(kCorrupt, "no rule", {model_, video_, "--rules", bytes("rules.json", R"([{"rule": "gama"}])")});
}

TEST_F(BadInput, NothingSaysHowFramesArePrepared) {
  graph::Model model = models::create("c3d", {.classes = 5, .height = 48, .width = 0.05});
  onnx_io::write_model(model, path("bare.onnx"));
  expect(kInvalid, "--preprocess", {path("bare.onnx"), video_});
  bytes("bare.json", "{\"size\": ");
  expect(kCorrupt, "bare.json", {path("bare.onnx"), video_});
}

TEST_F(BadInput, ModelsThatTakeNoVideo) {
  graph::Model picture = models::create("c3d", {.classes = 5, .height = 48, .width = 0.05});
  picture.inputs[0].dims = {-1, 3, 48, 48};
  picture.inputs[0].dim_names.resize(4);
  onnx_io::write_model(picture, path("picture.onnx"));
  expect(kUnsupported, "five dimensions", {path("picture.onnx"), video_, "--preprocess", "i3d"});

  graph::Model one_channel = models::create("c3d", {.classes = 5, .height = 48, .width = 0.05});
  one_channel.inputs[0].dims[1] = 1;
  onnx_io::write_model(one_channel, path("grey.onnx"));
  expect(kInvalid, "takes", {path("grey.onnx"), video_, "--preprocess", "i3d"});

  graph::Model unknown = models::create("c3d", {.classes = 5, .height = 48, .width = 0.05});
  for (auto& node : unknown.nodes) {
    if (node.op == "Relu") node.op = "Mish";
  }
  onnx_io::write_model(unknown, path("mish.onnx"));
  expect(kUnsupported, "10 nodes", {path("mish.onnx"), video_, "--settings", settings()});
}

TEST_F(BadInput, NotANumberIsFoundAndNamed) {
  graph::Model model = models::create("c3d", {.classes = 5, .height = 48, .width = 0.05});
  for (auto& [name, tensor] : model.constants) {
    if (name.find("conv3a") == std::string::npos || tensor->shape().rank() != 5) continue;
    Tensor damaged = tensor->clone();
    damaged.values<float>()[7] = std::numeric_limits<float>::quiet_NaN();
    tensor = graph::share(std::move(damaged));
  }
  onnx_io::write_model(model, path("nan.onnx"));
  expect(kCorrupt, "conv3a", {path("nan.onnx"), video_, "--settings", settings()});

  std::map<std::string, Tensor> arrays;
  Tensor clip(Shape{1, 3, 16, 48, 48}, DType::kF32);
  clip.values<float>()[48 * 48 + 2] = std::numeric_limits<float>::quiet_NaN();
  arrays.emplace("clip", std::move(clip));
  write_npz(path("nan.npz"), arrays);
  expect(kCorrupt, "[0, 0, 1, 0, 2]", {model_, path("nan.npz")});
}

TEST_F(BadInput, ClipsOfNumbersThatDoNotFit) {
  std::map<std::string, Tensor> arrays;
  arrays.emplace("clip", Tensor(Shape{1, 3, 8, 48, 48}, DType::kF32));
  arrays.emplace("other", Tensor(Shape{1, 3, 16, 48, 48}, DType::kU8));
  write_npz(path("clip.npz"), arrays);
  expect(kInvalid, "[1, 3, 8, 48, 48]", {model_, path("clip.npz")});
  expect(kInvalid, "uint8", {model_, path("clip.npz"), "--input-key", "other"});
  expect(kInvalid, "did you mean 'other'", {model_, path("clip.npz"), "--input-key", "othr"});
  expect(kInvalid, "go together", {model_, path("clip.npz"), "--low", "0"});
  std::map<std::string, Tensor> none;
  none.emplace("clip", Tensor(Shape{0, 3, 16, 48, 48}, DType::kF32));
  write_npz(path("none.npz"), none);
  expect(kInvalid, "[0, 3, 16, 48, 48]", {model_, path("none.npz")});
}

TEST_F(BadInput, NothingThatIsReadIsWrittenOver) {
  const std::string film = content(video_);
  for (const std::string& input : {video_, path("c3d.mp4")}) {  // c3d.json would become the model's side file
    if (!std::filesystem::exists(input)) std::filesystem::copy_file(video_, input);
    const auto outcome = cli::relevid({"explain", model_, input, "--out", folder_.path().string()});
    EXPECT_EQ(outcome.status, kInvalid) << outcome.err;
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("would be written over"), HasSubstr("be read as")));
  }
  EXPECT_EQ(content(video_), film);
}

TEST_F(BadInput, AMistypedWordIsToldWithTheNearest) {
  const auto message = [](const std::vector<std::string>& arguments) {
    const auto outcome = cli::relevid(arguments);
    EXPECT_EQ(outcome.status, kInvalid);
    return outcome.err;
  };
  EXPECT_EQ(message({"train", "set", "--out", "m.onnx", "--keep", "lst"}),
            "relevid: invalid argument: --keep lst (did you mean 'last'?); it is one of best, last\n");
  EXPECT_THAT(message({"train", "set", "--out", "m.onnx", "--schedule", "1"}),
              HasSubstr("one of cosine, step"));
  EXPECT_THAT(message({"audit", model_, "set", "--out", "a.db", "--target", "labels"}),
              HasSubstr("'label'?"));
  EXPECT_THAT(message({"evaluate", model_, "set", "--out", "a.db", "--labels-by", "nam"}),
              HasSubstr("'name'?"));
  EXPECT_THAT(message({"audit", model_, "set", "--out", "a.db", "--format", "kinetic"}),
              HasSubstr("'kinetics'?"));
  EXPECT_THAT(message({"report", "a.db", "--format", "jsn"}), HasSubstr("'json'?"));
  EXPECT_THAT(message({"explain", model_, video_, "--sampler", "slowfas"}), HasSubstr("slowfast"));
}

TEST_F(BadInput, LabelsThatDoNotFitTheClasses) {
  expect(kInvalid, "2 class names", {model_, video_, "--labels", bytes("two.txt", "a\nb\n")});
}

TEST_F(BadInput, RulesThatFitNoNode) {
  expect(kInvalid, "entry 1",
         {model_, video_, "--rules", bytes("lost.json", R"([{"name": "no such layer", "rule": "flat"}])")});
  expect(kInvalid, "gradient has no rules",
         {model_, video_, "--method", "gradient", "--rules", bytes("flat.json", R"([{"rule": "flat"}])")});
}

TEST_F(BadInput, OutputCannotBeWritten) {
  const auto outcome = cli::relevid({"explain", model_, video_, "--out", bytes("file", "") + "/below"});
  EXPECT_EQ(outcome.status, kIo) << outcome.err;
}

TEST_F(BadInput, FullDiskLeavesNothingHalfWritten) {
  for (const char* limit : {"8", "200"}) {  // in blocks of 1 KiB or 512 bytes, as the shell has it
    const auto outcome =
        cli::relevid({"explain", model_, video_, "--out", out_}, std::string("ulimit -f ") + limit + "; ");
    EXPECT_EQ(outcome.status, kIo) << limit << ": " << outcome.err;
    for (const auto& entry : std::filesystem::directory_iterator(out_)) {
      EXPECT_NE(entry.path().filename().string().front(), '.') << "a part was left";
      EXPECT_NE(entry.path().extension(), ".json") << "a record was written of what is not there";
    }
  }
}

TEST_F(BadInput, MemoryLimit) {
  expect(kResource, "--num-clips", {model_, video_, "--stride", "1", "--memory-limit", "1"});
}

}  // namespace
}  // namespace relevid
