// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "evaluate/plan.h"
#include "evaluate/report.h"
#include "evaluate/warnings.h"

namespace relevid::evaluate {
namespace {

/// Names from a run may hold anything; a terminal gets no control characters.
std::string shown(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return text;
}

/// Columns as wide as what is in them.
class Grid {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string result;
    for (const auto& row : rows_) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}", row[i], widths[i] + 2);
      line.erase(line.find_last_not_of(' ') + 1);
      result += "  " + line + "\n";
    }
    return result;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string warned(const std::vector<std::string>& warnings) {
  std::string text;
  for (const std::string& warning : warnings) text += fmt::format("  warning: {}\n", warning);
  return text;
}

std::string ranking_of(const FlippingResult& f) {
  std::string text = fmt::format(
      "\nFlipping {}, filled by {} ({}:{})\n"
      "  {} videos; nothing flipped gives {:.3f}, everything {:.3f}. '=' is not significantly different from "
      "the best method.\n",
      f.regions, f.fill, f.regions, f.fill, f.videos, f.whole, f.flipped);
  Grid grid;
  grid.row({"", "method", "ABPC", "AOPC", "insertion", "deletion", "ABPC above random"});
  for (const Ranked& r : f.ranking) {
    const bool random = r.method == kRandom;
    grid.row({r.baseline      ? "-"
              : r.like_best() ? "="
                              : "",
              shown(r.method), in_words(r.abpc), in_words(r.aopc), fmt::format("{:.3f}", r.insertion.value),
              fmt::format("{:.3f}", r.deletion.value), random ? "" : in_words(r.above_random)});
  }
  return text + grid.text() + warned(f.warnings);
}

/// Finds a measure; nothing where the run has none.
class Measures {
 public:
  explicit Measures(const Evaluation& evaluation) : all_(evaluation.measures) {}
  const statistics::Estimate* find(std::string_view measure, std::string_view versus,
                                   std::string_view method) const {
    const auto found = std::ranges::find_if(all_, [&](const MeasureResult& m) {
      return m.measure == measure && m.versus == versus && m.method == method;
    });
    return found == all_.end() ? nullptr : &found->value;
  }
  std::string words(std::string_view measure, std::string_view versus, std::string_view method) const {
    const statistics::Estimate* found = find(measure, versus, method);
    return found ? in_words(*found) : "-";
  }
  std::vector<std::string> versus(std::string_view measure) const {
    std::vector<std::string> names;
    for (const MeasureResult& m : all_) {
      if (m.measure == measure && std::ranges::find(names, m.versus) == names.end())
        names.push_back(m.versus);
    }
    // "4 of 12" after "1 of 12", and before "12 of 12"
    std::ranges::stable_sort(names, {}, &std::string::size);
    return names;
  }

