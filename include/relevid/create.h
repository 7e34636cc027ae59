// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What may differ from an architecture as it was published.
struct CreateOptions {
  int64_t classes = 0;    ///< 0: as published
  int64_t clip_len = 16;  ///< frames
  int64_t height = 112;   ///< of the square frames, in pixels
  double width = 1;       ///< factor on every number of channels
  uint64_t seed = 1;      ///< of the weights
  double dropout = 0;     ///< before the last fully connected layers; 0: none. Training alone drops
  /// kVaried: factors and statistics off their neutral values, so that a runtime which merges them wrongly is
  /// seen. kNeutral: as training starts.
  enum class BatchNorm { kVaried, kNeutral } batch_norm = BatchNorm::kVaried;
  /// What a convolution sees before the first and after the last frame: zeros, as published, or that frame
  /// again. In space it is zeros always.
  enum class TimePadding { kZeros, kRepeat } time_padding = TimePadding::kZeros;
};

/// "c3d" (Tran et al. 2015), "c3d_small" (its first four stages with a convolution each and half the
/// channels, for small frames), "c3d_bn" and "c3d_small_bn" (these with batch norms), "r3d_18", "r2plus1d_18"
/// (Tran et al. 2018), "vit" (the encoder of VideoMAE, Tong et al. 2022, with learnt positions), "vit_small"
/// (4 blocks of 128 channels, tubelets of 2 x 8 x 8).
std::vector<std::string> architectures();

/// Writes an architecture with random weights as ONNX, atomically; the same on every machine for the same
/// options. Its metadata holds a preprocessing (stretched to its size, values in [-2, 2]) and the published
/// sampling of one clip, so that it runs on videos as it is. Throws Error(kInvalidArgument) for another name
/// or options out of range, Error(kIo).
void create_model(std::string_view architecture, const std::filesystem::path& path,
                  const CreateOptions& options);

}  // namespace relevid
