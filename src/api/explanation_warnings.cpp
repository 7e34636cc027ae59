// SPDX-License-Identifier: Apache-2.0
// What has to be said before a map is read: that it shows little of the score, or is of no class in
// particular.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "relevid/explain.h"

namespace relevid {
namespace {

constexpr double kSameMap = 0.95;
constexpr double kLittleArrives = 0.5;

std::string same_map(const Explanation& e, std::span<const std::string> class_names) {
  return fmt::format(
      "This map hardly depends on the class: with that of the runner-up, '{}', it has a correlation of "
      "{:.4f}. "
      "It shows what the network sees, not what speaks for '{}'. --against shows what speaks for one class "
      "rather than another, and relevid evaluate --checks class measures which methods do.",
      class_label(e.class_comparison->runner_up, class_names), e.class_comparison->correlation,
      class_label(e.target, class_names));
}

std::string little_arrives(const RelevanceAccount& account) {
  const double share = (account.arrived + account.around_layer) / account.start;
  std::string parts;
  for (const auto& [part, what] :
       {std::pair{account.absorbed_by_bias, "stayed in biases"},
        {account.absorbed_by_epsilon, "stayed in units that had no input to give it to"},
        {account.dropped, "was dropped"}}) {
    const double percent = 100 * part / account.start;
    if (std::abs(percent) >= 0.1)
      parts += fmt::format("{}{:.1f} % {}", parts.empty() ? ": " : ", ", percent, what);
  }
  return fmt::format(
      "Only {:.2g} % of the score's relevance is in this map{}. It shows where that part came from, not the "
      "whole score.",
      100 * share, parts);
}

std::string other_sign(const RelevanceAccount& account) {
  return fmt::format(
      "The score is {:.3g}, and relevance of {:.3g} is in this map, of the other sign: biases took {:.3g}. "
      "Shares of "
      "the score mean nothing here; explain a class that the network is surer of, or a difference "
      "(--against).",
      account.start, account.arrived + account.around_layer, account.absorbed_by_bias);
}

}  // namespace

std::optional<RelevanceAccount> relevance_account(const Explanation& e) {
  if (e.layers.empty() || e.layers[0].empty()) return std::nullopt;
  RelevanceAccount account;
  for (const auto& layers : e.layers) {
    account.start += layers.front().incoming;
    for (const LayerAccount& layer : layers) {
      account.absorbed_by_bias += layer.absorbed_by_bias;
      account.absorbed_by_epsilon += layer.absorbed_by_epsilon;
      account.dropped += layer.dropped;
    }
  }
  const auto relevance = e.relevance.values<float>();
  account.arrived = std::accumulate(relevance.begin(), relevance.end(), 0.0);
  account.around_layer = std::accumulate(e.around_layer.begin(), e.around_layer.end(), 0.0);
  return account;
}

std::vector<std::string> warnings_of(const Explanation& e, std::span<const std::string> class_names) {
  std::vector<std::string> warnings;
  const auto relevance = e.relevance.values<float>();
  const bool none = std::ranges::all_of(relevance, [](float r) { return r == 0; });
  if (none) {
    warnings.emplace_back("No relevance arrives at the clip: this map is empty and says nothing.");
    return warnings;
  }
  if (e.class_comparison && e.class_comparison->correlation > kSameMap)
    warnings.push_back(same_map(e, class_names));
  const auto account = relevance_account(e);
  if (!account || account->start == 0 || e.method == "null_profile") return warnings;
  const double share = (account->arrived + account->around_layer) / account->start;
  if (share < 0) {
    warnings.push_back(other_sign(*account));
  } else if (share < kLittleArrives) {
    warnings.push_back(little_arrives(*account));
  }
  return warnings;
}

}  // namespace relevid
