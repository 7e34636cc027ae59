// SPDX-License-Identifier: Apache-2.0
// Whole runs, from video files to an ONNX file.
#include "relevid/train.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/atomic_file.h"
#include "relevid/error.h"
#include "relevid/explain.h"
#include "relevid/generate.h"
#include "relevid/npz.h"
#include "support/python.h"
#include "support/random.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::lacks_python;
using testing::message_of;
using testing::python_error;
using testing::ScratchFolder;
using testing::write_bytes;

/// One small set of videos for all tests of this file.
class TrainModel : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new ScratchFolder;
    GenerateOptions options;
    options.videos = 16;
    options.size_pixels = 32;
    options.frames = 8;
    options.validation_share = 0.25;
    const GenerateResult made = generate_videos(*folder_ / "set", options);
    training_ = new DataSet(read_dataset(made.training_list));
    validation_ = new DataSet(read_dataset(made.validation_list));
  }
  static void TearDownTestSuite() {
    delete training_;
    delete validation_;
    delete folder_;
  }

  static TrainOptions small() {
    TrainOptions options;
    options.network = {.architecture = "c3d_small", .width = 0.06, .dropout = 0.3, .init = {}, .freeze = {}};
    options.size = 24;
    options.resize = 28;
    options.clip_len = 4;
    options.clips_per_video = 2;
    options.epochs = 2;
    options.batch = 4;
    options.threads = 1;
    options.cache = *folder_ / "cache";
    options.augmentation.contrast = 0.2;
    options.optimiser.kind = OptimiserKind::kSgd;
    options.collapse.at_chance = CollapseOptions::AtChance::kAllow;  // a few updates teach nothing
    return options;
  }
  TrainResult train(const std::string& name, const TrainOptions& options,
                    const RunControl& control = {}) const {
    return train_model(*training_, *validation_, out_ / name, options, control, {});
  }
  std::string bytes(const std::string& name) const { return read_file(out_ / name); }

  static ScratchFolder* folder_;
  static DataSet *training_, *validation_;
  ScratchFolder out_;
};
ScratchFolder* TrainModel::folder_ = nullptr;
DataSet* TrainModel::training_ = nullptr;
DataSet* TrainModel::validation_ = nullptr;

/// Stops a run behind its n-th update.
struct StopAfter {
  explicit StopAfter(int updates) : left(updates) {}
  RunControl control() {
    return {[this](const Progress& progress) {
              if (progress.what == "training clips" && --left <= 0) flag = true;
            },
            &flag};
  }
  int left;
  std::atomic<bool> flag{false};
};

TEST_F(TrainModel, TheSameSettingsGiveTheSameBitsWhateverTheLoadersThreads) {
  TrainOptions options = small();
  const TrainResult result = train("a.onnx", options);
  options.loader_threads = 3;
  train("b.onnx", options);
  EXPECT_EQ(bytes("a.onnx"), bytes("b.onnx"));
  options.seed = 2;
  train("c.onnx", options);
  EXPECT_NE(bytes("a.onnx"), bytes("c.onnx"));
  ASSERT_EQ(result.epochs.size(), 2U);
  EXPECT_EQ(result.epochs[1].clips, result.training_videos * 2 / 4 * 4);
  EXPECT_EQ(result.epochs[1].validation->videos, result.validation_videos);
  EXPECT_EQ(result.epochs[1].validation->clips, result.validation_videos * 2);
  EXPECT_EQ(std::ranges::count(bytes("a.log.jsonl"), '\n'), 2);
}

TEST_F(TrainModel, AResumedRunEndsInTheSameBits) {
  TrainOptions options = small();
  train("whole.onnx", options);
  for (const int updates : {1, 4, 6, 9}) {  // in the first epoch, at its end, in the second
    const std::string name = "stopped" + std::to_string(updates) + ".onnx";
    StopAfter stop(updates);
    EXPECT_THROW(train(name, options, stop.control()), Interrupted);
    EXPECT_FALSE(std::filesystem::exists(out_ / name));
    TrainOptions resumed = options;
    resumed.begin = TrainOptions::Begin::kResume;
    EXPECT_EQ(train(name, resumed).epochs.size(), 2U);
    EXPECT_EQ(bytes(name), bytes("whole.onnx")) << "stopped after update " << updates;
  }
}

