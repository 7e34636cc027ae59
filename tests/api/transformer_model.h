// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "relevid/model.h"
#include "relevid/preprocessing.h"

namespace relevid::testing {

/// A VideoMAE of the families' references: 5 classes of clips [8, 3, 12, 12] in tubelets of two frames, 4
/// steps in time of 3 x 3 places, with position embeddings.
inline Model transformer_model() {
  return Model(RELEVID_REFERENCES_DIR "/videomae.onnx");
}

inline ModelSettings transformer_settings() {
  ModelSettings settings;
  settings.preprocessing.layout = ClipLayout::kNtchw;
  settings.preprocessing.spatial = Spatial::kStretch;
  settings.preprocessing.stretch = {12, 12};
  settings.preprocessing.mean = {0.4, 0.5, 0.6};
  settings.preprocessing.std = {0.3, 0.2, 0.25};
  settings.sampling.clip_len = 8;
  settings.sampling.num_clips = 2;
  return settings;
}

}  // namespace relevid::testing
