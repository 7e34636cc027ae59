// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/random.h"
#include "relevid/dataset.h"
#include "relevid/error.h"

namespace relevid {
namespace {

/// FNV-1a (Fowler, Noll, Vo), mixed once more: its high bits alone are weak for short names.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mix(hash, 0);
}

/// The names of one class in the order of their hashes; equal hashes by name.
using RankedNames = std::set<std::pair<uint64_t, std::string_view>>;

size_t held_out_count(size_t names, double share) {
  if (names < 2) return 0;
  const auto count = static_cast<size_t>(std::floor(static_cast<double>(names) * share + 0.5));
  return std::clamp<size_t>(count, 1, names - 1);
}

}  // namespace

DataSplit split_dataset(const DataSet& data, double validation_share) {
  if (!(validation_share > 0) || !(validation_share < 1)) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a validation split of {}; more than 0 and less than 1 will do", validation_share));
  }
  // A name that two classes claim belongs to the first, so that it lies on one side.
  std::map<std::string_view, int64_t> label_of;
  for (const DataRow& row : data.rows) label_of.emplace(row.name, row.label);
  std::map<int64_t, RankedNames> classes;
  for (const auto& [name, label] : label_of) classes[label].emplace(hash_of(name), name);
  std::set<std::string_view> held_out;
  for (const auto& [label, names] : classes) {
    size_t left = held_out_count(names.size(), validation_share);
    for (auto name = names.begin(); left > 0; ++name, --left) held_out.insert(name->second);
  }
  DataSplit split;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    auto& side = held_out.contains(data.rows[i].name) ? split.validation : split.training;
    side.push_back(static_cast<int64_t>(i));
  }
  return split;
}

}  // namespace relevid
