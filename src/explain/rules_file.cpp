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

NodeRule parse_rule(const Entry& entry) {
  static const std::vector<std::string> kNames = {
      "epsilon",  "z_plus",   "z_plus_no_bias", "alpha_beta", "gamma",  "z_box",
      "w_square", "flat",     "norm",           "same_sign",  "winner", "even",
      "add_norm", "add_even", "add_same_sign",  "signal",     "half"};
  const std::string name = entry.text("rule");
  if (name == "epsilon") return epsilon_rule(entry.number("epsilon", 1e-6));
  if (name == "z_plus") return z_plus_rule();
  if (name == "z_plus_no_bias") return z_plus_rule(ZPlusBias::kNone);
  if (name == "alpha_beta") {
    try {
      return alpha_beta_rule(entry.number("alpha", 2), entry.number("beta", 1));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInvalidArgument) entry.fail(error.what());
      throw;
    }
  }
  if (name == "gamma") return gamma_rule(entry.number("gamma", 0.25));
  if (name == "z_box") return z_box_rule();
  if (name == "w_square") return w_square_rule();
  if (name == "flat") return flat_rule();
  if (name == "norm") return norm_rule();
  if (name == "same_sign") return same_sign_rule();
  if (name == "winner") return PoolingRule::kWinner;
  if (name == "even") return PoolingRule::kEven;
  if (name == "add_norm") return AdditionRule::kNorm;
  if (name == "add_even") return AdditionRule::kEven;
  if (name == "add_same_sign") return AdditionRule::kSameSign;
  if (name == "signal") return ProductRule::kSignal;
  if (name == "half") return ProductRule::kHalf;
  entry.fail(
      fmt::format("no rule '{}'{}; there are {}", name, did_you_mean(name, kNames), fmt::join(kNames, ", ")));
}

Match parse_match(const Entry& entry) {
  static const std::vector<std::string> kOperators = {"Convolution", "TransposedConvolution",
                                                      "Dense",       "AveragePool",
                                                      "MaxPool",     "Reduce",
                                                      "Resample",    "Multiply",
                                                      "MatMul",      "Add"};
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

}  // namespace

std::vector<CompositeEntry> read_rules(const std::filesystem::path& path) {
  json file;
  try {
    file = json::parse(read_file(path));
  } catch (const json::exception& error) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{} is not JSON: {}", path.string(), error.what()));
  }
  if (!file.is_array()) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: a list of entries is needed, [{{\"name\": ..., \"rule\": ...}}, ...]",
                            path.string()));
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
