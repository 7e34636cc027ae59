// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "audit/extremes.h"
#include "relevid/audit_page.h"
#include "relevid/explain.h"

namespace relevid {

/// Makes the explanations of a run's extreme videos for its page: by the model, where there is one, otherwise
/// of what the run itself keeps. Prepares the network once, when it is first needed. Borrows the model and
/// the manifest; not thread-safe.
class ExtremeClips {
 public:
  /// `model` may be null. `limit_bytes` is of one explanation's pictures.
  ExtremeClips(const run::Manifest& manifest, const Model* model, const AuditPageOptions& options,
               std::vector<double> null_profile, int64_t limit_bytes);
  ~ExtremeClips();

  /// An Extreme of docs/dev/page-data.md. What keeps the video from being shown is its "why_not".
  nlohmann::json record(const audit::Extreme& extreme);

 private:
  nlohmann::json explanation(const audit::Extreme& extreme);
  Explanation frames_of(const audit::Extreme& extreme, const Preprocessing& preprocessing) const;
  nlohmann::json explained(const audit::Extreme& extreme);
  nlohmann::json as_the_run_has_it(const audit::Extreme& extreme) const;
  void prepare();

  const run::Manifest& manifest_;
  const Model* model_;
  const AuditPageOptions& options_;
  std::vector<double> null_profile_;
  int64_t limit_bytes_;
  ModelSettings settings_;
  MethodOptions method_;
  std::unique_ptr<ClipExplainer> explainer_;
};

}  // namespace relevid
