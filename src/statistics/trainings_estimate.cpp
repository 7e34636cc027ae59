// SPDX-License-Identifier: Apache-2.0
#include "statistics/trainings_estimate.h"

#include <algorithm>
#include <cmath>

#include "statistics/distributions.h"
#include "statistics/grid.h"

namespace relevid::statistics {

// Note [Two levels]
//
// A training r has the value θ_r, a mean over its videos. Other trainings have other weights, and other
// videos are easier or harder for all trainings at once. With independent trainings,
//
//   Var(mean of R θ_r) = E[M] / R + C
//
// M is the sample variance of the θ_r, and C the mean covariance of two trainings' θ, which they owe to the
// videos they have in common. Between trainings that saw the same videos (a crossed design) C is what the
// videos contribute, and M does not hold it, as it moves all θ_r together. Between trainings with videos of
// their own (nested) C is 0, and M holds the videos' part too. Where some videos are shared, C is in between.
// So one formula serves all designs. It is the analysis of readers and cases by Obuchowski and Rockette
// (1995, Commun. Stat. Simul. 24:285), with trainings as readers and videos as cases. C is what a bootstrap
// that draws each video as often for every training estimates (Owen 2007, Ann. Appl. Stat. 1:386, draws both
// sides so); for means its limit is a sum over shared videos, so nothing is drawn here:
//
//   C_rs = Σ_v d_rv d_sv / (n_r n_s) · √(g_r g_s / ((g_r - 1) (g_s - 1))),   d_rv = y_rv - θ_r
//
// over the different videos v that both have; g counts a training's different videos, and d_rv sums over the
// copies of one. C is the mean over all pairs r ≠ s, and at least 0.
//
// The interval is θ ± h. Where trainings are few, the quantile has to be Student's, with R - 1 degrees of
// freedom for the trainings' part, and with one less than the g shared videos for theirs:
//
//   h² = max(t²_{R-1} M, t²_{n-1} (V - C)) / R + t²_{g-1} C
//
// Weighing each variance by its own t² (Banerjee 1960, Sankhya 22:357) holds the truth at least as often as
// is said, where one t with Satterthwaite's degrees of freedom, as Hillis has it (2007, Stat. Med. 26:596),
// falls short for three trainings (0.92 measured). The maximum says that the interval is never narrower than
// it were if all trainings were equal and only their videos, n in all, differed: V is the mean of the C_rr.
// M may be small by luck, or 0 where all values agree.
//
// Percentiles of a bootstrap of both levels hold the truth too rarely here: the variance of R resampled
// values is too small by (R - 1) / R, and their quantiles are the normal's and not Student's (measured in
// docs/dev/audit-statistics.md).
//
// A guard's observations (estimate.h) are added once to all videos: where all trainings have the same ones,
// as videos of all trainings; where each has its own, a part 1 / R of them to each; in between, the part of
// all videos that a training has. The squares of a part w are w times those of a whole.

namespace {

constexpr double kAnything = std::numeric_limits<double>::infinity();

/// A training's scaled deviations Σ d / n · √(g / (g - 1)) by index of the video, ascending.
struct Deviations {
  double mean = 0;  ///< with the guard
  double variance = 0;
  std::vector<std::pair<size_t, double>> of_videos;
  std::vector<double> of_added;
};

struct Videos {
  size_t end = 0;  ///< one past the largest index
  int64_t different = 0, shared = 0;
  double part = 0;  ///< of the different ones that a training has, on average
};

Videos videos_of(std::span<const TrainingValues* const> trainings) {
  Videos videos;
  for (const TrainingValues* training : trainings)
    for (const auto& [video, value] : *training) videos.end = std::max(videos.end, video + 1);
  std::vector<int64_t> seen_by(videos.end);
  std::vector<const TrainingValues*> last_seen_by(videos.end);
  for (const TrainingValues* training : trainings) {
    for (const auto& [video, value] : *training) {
      seen_by[video] += last_seen_by[video] == training ? 0 : 1;
      last_seen_by[video] = training;
    }
  }
  int64_t total = 0;
  for (const int64_t count : seen_by) {
    videos.different += count > 0 ? 1 : 0;
    videos.shared += count > 1 ? 1 : 0;
    total += count;
  }
  videos.part = static_cast<double>(total) / static_cast<double>(videos.different * std::ssize(trainings));
  return videos;
}

/// `part`: of the added observations that this training gets.
Deviations deviations_of(TrainingValues values, std::span<const double> added, double part) {
  std::ranges::stable_sort(values, {}, &std::pair<size_t, double>::first);
  const double more = part * static_cast<double>(added.size());
  const double count = static_cast<double>(values.size()) + more;
  Deviations result;
  for (const auto& [video, value] : values) result.mean += value / count;
  for (const double value : added) result.mean += part * value / count;
  for (const auto& [video, value] : values) {
    if (result.of_videos.empty() || result.of_videos.back().first != video)
      result.of_videos.emplace_back(video, 0);
    result.of_videos.back().second += (value - result.mean) / count;
  }
  for (const double value : added) result.of_added.push_back(std::sqrt(part) * (value - result.mean) / count);
  const double different = static_cast<double>(result.of_videos.size()) + more;
  const double scale = different > 1 ? std::sqrt(different / (different - 1)) : 0;
  for (auto& [video, deviation] : result.of_videos) result.variance += std::pow(deviation *= scale, 2);
  for (double& deviation : result.of_added) result.variance += std::pow(deviation *= scale, 2);
  return result;
}

/// C: Σ over r ≠ s of Σ_v d_rv d_sv is (Σ_r d_rv)² - Σ_r d_rv² for each video.
double mean_covariance(const std::vector<Deviations>& trainings, const Videos& videos) {
  std::vector<double> sums(videos.end), squares(videos.end);
  std::vector<double> added_sums(trainings[0].of_added.size()), added_squares(added_sums.size());
  for (const Deviations& training : trainings) {
    for (const auto& [video, d] : training.of_videos) {
      sums[video] += d;
      squares[video] += d * d;
    }
    for (size_t i = 0; i < added_sums.size(); ++i) {
      added_sums[i] += training.of_added[i];
      added_squares[i] += training.of_added[i] * training.of_added[i];
    }
  }
  double total = 0;
  for (size_t v = 0; v < videos.end; ++v) total += sums[v] * sums[v] - squares[v];
  for (size_t i = 0; i < added_sums.size() && videos.shared > 0; ++i)
    total += added_sums[i] * added_sums[i] - added_squares[i];
  const auto count = static_cast<double>(trainings.size());
  return std::max(0.0, total / (count * (count - 1)));
}

double sample_variance(const std::vector<Deviations>& trainings, double mean) {
  double sum = 0;
  for (const Deviations& training : trainings) sum += std::pow(training.mean - mean, 2);
  return sum / static_cast<double>(trainings.size() - 1);
}

double squared_student(int64_t size) {
  const double t = student_quantile(kUpperLevel, std::max<int64_t>(1, size - 1));
  return t * t;
}

double lowest_of(Guard guard) {
  if (guard == Guard::kNone) return -kAnything;
  return guard == Guard::kProportion ? 0 : -1;
}

}  // namespace

double mean_of(const TrainingValues& values) {
  double sum = 0;
  for (const auto& [video, value] : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TrainingsEstimate over_trainings(std::span<const TrainingValues> all, Guard guard) {
  std::vector<const TrainingValues*> trainings;
  for (const TrainingValues& one : all)
    if (!one.empty()) trainings.push_back(&one);
  TrainingsEstimate estimate;
  estimate.trainings = std::ssize(trainings);
  if (trainings.empty()) return estimate;
  const auto count = static_cast<double>(trainings.size());
  estimate.value = 0;
  for (const TrainingValues* one : trainings) estimate.value += mean_of(*one) / count;
  const Videos videos = videos_of(trainings);
  estimate.videos = videos.different;
  if (estimate.trainings < kFewestTrainings) return estimate;
  std::vector<Deviations> deviations;
  double centre = 0, within = 0, spread = 0;
  for (const TrainingValues* one : trainings) {
    deviations.push_back(deviations_of(*one, added_by(guard), videos.part));
    centre += deviations.back().mean / count;
    within += deviations.back().variance / count;
    spread += std::pow(mean_of(*one) - estimate.value, 2) / (count - 1);
  }
  const double shared = mean_covariance(deviations, videos);
  const double between = sample_variance(deviations, centre);
  estimate.deviation = std::sqrt(spread);
  estimate.standard_error = std::sqrt(std::max(between, within - shared) / count + shared);
  const double of_trainings = std::max(squared_student(estimate.trainings) * between,
                                       squared_student(estimate.videos) * (within - shared));
  const double half = std::sqrt(of_trainings / count + squared_student(videos.shared) * shared);
  const double highest = guard == Guard::kNone ? kAnything : 1;
  estimate.low = std::min(std::max(centre - half, lowest_of(guard)), estimate.value);
  estimate.high = std::max(std::min(centre + half, highest), estimate.value);
  return estimate;
}

}  // namespace relevid::statistics
