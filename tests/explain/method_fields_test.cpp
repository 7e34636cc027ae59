// SPDX-License-Identifier: Apache-2.0
// The table says which methods listen to a setting: maps are computed with other values of each.
#include "relevid/method_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "explain/explainer.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/graphs.h"
#include "support/other_settings.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
using Map = std::vector<double>;

/// A gate, a residual, attention, a norm and a layer that relevance can stop at: something for every setting
/// to change.
graph::Graph network() {
  testing::GraphBuilder b;
  testing::Random random(3);
  const int x = b.input({1, 3, 8, 8, 8});
  const int y = b.relu(b.convolution(x, 4, random));
  const int gate = b.like(graph::Activation{graph::Activation::Kind::kSigmoid}, b.convolution(y, 4, random));
  const int z = b.max_pool(b.add(b.multiply(y, gate, 1), y));
  const int keys = b.reshape(b.relu(b.convolution(z, 4, random)), Shape{1, 4, 64});
  const int tokens = b.node(graph::Transpose{{0, 2, 1}}, {keys}, Shape{1, 64, 4});
  const int attended = b.node(graph::Attention{2, {}}, {tokens, keys, tokens}, Shape{1, 64, 4});
  return b.finish(b.dense(b.flatten(b.like(graph::Standardise{{2}, 1e-3}, attended)), 3, random, 0.5F));
}

/// Few passes: the table is asked about hundreds of maps.
MethodOptions small_options(const std::string& method) {
  MethodOptions options;
  options.method = method;
  options.integration_steps = options.noise_samples = 2;
  options.iterations = method == "temporal_mask" ? 20 : 2;  // masks of frames begin to differ late
  options.masks = 5;
  options.permutations = 2;
  options.areas = {0.3};
  return options;
}

class MethodFields : public ::testing::Test {
 protected:
  Map map_of(const MethodOptions& options) {
    ExplainerOptions all;
    static_cast<MethodOptions&>(all) = options;
    all.bounds.emplace();
    all.bounds->low.push_back(Tensor::from(Shape{}, std::vector<float>{-1}));
    all.bounds->high.push_back(Tensor::from(Shape{}, std::vector<float>{1}));
    Explainer explainer(network_, all);
    explainer.forward(clip_);
    return explainer.explain(std::vector<int64_t>{2}).relevance.front().as_doubles();
  }

  /// The map under every other value; nothing where the method refuses one.
  std::vector<Map> other_maps(const MethodField& field, const std::string& method) {
    std::vector<std::string> texts = field.words;
    if (texts.empty()) texts = {testing::other_text(field)};
    if (field.name == "layer") texts = {"Convolution0"};
    if (field.name == "contrast") texts = {"1"};
    std::vector<Map> maps;
    for (const std::string& text : texts) {
      MethodOptions options = small_options(method);
      if (text == field.text(options)) continue;
      field.set_text(options, text);
      try {
        maps.push_back(map_of(options));
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument) << error.what();
      }
    }
    return maps;
  }

  std::unique_ptr<kernels::Library> library_ = testing::library_under_test(1);
  Network network_{network(), *library_, Purpose::kExplanation};
  Tensor clip_ = testing::Random(4).uniform(Shape{1, 3, 8, 8, 8}, -1, 1);
};

TEST_F(MethodFields, ChangeTheMapsOfTheMethodsThatListenAndOfNoOthers) {
  for (const std::string& method : method_names()) {
    const Map own = map_of(small_options(method));
    for (const MethodField& field : method_fields()) {
      // Rules are read before an explainer is made, and the kernel library is made before.
      if (field.name == "rules_file" || field.name == "precision" || field.name == "device") continue;
      const auto others = other_maps(field, method);
      const bool differs = std::ranges::any_of(others, [&](const Map& other) { return other != own; });
      const bool is_listed = field.is_taken_by(method) && field.effect == MethodField::Effect::kMap;
      EXPECT_EQ(differs, is_listed) << method << " under " << field.name;
    }
  }
}

TEST(MethodField, TextGoesThereAndBack) {
  for (const MethodField& field : method_fields()) {
    const std::string text = testing::other_text(field);
    if (text.empty()) continue;
    MethodOptions options;
    const std::string before = field.text(options);
    field.set_text(options, text);
    EXPECT_EQ(field.text(options), text) << field.name;
    EXPECT_NE(text, before) << field.name;
    EXPECT_FALSE(field.help.empty()) << field.name;
    EXPECT_FALSE(field.methods.empty()) << field.name;
  }
}

TEST(MethodField, RefusesWhatIsOutOfRangeOrUnknown) {
  const auto refusal = [](std::string_view name, std::string_view text) {
    MethodOptions options;
    return testing::message_of(ErrorKind::kInvalidArgument,
                               [&] { method_field(name).set_text(options, text); });
  };
  EXPECT_THAT(refusal("fill", "blurr"),
              HasSubstr("--fill blurr (did you mean 'blur'?): it is one of default,"));
  EXPECT_THAT(refusal("relevance", "deep_tailor"), HasSubstr("deep_taylor"));
  EXPECT_THAT(refusal("keep_share", "1"), HasSubstr("--keep-share 1: a number between 0 and 1"));
  EXPECT_THAT(refusal("keep_share", "nan"), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal("noise_samples", "2.5"), HasSubstr("--samples 2.5: a number from 1 to 10000"));
  EXPECT_THAT(refusal("masks", ""), HasSubstr("--masks"));
  EXPECT_THAT(refusal("areas", "0.1,,0.2"), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal("areas", ""), HasSubstr("--areas"));
  for (const char* text : {"4x32x", "1x2x3x4", "x", "a", "", "-1"})
    EXPECT_THAT(refusal("window", text), HasSubstr("--window")) << text;
  EXPECT_THAT(refusal("seed", "-1"), HasSubstr("--seed -1"));
  EXPECT_THAT(testing::message_of(ErrorKind::kInvalidArgument, [] { method_field("noise_levle"); }),
              HasSubstr("did you mean 'noise_level'?"));
  MethodOptions options;
  EXPECT_THAT(testing::message_of(ErrorKind::kInvalidArgument,
                                  [&] { method_field("masks").set(options, std::string("many")); }),
              HasSubstr("--masks"));
}

}  // namespace
}  // namespace relevid
