// SPDX-License-Identifier: Apache-2.0
#include "false_alarms.h"

#include "audit/statistics.h"
#include "made_up.h"

namespace relevid::audit::testing {

Claims claims_about(double excess, double gain, int64_t videos, int64_t data_sets, int64_t replicates) {
  const std::vector<double> null_profile{0.15, 0.25, 0.35, 0.25};
  StatisticsOptions options;
  options.null_profile = null_profile;
  options.replicates = replicates;
  const Truth truth{with_border(null_profile, excess), 0.2, {0.7, 0.7 + gain, 0.7 + gain}, 10};
  Claims claims;
  for (claims.data_sets = 0; claims.data_sets < data_sets; ++claims.data_sets) {
    const Videos drawn = draw(truth, videos, static_cast<uint64_t>(claims.data_sets));
    const Statistics s = analyse(source_of(drawn), intervals({1, 2, 4}), options);
    claims.present += s.verdict.effect == BorderEffect::kPresent ? 1 : 0;
    claims.absent += s.verdict.effect == BorderEffect::kAbsent ? 1 : 0;
    claims.change += s.recommendation.advice == Advice::kChange ? 1 : 0;
    claims.chosen += s.recommendation.chosen != s.recommendation.base ? 1 : 0;
  }
  return claims;
}

}  // namespace relevid::audit::testing
