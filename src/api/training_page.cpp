// SPDX-License-Identifier: Apache-2.0
#include "api/training_page.h"

#include <nlohmann/json.hpp>

#include "api/page_file.h"
#include "api/records.h"
#include "base/atomic_file.h"
#include "train/history.h"

namespace relevid {
namespace {

nlohmann::json settings_of(const TrainOptions& options) {
  return {{"architecture", options.network.init.empty() ? options.network.architecture
                                                        : options.network.init.filename().string()},
          {"optimiser", options.optimiser.kind == OptimiserKind::kAdamW ? "adamw" : "sgd"},
          {"learning_rate", *options.schedule.learning_rate},
          {"weight_decay", *options.optimiser.weight_decay},
          {"warmup_epochs", *options.schedule.warmup_epochs},
          {"clip_norm", options.optimiser.clip_norm},
          {"batch", options.batch},
          {"clips_per_video", options.clips_per_video},
          {"keep", *options.keep == KeptState::kBest ? "best" : "last"},
          {"seed", options.seed}};
}

}  // namespace

void write_training_page(const std::filesystem::path& path, const std::string& model,
                         const TrainOptions& options, const TrainResult& so_far) {
  if (!has_page()) return;
  nlohmann::json page = {{"relevid_page", 1},
                         {"kind", "training"},
                         {"relevid", RELEVID_VERSION},
                         {"title", model},
                         {"epochs_planned", options.epochs},
                         {"chance_loss", so_far.chance_loss},
                         {"parameters", so_far.parameters},
                         {"training_videos", so_far.training_videos},
                         {"validation_videos", so_far.validation_videos},
                         {"kept", so_far.kept},
                         {"settings", settings_of(options)},
                         {"epochs", nlohmann::json::array()}};
  for (const EpochResult& epoch : so_far.epochs)
    page["epochs"].push_back(nlohmann::json::parse(train::to_json(epoch)));
  std::string html;
  embed_page([&](std::string_view piece) { html += piece; },
             [&](const ReportSink& data) { data(dumped(page, -1)); });
  write_file_atomically(path, html);
}

}  // namespace relevid
