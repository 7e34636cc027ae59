// SPDX-License-Identifier: Apache-2.0
#include "audit/withheld.h"

#include <fmt/format.h>

namespace relevid::audit {

std::optional<Withheld> withheld_by(const statistics::Chance& chance, int64_t videos,
                                    int64_t without_relevance) {
  if (chance.skill == statistics::Skill::kAtChance) {
    return Withheld{
        Withheld::Why::kAtChance,
        fmt::format(
            "the model is not distinguishable from chance ({:.1f} % of {} videos right, where the most "
            "frequent label alone gives {:.1f} %)",
            100 * chance.accuracy(), chance.labelled, 100 * chance.constant_share()),
        "Train it further, or check that the labels are those of its classes and that frames are "
        "prepared as in its training."};
  }
  if (2 * without_relevance <= videos) return std::nullopt;
  return Withheld{Withheld::Why::kNoRelevance,
                  fmt::format("{} of {} videos have no relevance at the input", without_relevance, videos),
                  "The table of conservation that `relevid explain` prints shows the layer that loses it; "
                  "another method (--method) may keep it."};
}

}  // namespace relevid::audit
