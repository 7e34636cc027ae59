// SPDX-License-Identifier: Apache-2.0
#include "layer_table.h"

#include <fmt/format.h>

#include <map>

#include "timing.h"

namespace relevid::bench {
namespace {

using kernels::Buffer;

constexpr kernels::WeightTransform kPositive{kernels::WeightTransform::Kind::kPositive};

/// A median time with the rate it means for this many multiply-adds.
std::string cell(double milliseconds, int64_t multiply_adds) {
  if (multiply_adds == 0) return fmt::format(" {:9.2f} {:>6}", milliseconds, "");
  return fmt::format(" {:9.2f} {:6.0f}", milliseconds,
                     2e-6 * static_cast<double>(multiply_adds) / milliseconds);
}

template <class F>
double median_time(int rounds, F&& f) {
  f();
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) times.push_back(milliseconds(f));
  return median(std::move(times));
}

}  // namespace

void print_layers(Network& network, const Tensor& clip, int rounds) {
  const graph::Graph& graph = network.graph();
  kernels::Library& library = network.library();
  std::map<graph::ValueId, Buffer> values = {{graph.inputs[0], library.upload(clip)}};
  std::map<std::string, double> totals;
  fmt::print("{:<34} {:<12} {:>16} {:>16} {:>16}\n{:<47} {:>16} {:>16} {:>16}\n", "layer", "operator",
             "forward", "W+ x", "W+^T s, route", "", "ms  GFLOP/s", "ms  GFLOP/s", "ms  GFLOP/s");
  for (size_t i = 0; i < network.steps().size(); ++i) {
    const Step& step = network.steps()[i];
    if (!step.runs) continue;
    const graph::Node& node = *step.node;
    const int64_t work = multiply_adds(graph, node);
    const auto input = [&](graph::ValueId value) { return values.at(value); };
    const auto add = [&](const std::string& column, double time) {
      totals[column] += time;
      return cell(time, work);
    };
    std::string line = fmt::format("{:<34.34} {:<12.12}", node.name, graph::name(node.op));
    line +=
        " " + add("forward", median_time(rounds, [&] { values[step.result] = network.run_alone(i, input); }));
    const Buffer& x = values.at(node.inputs[0]);
    const Buffer& y = values.at(step.result);
    if (step.linear) {
      line += add("apply", median_time(rounds, [&] { step.linear->apply(x, kPositive, {}); }));
      line += add("back", median_time(rounds, [&] { step.linear->adjoint(y, kPositive); }));
    } else if (step.maximum) {
      Buffer winners;
      step.maximum->forward(x, &winners);
      line += fmt::format(" {:16}", "");
      line += add("back", median_time(rounds, [&] { step.maximum->route(y, winners); }));
    }
    fmt::print("{}\n", line);
  }
  fmt::print("{:<47}{}{}{}\n", "sum", cell(totals["forward"], 0), cell(totals["apply"], 0),
             cell(totals["back"], 0));
}

}  // namespace relevid::bench
