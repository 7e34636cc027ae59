// SPDX-License-Identifier: Apache-2.0
#include "evaluate/statistics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "evaluate/plan.h"
#include "evaluate/video_values.h"
#include "evaluate/warnings.h"
#include "relevid/error.h"
#include "statistics/bootstrap.h"

namespace relevid::evaluate {
namespace {

using statistics::Bootstrap;
using statistics::Combination;
using statistics::Estimate;

std::vector<std::string> methods_of(const run::Manifest& manifest) {
  std::vector<std::string> names;
  const auto settings = nlohmann::json::parse(manifest.settings, nullptr, false);
  if (settings.is_object() && settings.contains("methods")) {
    for (const auto& method : settings["methods"]) {
      if (method.is_object() && method.contains("name") && method["name"].is_string())
        names.push_back(method["name"]);
    }
  }
  if (names.empty()) throw Error(ErrorKind::kCorruptInput, "the run does not say which methods it evaluates");
  return names;
}

/// A power of two that brings all values into the bootstrap's range; exact, so that nothing is rounded by it.
double factor_for(double largest) {
  double factor = 1;
  while (largest * factor > 2) factor /= 2;
  return factor;
}

/// The columns of a method in the bootstrap's panel.
enum Column : size_t { kAbpc, kAopc, kDeletion, kInsertion, kColumns };

class FlippingStatistics {
 public:
  FlippingStatistics(const std::vector<VideoValues>& videos, const FlippingKey& key,
                     const std::vector<std::string>& rivals, const EvaluationReportOptions& options)
      : key_(key), rivals_(rivals), bootstrap_(options.seed, options.replicates) {
    for (const VideoValues& video : videos) {
      const auto found = video.flippings.find(key);
      if (found == video.flippings.end()) damaged();
      videos_.emplace_back(&video, &found->second);
      for (const std::string& rival : rivals)
        if (!found->second.contains(rival)) damaged();
    }
    fill();
  }

  FlippingResult result() {
    FlippingResult result;
    result.regions = key_.first;
    result.fill = key_.second;
    result.videos = std::ssize(videos_);
    for (const auto& [video, methods] : videos_) {
      result.whole += methods->at(rivals_[0]).whole / static_cast<double>(videos_.size());
      result.flipped += methods->at(rivals_[0]).flipped / static_cast<double>(videos_.size());
    }
    for (size_t r = 0; r < rivals_.size(); ++r) result.ranking.push_back(ranked(r));
    count_pairs(result);
    std::ranges::stable_sort(result.ranking, std::greater<>(),
                             [](const Ranked& ranked) { return ranked.abpc.value; });
    result.warnings = warnings_of(result);
    return result;
  }

 private:
  [[noreturn]] void damaged() const {
    throw Error(ErrorKind::kCorruptInput, fmt::format("a video has no curves of {}:{} for every method; the "
                                                      "run is damaged",
                                                      key_.first, key_.second));
  }

  void fill() {
    double largest = 0;
    std::vector<std::vector<double>> rows;
    for (const auto& [video, methods] : videos_) {
      std::vector<double>& row = rows.emplace_back();
      for (const std::string& rival : rivals_) {
        const FlippingValues& v = methods->at(rival);
        row.insert(row.end(), {v.abpc, v.aopc, v.deletion, v.insertion});
      }
      for (const double value : row) largest = std::max(largest, std::abs(value));
    }
    factor_ = factor_for(largest);
    panel_ = bootstrap_.add_panel(rivals_.size() * kColumns);
    for (size_t v = 0; v < rows.size(); ++v) {
      for (double& value : rows[v]) value *= factor_;
      bootstrap_.next_video(videos_[v].first->key);
      bootstrap_.add(panel_, rows[v]);
    }
    best_ = 0;
    for (size_t r = 1; r < baselines_from(); ++r)
      if (plain_abpc(r) > plain_abpc(best_)) best_ = r;
  }

  size_t baselines_from() const { return rivals_.size() - 2; }
  size_t random() const { return baselines_from(); }

  double plain_abpc(size_t rival) const {
    double sum = 0;
    for (const auto& [video, methods] : videos_) sum += methods->at(rivals_[rival]).abpc;
    return sum;
  }

