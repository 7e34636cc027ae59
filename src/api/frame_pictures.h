// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "relevid/colormap.h"
#include "relevid/explain.h"

namespace relevid {

/// The frames of an explanation's clips as the network saw them, at its resolution. Borrows the explanation.
class FramePictures {
 public:
  explicit FramePictures(const Explanation& explanation);

  /// Frame t of a clip. One given as numbers: the values between the clips' smallest and largest, as grey or
  /// RGB.
  Picture at(int64_t clip, int64_t t) const;
  /// Width over height at which a picture shows the source's pixels as squares.
  double aspect() const;

 private:
  Picture of_numbers(int64_t clip, int64_t t) const;

  const Explanation& explanation_;
  float low_ = 0, range_ = 1;  ///< of clips given as numbers
};

}  // namespace relevid
