// SPDX-License-Identifier: Apache-2.0
#include "statistics/chance_json.h"

namespace relevid::statistics {

nlohmann::ordered_json chance_json(const Chance& chance, std::span<const std::string> class_names) {
  auto never = nlohmann::ordered_json::array();
  for (const int64_t label : chance.never_predicted) never.push_back(class_label(class_names, label));
  return {{"skill", name(chance.skill)},
          {"sentence", chance.sentence},
          {"labelled", chance.labelled},
          {"right", chance.right},
          {"accuracy", chance.accuracy()},
          {"low", chance.interval.low},
          {"high", chance.interval.high},
          {"constant_share", chance.constant_share()},
          {"most_frequent_label", chance.most_frequent_label},
          {"labels", chance.labels},
          {"predicted_classes", chance.predicted_classes},
          {"never_predicted", std::move(never)}};
}

}  // namespace relevid::statistics
