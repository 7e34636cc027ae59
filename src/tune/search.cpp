// SPDX-License-Identifier: Apache-2.0
#include "tune/search.h"

#include <fmt/format.h>

namespace relevid::tune {
namespace {

/// What is tried of a group: first what is there, then the other values.
std::vector<Setting> candidates(const Space& space, const Setting& at, size_t group) {
  std::vector<Setting> all = {at};
  const auto add = [&](std::optional<double> gamma) {
    if (gamma == at[group]) return;
    all.push_back(at);
    all.back()[group] = gamma;
  };
  add(std::nullopt);
  for (const double gamma : space.gammas[group]) add(gamma);
  return all;
}

/// Of several as good the first.
size_t best_of(const std::vector<double>& scores) {
  size_t best = 0;
  for (size_t i = 1; i < scores.size(); ++i)
    if (scores[i] > scores[best]) best = i;
  return best;
}

}  // namespace

std::string to_string(std::optional<double> gamma) {
  return gamma ? fmt::format("{}", *gamma) : "own";
}

std::string to_string(const Setting& setting) {
  std::string text;
  for (const auto& gamma : setting) text += (text.empty() ? "" : ", ") + to_string(gamma);
  return text;
}

SearchSize largest_size(const Space& space) {
  SearchSize size{1, 0};
  for (const auto& gammas : space.gammas) {
    size.settings += space.rounds * static_cast<int64_t>(gammas.size());
    size.calls += space.rounds;
  }
  return size;
}

Found search(const Space& space, const ScoreSettings& score) {
  const size_t groups = space.gammas.size();
  Found found{Setting(groups), {}};
  size_t unchanged = 0;
  for (int64_t round = 1; round <= space.rounds; ++round) {
    for (size_t group = 0; group < groups; ++group) {
      if (unchanged == groups) return found;
      const auto settings = candidates(space, found.best, group);
      const auto scores = score(settings);
      const size_t best = best_of(scores);
      for (size_t i = 0; i < settings.size(); ++i)
        found.tried.push_back({round, group, settings[i][group], scores[i], i == best});
      unchanged = best == 0 ? unchanged + 1 : 1;
      found.best = settings[best];
    }
  }
  return found;
}

}  // namespace relevid::tune
