// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/condition_statistics.h"
#include "audit/verdict.h"

namespace relevid::audit {

/// What a second method of explanation says of the border, on the clips of the control kSecondMethod: whether
/// the verdict is the method's or the network's.
struct SecondMethod {
  /// kSame, kOther: both decide, for the same effect or for opposite ones. kOpen: one of them doesn't decide.
  enum class Agreement { kSame, kOther, kOpen };
  Verdict verdict;  ///< by the second method alone, as verdict_on has it
  Agreement agreement = Agreement::kOpen;
};

/// nullopt without the control, without a video under it, where most of these have no relevance, and where
/// `first` is withheld.
std::optional<SecondMethod> second_method(const std::vector<ConditionStatistics>& conditions,
                                          const Verdict& first);

/// "The verdict rests on epsilon_plus_flat. A second method, deep_taylor, agrees: ...".
std::string sentence_of(const SecondMethod& second, const std::string& first_name,
                        const std::string& second_name);

}  // namespace relevid::audit