  Estimate mean(const Combination& combination) {
    return bootstrap_.mean(panel_, combination).scaled(1 / factor_);
  }
  Estimate column(size_t rival, Column column) { return mean({{rival * kColumns + column, 1}}); }
  Estimate difference(size_t a, size_t b) {
    return mean({{a * kColumns + kAbpc, 1}, {b * kColumns + kAbpc, -1}});
  }

  Ranked ranked(size_t r) {
    Ranked ranked;
    ranked.method = rivals_[r];
    ranked.baseline = r >= baselines_from();
    ranked.abpc = column(r, kAbpc);
    ranked.aopc = column(r, kAopc);
    ranked.deletion = column(r, kDeletion);
    ranked.insertion = column(r, kInsertion);
    ranked.above_random = difference(r, random());
    ranked.below_best = difference(best_, r);
    add_curves(ranked);
    return ranked;
  }

  void add_curves(Ranked& ranked) const {
    for (const auto& [video, methods] : videos_) {
      const FlippingValues& values = methods->at(ranked.method);
      if (values.most_first.empty() ||
          (!ranked.most_first.empty() && values.most_first.size() != ranked.most_first.size())) {
        ranked.most_first.clear();
        ranked.least_first.clear();
        return;
      }
      ranked.most_first.resize(values.most_first.size());
      ranked.least_first.resize(values.most_first.size());
      for (size_t k = 0; k < values.most_first.size(); ++k) {
        ranked.most_first[k] += values.most_first[k] / static_cast<double>(videos_.size());
        ranked.least_first[k] += values.least_first[k] / static_cast<double>(videos_.size());
      }
    }
  }

  void count_pairs(FlippingResult& result) {
    for (size_t a = 0; a < baselines_from(); ++a) {
      for (size_t b = a + 1; b < baselines_from(); ++b) {
        const Estimate d = difference(a, b);
        ++result.pairs;
        result.significant_pairs += d.low > 0 || d.high < 0;
      }
    }
  }

