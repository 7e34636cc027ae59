// SPDX-License-Identifier: Apache-2.0
#include "audit/controls.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <span>

#include "audit/profile.h"
#include "audit/wording.h"

namespace relevid::audit {

using run::Condition;
using statistics::Bootstrap;
using statistics::Estimate;

namespace {

using Profile = std::span<const double>;

bool is_border_control(const Condition& condition) {
  return condition.control && condition.control != AuditControl::kNullProfile &&
         condition.control != AuditControl::kSecondMethod;
}

bool is_follow_control(const Condition& condition) {
  return condition.control == AuditControl::kReversed || condition.control == AuditControl::kShifted;
}

/// ½ Σ |p - q| of the two, each scaled to sum to 1; nullopt where one of them holds nothing.
std::optional<double> distance(Profile p, Profile q) {
  const double sum_p = std::accumulate(p.begin(), p.end(), 0.0);
  const double sum_q = std::accumulate(q.begin(), q.end(), 0.0);
  if (!(sum_p > 0 && sum_q > 0)) return std::nullopt;
  double sum = 0;
  for (size_t t = 0; t < p.size(); ++t) sum += std::fabs(p[t] / sum_p - q[t] / sum_q);
  return sum / 2;
}

std::optional<std::vector<double>> distances(Profile control, Profile by_position, Profile by_content) {
  const auto position = distance(control, by_position), content = distance(control, by_content);
  if (!position || !content) return std::nullopt;
  return std::vector<double>{std::min(*position, 1.0), std::min(*content, 1.0)};
}

/// As a sentence writes it, so that it never contradicts its own numbers.
double as_shown(double ratio) {
  return std::round(100 * ratio) / 100;
}

Follows follows_of(const Estimate& difference) {
  if (!difference.reliable()) return Follows::kCantTell;
  if (difference.low > 0) return Follows::kPosition;
  return difference.high < 0 ? Follows::kContent : Follows::kCantTell;
}

}  // namespace

BorderChange change_of(const Estimate& relative, double smallest_effect) {
  if (!relative.reliable()) return BorderChange::kCantTell;
  const double low = as_shown(relative.low), high = as_shown(relative.high);
  const auto within = [&](double distance) {
    return low >= as_shown(1 - distance) && high <= as_shown(1 + distance);
  };
  if (within(smallest_effect)) return BorderChange::kSame;
  if (low > 1) return BorderChange::kStronger;
  if (high < 1) return BorderChange::kWeaker;
  return within(2 * smallest_effect) ? BorderChange::kSame : BorderChange::kCantTell;
}

std::optional<std::vector<double>> follow_distances(const Condition& condition,
                                                    const std::vector<double>& real,
                                                    const std::vector<double>& control) {
  const Profile p(real), q(control);
  if (condition.control == AuditControl::kReversed) {
    return distances(q, p, std::vector<double>(real.rbegin(), real.rend()));
  }
  if (condition.shift_frames % condition.frame_interval != 0) return std::nullopt;
  const int64_t shift = condition.shift_frames / condition.frame_interval;
  const auto frames = static_cast<int64_t>(real.size());
  if (shift == 0 || std::abs(shift) >= frames - 1) return std::nullopt;
  const auto count = static_cast<size_t>(frames - std::abs(shift));
  const auto at =
      static_cast<size_t>(std::max<int64_t>(0, -shift));  // where the control's shared part begins
  const auto seen_at = static_cast<size_t>(std::max<int64_t>(0, shift));
  return distances(q.subspan(at, count), p.subspan(at, count), p.subspan(seen_at, count));
}

ControlSums::ControlSums(Bootstrap& bootstrap, const std::vector<Condition>& conditions, int64_t frames)
    : bootstrap_(bootstrap), conditions_(conditions), frames_(frames) {
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (!is_border_control(conditions[i])) continue;
    const auto real = std::find(conditions.begin(), conditions.end(),
                                Condition{std::nullopt, conditions[i].frame_interval, 0});
    if (real == conditions.end()) continue;
    Pair pair{i, static_cast<size_t>(real - conditions.begin()), bootstrap_.add_panel(2), {}};
    if (is_follow_control(conditions[i])) pair.follow = bootstrap_.add_panel(2);
    pairs_.push_back(pair);
  }
}

void ControlSums::add(const run::VideoRecord& video) {
  const int64_t k = main_border_width(frames_);
  for (Pair& pair : pairs_) {
    const auto &control = video.by_condition[pair.control], &real = video.by_condition[pair.real];
    if (!control || (control->real_shares.empty() && !real)) continue;
    const auto shown = scaled_profile(control->shares);
    const auto as_it_was = scaled_profile(control->real_shares.empty() ? real->shares : control->real_shares);
    ++pair.observed;
    pair.without_relevance += shown ? 0 : 1;
    pair.real_without_relevance += as_it_was ? 0 : 1;
    if (!shown || !as_it_was) continue;
    bootstrap_.add(pair.border, std::vector<double>{border_share(*shown, k), border_share(*as_it_was, k)});
    if (!pair.follow) continue;
    const auto row = follow_distances(conditions_[pair.control], *as_it_was, *shown);
    if (row) bootstrap_.add(*pair.follow, *row);
  }
}

Controls ControlSums::result(double smallest_effect) {
  Controls controls;
  for (const Pair& pair : pairs_) {
    BorderControl border;
    border.condition = conditions_[pair.control];
    border.k = main_border_width(frames_);
    border.relative = bootstrap_.ratio(pair.border, {{0, 1}}, {{1, 1}});
    border.observed = pair.observed;
    border.without_relevance = pair.without_relevance;
    border.real_without_relevance = pair.real_without_relevance;
    border.change = change_of(border.relative, smallest_effect);
    border.sentence = sentence_of(border);
    controls.border.push_back(std::move(border));
    if (!pair.follow) continue;
    FollowControl follow;
    follow.condition = conditions_[pair.control];
    follow.from_position = bootstrap_.mean(*pair.follow, {{0, 1}});
    follow.from_content = bootstrap_.mean(*pair.follow, {{1, 1}});
    follow.difference = bootstrap_.mean(*pair.follow, {{1, 1}, {0, -1}});
    follow.follows = follows_of(follow.difference);
    follow.sentence = sentence_of(follow);
    controls.follow.push_back(std::move(follow));
  }
  return controls;
}

}  // namespace relevid::audit
