// SPDX-License-Identifier: Apache-2.0
#include "evaluate/video_values.h"

#include <fmt/format.h>

#include <cmath>

#include "evaluate/flipping.h"
#include "relevid/error.h"

namespace relevid::evaluate {
namespace {

/// Curves of one clip by what they are of: both orders.
struct Pair {
  const std::vector<double>* most = nullptr;
  const std::vector<double>* least = nullptr;
};

void add_curve(std::vector<double>& sums, const std::vector<double>& curve, bool first) {
  if (first) {
    sums = curve;
  } else if (sums.size() == curve.size()) {
    for (size_t k = 0; k < curve.size(); ++k) sums[k] += curve[k];
  } else {
    sums.clear();
  }
}

void add(FlippingValues& values, const Pair& curves, bool first) {
  values.abpc += abpc(*curves.least, *curves.most);
  values.aopc += aopc(*curves.most);
  values.deletion += area_under(*curves.most);
  values.insertion += area_under(*curves.least);
  values.whole += curves.most->front();
  values.flipped += curves.most->back();
  add_curve(values.most_first, *curves.most, first);
  add_curve(values.least_first, *curves.least, first);
}

void divide(FlippingValues& values, double by) {
  for (double* value :
       {&values.abpc, &values.aopc, &values.deletion, &values.insertion, &values.whole, &values.flipped})
    *value /= by;
  for (auto* curve : {&values.most_first, &values.least_first})
    for (double& point : *curve) point /= by;
}

}  // namespace

VideoValues reduce(const VideoRows& rows, EvaluationReportOptions::Score score) {
  VideoValues result;
  result.key = rows.video.sha256;
  result.clips = std::ssize(rows.clips);
  std::map<std::tuple<FlippingKey, std::string, int64_t>, Pair> pairs;
  for (const auto& [number, row] : rows.curves) {
    Pair& pair = pairs[{{row.regions, row.fill}, row.method, number}];
    (row.first == "most" ? pair.most : pair.least) =
        score == EvaluationReportOptions::Score::kLogit ? &row.logits : &row.probabilities;
  }
  std::map<std::pair<FlippingKey, std::string>, double> counts;
  for (const auto& [key, pair] : pairs) {
    if (!pair.most || !pair.least || pair.most->size() != pair.least->size()) {
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("a curve of {} lacks its counterpart; the run is damaged", rows.video.name));
    }
    const auto& [flipping, method, number] = key;
    double& count = counts[{flipping, method}];
    add(result.flippings[flipping][method], pair, count == 0);
    ++count;
  }
  for (auto& [flipping, methods] : result.flippings)
    for (auto& [method, values] : methods) divide(values, counts[{flipping, method}]);
  std::map<MeasureKey, double> measured;
  for (const auto& [number, row] : rows.measures) {
    if (std::isnan(row.value)) continue;
    const MeasureKey key{row.measure, row.versus, row.method};
    result.measures[key] += row.value;
    ++measured[key];
  }
  for (auto& [key, sum] : result.measures) sum /= measured[key];
  return result;
}

}  // namespace relevid::evaluate
