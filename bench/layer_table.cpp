// SPDX-License-Identifier: Apache-2.0
#include "layer_table.h"

#include <fmt/format.h>

#include <map>

#include "graph/operator_traits.h"
#include "machine_peaks.h"
#include "timing.h"

namespace relevid::bench {
namespace {

using kernels::Buffer;

constexpr kernels::WeightTransform kPositive{kernels::WeightTransform::Kind::kPositive};

/// A time, and how much of it the machine needs at the least; above 100 % where fewer multiplications do.
std::string cell(double milliseconds, double least) {
  return fmt::format(" {:9.2f} {:4.0f} %", milliseconds, 100 * least / milliseconds);
}
std::string cell(double milliseconds) {
  return fmt::format(" {:9.2f} {:>6}", milliseconds, "");
}

/// What one pass has to read and write: each input, the output and the weights once.
int64_t bytes_of(const graph::Graph& graph, const graph::Node& node, graph::ValueId result) {
  int64_t floats = graph.shape(result).elements() + parameters(node);
  for (const graph::ValueId input : node.inputs) floats += graph.shape(input).elements();
  return floats * static_cast<int64_t>(sizeof(float));
}

template <class F>
double median_time(int rounds, F&& f) {
  f();
  std::vector<double> times;
  times.reserve(static_cast<size_t>(rounds));
  for (int i = 0; i < rounds; ++i) times.push_back(milliseconds(f));
  return median(std::move(times));
}

}  // namespace

void print_layers(Network& network, const Tensor& clip, int rounds) {
  const graph::Graph& graph = network.graph();
  kernels::Library& library = network.library();
  std::map<graph::ValueId, Buffer> values = {{graph.inputs[0], library.upload(clip)}};
  std::map<std::string, double> totals;
  const MachinePeaks peaks = measure_peaks();
  fmt::print("at best {:.0f} GFLOP/s and {:.1f} GB/s; %: the time that these allow, of the time taken\n\n",
             2e-6 * peaks.multiply_adds_per_ms, 1e-6 * peaks.bytes_per_ms);
  fmt::print("{:<34} {:<12} {:>16} {:>16} {:>16}\n{:<47} {:>16} {:>16} {:>16}\n", "layer", "operator",
             "forward", "W+ x", "W+^T s, route", "", "ms  share", "ms  share", "ms  share");
  for (size_t i = 0; i < network.steps().size(); ++i) {
    const Step& step = network.steps()[i];
    if (!step.fusion.runs) continue;
    const graph::Node& node = *step.node;
    const double least =
        peaks.least_ms(multiply_adds(graph, node), bytes_of(graph, node, step.fusion.result));
    const auto input = [&](graph::ValueId value) { return values.at(value); };
    const auto add = [&](const std::string& column, double time) {
      totals[column] += time;
      return cell(time, least);
    };
    std::string line = fmt::format("{:<34.34} {:<12.12}", node.name, graph::name(node.op));
    line += " " + add("forward",
                      median_time(rounds, [&] { values[step.fusion.result] = network.run_alone(i, input); }));
    const Buffer& x = values.at(node.inputs[0]);
    const Buffer& y = values.at(step.fusion.result);
    if (kernels::LinearMap* linear = step.linear()) {
      line += add("apply", median_time(rounds, [&] { linear->apply(x, kPositive, {}); }));
      line += add("back", median_time(rounds, [&] { linear->adjoint(y, kPositive); }));
    } else if (const auto* maximum = std::get_if<prepared::Maximum>(&step.prepared)) {
      Buffer winners;
      maximum->map->forward(x, &winners);
      line += fmt::format(" {:16}", "");
      line += add("back", median_time(rounds, [&] { maximum->map->route(y, winners); }));
    }
    fmt::print("{}\n", line);
  }
  fmt::print("{:<47}{}{}{}\n", "sum", cell(totals["forward"]), cell(totals["apply"]), cell(totals["back"]));
}

}  // namespace relevid::bench