TEST_F(TrainModel, BorderFramesCanBeRepeatedAndTheClipsMeanSubtracted) {
  TrainOptions options = small();
  options.network.time_padding = CreateOptions::TimePadding::kRepeat;
  options.clip_mean = ClipMean::kSubtract;
  EXPECT_LT(train("a.onnx", options).epochs.back().loss, 10);
  const Model model(out_ / "a.onnx");
  EXPECT_EQ(model.find_settings()->settings.preprocessing.clip_mean, ClipMean::kSubtract);
  options.begin = TrainOptions::Begin::kResume;
  options.network.time_padding = CreateOptions::TimePadding::kZeros;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { train("a.onnx", options); }),
              HasSubstr("repeats border frames"));
}

TEST_F(TrainModel, ResumingWithOtherSettingsIsRefusedByName) {
  TrainOptions options = small();
  train("a.onnx", options);
  options.begin = TrainOptions::Begin::kResume;
  options.schedule.learning_rate = 0.02;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { train("a.onnx", options); }),
              HasSubstr("--lr 0.01, not 0.02"));
  write_bytes(out_ / "a.checkpoint.npz", "not a checkpoint");
  message_of(ErrorKind::kCorruptInput, [&] { train("a.onnx", options); });
}

TEST_F(TrainModel, TheModelSaysHowItIsToBeUsed) {
  TrainOptions options = small();
  options.frame_interval = 2;
  train("a.onnx", options);
  const Model model(out_ / "a.onnx");
  const auto found = model.find_settings();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->settings.sampling.frame_interval, 2);
  EXPECT_THAT(found->settings.class_names, ElementsAre("down", "left", "right", "up"));
  EXPECT_EQ(found->settings.preprocessing.crop, (Size{24, 24}));
  EXPECT_EQ(model.clip_shape(found->settings), (Shape{1, 3, 4, 24, 24}));
}

TEST_F(TrainModel, FineTuningKeepsFrozenLayersAndMergesBatchNorm) {
  TrainOptions options = small();
  options.network.architecture = "r3d_18";
  options.network.width = 0.05;
  options.epochs = 1;
  options.schedule.warmup_epochs = 0;
  train("first.onnx", options);
  options.network.init = out_ / "first.onnx";
  options.network.freeze = {"*"};
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { train("second.onnx", options); }),
              HasSubstr("nothing is left"));
  options.network.freeze = {"stem*", "layer*"};
  options.batch_norm = TrainOptions::BatchNorm::kMerge;
  const TrainResult result = train("second.onnx", options);
  EXPECT_GT(result.parameters, 0);
  const auto layers = describe_layers(Model(out_ / "second.onnx"), Shape{1, 3, 4, 24, 24}, {});
  for (const auto& layer : layers) EXPECT_NE(layer.op, "Affine") << layer.name;
}

/// What ONNX Runtime makes of clip.npz, and whether the onnx package finds nothing wrong with the file.
std::vector<double> logits_of_onnxruntime(const ScratchFolder& folder, const std::string& model) {
  const std::string error = python_error(
      folder.path(), fmt::format("import numpy, onnx, onnxruntime\n"
                                 "onnx.checker.check_model('{0}', full_check=True)\n"
                                 "session = onnxruntime.InferenceSession('{0}')\n"
                                 "clip = numpy.load('clip.npz')['clip']\n"
                                 "logits = session.run(None, {{session.get_inputs()[0].name: clip}})[0]\n"
                                 "numpy.savez('logits.npz', logits=logits)\n",
                                 model));
  if (!error.empty()) throw std::runtime_error(error);
  return read_npz(folder / "logits.npz").at("logits").as_doubles();
}

