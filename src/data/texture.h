// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "base/random.h"

namespace relevid::data {

/// A sum of plane waves. Its finest wave is well below half a cycle a pixel, so that it can be moved, turned
/// and grown by any part of a pixel exactly, with no interpolation that could tell how it moves. See Note
/// [Endless zoom].
class Texture {
 public:
  static Texture draw(Random& random);

  /// The width of the band of frequencies as a logarithm: a scale larger by it gives the same spectrum.
  static constexpr double kBand = 2;

  /// How it lies in the picture.
  struct Pose {
    double angle = 0;  ///< radians, clockwise as pictures are shown
    double scale = 0;  ///< its size as a logarithm to base e
  };

  /// Values with mean 0 and mean square 1 over the plane at all points (x, y), into [ys, xs].
  void evaluate(std::span<const double> xs, std::span<const double> ys, const Pose& pose,
                std::vector<float>& values) const;

 private:
  struct Wave {
    double direction;  ///< radians
    double place;      ///< in the band of frequencies, [0, 1)
    double phase;      ///< radians
  };
  std::vector<Wave> waves_;
};

}  // namespace relevid::data
