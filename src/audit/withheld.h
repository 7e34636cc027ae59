// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "statistics/chance.h"

namespace relevid::audit {

/// Why neither a verdict nor advice is given.
struct Withheld {
  enum class Why { kAtChance, kNoRelevance } why = Why::kAtChance;
  std::string reason;  ///< a clause
  std::string remedy;  ///< a sentence
};

/// nullopt where nothing stands against a verdict. Withheld at chance, and where more than half of the
/// `videos` observed at the base interval have no relevance.
std::optional<Withheld> withheld_by(const statistics::Chance& chance, int64_t videos,
                                    int64_t without_relevance);

}  // namespace relevid::audit
