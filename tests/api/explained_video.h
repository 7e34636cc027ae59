// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

#include "relevid/create.h"
#include "relevid/explanation_files.h"
#include "support/scratch.h"

namespace relevid::testing {

inline constexpr int64_t kFrames = 8, kSide = 32;

inline void make_model(const std::filesystem::path& path, uint64_t seed, int64_t frames = kFrames) {
  CreateOptions options;
  options.classes = 3;
  options.clip_len = frames;
  options.height = kSide;
  options.width = 0.03;
  options.seed = seed;
  create_model("c3d", path, options);
}

/// A folder of images of noise, whose name would be markup where names were not data.
inline std::filesystem::path make_video(const ScratchFolder& folder, const std::string& name, int64_t frames,
                                        int64_t side = 40) {
  const auto path = folder / name;
  std::filesystem::create_directory(path);
  for (int64_t frame = 0; frame < frames; ++frame) {
    std::string pixels;
    for (int64_t i = 0; i < side * side * 3; ++i)
      pixels += static_cast<char>((i * 37 + i * i % 251 + frame * 29) % 256);
    write_bytes(path / fmt::format("{:03}.ppm", frame), fmt::format("P6\n{0} {0}\n255\n", side) + pixels);
  }
  return path;
}

/// A small network and a video of 20 frames, of which clips are taken 4 frames apart; three targets.
class ExplainedVideo : public ::testing::Test {
 protected:
  ExplainedVideo() {
    make_model(folder_ / "c3d.onnx", 1);
    model_.emplace(folder_ / "c3d.onnx");
    settings_ = model_->find_settings()->settings;
    settings_.sampling.stride = 4;
    video_ = make_video(folder_, "<img src=x onerror=alert(1)>", 20);
    options_.folder = folder_ / "out";
    options_.stem = "v";
    options_.null_profile = null_profile(*model_, model_->clip_shape(settings_), method("deep_taylor"));
  }

  static MethodOptions method(const std::string& name) {
    MethodOptions options;
    options.method = name;
    options.threads = 1;
    return options;
  }

  std::vector<Explanation> explain(const std::filesystem::path& input, std::vector<std::string> names) const {
    std::vector<MethodOptions> methods;
    for (const std::string& name : names) methods.push_back(method(name));
    return explain_by(input, methods);
  }
  std::vector<Explanation> explain_by(const std::filesystem::path& input,
                                      const std::vector<MethodOptions>& methods) const {
    const Shape shape = model_->clip_shape(settings_);
    auto [low, high] = input_bounds(settings_.preprocessing, kFrames);
    const InputRange range{std::move(low), std::move(high)};
    ClipExplainer explainer(*model_, shape, methods, &range);
    InputOptions input_options;
    input_options.settings = settings_;
    const std::vector<TargetChoice> targets = {{std::nullopt}, {0}, {1}};
    return explain_input(explainer, shape, input, input_options, targets, {});
  }

  ScratchFolder folder_;
  std::optional<Model> model_;
  ModelSettings settings_;
  std::filesystem::path video_;
  OutputOptions options_;
};

}  // namespace relevid::testing
