// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "api/frame_pictures.h"
#include "relevid/explain.h"

namespace relevid {

/// The frames and maps of a page, encoded (docs/dev/page-data.md). Frames that clips share are there once.
/// Borrows the explanations, which are of one input; those without relevance have no maps.
class PagePictures {
 public:
  /// What gives way where pictures would take more than the limit.
  enum class Fit {
    kLeaveOutClips,  ///< evenly chosen clips keep their frames and maps, one at least
    kShrink,         ///< all are made smaller by a whole factor, 8 at most
  };
  PagePictures(std::span<const Explanation> explanations, int64_t limit_bytes, Fit fit);

  /// Frames of the contract.
  nlohmann::json frames() const;
  /// Where a clip's frames stand in its list.
  std::vector<int64_t> places(size_t clip) const;
  /// Maps of the contract; null without relevance.
  nlohmann::json maps(size_t explanation) const;
  /// Scale of the contract, of the maps as they are here; null without relevance.
  nlohmann::json scale(size_t explanation, double percentile) const;
  /// Whether a clip has kept its frames and maps.
  bool keeps(size_t clip) const { return kept_.at(clip); }

 private:
  int64_t key(size_t clip, size_t t) const;
  void leave_out_clips(int64_t limit_bytes);
  void shrink(int64_t limit_bytes);
  int64_t encode(const std::vector<size_t>& clips);
  void keep_only(const std::vector<size_t>& clips);

  std::span<const Explanation> explanations_;
  FramePictures pictures_;
  std::vector<Tensor> relevance_;        ///< of each explanation, [N, T, H, W]; empty without relevance
  std::vector<double> limits_;           ///< the largest |R| of each
  int64_t factor_ = 1;                   ///< by which everything is smaller
  std::map<int64_t, int64_t> place_of_;  ///< by key, in its order
  std::map<int64_t, std::string> encoded_frames_;       ///< by key
  std::vector<std::vector<std::string>> encoded_maps_;  ///< by explanation and clip; "" not made
  std::vector<char> kept_;                              ///< by clip
};

}  // namespace relevid
