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
  const std::string target = class_label(e.target, class_names);
  const std::string advice =
      e.contrast
          ? "relevid evaluate --checks class measures which methods depend on it more."
          : "--against shows what speaks for one class rather than another, and relevid evaluate --checks "
            "class measures which methods depend on it more.";
  return fmt::format(
      "The map hardly depends on the class: with that of the runner-up, '{}', the first clip's has a "
      "correlation of {:.4f}. It shows what the network sees, not what speaks for '{}'. {}",
      class_label(e.class_comparison->runner_up, class_names), e.class_comparison->correlation, target,
      advice);
}

/// Whether the method has rules, and so accounts of layers.
bool has_account(const Explanation& e) {
  return !e.layers.empty() && !e.layers[0].empty();
}

/// Over clips, each with the weight that its start is given.
RelevanceAccount account_over_clips(const Explanation& e, double (*weight)(double start)) {
  RelevanceAccount account;
  const auto relevance = e.relevance.values<float>();
  const size_t size = relevance.size() / e.layers.size();
  for (size_t n = 0; n < e.layers.size(); ++n) {
    const double start = e.layers[n].front().incoming, w = weight(start);
    account.start += w * start;
    for (const LayerAccount& layer : e.layers[n]) {
      account.absorbed_by_bias += w * layer.absorbed_by_bias;
      account.absorbed_by_epsilon += w * layer.absorbed_by_epsilon;
      account.dropped += w * layer.dropped;
    }
    const auto item = relevance.subspan(n * size, size);
    account.arrived += w * std::accumulate(item.begin(), item.end(), 0.0);
    if (n < e.around_layer.size()) account.around_layer += w * e.around_layer[n];
  }
  return account;
}

std::string little_arrives(const RelevanceAccount& account) {
  std::string parts;
  for (const auto& [part, what] :
       {std::pair{account.absorbed_by_bias, "stayed in biases"},
        {account.absorbed_by_epsilon, "stayed in units that had no input to give it to"},
        {account.dropped, "was dropped"},
        {account.around_layer, "went around the layer"}}) {
    const double percent = 100 * part / account.start;
    if (std::abs(percent) >= 0.1)
      parts += fmt::format("{}{:.1f} % {}", parts.empty() ? ": " : ", ", percent, what);
  }
  return fmt::format(
      "Only {:.2g} % of the score's relevance is in this map{}. It shows where that part came from, not the "
      "whole score.",
      100 * account.arrived / account.start, parts);
}

std::string other_sign(const RelevanceAccount& account) {
  return fmt::format(
      "The score starts {:.3g}, and relevance of {:.3g} is in this map, of the other sign: biases took "
      "{:.3g}. Shares of the score mean nothing here; explain a class that the network is surer of, or a "
      "difference "
      "(--against).",
      account.start, account.arrived, account.absorbed_by_bias);
}

}  // namespace

std::optional<RelevanceAccount> relevance_account(const Explanation& e) {
  if (!has_account(e)) return std::nullopt;
  return account_over_clips(e, [](double) { return 1.0; });
}

std::vector<std::string> warnings_of(const Explanation& e, std::span<const std::string> class_names) {
  std::vector<std::string> warnings;
  const auto relevance = e.relevance.values<float>();
  const bool none = std::ranges::all_of(relevance, [](float r) { return r == 0; });
  if (none) {
    warnings.emplace_back("No relevance arrives: this map is empty and says nothing.");
    return warnings;
  }
  if (e.class_comparison && e.class_comparison->correlation > kSameMap)
    warnings.push_back(same_map(e, class_names));
  if (!has_account(e) || e.method == "null_profile") return warnings;
  const RelevanceAccount account =
      account_over_clips(e, [](double start) { return std::copysign(1.0, start); });
  if (account.start == 0) return warnings;
  if (account.arrived < 0) {
    warnings.push_back(other_sign(account));
  } else if (account.arrived / account.start < kLittleArrives) {
    warnings.push_back(little_arrives(account));
  }
  return warnings;
}

}  // namespace relevid
