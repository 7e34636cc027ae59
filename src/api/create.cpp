// SPDX-License-Identifier: Apache-2.0
#include "relevid/create.h"

#include "models/models.h"
#include "onnx/export.h"
#include "relevid/preprocessing.h"

namespace relevid {

std::vector<std::string> architectures() {
  return models::names();
}

void create_model(std::string_view architecture, const std::filesystem::path& path,
                  const CreateOptions& options) {
  graph::Model model = models::create(architecture, options);
  ModelSettings settings;
  settings.preprocessing.spatial = Spatial::kStretch;
  settings.preprocessing.stretch = {options.height, options.height};
  settings.preprocessing.mean = {0.5, 0.5, 0.5};
  settings.preprocessing.std = {0.25, 0.25, 0.25};
  settings.sampling.clip_len = options.clip_len;
  model.metadata["relevid"] = to_json(settings);
  onnx_io::write_model(model, path);
}

}  // namespace relevid
