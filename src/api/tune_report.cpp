// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "relevid/tune.h"
#include "statistics/report_numbers.h"
#include "tune/search.h"

namespace relevid {
namespace {

using Json = nlohmann::ordered_json;
using statistics::NumberStyle;

constexpr NumberStyle kAbpc{1, 3, NumberStyle::Sign::kMinus};
constexpr NumberStyle kChange{1, 3, NumberStyle::Sign::kBoth};
constexpr size_t kWidth = 110;

statistics::Estimate estimate_of(const TuneEstimate& e) {
  return {e.value, e.low, e.high, std::numeric_limits<double>::quiet_NaN(), e.videos};
}

std::string in_words(const TuneEstimate& estimate, const NumberStyle& style) {
  return statistics::with_interval(estimate_of(estimate), style);
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json json_of(const TuneEstimate& e) {
  return {{"value", number(e.value)},
          {"low", number(e.low)},
          {"high", number(e.high)},
          {"videos", e.videos},
          {"reliable", estimate_of(e).reliable()}};
}

Json json_of(std::optional<double> gamma) {
  return gamma ? Json(*gamma) : Json();
}

std::string groups_text(const Tuning& tuning) {
  std::string text = fmt::format("\n  {:<12}{:<9}{:<28}{}\n", "group", "layers", "the preset's own", "tuned");
  for (const TunedGroup& group : tuning.groups) {
    text += fmt::format("  {:<12}{:<9}{:<28}{}\n", group.name, group.layers.size(),
                        fmt::format("{}", fmt::join(group.rules, ", ")),
                        group.gamma ? fmt::format("gamma {}", *group.gamma) : "own");
  }
  return text;
}

std::string gain_text(const Tuning& tuning) {
  std::string text =
      fmt::format("\n  ABPC ({}) on {} held out; with 95 % intervals\n", fmt::join(tuning.flippings, ", "),
                  statistics::counted(tuning.own.videos, "video"));
  const auto row = [&](const std::string& what, const TuneEstimate& estimate, const NumberStyle& style) {
    text += fmt::format("  {:<24}{}\n", what, in_words(estimate, style));
  };
  row(tuning.method, tuning.own, kAbpc);
  row("tuned", tuning.tuned, kAbpc);
  row("difference, paired", tuning.difference, kChange);
  row("a random order", tuning.random, kAbpc);
  return text;
}

/// A line a group and round: what was tried, with what it came to.
std::string search_text(const Tuning& tuning) {
  constexpr size_t kIndent = 17;
  std::string text = fmt::format(
      "\n  The search: gamma = mean ABPC on {}, '*' was taken; the best of many is too high here\n",
      statistics::counted(std::ssize(tuning.search_videos), "other video"));
  std::string line;
  for (size_t i = 0; i < tuning.tried.size(); ++i) {
    const TriedGamma& tried = tuning.tried[i];
    line += fmt::format("{}{}={:.3f}{}", line.empty() ? "" : "  ", tune::to_string(tried.gamma), tried.abpc,
                        tried.taken ? "*" : "");
    const bool ends = i + 1 == tuning.tried.size() || tuning.tried[i + 1].group != tried.group ||
                      tuning.tried[i + 1].round != tried.round;
    if (!ends) continue;
    text += fmt::format("  {:<3}{:<12}{}\n", tried.round, tried.group,
                        statistics::wrapped(line, kWidth, kIndent));
    line.clear();
  }
  return text;
}

}  // namespace

std::string tuning_text(const Tuning& tuning) {
  std::string text;
  for (const std::string& sentence : tuning.sentences)
    text += statistics::wrapped(sentence, kWidth, 0) + "\n";
  text += groups_text(tuning) + gain_text(tuning) + search_text(tuning);
  text += fmt::format("\n  {}\n", statistics::wrapped("Accuracy: " + tuning.accuracy, kWidth, 2));
  for (const std::string& warning : tuning.warnings)
    text += fmt::format("  {}\n", statistics::wrapped("warning: " + warning, kWidth, 2));
  return text;
}

std::string tuning_json(const Tuning& tuning) {
  Json groups = Json::array(), tried = Json::array();
  for (const TunedGroup& group : tuning.groups) {
    groups.push_back({{"name", group.name},
                      {"layers", group.layers},
                      {"rules", group.rules},
                      {"gamma", json_of(group.gamma)}});
  }
  for (const TriedGamma& one : tuning.tried) {
    tried.push_back({{"round", one.round},
                     {"group", one.group},
                     {"gamma", json_of(one.gamma)},
                     {"abpc", number(one.abpc)},
                     {"taken", one.taken}});
  }
  const Json all = {{"method", tuning.method},
                    {"model_sha256", tuning.model_sha256},
                    {"verdict", name(tuning.verdict)},
                    {"sentences", tuning.sentences},
                    {"accuracy", tuning.accuracy},
                    {"warnings", tuning.warnings},
                    {"seed", tuning.seed},
                    {"flippings", tuning.flippings},
                    {"groups", groups},
                    {"held_out",
                     {{"own", json_of(tuning.own)},
                      {"tuned", json_of(tuning.tuned)},
                      {"difference", json_of(tuning.difference)},
                      {"random", json_of(tuning.random)}}},
                    {"held_out_videos", tuning.held_out_videos},
                    {"search", tried},
                    {"search_videos", tuning.search_videos},
                    {"passes", tuning.passes},
                    {"seconds", tuning.seconds}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace relevid
