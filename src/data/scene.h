// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "data/texture.h"
#include "relevid/generate.h"

namespace relevid::data {

/// The textures that all videos of a set share.
std::vector<Texture> draw_textures(const GenerateOptions& options);

struct Colouring {
  std::array<double, 3> mean;      ///< levels, of 255
  std::array<double, 3> contrast;  ///< levels by which a texture's standard deviation shows
};

/// In pixels from the picture's upper left corner: pixel i covers [i, i + 1).
struct Point {
  double x = 0, y = 0;
};

/// What one frame shows. The object's place goes round the picture's edges.
struct FrameState {
  Point object;  ///< centre, in [0, size): the camera's shake included
  Point shake;   ///< by which everything is displaced in this frame
  Texture::Pose object_pose;
};

/// All that is drawn for one video, but for the sensor's noise.
struct Scene {
  int64_t video = 0;
  int64_t group = 0;  ///< siblings differ in class, shake and noise alone
  int64_t label = 0;
  double speed = 0;   ///< pixels per frame: of the object, or of its rim where it turns or grows
  double radius = 0;  ///< pixels
  int64_t object_texture = 0, background_texture = 0;
  Point object_offset, background_offset;  ///< where in its texture each begins
  Colouring object_colour, background_colour;
  std::vector<FrameState> frames;
};

/// A pure function of the options and the video's number.
Scene draw_scene(const GenerateOptions& options, int64_t video);

bool held_out(const GenerateOptions& options, int64_t group);

/// "videos/000012.mp4", from the set's folder.
std::string video_name(int64_t video);

}  // namespace relevid::data
