// SPDX-License-Identifier: Apache-2.0
// Methods that change the clip and watch the score.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "explain/clip_changer.h"
#include "explain/method.h"
#include "explain/scorer.h"
#include "explain/volume.h"

namespace relevid {

/// Items are explained one after the other; the batch is filled with changed copies of each.
class PerturbationMethod : public Method {
 public:
  PerturbationMethod(Network& network, const ExplainerOptions& options, Fill fill);

  Keep keep() const final { return Keep::kNothing; }
  Attribution explain(const ClipState& state, std::span<const int64_t> targets) final;

 protected:
  struct Subject {
    const ClipChanger& clip;
    int64_t target = 0;
    std::vector<double> logits;       ///< of the clip as it is
    double score = 0;                 ///< of the clip as it is
    std::vector<std::string>& notes;  ///< what else is found, in words
  };
  /// A share of relevance for every frame, row and column.
  virtual Volume explain_item(const Subject& subject) = 0;

  const Scorer& scorer() const { return scorer_; }
  const Extent& extent() const { return axes_.extent; }
  const MethodOptions& options() const { return options_; }
  /// How many cells a mask has along time, height and width: as asked for, or its own, at most one a
  /// position.
  Extent mask_cells() const;

 private:
  Network& network_;
  MethodOptions options_;
  Scorer scorer_;
  ClipAxes axes_;
  Fill fill_;
};

/// The fill that is asked for, or the method's own.
inline Fill fill_or(const ExplainerOptions& options, Fill own) {
  return options.fill == Fill::kDefault ? own : options.fill;
}
/// Every value spread evenly over the positions of its frame.
Volume from_frames(std::span<const double> per_frame, const Extent& extent);

std::vector<std::string> occlusion_method_names();
std::unique_ptr<Method> make_occlusion(Network& network, const ExplainerOptions& options);
std::vector<std::string> rise_method_names();
std::unique_ptr<Method> make_rise(Network& network, const ExplainerOptions& options);
std::vector<std::string> extremal_method_names();
std::unique_ptr<Method> make_extremal(Network& network, const ExplainerOptions& options);
std::vector<std::string> temporal_mask_method_names();
std::unique_ptr<Method> make_temporal_mask(Network& network, const ExplainerOptions& options);
std::vector<std::string> shapley_method_names();
std::unique_ptr<Method> make_shapley(Network& network, const ExplainerOptions& options);

/// All names of methods that change the clip.
std::vector<std::string> perturbation_method_names();

}  // namespace relevid
