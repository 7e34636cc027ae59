// SPDX-License-Identifier: Apache-2.0
#include "models/architectures.h"
#include "models/layers.h"

namespace relevid::models {
namespace {

constexpr int64_t kPublishedClasses = 487;

struct Stage {
  std::vector<std::string> layers;  ///< names of its convolutions
  int64_t channels;
  Extent pool;
};

const std::vector<Stage>& stages() {
  static const std::vector<Stage> kStages = {
      {{"conv1a"}, 64, {1, 2, 2}},
      {{"conv2a"}, 128, {2, 2, 2}},
      {{"conv3a", "conv3b"}, 256, {2, 2, 2}},
      {{"conv4a", "conv4b"}, 512, {2, 2, 2}},
      {{"conv5a", "conv5b"}, 512, {2, 2, 2}},
  };
  return kStages;
}

}  // namespace

graph::Model create_c3d(const CreateOptions& options) {
  LayerWriter layers(options);
  Volume x = layers.input();
  for (size_t i = 0; i < stages().size(); ++i) {
    const Stage& stage = stages()[i];
    for (const std::string& name : stage.layers) {
      x = layers.convolution(x, name, layers.channels(stage.channels), {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
                             Bias::kZero);
      x = layers.relu(x, "relu" + name.substr(4));
    }
    x = layers.max_pool(x, "pool" + std::to_string(i + 1), stage.pool);
  }
  x = layers.flatten(x, "flatten");
  for (const char* number : {"6", "7"}) {
    x = layers.dense(x, std::string("fc") + number, layers.channels(4096));
    x = layers.relu(x, std::string("relu") + number);
  }
  x = layers.dense(x, "fc8", options.classes > 0 ? options.classes : kPublishedClasses);
  return std::move(layers).finish(x);
}

}  // namespace relevid::models
