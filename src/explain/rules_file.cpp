// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/suggest.h"
#include "explain/composite.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using nlohmann::json;

constexpr const char* kRules = "rules";

/// One entry of the file, with what is needed to name it in an error.
struct Entry {
  const json& fields;
  std::string where;

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", where, what));
  }
  double number(const char* key, double otherwise) const {
    if (!fields.contains(key)) return otherwise;
    if (!fields[key].is_number()) fail(fmt::format("'{}' is not a number", key));
    return fields[key].get<double>();
  }
  std::string text(const char* key) const {
    if (!fields.contains(key)) return "";
    if (!fields[key].is_string()) fail(fmt::format("'{}' is not a string", key));
    return fields[key].get<std::string>();
  }
};

/// Of a word of the field "rule": what it makes of an entry's other fields.
struct RuleWord {
  std::string word;
  NodeRule (*make)(const Entry& entry);
};

NodeRule alpha_beta_of(const Entry& entry) {
  try {
    return alpha_beta_rule(entry.number("alpha", 2), entry.number("beta", 1));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInvalidArgument) entry.fail(error.what());
    throw;
  }
}

const std::vector<RuleWord>& rule_words() {
  using E = const Entry&;
  static const std::vector<RuleWord> kWords = {
      {"epsilon", [](E entry) -> NodeRule { return epsilon_rule(entry.number("epsilon", 1e-6)); }},
      {"z_plus", [](E) -> NodeRule { return z_plus_rule(); }},
      {"z_plus_no_bias", [](E) -> NodeRule { return z_plus_rule(ZPlusBias::kNone); }},
      {"alpha_beta", alpha_beta_of},
      {"gamma", [](E entry) -> NodeRule { return gamma_rule(entry.number("gamma", 0.25)); }},
      {"z_box", [](E) -> NodeRule { return z_box_rule(); }},
      {"w_square", [](E) -> NodeRule { return w_square_rule(); }},
      {"flat", [](E) -> NodeRule { return flat_rule(); }},
      {"norm", [](E) -> NodeRule { return norm_rule(); }},
      {"same_sign", [](E) -> NodeRule { return same_sign_rule(); }},
      {"winner", [](E) -> NodeRule { return PoolingRule::kWinner; }},
      {"even", [](E) -> NodeRule { return PoolingRule::kEven; }},
      {"add_norm", [](E) -> NodeRule { return AdditionRule::kNorm; }},
      {"add_even", [](E) -> NodeRule { return AdditionRule::kEven; }},
      {"add_same_sign", [](E) -> NodeRule { return AdditionRule::kSameSign; }},
      {"signal", [](E) -> NodeRule { return ProductRule::kSignal; }},
      {"half", [](E) -> NodeRule { return ProductRule::kHalf; }},
      {"linear", [](E) -> NodeRule { return NormRule::kLinear; }},
      {"pass", [](E) -> NodeRule { return NormRule::kPass; }},
  };
  return kWords;
}

NodeRule parse_rule(const Entry& entry) {
  const std::string word = entry.text("rule");
  std::vector<std::string> words;
  for (const RuleWord& known : rule_words()) {
    if (known.word == word) return known.make(entry);
    words.push_back(known.word);
  }
  entry.fail(
      fmt::format("no rule '{}'{}; there are {}", word, did_you_mean(word, words), fmt::join(words, ", ")));
}

Match parse_match(const Entry& entry) {
  static const std::vector<std::string> kOperators = {"Convolution", "TransposedConvolution",
                                                      "Dense",       "AveragePool",
                                                      "MaxPool",     "Reduce",
                                                      "Resample",    "Multiply",
                                                      "MatMul",      "Attention",
                                                      "Standardise", "Affine",
                                                      "Add"};
  Match match;
  match.name_pattern = entry.text("name");
  const std::string op = entry.text("operator"), position = entry.text("position");
  if (!op.empty()) {
    if (std::ranges::find(kOperators, op) == kOperators.end()) {
      entry.fail(fmt::format("no operator '{}'{}; there are {}", op, did_you_mean(op, kOperators),
                             fmt::join(kOperators, ", ")));
    }
    match.operators = {op};
  }
  if (position == "first")
    match.position = Match::Position::kFirst;
  else if (position == "last")
    match.position = Match::Position::kLast;
  else if (!position.empty())
    entry.fail(fmt::format("position '{}'; it is first or last", position));
  return match;
}

/// The list that an object has beside what it tells people.
json list_of(const json& object, const std::filesystem::path& path) {
  static const std::vector<std::string> kFields = {kRules, "about"};
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(kFields, key) != kFields.end()) continue;
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: unknown field '{}'{}; beside a list there are {}", path.string(), key,
                            did_you_mean(key, kFields), fmt::join(kFields, ", ")));
  }
  return object.at(kRules);
}

}  // namespace

std::vector<CompositeEntry> read_rules(const std::filesystem::path& path) {
  json file;
  try {
    file = json::parse(read_file(path));
  } catch (const json::exception& error) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{} is not JSON: {}", path.string(), error.what()));
  }
  if (file.is_object() && file.contains(kRules)) file = list_of(file, path);
  if (!file.is_array()) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: a list of entries is needed, [{{\"name\": ..., \"rule\": ...}}, ...], or an "
                            "object with such a list as its \"{}\"",
                            path.string(), kRules));
  }
  static const std::vector<std::string> kKeys = {"name",    "operator", "position", "rule",
                                                 "epsilon", "alpha",    "beta",     "gamma"};
  std::vector<CompositeEntry> entries;
  for (const json& fields : file) {
    const Entry entry{fields, fmt::format("{}, entry {}", path.string(), entries.size() + 1)};
    if (!fields.is_object()) entry.fail("not an object");
    for (const auto& [key, value] : fields.items()) {
      if (std::ranges::find(kKeys, key) == kKeys.end()) {
        entry.fail(fmt::format("unknown field '{}'{}; there are {}", key, did_you_mean(key, kKeys),
                               fmt::join(kKeys, ", ")));
      }
    }
    entries.push_back({parse_match(entry), parse_rule(entry)});
  }
  return entries;
}

}  // namespace relevid
