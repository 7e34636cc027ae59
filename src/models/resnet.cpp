// SPDX-License-Identifier: Apache-2.0
#include "models/architectures.h"
#include "models/layers.h"

namespace relevid::models {
namespace {

constexpr int64_t kKinetics400Classes = 400;

class ResNet {
 public:
  ResNet(ResidualKind kind, const CreateOptions& options)
      : kind_(kind),
        classes_(options.classes > 0 ? options.classes : kKinetics400Classes),
        layers_(options) {}

  graph::Model create() && {
    Volume x = stem(layers_.input());
    int64_t published = 64;
    for (int stage = 1; stage <= 4; ++stage, published *= 2) {
      const std::string name = "layer" + std::to_string(stage);
      x = block(x, name + ".0", layers_.channels(published), stage == 1 ? 1 : 2);
      x = block(x, name + ".1", layers_.channels(published), 1);
    }
    x = layers_.flatten(layers_.global_average(x, "avgpool"), "flatten");
    return std::move(layers_).finish(layers_.dense(x, "fc", classes_));
  }

 private:
  /// A convolution without bias and its batch norm, numbered as in torchvision's sequences.
  Volume normalised(const Volume& x, const std::string& sequence, int first, int64_t channels,
                    const Extent& kernel, const Extent& strides, const Extent& pads) {
    const auto name = [&](int index) { return sequence + "." + std::to_string(first + index); };
    const Volume y = layers_.convolution(x, name(0), channels, kernel, strides, pads, Bias::kNone);
    return layers_.batch_norm(y, name(1));
  }

  Volume stem(const Volume& clip) {
    if (kind_ == ResidualKind::kR3d) {
      const Volume x = normalised(clip, "stem", 0, layers_.channels(64), {3, 7, 7}, {1, 2, 2}, {1, 3, 3});
      return layers_.relu(x, "stem.2");
    }
    Volume x = normalised(clip, "stem", 0, layers_.channels(45), {1, 7, 7}, {1, 2, 2}, {0, 3, 3});
    x = layers_.relu(x, "stem.2");
    x = normalised(x, "stem", 3, layers_.channels(64), {3, 1, 1}, {1, 1, 1}, {1, 0, 0});
    return layers_.relu(x, "stem.5");
  }

  /// A 3x3x3 convolution with its batch norm, or the pair of a spatial and a temporal one that stands for it.
  Volume unit(const Volume& x, const std::string& name, int64_t channels, int64_t middle, int64_t stride) {
    if (kind_ == ResidualKind::kR3d) {
      return normalised(x, name, 0, channels, {3, 3, 3}, {stride, stride, stride}, {1, 1, 1});
    }
    const std::string pair = name + ".0";
    Volume y = normalised(x, pair, 0, middle, {1, 3, 3}, {1, stride, stride}, {0, 1, 1});
    y = layers_.relu(y, pair + ".2");
    y = layers_.convolution(y, pair + ".3", channels, {3, 1, 1}, {stride, 1, 1}, {1, 0, 0}, Bias::kNone);
    return layers_.batch_norm(y, name + ".1");
  }

  Volume block(const Volume& x, const std::string& name, int64_t channels, int64_t stride) {
    // As many weights in the pair as a 3x3x3 convolution would have.
    const int64_t middle = (x.channels * channels * 27) / (x.channels * 9 + channels * 3);
    Volume y = unit(x, name + ".conv1", channels, middle, stride);
    y = layers_.relu(y, name + ".conv1.relu");
    y = unit(y, name + ".conv2", channels, middle, 1);
    const bool same = stride == 1 && x.channels == channels;
    const Volume shortcut = same ? x
                                 : normalised(x, name + ".downsample", 0, channels, {1, 1, 1},
                                              {stride, stride, stride}, {0, 0, 0});
    return layers_.relu(layers_.add(y, shortcut, name + ".add"), name + ".relu");
  }

  ResidualKind kind_;
  int64_t classes_;
  LayerWriter layers_;
};

}  // namespace

graph::Model create_resnet_18(ResidualKind kind, const CreateOptions& options) {
  return ResNet(kind, options).create();
}

}  // namespace relevid::models
