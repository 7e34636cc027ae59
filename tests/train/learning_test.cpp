// SPDX-License-Identifier: Apache-2.0
// The default recipe learns, whatever the seed: 24 trainings of the demo's network are
// bench/training/seeds.sh's.
#include <gtest/gtest.h>

#include "relevid/generate.h"
#include "relevid/train.h"
#include "support/scratch.h"

namespace relevid {
namespace {

TEST(Learning, EverySeedLearnsWhichWayAPatchMoves) {
  const testing::ScratchFolder folder;
  GenerateOptions made;
  made.videos = 200;
  made.size_pixels = 32;
  made.frames = 16;
  made.background = Background::kFaint;
  made.speed_min = 0.6;
  made.speed_max = 1.2;
  made.shake_pixels = 0.1;
  const GenerateResult set = generate_videos(folder / "set", made);
  TrainOptions options;
  options.network = {.architecture = "c3d_small", .width = 0.125, .dropout = 0, .init = {}, .freeze = {}};
  options.size = 28;
  options.resize = 32;
  options.clip_len = 8;
  options.clip_mean = ClipMean::kSubtract;
  options.clips_per_video = 2;
  options.epochs = 10;
  options.schedule.learning_rate = 0.003;  // few updates
  options.cache = folder / "cache";
  for (options.seed = 1; options.seed <= 3; ++options.seed) {
    const TrainResult result = train_model(read_dataset(set.training_list), read_dataset(set.validation_list),
                                           folder / "m.onnx", options, {}, {});
    const EpochResult& kept = result.epochs[static_cast<size_t>(result.kept)];
    EXPECT_GE(kept.validation->videos_right, 34) << "of 40, seed " << options.seed;
    EXPECT_LT(kept.loss, 0.6) << "seed " << options.seed;
    EXPECT_EQ(kept.attempt, 1) << "seed " << options.seed;
  }
}

}  // namespace
}  // namespace relevid
