// SPDX-License-Identifier: Apache-2.0
#include "models/architectures.h"
#include "models/layers.h"

namespace relevid::models {
namespace {

constexpr int64_t kSports1mClasses = 487;

struct Stage {
  std::vector<std::string> layers;  ///< names of its convolutions
  int64_t channels;
  Extent pool;
};

/// Convolutions of 3 x 3 x 3, each with a ReLU, and a pooling after every stage.
Volume convolve(LayerWriter& layers, Normalisation normalisation, const std::vector<Stage>& stages) {
  const bool normalised = normalisation == Normalisation::kBatch;
  Volume x = layers.input();
  for (size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    for (const std::string& name : stage.layers) {
      x = layers.convolution(x, name, layers.channels(stage.channels), {3, 3, 3}, {1, 1, 1}, {1, 1, 1},
                             normalised ? Bias::kNone : Bias::kZero);
      if (normalised) x = layers.batch_norm(x, "norm" + name.substr(4));
      x = layers.relu(x, "relu" + name.substr(4));
    }
    x = layers.max_pool(x, "pool" + std::to_string(i + 1), stage.pool);
  }
  return layers.flatten(x, "flatten");
}

int64_t classes(const CreateOptions& options) {
  return options.classes > 0 ? options.classes : kSports1mClasses;
}

}  // namespace

graph::Model create_c3d(Normalisation normalisation, const CreateOptions& options) {
  LayerWriter layers(options);
  Volume x = convolve(layers, normalisation,
                      {{{"conv1a"}, 64, {1, 2, 2}},
                       {{"conv2a"}, 128, {2, 2, 2}},
                       {{"conv3a", "conv3b"}, 256, {2, 2, 2}},
                       {{"conv4a", "conv4b"}, 512, {2, 2, 2}},
                       {{"conv5a", "conv5b"}, 512, {2, 2, 2}}});
  for (const std::string number : {"6", "7"}) {
    x = layers.dense(x, "fc" + number, layers.channels(4096));
    x = layers.relu(x, "relu" + number);
    x = layers.dropout(x, "drop" + number);
  }
  return std::move(layers).finish(layers.dense(x, "fc8", classes(options)));
}

graph::Model create_c3d_small(Normalisation normalisation, const CreateOptions& options) {
  LayerWriter layers(options);
  Volume x = convolve(layers, normalisation,
                      {{{"conv1"}, 32, {1, 2, 2}},
                       {{"conv2"}, 64, {2, 2, 2}},
                       {{"conv3"}, 128, {2, 2, 2}},
                       {{"conv4"}, 128, {2, 2, 2}}});
  x = layers.dropout(x, "drop5");
  return std::move(layers).finish(layers.dense(x, "fc5", classes(options)));
}

}  // namespace relevid::models
