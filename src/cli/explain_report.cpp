// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/command.h"
#include "relevid/figures.h"

namespace relevid::cli {
namespace {

/// Shares as a line of blocks, the largest one full.
std::string sparkline(std::span<const float> shares) {
  static const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const float largest = std::max(1e-12F, *std::ranges::max_element(shares));
  std::string line;
  for (const float share : shares) {
    line += kBlocks[static_cast<size_t>(std::clamp(std::lround(8 * share / largest), 0L, 8L))];
  }
  return line;
}

/// A clip's shares, each frame of the video once.
std::vector<float> once_per_frame(const ClipPlan& plan, const std::vector<float>& shares) {
  const Tensor row = Tensor::from(Shape{1, std::ssize(shares)}, shares);
  const FrameValues once = combine_over_clips(std::span(&plan, 1), row);
  const auto values = once.values.values<float>();
  return {values.begin(), values.end()};
}

/// Shares per frame, mean over clips. A frame that clips repeat is there once, but for clips that differ in
/// how many they repeat.
std::vector<float> mean_shares(const Explanation& e) {
  const auto frames = static_cast<size_t>(e.frame_share.shape()[1]);
  std::vector<std::vector<float>> rows, once;
  for (size_t clip = 0; clip < e.plans.size(); ++clip) {
    const auto row = e.frame_share.values<float>().subspan(clip * frames, frames);
    rows.emplace_back(row.begin(), row.end());
    once.push_back(once_per_frame(e.plans[clip], rows.back()));
  }
  const bool same =
      std::ranges::all_of(once, [&](const auto& shares) { return shares.size() == once[0].size(); });
  const auto& shown = same ? once : rows;
  std::vector<float> mean(shown[0].size(), 0.0F);
  for (const auto& shares : shown) {
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += shares[i] / static_cast<float>(shown.size());
  }
  return mean;
}

/// Mean over clips of the share in the first and last k frames.
double border_share(const Explanation& e, int64_t k) {
  const int64_t clips = e.frame_share.shape()[0], frames = e.frame_share.shape()[1];
  double sum = 0;
  const auto shares = e.frame_share.values<float>();
  for (int64_t i = 0; i < clips * frames; ++i) {
    const int64_t t = i % frames;
    if (t < k || t >= frames - k) sum += static_cast<double>(shares[static_cast<size_t>(i)]);
  }
  return sum / static_cast<double>(clips);
}

void print_borders(const Explanation& e) {
  const int64_t frames = e.frame_share.shape()[1], k = border_frames(frames);
  if (2 * k >= frames) return;  // all border
  fmt::print("borders      {:.1f} % in {}; even would be {:.1f} %\n", 100 * border_share(e, k),
             border_name(k), 100.0 * static_cast<double>(2 * k) / static_cast<double>(frames));
}

void print_conservation(const Explanation& e) {
  const auto account = relevance_account(e);
  if (!account) return;
  const auto percent = [&](double part) { return account->start == 0 ? 0.0 : 100 * part / account->start; };
  fmt::print("relevance    {:.5g} of {:.5g} reaches the {} ({:.1f} %); bias takes {:.1f} %, epsilon {:.1f} %",
             account->arrived, account->start, e.around_layer.empty() ? "input" : "layer",
             percent(account->arrived), percent(account->absorbed_by_bias),
             percent(account->absorbed_by_epsilon));
  if (!e.around_layer.empty()) fmt::print(", {:.1f} % goes around it", percent(account->around_layer));
  fmt::print("{}\n",
             account->dropped != 0 ? fmt::format(", dropped {:.1f} %", percent(account->dropped)) : "");
}

/// What position embeddings took: a part of what biases take.
void print_position(const Explanation& e) {
  const auto position = position_share(e);
  if (!position) return;
  std::string times;
  for (const double share : position->by_time) times += fmt::format(" {:.1f}", 100 * share);
  fmt::print("position     its embeddings take {:.1f} % of the relevance; along time{}\n",
             100 * position->share, times);
}

std::string passes_text(const MethodCost& cost) {
  return cost.backward == 0 ? fmt::format("{} forward", cost.forward)
                            : fmt::format("{} forward, {} backward", cost.forward, cost.backward);
}

}  // namespace

void print_costs(const ClipExplainer& explainer, PrintAs form) {
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < explainer.methods().size(); ++i) {
    const MethodCost cost = explainer.cost(i);
    const MethodResolution resolution = explainer.resolution(i);
    if (form == PrintAs::kJson) {
      list.push_back({{"method", explainer.methods()[i]},
                      {"passes", {{"forward", cost.forward}, {"backward", cost.backward}}},
                      {"resolution",
                       {{"frames", resolution.values[0]},
                        {"rows", resolution.values[1]},
                        {"columns", resolution.values[2]},
                        {"in_time", resolution.in_time}}}});
      continue;
    }
    fmt::print("{:<26} {} passes a clip and target ({}); {} x {} x {} values; in time {}\n",
               explainer.methods()[i], cost.total(), passes_text(cost), resolution.values[0],
               resolution.values[1], resolution.values[2], printable(resolution.in_time));
  }
  if (form == PrintAs::kJson)
    fmt::print("{}\n", list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_explanation(const Explanation& e, const OutputOptions& options) {
  fmt::print("\n{}\n", printable(e.input.string()));
  if (e.video) {
    const VideoInfo& v = *e.video;
    fmt::print("video        {} frames, {}x{}, {:.4g} frames/s, {} in {}\n", v.frame_count, v.width, v.height,
               v.fps, v.codec, v.container);
    for (const auto& warning : v.warnings) fmt::print("warning      {}\n", printable(warning));
  }
  const auto& frames = e.plans[0].frame_indices;
  fmt::print("clips        {} of {} frames; the first takes {} to {}\n", e.plans.size(), frames.size(),
             *std::ranges::min_element(frames), *std::ranges::max_element(frames));
  if (const std::string repeated = repeated_frames_sentence(e); !repeated.empty())
    fmt::print("repeated     {}\n", repeated);
  std::string line;
  for (const int64_t c : best_classes(e.class_probabilities, 3)) {
    line += fmt::format("{}{} {:.3f}", line.empty() ? "" : ", ", class_label(c, options.class_names),
                        e.class_probabilities[static_cast<size_t>(c)]);
  }
  fmt::print("prediction   {}\n", printable(line));
  fmt::print("target       {}, by {}\n", printable(class_label(e.target, options.class_names)), e.method);
  fmt::print("per frame    {}  ({}{})\n", sparkline(mean_shares(e)),
             e.is_signed ? "absolute relevance" : "relevance",
             e.plans.size() > 1 ? fmt::format(", mean of {} clips", e.plans.size()) : "");
  print_borders(e);
  print_conservation(e);
  print_position(e);
  if (e.class_comparison) {
    fmt::print("class        correlation {:.4f} with the map of {}, the runner-up\n",
               e.class_comparison->correlation,
               printable(class_label(e.class_comparison->runner_up, options.class_names)));
  }
  for (const auto& warning : warnings_of(e, options.class_names))
    fmt::print("warning      {}\n", printable(warning));
  fmt::print("passes       {} a clip\n", passes_text(e.cost));
  fmt::print("resolution   in time {}\n", printable(e.resolution.in_time));
  for (size_t n = 0; n < e.notes.size(); ++n) {
    for (const std::string& note : e.notes[n])
      fmt::print("{:<12} {}\n", e.notes.size() > 1 ? fmt::format("clip {}", n + 1) : "found",
                 printable(note));
  }
  fmt::print("seconds      decode {:.2f}, forward {:.2f}, explain {:.2f}\n", e.decode_seconds,
             e.forward_seconds, e.explain_seconds);
  const bool overlay = e.video && options.overlay_video == OutputOptions::OverlayVideo::kWrite;
  const auto name = [&](const std::string& more) {
    return printable((options.folder / (options.stem + more)).string());
  };
  fmt::print("written      {}.{{npz,json,png{}}}", name(e.name_in_run), overlay ? ",mp4" : "");
  const bool page = has_page() && options.page == OutputOptions::Page::kWrite;
  fmt::print("{}\n", page ? ", " + name(".html") : "");
}

void print_layers(const Explanation& e) {
  if (e.layers.empty() || e.layers[0].empty()) {
    fmt::print("{} has no rules, and so no accounts per layer\n", e.method);
    return;
  }
  if (e.layers.size() > 1)
    fmt::print("layers of the first of {} clips; NAME.json has all\n", e.layers.size());
  fmt::print("{:<12} {:<28} {:<14} {:>11} {:>11} {:>11} {:>11} {:>11}\n", "operator", "layer", "rule", "in",
             "out", "bias", "epsilon", "dropped");
  for (const LayerAccount& layer : e.layers[0]) {
    std::string name = printable(layer.name);
    if (name.size() > 28) name = "..." + name.substr(name.size() - 25);
    fmt::print("{:<12} {:<28} {:<14} {:>11.4g} {:>11.4g} {:>11.3g} {:>11.3g} {:>11.3g}\n", layer.op, name,
               layer.rule, layer.incoming, layer.outgoing, layer.absorbed_by_bias, layer.absorbed_by_epsilon,
               layer.dropped);
  }
}

}  // namespace relevid::cli
