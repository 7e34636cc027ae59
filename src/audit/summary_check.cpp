// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "audit/summary.h"
#include "relevid/error.h"

namespace relevid::audit {

using run::differences;
using run::Manifest;

namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message);
}

/// Without what may differ between trainings of one recipe: the network, the videos, and the seed of the
/// controls.
Manifest recipe_of(Manifest manifest) {
  manifest.model_sha256.clear();
  manifest.dataset_sha256.clear();
  manifest.dataset_rows = 0;
  manifest.shard = {};
  auto settings = nlohmann::json::parse(manifest.settings, nullptr, false);
  if (!settings.is_object()) return manifest;
  settings.erase("seed");
  manifest.settings = settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return manifest;
}

void check_finished(const Training& training) {
  const RunCounts& counts = training.report.counts;
  const Shard& shard = training.report.manifest.shard;
  if (shard.count > 1) {
    refuse(
        fmt::format("{} is shard {} of a data set; `relevid merge` puts the shards together, and then they "
                    "can be summarised",
                    training.label, to_string(shard)));
  }
  if (counts.complete()) return;
  refuse(fmt::format("{} is not finished: {} of {} videos; the same command resumes it", training.label,
                     counts.done, counts.expected));
}

}  // namespace

void check_trainings(const std::vector<Training>& trainings) {
  for (size_t i = 0; i < trainings.size(); ++i) {
    const Manifest& own = trainings[i].report.manifest;
    check_finished(trainings[i]);
    for (size_t j = 0; j < i; ++j) {
      if (trainings[j].report.manifest.model_sha256 != own.model_sha256) continue;
      refuse(
          fmt::format("{} and {} are audits of one network (SHA-256 {:.12}); in a summary each training "
                      "counts once",
                      trainings[j].label, trainings[i].label, own.model_sha256));
    }
    const auto different = differences(recipe_of(trainings[0].report.manifest), recipe_of(own));
    if (different.empty()) continue;
    refuse(
        fmt::format("{} (there) and {} (here) cannot be summarised together: {}. Trainings of one recipe "
                    "may differ in their network, their videos and the seed alone",
                    trainings[0].label, trainings[i].label, run::summary(different)));
  }
}

}  // namespace relevid::audit
