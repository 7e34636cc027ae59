// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "data/scene.h"

namespace relevid::data {

/// Draws the frames of one scene, in order. Borrows its arguments. Not thread-safe; one a thread.
class Renderer {
 public:
  Renderer(const GenerateOptions& options, const std::vector<Texture>& textures, const Scene& scene);

  /// The next frame, 8-bit RGB [size, size, 3]; valid until the next call.
  const std::vector<uint8_t>& next_frame();

 private:
  void draw_background(const FrameState& state);
  void draw_object(const FrameState& state);
  void expose();

  const GenerateOptions& options_;
  const std::vector<Texture>& textures_;
  const Scene& scene_;
  Random noise_;
  size_t frame_ = 0;
  std::vector<double> xs_, ys_;
  std::vector<float> texture_;
  std::vector<float> light_;  // [size, size, 3]
  std::vector<uint8_t> rgb_;  // [size, size, 3]
};

}  // namespace relevid::data
