// SPDX-License-Identifier: Apache-2.0
#include "run/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid::run {
namespace {

/// Whether the classes are called "0", "1", ...: as they are where a list has no names for its numbers.
bool are_numbers(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != std::to_string(i)) return false;
  return true;
}

}  // namespace

DataSet with_model_labels(const DataSet& data, std::span<const std::string> model_classes) {
  DataSet result = data;
  if (model_classes.empty() || are_numbers(data.class_names)) return result;
  std::map<std::string_view, int64_t> classes;
  for (size_t i = 0; i < model_classes.size(); ++i)
    classes.emplace(model_classes[i], static_cast<int64_t>(i));
  for (DataRow& row : result.rows) {
    if (row.label == kUnlabelled) continue;
    const std::string& name = data.class_names.at(static_cast<size_t>(row.label));
    const auto found = classes.find(name);
    if (found == classes.end()) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("class '{}' of the data set ({}) is not among the {} of the model{}; rename it, "
                      "or have labels taken as the model's numbers (--labels-by index)",
                      name, row.name, model_classes.size(),
                      did_you_mean(name, {model_classes.begin(), model_classes.end()})));
    }
    row.label = found->second;
  }
  return result;
}

}  // namespace relevid::run
