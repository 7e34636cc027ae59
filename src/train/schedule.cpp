// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <cmath>
#include <numbers>

namespace relevid::train {

double learning_rate(const ScheduleOptions& options, int64_t step, int64_t steps_per_epoch, int64_t epochs) {
  const double done = static_cast<double>(step);
  const double rate = options.learning_rate.value();
  const double warmup = std::floor(options.warmup_epochs.value() * static_cast<double>(steps_per_epoch));
  if (done < warmup) return rate * (done + 1) / warmup;
  if (options.schedule == Schedule::kStep) {
    const double epoch = std::floor(done / static_cast<double>(steps_per_epoch));
    return rate * std::pow(options.step_factor, std::floor(epoch / static_cast<double>(options.step_epochs)));
  }
  const double total = static_cast<double>(steps_per_epoch * epochs) - warmup;
  return rate * (1 + std::cos(std::numbers::pi * (done - warmup) / total)) / 2;
}

}  // namespace relevid::train
