// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "audit/observation.h"
#include "run/manifest.h"
#include "run/run_reader.h"

namespace relevid::audit {

/// What the statistics want to know of a run's settings.
struct RunSettings {
  int64_t base_interval = 1;
  std::optional<double> fps;          ///< to which videos were resampled
  std::string method, second_method;  ///< names; empty where the settings don't have them
};
/// From the manifest's settings. A base interval that they do not name is that of the controls, otherwise
/// the smallest. Throws Error(kCorruptInput) where it is none of the conditions.
RunSettings settings_of(const run::Manifest& manifest);

/// A run's videos as the statistics take them: those of state ok, by the manifest's conditions. Borrows the
/// reader; holds one video at a time.
VideoSource videos_of(run::RunReader& reader);

}  // namespace relevid::audit
