// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <vector>

#include "graph/graph.h"
#include "kernels/specs.h"

namespace relevid::bench {

/// A convolution of oneDNN's alone, on buffers of its own in the layouts that it likes best: what the network
/// is measured against.
class BareConvolution {
 public:
  /// Which passes are prepared; each has buffers of its own. An explanation needs none by weights.
  enum class Use { kExplanation, kTraining };
  BareConvolution(const dnnl::engine& engine, const kernels::ConvolutionSpec& spec, const Shape& input,
                  Use use);
  void run_forward(dnnl::stream& stream);
  void run_backward_data(dnnl::stream& stream);
  void run_backward_weights(dnnl::stream& stream);

 private:
  struct Pass {
    dnnl::primitive primitive;
    std::unordered_map<int, dnnl::memory> arguments;
  };
  Pass forward_, backward_data_, backward_weights_;
};

/// One for every convolution of the graph.
std::vector<BareConvolution> bare_convolutions(const dnnl::engine& engine, const graph::Graph& graph,
                                               BareConvolution::Use use);

}  // namespace relevid::bench
