// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "api/explanation_settings.h"
#include "api/method_record.h"
#include "relevid/explanation_files.h"

namespace relevid {

using nlohmann::json;

bool is_explained(const std::filesystem::path& input, const Model& model, const ClipExplainer& explainer,
                  const InputOptions& options, std::span<const TargetChoice> targets,
                  const OutputOptions& output) {
  std::map<json, int64_t> missing;  // records of each method's settings
  const json of_input = input_settings(explainer, options, targets);
  for (size_t m = 0; m < explainer.methods().size(); ++m) {
    const json method = method_record(explainer.options(m), explainer.effective_start(m));
    missing[all_settings(method, of_input, output)] = 1;
  }
  std::map<json, int64_t> found;
  for (const auto& path : possible_outputs(output.folder, std::span(&output.stem, 1))) {
    if (path.extension() != ".json") continue;
    std::ifstream file(path);
    const auto record = json::parse(file, nullptr, false);
    if (!record.is_object() || record.value("input", "") != input.string() ||
        record.value("/model/sha256"_json_pointer, "") != model.sha256())
      continue;
    const auto wanted = missing.find(record.value("settings", json()));
    if (wanted == missing.end()) continue;
    ++found[wanted->first];
    // Two targets may have been one class, which has one record.
    wanted->second = record.value("targets_in_run", int64_t{1});
  }
  return std::ranges::all_of(missing,
                             [&](const auto& method) { return found[method.first] >= method.second; });
}

}  // namespace relevid
