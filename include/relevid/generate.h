// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"
#include "relevid/progress.h"

namespace RELEVID_EXPORT relevid {

/// What tells the classes of generated videos apart.
enum class MotionClasses {
  kFour,          ///< down, left, right, up
  kEight,         ///< and the diagonals
  kRotationZoom,  ///< clockwise, counterclockwise, zoom-in, zoom-out: the object turns or grows where it is
};

/// How much texture lies behind the object.
enum class Background {
  kTextured,  ///< as strong as the object, as in real video
  kFaint,     ///< a seventh of it
};

/// "4", "8", "rotation-zoom"; "textured", "faint". An unknown name is Error(kInvalidArgument).
MotionClasses motion_classes(std::string_view name);
/// The inverse of name(). Throws Error(kInvalidArgument) with the nearest name.
Background background(std::string_view name);
/// The name used on the command line.
std::string_view name(MotionClasses classes);
/// The name used on the command line.
std::string_view name(Background background);

/// By label; sorted, so that a reader that sorts class names finds the same labels.
const std::vector<std::string>& class_names(MotionClasses classes);

/// What is drawn how, and why, is described in docs/user/generate.md.
struct GenerateOptions {
  int64_t videos = 1000;
  uint64_t seed = 1;
  MotionClasses classes = MotionClasses::kFour;
  Background background = Background::kTextured;
  int64_t size_pixels = 64;  ///< height and width
  int64_t frames = 48;
  double fps = 25;
  double speed_min = 0.05;  ///< pixels per frame; drawn log-uniformly between the two
  double speed_max = 0.8;
  double shake_pixels = 0.4;      ///< standard deviation of the camera's place, per axis and frame
  double noise_levels = 4;        ///< standard deviation of the sensor's noise, of 255
  int64_t textures = 64;          ///< size of the pool that objects and backgrounds share
  double validation_share = 0.2;  ///< of the groups of siblings
  int crf = 18;                   ///< x264's constant rate factor
  int threads = 0;                ///< videos made at a time; 0: as many as cores. Changes no file
};

/// What was made, and where its lists are.
struct GenerateResult {
  int64_t written = 0;
  int64_t kept = 0;  ///< were there already, from a run with the same settings
  double seconds = 0;
  std::filesystem::path all_list, training_list, validation_list;
};

/// Writes FOLDER/videos/NNNNNN.mp4, lists of them with labels (videos.csv, train.csv, val.csv), what was
/// drawn for each (drawn.csv), the object's place in every frame (positions.csv), and the settings
/// (manifest.json). Goes on where a run with the same settings stopped; such a set can grow, too. The same
/// options give the same bytes on one machine. Errors: kInvalidArgument (options; a folder of other settings,
/// naming the first that differs; a folder of something else), kIo (a full disk included), kCorruptInput
/// (manifest). Throws Interrupted, leaving whole videos only.
GenerateResult generate_videos(const std::filesystem::path& folder, const GenerateOptions& options,
                               const RunControl& control = {});

}  // namespace relevid
