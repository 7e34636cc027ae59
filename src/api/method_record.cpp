// SPDX-License-Identifier: Apache-2.0
#include "api/method_record.h"

#include "base/hash.h"

namespace relevid {

// By their words, the first of each being what an unknown one counts as.
NLOHMANN_JSON_SERIALIZE_ENUM(Start, {{Start::kOne, "one"}, {Start::kLogit, "logit"}})
NLOHMANN_JSON_SERIALIZE_ENUM(GateRule, {{GateRule::kSignal, "signal"}, {GateRule::kHalf, "half"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Precision, {{Precision::kFloat32, "f32"}, {Precision::kBfloat16, "bf16"}})
NLOHMANN_JSON_SERIALIZE_ENUM(PathBaseline, {{PathBaseline::kZero, "zero"}, {PathBaseline::kMean, "mean"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Score, {{Score::kLogit, "logit"}, {Score::kProbability, "probability"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Fill, {{Fill::kDefault, "default"},
                                    {Fill::kMean, "mean"},
                                    {Fill::kZero, "zero"},
                                    {Fill::kBlur, "blur"},
                                    {Fill::kFreeze, "freeze"}})

nlohmann::json method_record(const MethodOptions& method, Start start) {
  const PerturbationOptions& p = method.perturbation;
  return {{"name", method.method},
          {"start", start},
          {"gate", method.gate},
          {"rules_sha256", method.rules_file.empty() ? "" : sha256_of_file(method.rules_file)},
          {"contrast", method.contrast ? nlohmann::json(*method.contrast) : nlohmann::json()},
          {"integration_steps", method.integration_steps},
          {"integration_baseline", method.baseline},
          {"noise_samples", method.noise_samples},
          {"noise_level", method.noise_level},
          {"seed", method.seed},
          {"layer", method.layer},
          {"relevance", method.relevance},
          {"selective_sigmas", method.selective_sigmas},
          {"precision", method.precision},
          {"score", p.score},
          {"fill", p.fill},
          {"window", p.window},
          {"stride", p.stride},
          {"masks", p.masks},
          {"cells", p.cells},
          {"keep_share", p.keep_share},
          {"areas", p.areas},
          {"iterations", p.iterations},
          {"permutations", p.permutations}};
}

MethodOptions method_from(const nlohmann::json& record) {
  MethodOptions options;
  const auto read = [&](const char* key, auto& value) { record.at(key).get_to(value); };
  read("name", options.method);
  read("start", options.start);
  read("gate", options.gate);
  if (!record.at("contrast").is_null()) options.contrast = record["contrast"].get<int64_t>();
  read("integration_steps", options.integration_steps);
  read("integration_baseline", options.baseline);
  read("noise_samples", options.noise_samples);
  read("noise_level", options.noise_level);
  read("seed", options.seed);
  read("layer", options.layer);
  read("relevance", options.relevance);
  read("selective_sigmas", options.selective_sigmas);
  if (record.contains("precision"))
    read("precision", options.precision);  // runs before there was a choice lack it
  PerturbationOptions& p = options.perturbation;
  read("score", p.score);
  read("fill", p.fill);
  read("window", p.window);
  read("stride", p.stride);
  read("masks", p.masks);
  read("cells", p.cells);
  read("keep_share", p.keep_share);
  read("areas", p.areas);
  read("iterations", p.iterations);
  read("permutations", p.permutations);
  return options;
}

}  // namespace relevid
