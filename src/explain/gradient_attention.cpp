// SPDX-License-Identifier: Apache-2.0
// Attention weights times their gradients, multiplied down the layers (Chefer et al. 2021, arXiv 2103.15679).
#include "explain/gradient_attention.h"

#include <fmt/format.h>

#include "explain/token_grid.h"
#include "network/gradient.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using graph::ValueId;
using kernels::Buffer;

class GradientAttention final : public Method {
 public:
  GradientAttention(Network& network, const ExplainerOptions& options)
      : network_(network),
        channel_axis_(options.channel_axis()),
        on_pass_(options.on_pass),
        start_{options.start == Start::kLogit, options.contrast},
        propagation_(network, gradient_attention(), nullptr) {
    for (const graph::Node& node : network.graph().nodes) {
      if (std::holds_alternative<graph::Attention>(node.op)) attentions_.push_back(node.output);
    }
    if (attentions_.empty())
      throw Error(ErrorKind::kUnsupportedModel,
                  fmt::format("{} follows attention weights, and this model has none", options.method));
  }

  Keep keep() const override { return Keep::kGradient; }
  MethodCost cost() const override { return {1, 2}; }
  MethodResolution resolution() const override {
    const MethodResolution full = full_resolution(network_.graph(), channel_axis_);
    const TokenGrid grid(network_.graph(), network_.library(), attentions_);
    if (grid.shape().rank() != 4) return full;
    const Shape& shape = grid.shape();
    return {{shape[1], shape[2], shape[3]}, fmt::format("{} tokens for {} frames", shape[1], full.values[0])};
  }
  bool starts_from_logit() const override { return start_.logit; }

  Attribution explain(const ClipState& state, std::span<const int64_t> targets) override {
    kernels::Library& library = network_.library();
    const Buffer start = start_.at(library, targets, state.logits);
    if (on_pass_) on_pass_();
    const auto found = gradients_at(network_, state.trace, start, attentions_);
    std::map<ValueId, Buffer> gradients;
    for (size_t i = 0; i < found.size(); ++i) gradients[attentions_[i]] = found[i];
    propagation_.set_gradients(std::move(gradients));
    if (on_pass_) on_pass_();
    Attribution result;
    result.relevance = download_all(library, propagation_.run(state.trace, start, nullptr));
    propagation_.set_gradients({});
    return result;
  }

 private:
  Network& network_;
  int64_t channel_axis_;
  std::function<void()> on_pass_;
  OutputStart start_;
  Propagation propagation_;
  std::vector<ValueId> attentions_;  ///< their outputs
};

}  // namespace

std::vector<std::string> gradient_attention_method_names() {
  return {"gradient_attention"};
}

std::unique_ptr<Method> make_gradient_attention(Network& network, const ExplainerOptions& options) {
  return std::make_unique<GradientAttention>(network, options);
}

}  // namespace relevid