  FlippingKey key_;
  const std::vector<std::string>& rivals_;
  std::vector<std::pair<const VideoValues*, const std::map<std::string, FlippingValues>*>> videos_;
  Bootstrap bootstrap_;
  Bootstrap::Panel panel_ = 0;
  double factor_ = 1;
  size_t best_ = 0;  ///< of the methods, baselines apart
};

/// One measure of one method: its mean over the videos that have it. "share_over_area" is a ratio of means.
Estimate measured(const std::vector<VideoValues>& videos, const MeasureKey& key, const MeasureKey* over,
                  const EvaluationReportOptions& options) {
  Bootstrap bootstrap(options.seed, options.replicates);
  const auto panel = bootstrap.add_panel(over ? 2 : 1);
  for (const VideoValues& video : videos) {
    const auto found = video.measures.find(key);
    if (found == video.measures.end()) continue;
    std::vector<double> row = {found->second};
    if (over) {
      const auto under = video.measures.find(*over);
      if (under == video.measures.end()) continue;
      row.push_back(under->second);
    }
    bootstrap.next_video(video.key);
    bootstrap.add(panel, row);
  }
  return over ? bootstrap.ratio(panel, {{0, 1}}, {{1, 1}}) : bootstrap.mean(panel, {{0, 1}});
}

void add_measures(Evaluation& result, const std::vector<VideoValues>& videos,
                  const std::vector<std::string>& rivals, const EvaluationReportOptions& options) {
  std::set<std::pair<std::string, std::string>> kinds;
  std::set<MeasureKey> keys;
  for (const VideoValues& video : videos) {
    for (const auto& [key, value] : video.measures) {
      kinds.emplace(std::get<0>(key), std::get<1>(key));
      keys.insert(key);
    }
  }
  for (const auto& [measure, versus] : kinds) {
    for (const std::string& rival : rivals) {
      const MeasureKey key{measure, versus, rival};
      if (!keys.contains(key)) continue;
      result.measures.push_back({rival, measure, versus, measured(videos, key, nullptr, options)});
      if (measure != "share_inside") continue;
      const MeasureKey area{"area", "", rival};
      result.measures.push_back({rival, "share_over_area", "", measured(videos, key, &area, options)});
    }
  }
  std::ranges::stable_sort(result.measures, {},
                           [](const MeasureResult& m) { return std::pair(m.measure, m.versus); });
}

/// Counts the methods that differ in one measure, each two over the videos that have both: in one bootstrap,
/// as all are drawn from the same videos.
MeasurePower power_of(const std::vector<VideoValues>& videos, const std::string& measure,
                      const std::string& versus, const std::vector<std::string>& methods,
                      const EvaluationReportOptions& options) {
  struct Pair {
    MeasureKey a, b;
    Bootstrap::Panel panel;
  };
  Bootstrap bootstrap(options.seed, options.replicates);
  std::vector<Pair> pairs;
  for (size_t a = 0; a < methods.size(); ++a)
    for (size_t b = a + 1; b < methods.size(); ++b)
      pairs.push_back({{measure, versus, methods[a]}, {measure, versus, methods[b]}, bootstrap.add_panel(1)});
  for (const VideoValues& video : videos) {
    bootstrap.next_video(video.key);
    for (const auto& [a, b, panel] : pairs) {
      const auto of_a = video.measures.find(a), of_b = video.measures.find(b);
      if (of_a == video.measures.end() || of_b == video.measures.end()) continue;
      const double difference = of_a->second - of_b->second;
      bootstrap.add(panel, std::span(&difference, 1));
    }
  }
  MeasurePower power{measure, versus, std::ssize(pairs)};
  for (const Pair& pair : pairs) {
    const Estimate difference = bootstrap.mean(pair.panel, {{0, 1}});
    power.significant_pairs += difference.low > 0 || difference.high < 0;
  }
  return power;
}

/// Of the measures that judge a method by itself: not area, which is the objects', nor agreement.
void add_powers(Evaluation& result, const std::vector<VideoValues>& videos,
                const EvaluationReportOptions& options) {
  const std::set<std::string> kJudging = {"share_inside", "pointing",   "class",          "shift",
                                          "offset",       "invariance", "randomised_rank"};
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> methods;
  for (const MeasureResult& m : result.measures) {
    const bool is_method = std::ranges::find(result.methods, m.method) != result.methods.end();
    if (is_method && kJudging.contains(m.measure)) methods[{m.measure, m.versus}].push_back(m.method);
  }
  for (const auto& [kind, names] : methods)
    result.powers.push_back(power_of(videos, kind.first, kind.second, names, options));
}

/// As Evaluation::chance says; -1 without a clip.
int64_t prediction_of(const std::vector<ClipRow>& clips) {
  std::map<int64_t, std::pair<int64_t, double>> votes;
  for (const ClipRow& clip : clips) {
    auto& [count, probability] = votes[clip.predicted];
    ++count;
    if (clip.predicted == clip.target) probability += clip.probability;
  }
  const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
  return best == votes.end() ? -1 : best->first;
}

}  // namespace

Evaluation analyse(Reader& reader, const EvaluationReportOptions& options) {
  if (options.replicates < 100 || options.replicates > 100000) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("a bootstrap has 100 to 100000 replicates, not {}", options.replicates));
  }
  Evaluation result;
  result.methods = methods_of(reader.manifest());
  result.counts = reader.counts();
  auto rivals = result.methods;
  rivals.emplace_back(kRandom);
  rivals.emplace_back(kCentrePrior);
  std::vector<VideoValues> videos;
  statistics::ChanceSums chance;
  reader.for_each_video([&](const VideoRows& rows) {
    if (rows.video.state != VideoState::kOk) {
      result.failures.push_back({rows.video.index, rows.video.name, rows.video.state, rows.video.error});
      return;
    }
    videos.push_back(reduce(rows, options.score));
    result.clips += videos.back().clips;
    if (!rows.clips.empty()) chance.add(rows.video.label, prediction_of(rows.clips));
  });
  result.chance = chance.result();
  std::set<FlippingKey> flippings;
  for (const VideoValues& video : videos)
    for (const auto& [key, values] : video.flippings) flippings.insert(key);
  for (const FlippingKey& key : flippings)
    result.flippings.push_back(FlippingStatistics(videos, key, rivals, options).result());
  add_measures(result, videos, rivals, options);
  add_powers(result, videos, options);
  result.warnings = warnings_of(result);
  return result;
}

}  // namespace relevid::evaluate
