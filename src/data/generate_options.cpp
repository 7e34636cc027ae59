// SPDX-License-Identifier: Apache-2.0
#include "data/generate_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid {
namespace {

const std::vector<std::string> kMotionClassesNames = {"4", "8", "rotation-zoom"};
const std::vector<std::string> kBackgroundNames = {"textured", "faint"};

size_t index_of(std::string_view word, const std::vector<std::string>& names, std::string_view what) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == word) return i;
  }
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} '{}' are not known{}; there are {}", what, word,
                                                       did_you_mean(word, names), fmt::join(names, ", ")));
}

template <class Number>
void require(std::string_view option, Number value, Number low, Number high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{} is {}; {} to {} will do", option, value, low, high));
}

}  // namespace

MotionClasses motion_classes(std::string_view word) {
  return static_cast<MotionClasses>(index_of(word, kMotionClassesNames, "classes"));
}
Background background(std::string_view word) {
  return static_cast<Background>(index_of(word, kBackgroundNames, "backgrounds"));
}
std::string_view name(MotionClasses classes) {
  return kMotionClassesNames[static_cast<size_t>(classes)];
}
std::string_view name(Background background) {
  return kBackgroundNames[static_cast<size_t>(background)];
}

const std::vector<std::string>& class_names(MotionClasses classes) {
  static const std::array<std::vector<std::string>, 3> kNames = {{
      {"down", "left", "right", "up"},
      {"down", "down-left", "down-right", "left", "right", "up", "up-left", "up-right"},
      {"clockwise", "counterclockwise", "zoom-in", "zoom-out"},
  }};
  return kNames[static_cast<size_t>(classes)];
}

void data::check(const GenerateOptions& options) {
  require<int64_t>("videos", options.videos, 1, 1'000'000);
  require<int64_t>("size", options.size_pixels, 16, 1024);
  require<int64_t>("frames", options.frames, 1, 100'000);
  require("fps", options.fps, 0.1, 1000.0);
  require("speed-min", options.speed_min, 1e-6, 100.0);
  require("speed-max", options.speed_max, options.speed_min, 100.0);
  require("shake", options.shake_pixels, 0.0, 100.0);
  require("noise", options.noise_levels, 0.0, 100.0);
  require<int64_t>("textures", options.textures, 1, 100'000);
  require("val-share", options.validation_share, 0.0, 0.9);
  require("crf", options.crf, 1, 51);
  require("threads", options.threads, 0, 1024);
}

}  // namespace relevid
