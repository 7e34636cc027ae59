// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "evaluate/report.h"
#include "evaluate/video_values.h"
#include "statistics/csv_line.h"

namespace relevid::evaluate {

using statistics::estimate_columns;
using statistics::Line;

void write_ranking_csv(const Evaluation& evaluation, const Sink& sink) {
  std::string header = "regions,fill,rank,method,baseline,videos";
  for (const char* name : {"abpc", "aopc", "insertion", "deletion", "above_random", "below_best"})
    header += "," + estimate_columns(name);
  sink(header + "\n");
  for (const FlippingResult& flipping : evaluation.flippings) {
    for (int64_t rank = 1; const Ranked& r : flipping.ranking) {
      Line line;
      line.text(flipping.regions).text(flipping.fill).integer(rank++).text(r.method);
      line.integer(static_cast<int64_t>(r.baseline)).integer(flipping.videos);
      for (const auto* e : {&r.abpc, &r.aopc, &r.insertion, &r.deletion, &r.above_random, &r.below_best})
        line.estimate(*e);
      line.end(sink);
    }
  }
}

void write_curves_csv(const Evaluation& evaluation, const Sink& sink) {
  sink("regions,fill,method,point,points,most_first,least_first\n");
  for (const FlippingResult& flipping : evaluation.flippings) {
    for (const Ranked& r : flipping.ranking) {
      for (size_t k = 0; k < r.most_first.size(); ++k) {
        Line line;
        line.text(flipping.regions).text(flipping.fill).text(r.method).integer(k);
        line.integer(r.most_first.size()).real(r.most_first[k]).real(r.least_first[k]).end(sink);
      }
    }
  }
}

void write_measures_csv(const Evaluation& evaluation, const Sink& sink) {
  sink("measure,versus,method,videos," + estimate_columns("value") + "\n");
  for (const MeasureResult& m : evaluation.measures) {
    Line line;
    line.text(m.measure).text(m.versus).text(m.method).integer(m.value.videos).estimate(m.value).end(sink);
  }
}

void write_videos_csv(Reader& reader, EvaluationReportOptions::Score score, const Sink& sink) {
  sink("video,state,error,clips,measure,versus,method,value\n");
  reader.for_each_video([&](const VideoRows& rows) {
    Line line;
    const auto begin = [&](int64_t clips) {
      line.text(rows.video.name).text(name(rows.video.state)).text(rows.video.error).integer(clips);
    };
    if (rows.video.state != VideoState::kOk) {
      begin(0);
      line.none(4).end(sink);
      return;
    }
    const VideoValues values = reduce(rows, score);
    const auto put = [&](std::string_view measure, const std::string& versus, const std::string& method,
                         double value) {
      begin(values.clips);
      line.text(measure).text(versus).text(method).real(value).end(sink);
    };
    for (const auto& [flipping, methods] : values.flippings) {
      const std::string which = flipping.first + ":" + flipping.second;
      for (const auto& [method, v] : methods) {
        put("abpc", which, method, v.abpc);
        put("aopc", which, method, v.aopc);
        put("insertion", which, method, v.insertion);
        put("deletion", which, method, v.deletion);
      }
    }
    for (const auto& [key, value] : values.measures)
      put(std::get<0>(key), std::get<1>(key), std::get<2>(key), value);
  });
}

}  // namespace relevid::evaluate
