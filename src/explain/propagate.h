// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "explain/account.h"
#include "explain/composite.h"
#include "explain/token_grid.h"
#include "network/network.h"

namespace relevid {

/// Smallest and largest value of the network's inputs, broadcastable to them ([1, C, 1, 1, 1] or larger).
struct Bounds {
  std::vector<Tensor> low, high;
};

/// Carries relevance from the output to the input by a composite. Keeps what does not depend on the clip
/// (terms of bounds and of ones), so one is made per network and composite and used for many clips. Borrows
/// the network.
class Propagation {
 public:
  /// Throws Error(kInvalidArgument) where the composite needs bounds and none are given.
  Propagation(Network& network, const Composite& composite, const Bounds* bounds);

  /// Gradients of the score by the outputs of attentions, by value, for the rule that reads them: for the
  /// next run.
  void set_gradients(std::map<graph::ValueId, kernels::Buffer> gradients) {
    gradients_ = std::move(gradients);
  }

  /// Values that the rules read besides what Keep::kRelevance keeps.
  std::vector<graph::ValueId> also_read() const;

  /// The rule of every node of the graph, in words.
  std::vector<std::string> rule_names() const;

  /// `start` is the relevance of the output; `trace` from a forward pass with Keep::kRelevance. Returns the
  /// relevance of each input. `flows`, where given, receives the layers' accounts, output first.
  std::vector<kernels::Buffer> run(const Trace& trace, const kernels::Buffer& start,
                                   std::vector<LayerFlow>* flows);

  /// What the constants that the last run met took of each patch: Note [Relevance of position]. [clips, T',
  /// H', W'], or without elements where there are none.
  Tensor position() const;

  /// What a pass leaves that stops at a value: its relevance, and per clip what has gone or would go past it
  /// on other ways.
  struct Stopped {
    kernels::Buffer relevance;
    std::vector<double> around;
  };
  /// As run, but no further back than `value`, and the layers' accounts only as far.
  Stopped run_to(graph::ValueId value, const Trace& trace, const kernels::Buffer& start,
                 std::vector<LayerFlow>* flows);

 private:
  /// Of a value: in its shape, or on the winners of a maximum over it, in the shape of the maximum's output.
  struct Relevance {
    kernels::Buffer r;
    kernels::Winners winners = {};
    kernels::Sums sums = {};  ///< Σ r per item where it is known
  };

  void find_positions();
  /// Throws Error(kUnsupportedModel) naming the layer where relevance has grown to noise: Note [Growth].
  void require_sound(const kernels::Buffer& start);
  void pass_from_output(const Trace& trace, const kernels::Buffer& start,
                        std::vector<DeferredAccount>* accounts, size_t first);
  size_t clips() const;
  /// Whether the node takes relevance that lies on winners.
  bool takes_winners(size_t index) const;
  struct PassBack;
  void pass_back(size_t index, const Trace& trace, const Relevance& relevance, DeferredAccount& account);
  void pass_linear(const Step& step, const Rule& rule, const Trace& trace, const Relevance& relevance,
                   DeferredAccount& account);
  void pass_addition(const Step& step, double sign, AdditionRule rule, const Trace& trace,
                     const kernels::Buffer& r, DeferredAccount& account);
  void pass_attending(const graph::Node& node, const kernels::Buffer& r);
  void pass_product(const Step& step, int gate, ProductRule rule, const kernels::Buffer& r);
  void pass_scaling(size_t index, const graph::Affine& op, const kernels::Buffer& r,
                    DeferredAccount& account);
  void pass_shift(const Step& step, const kernels::Buffer& shift, const Trace& trace,
                  const kernels::Buffer& r, DeferredAccount& account);
  void pass_norm(const Step& step, kernels::StandardiseMap& map, const Trace& trace, const kernels::Buffer& r,
                 DeferredAccount& account);
  /// What the terms of a linear map's rule read.
  struct Layer {
    const Step& step;
    const kernels::Buffer& x;
    bool x_never_negative;
    kernels::Buffer y;  ///< Wx + b where it is kept or was needed; at winners where the relevance lies there
  };
  Relevance through(Layer& layer, const Rule& rule, const Share& share, const Relevance& relevance,
                    DeferredAccount& account);
  Relevance through_signed(Layer& layer, const Rule& rule, const Share& share, const Relevance& relevance,
                           DeferredAccount& account);
  /// total += coefficient · part · back, `back` being W'ᵀ of the term's q.
  void add_term(const Layer& layer, const Term& term, kernels::Buffer back, Relevance& total);
  /// Wx + b where the relevance is not 0; elsewhere anything.
  const kernels::Buffer& output(Layer& layer, const Relevance& relevance);
  /// Where the relevance is not 0; elsewhere anything.
  kernels::Buffer denominator(Layer& layer, const Share& share, const Relevance& relevance);
  kernels::Buffer term_of(Layer& layer, const Term& term, const Relevance& relevance);
  kernels::Buffer input_part(const Layer& layer, InputPart part);
  /// Σ of the terms of a share that do not depend on the clip; computed once.
  const kernels::Buffer* constant_terms(const Step& step, const Share& share);
  const kernels::Buffer& bound(graph::ValueId value, InputPart which);

  /// Adds to what a value has got so far.
  void accumulate(graph::ValueId value, kernels::Buffer r) { accumulate(value, Relevance{std::move(r)}); }
  void accumulate(graph::ValueId value, Relevance relevance);
  /// In the value's own shape, wherever it lies on winners.
  static kernels::Buffer densify(Relevance relevance);

  Network& network_;
  kernels::Library& library_;
  std::vector<std::optional<NodeRule>> rules_;
  std::vector<char> never_negative_;
  std::map<std::pair<graph::ValueId, InputPart>, kernels::Buffer> bounds_;
  std::map<const Share*, kernels::Buffer> constants_;
  std::map<size_t, kernels::Buffer> not_zero_;           ///< by node: where a scale that has zeros is not 0
  std::vector<Relevance> relevance_;                     ///< by value, while a run goes on
  std::map<graph::ValueId, kernels::Buffer> gradients_;  ///< of attentions' outputs, where a rule reads them
  std::unique_ptr<TokenGrid> grid_;  ///< where constants are added to patches; null where none are
  std::vector<std::pair<graph::ValueId, kernels::Buffer>>
      position_;  ///< what they took in the last run, by value
  /// Σ |R| per item at layers and where computed values are combined: node and sums, while a run goes on.
  std::vector<std::pair<size_t, kernels::Sums>> magnitudes_;
};

}  // namespace relevid
