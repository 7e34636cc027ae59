// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "explain/volume.h"
#include "relevid/methods.h"

namespace relevid {

/// A clip, of which parts can be taken out: keep x + (1 - keep) fill, with keep in [0, 1] for every frame,
/// row and column. Owns both.
class ClipChanger {
 public:
  /// `clip` is one item, [1, ...] float32. `fill` is not kDefault.
  ClipChanger(Tensor clip, const ClipAxes& axes, Fill fill);

  const Extent& extent() const { return axes_.extent; }
  std::span<const float> clip() const { return clip_.values<float>(); }
  /// Where it is frozen: x'[t] = keep[t] x[t] + (1 - keep[t]) x'[t - 1], as Mänttäri et al. 2020 (ACCV)
  /// freeze frames; before the first kept frame stands that one, and where none is kept the middle one.
  void write(const Volume& keep, std::span<float> into) const;
  /// The same for frames as a whole.
  void write_frames(std::span<const double> keep, std::span<float> into) const;
  /// Gradient by keep where the gradient by the changed clip is given: Σ over channels of g (x - fill). Not
  /// for kFreeze.
  Volume slope_by_keep(std::span<const float> gradient) const;
  /// The same for kFreeze and whole frames; `changed` is what write_frames made with `keep`.
  std::vector<double> slope_by_frozen_frames(std::span<const double> keep, std::span<const float> changed,
                                             std::span<const float> gradient) const;

 private:
  void write_frozen(const Volume& keep, std::span<float> into) const;

  Tensor clip_;
  ClipAxes axes_;
  Fill fill_;
  std::vector<float> stand_in_;  ///< empty for kFreeze
};

}  // namespace relevid