TEST_F(TrainModel, OnnxRuntimeGivesTheSameLogits) {
  if (lacks_python("numpy, onnx, onnxruntime"))
    GTEST_SKIP() << "python3 with numpy, onnx and onnxruntime is not installed";
  TrainOptions options = small();
  options.epochs = 1;
  options.schedule.warmup_epochs = 0;
  MethodOptions gradient;
  gradient.method = "gradient";
  std::map<std::string, Tensor> clip;
  clip["clip"] = testing::Random(4).uniform(Shape{1, 3, 4, 24, 24}, -2, 2);
  write_npz(out_ / "clip.npz", clip);
  for (const std::string architecture : {"c3d_small", "c3d_small_bn", "r3d_18", "r2plus1d_18"}) {
    for (const auto batch_norm : {TrainOptions::BatchNorm::kKeep, TrainOptions::BatchNorm::kMerge}) {
      options.network.architecture = architecture;
      options.batch_norm = batch_norm;
      train("a.onnx", options);
      const Model model(out_ / "a.onnx");
      ClipExplainer explainer(model, Shape{1, 3, 4, 24, 24}, gradient, nullptr);
      const auto have = explainer.forward(clip["clip"]).as_doubles();
      const auto want = logits_of_onnxruntime(out_, "a.onnx");
      ASSERT_EQ(have.size(), want.size());
      for (size_t i = 0; i < have.size(); ++i) EXPECT_NEAR(have[i], want[i], 1e-4) << architecture;
    }
  }
}

TEST_F(TrainModel, ADivergedRunKeepsItsCheckpoint) {
  TrainOptions options = small();
  options.epochs = 3;
  options.schedule = {.schedule = Schedule::kStep,
                      .learning_rate = 1e-3,
                      .warmup_epochs = 0,
                      .step_epochs = 1,
                      .step_factor = 1e30};
  options.optimiser.clip_norm = 0;
  const std::string message = message_of(ErrorKind::kCorruptInput, [&] { train("a.onnx", options); });
  EXPECT_THAT(message, HasSubstr("diverged in epoch 2"));
  EXPECT_THAT(message, HasSubstr("--lr"));
  EXPECT_TRUE(std::filesystem::exists(out_ / "a.checkpoint.npz"));
  EXPECT_FALSE(std::filesystem::exists(out_ / "a.onnx"));
}

TEST_F(TrainModel, UnreadableVideosAreNamedAndCounted) {
  write_bytes(out_ / "broken.mp4", "not a video");
  DataSet data;
  data.class_names = training_->class_names;
  data.rows = training_->rows;
  data.rows.push_back({out_ / "broken.mp4", "broken.mp4", 0, "down", 0, ""});
  TrainOptions options = small();
  options.epochs = 1;
  options.schedule.warmup_epochs = 0;
  std::vector<std::string> named;
  TrainObserver observer;
  observer.unreadable = [&](const UnreadableVideo& video) { named.push_back(video.name); };
  const TrainResult result = train_model(data, {}, out_ / "a.onnx", options, {}, observer);
  EXPECT_THAT(named, ElementsAre("broken.mp4"));
  EXPECT_EQ(result.unreadable.size(), 1U);
  options.max_bad_share = 0.01;
  EXPECT_THAT(
      message_of(ErrorKind::kCorruptInput, [&] { train_model(data, {}, out_ / "b.onnx", options, {}, {}); }),
      HasSubstr("broken.mp4"));
}

TEST_F(TrainModel, AClassWithoutAVideoIsNamed) {
  DataSet data;
  data.class_names = {"down", "left", "right", "up", "sideways"};
  data.rows = training_->rows;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { train_model(data, {}, out_ / "a.onnx", small(), {}, {}); }),
              HasSubstr("sideways"));
}

}  // namespace
}  // namespace relevid
