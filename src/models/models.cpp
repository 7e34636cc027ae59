// SPDX-License-Identifier: Apache-2.0
#include "models/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>

#include "base/suggest.h"
#include "models/architectures.h"
#include "relevid/error.h"

namespace relevid::models {
namespace {

struct Architecture {
  std::string name;
  std::function<graph::Model(const CreateOptions&)> create;
};

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> kArchitectures = {
      {"c3d", [](const auto& options) { return create_c3d(Normalisation::kNone, options); }},
      {"c3d_bn", [](const auto& options) { return create_c3d(Normalisation::kBatch, options); }},
      {"c3d_small", [](const auto& options) { return create_c3d_small(Normalisation::kNone, options); }},
      {"c3d_small_bn", [](const auto& options) { return create_c3d_small(Normalisation::kBatch, options); }},
      {"r3d_18", [](const auto& options) { return create_resnet_18(ResidualKind::kR3d, options); }},
      {"r2plus1d_18", [](const auto& options) { return create_resnet_18(ResidualKind::kR2Plus1d, options); }},
      {"vit", [](const auto& options) { return create_video_transformer(TransformerSize::kBase, options); }},
      {"vit_small",
       [](const auto& options) { return create_video_transformer(TransformerSize::kSmall, options); }},
  };
  return kArchitectures;
}

void require(bool holds, std::string_view option, std::string_view range) {
  if (holds) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} is out of range; {} is taken", option, range));
}

void check(const CreateOptions& options) {
  constexpr int64_t kMost = 1 << 20;
  require(options.classes >= 0 && options.classes <= kMost, "the number of classes", "1 to 1048576");
  require(options.clip_len >= 1 && options.clip_len <= 1024, "the clip length", "1 to 1024 frames");
  require(options.height >= 16 && options.height <= 4096, "the height", "16 to 4096 pixels");
  require(std::isfinite(options.width) && options.width > 0 && options.width <= 16, "the width factor",
          "more than 0 and up to 16");
  require(options.dropout >= 0 && options.dropout < 1, "the dropout's ratio", "0 up to, but not, 1");
}

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const Architecture& architecture : architectures()) result.push_back(architecture.name);
  return result;
}

graph::Model create(std::string_view name, const CreateOptions& options) {
  check(options);
  for (const Architecture& architecture : architectures()) {
    if (architecture.name != name) continue;
    graph::Model model = architecture.create(options);
    model.metadata["relevid.architecture"] = architecture.name;
    model.metadata["relevid.weights"] = fmt::format("random, seed {}", options.seed);
    model.metadata["relevid.width"] = fmt::format("{:g}", options.width);
    return model;
  }
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("no architecture '{}'{}; there are {}", name, did_you_mean(name, names()),
                          fmt::join(names(), ", ")));
}

}  // namespace relevid::models