 private:
  const std::vector<MeasureResult>& all_;
};

std::vector<std::string> with_baselines(const Evaluation& evaluation) {
  auto names = evaluation.methods;
  names.emplace_back(kCentrePrior);
  names.emplace_back(kRandom);
  return names;
}

std::string localisation_of(const Evaluation& evaluation, const Measures& measures) {
  auto names = with_baselines(evaluation);
  const statistics::Estimate* area = measures.find("area", "", names[0]);
  if (!area) return "";
  std::ranges::stable_sort(names, std::greater<>(), [&](const std::string& name) {
    const statistics::Estimate* share = measures.find("share_over_area", "", name);
    return share && !std::isnan(share->value) ? share->value : -1;
  });
  Grid grid;
  grid.row({"method", "share inside", "share over area", "pointing game"});
  for (const std::string& name : names) {
    grid.row({shown(name), measures.words("share_inside", "", name),
              measures.words("share_over_area", "", name), measures.words("pointing", "", name)});
  }
  return fmt::format(
             "\nRelevance on the objects\n"
             "  {} videos; the objects are {:.3f} of the area, which is what chance gives.\n",
             area->videos, area->value) +
         grid.text();
}

std::string checks_of(const Evaluation& evaluation, const Measures& measures) {
  const auto levels = measures.versus("randomised_rank");
  const bool shift = !measures.versus("shift").empty(), offset = !measures.versus("offset").empty(),
             invariance = !measures.versus("invariance").empty(), other = !measures.versus("class").empty();
  if (levels.empty() && !shift && !offset && !invariance && !other) return "";
  std::string text =
      "\nChecks: how similar a map stays (rank correlation; of the runner-up's map the linear one)\n"
      "  Under a shift, an offset and a constant 1 is best; with random weights from the top it should fall "
      "to 0, and the runner-up class should have another map.\n";
  Grid grid, similarity;
  std::vector<std::string> head = {"method"}, ssim_head = {"method"};
  if (shift) head.emplace_back("shift by a pixel");
  if (offset) head.emplace_back("a step later");
  if (invariance) head.emplace_back("constant added");
  if (other) head.emplace_back("runner-up's map");
  for (const std::string& level : levels) {
    head.push_back(level + " random");
    ssim_head.push_back(level + " random");
  }
  grid.row(std::move(head));
  similarity.row(std::move(ssim_head));
  for (const std::string& method : evaluation.methods) {
    std::vector<std::string> row = {shown(method)}, ssim = {shown(method)};
    if (shift) row.push_back(measures.words("shift", "", method));
    if (offset) row.push_back(measures.words("offset", "", method));
    if (invariance) row.push_back(measures.words("invariance", "", method));
    if (other) row.push_back(measures.words("class", "", method));
    for (const std::string& level : levels) {
      row.push_back(measures.words("randomised_rank", level, method));
      ssim.push_back(measures.words("randomised_ssim", level, method));
    }
    grid.row(std::move(row));
    similarity.row(std::move(ssim));
  }
  text += grid.text();
  return levels.empty() ? text : text + "  The same by structural similarity (SSIM):\n" + similarity.text();
}

std::string agreement_of(const Evaluation& evaluation, const Measures& measures) {
  if (measures.versus("agreement").empty()) return "";
  Grid grid;
  std::vector<std::string> head = {""};
  for (size_t m = 0; m < evaluation.methods.size(); ++m) head.push_back(fmt::format("{}", m + 1));
  grid.row(std::move(head));
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    std::vector<std::string> row = {fmt::format("{} {}", m + 1, shown(evaluation.methods[m]))};
    for (const std::string& other : evaluation.methods) {
      const statistics::Estimate* found = measures.find("agreement", other, evaluation.methods[m]);
      row.push_back(found && !std::isnan(found->value) ? fmt::format("{:.2f}", found->value) : "");
    }
    grid.row(std::move(row));
  }
  return "\nAgreement: mean rank correlation of two methods' maps\n" + grid.text();
}

std::string counts_of(const Evaluation& evaluation) {
  const RunCounts& counts = evaluation.counts;
  std::string text = fmt::format("{} of {} videos, {} evaluated", counts.done, counts.expected, counts.ok);
  for (const auto& [count, what] : {std::pair{counts.too_short, "too short"},
                                    {counts.unreadable, "unreadable"},
                                    {counts.empty, "empty"},
                                    {counts.failed, "failed"}}) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  }
  return text;
}

/// Accuracy against chance, and what that means for the rest.
std::string chance_of(const statistics::Chance& chance, const run::Manifest& manifest) {
  std::string text = fmt::format("  Accuracy: {}\n", chance.sentence);
  if (chance.skill == statistics::Skill::kAtChance)
    text += "  What follows ranks explanations of a model that has learned nothing these videos can show.\n";
  const std::string never = statistics::never_predicted(chance, manifest.class_names);
  return never.empty() ? text : text + "  " + never + "\n";
}

}  // namespace

std::string text_of(const Evaluation& evaluation, const run::Manifest& manifest, const std::string& run,
                    const EvaluationReportOptions& options) {
  const bool logit = options.score == EvaluationReportOptions::Score::kLogit;
  std::string text = fmt::format(
      "Evaluation of {} explanation methods: {}\n{}  {}; {} clips. Intervals are 95 % over videos.\n"
      "  Curves are of the {} of the class that is explained.\n",
      evaluation.methods.size(), shown(run), chance_of(evaluation.chance, manifest), counts_of(evaluation),
      evaluation.clips, logit ? "logit" : "probability");
  text += warned(evaluation.warnings);
  for (const FlippingResult& f : evaluation.flippings) text += ranking_of(f);
  const Measures measures(evaluation);
  return text + localisation_of(evaluation, measures) + checks_of(evaluation, measures) +
         agreement_of(evaluation, measures);
}

}  // namespace relevid::evaluate
