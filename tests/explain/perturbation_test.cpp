// SPDX-License-Identifier: Apache-2.0
// Methods that change the clip, on functions whose answer is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explain/explainer.h"
#include "explain/perturbation.h"
#include "explain/small_networks.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::Random;
using Vector = std::vector<double>;

/// Two classes, the second all zero: the score of the first is Σ w x.
graph::Graph linear(const Shape& clip, std::vector<float> weights) {
  GraphBuilder b;
  const int x = b.flatten(b.input(clip));
  const auto size = static_cast<int64_t>(weights.size());
  weights.resize(2 * weights.size());
  const auto w = testing::shared(Tensor::from(Shape{2, size}, weights));
  return b.finish(b.node(graph::Dense{w, nullptr}, {x}, {clip[0], 2}));
}

ExplainerOptions method(const std::string& name, Fill fill = Fill::kDefault) {
  ExplainerOptions options;
  options.method = name;
  options.fill = fill;
  return options;
}

struct Found {
  Vector relevance;
  std::vector<std::string> notes;
};

Found explained(const graph::Graph& graph, const ExplainerOptions& options, const Tensor& clip) {
  const auto library = testing::reference_library();
  Network network(graph, *library, Purpose::kExplanation);
  Explainer explainer(network, options);
  explainer.forward(clip);
  Attribution found = explainer.explain(std::vector<int64_t>{0});
  return {found.relevance[0].as_doubles(), found.notes.empty() ? std::vector<std::string>{} : found.notes[0]};
}

double sum(const Vector& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Per frame of [1, C, T, H, W].
Vector per_frame(const Vector& values, const Shape& clip) {
  Vector result(static_cast<size_t>(clip[2]), 0.0);
  const auto plane = static_cast<size_t>(clip[3] * clip[4]);
  for (size_t i = 0; i < values.size(); ++i) result[i / plane % result.size()] += values[i];
  return result;
}

const Shape kClip{1, 2, 4, 4, 4};
constexpr size_t kPositions = 64;

struct Linear {
  Random random{71};
  Tensor clip = random.uniform(kClip, 0, 1);
  Tensor weights = random.uniform(kClip, -1, 1);
  std::vector<float> w{weights.values<float>().begin(), weights.values<float>().end()};
  graph::Graph graph = linear(kClip, w);
  double part(size_t i) const {
    return static_cast<double>(w[i]) * static_cast<double>(clip.values<float>()[i]);
  }
  double score() const {
    double result = 0;
    for (size_t i = 0; i < w.size(); ++i) result += part(i);
    return result;
  }
};

TEST(Occlusion, OfALinearFunctionIsExact) {
  const Linear f;
  ExplainerOptions options = method("occlusion_tube", Fill::kZero);
  options.window = options.window_stride = {1, 1, 1};
  const Vector points = explained(f.graph, options, f.clip).relevance;
  for (size_t i = 0; i < points.size(); ++i) {
    const size_t position = i % kPositions;
    ASSERT_NEAR(points[i], (f.part(position) + f.part(kPositions + position)) / 2, 1e-6);
  }
  options.window = options.window_stride = {2, 2, 4};
  EXPECT_NEAR(sum(explained(f.graph, options, f.clip).relevance), f.score(), 1e-5);
  options = method("occlusion_time", Fill::kZero);
  const Vector frames = per_frame(explained(f.graph, options, f.clip).relevance, kClip);
  for (size_t t = 0; t < 4; ++t) {
    double want = 0;
    for (size_t i = 0; i < 32; ++i) want += f.part(i / 16 * kPositions + t * 16 + i % 16);
    EXPECT_NEAR(frames[t], want, 1e-5);
  }
}

TEST(Occlusion, OverlappingWindowsAreAveragedAndReachTheEnd) {
  std::vector<float> w(4, 0.0F);
  w[3] = 6;  // the last frame alone counts
  ExplainerOptions options = method("occlusion_time", Fill::kZero);
  options.window = {3, 0, 0};
  options.window_stride = {2, 0, 0};  // frames 0 to 2, then 1 to 3
  const Shape clip{1, 1, 4, 1, 1};
  const Tensor ones = Tensor::from(clip, std::vector<float>(4, 1.0F));
  const Vector found = explained(linear(clip, w), options, ones).relevance;
  EXPECT_NEAR(found[0], 0, 1e-9);
  EXPECT_NEAR(found[1], 1, 1e-9);  // the mean of 0 and 6 / 3
  EXPECT_NEAR(found[2], 1, 1e-9);
  EXPECT_NEAR(found[3], 2, 1e-9);
}

TEST(Occlusion, FillsAreWhatTheySay) {
  const Shape clip{1, 1, 4, 1, 1};
  const Tensor frames = Tensor::from(clip, std::vector<float>{1, 2, 4, 9});
  const auto with = [&](Fill fill) {
    return explained(linear(clip, {1, 1, 1, 1}), method("occlusion_time", fill), frames).relevance;
  };
  const auto expect = [](const Vector& have, const Vector& want) {
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(have[i], want[i], 1e-6);
  };
  expect(with(Fill::kZero), {1, 2, 4, 9});
  expect(with(Fill::kMean), {-3, -2, 0, 5});
  expect(with(Fill::kFreeze), {-1, 1, 2, 5});  // the first frame has none before it: the next stands in
  expect(with(Fill::kBlur), {0, 0, 0, 0});     // frames of one colour stay as they are
}

TEST(Score, OfProbabilitiesIsTheSoftmaxes) {
  const Shape clip{1, 1, 2, 1, 1};
  ExplainerOptions options = method("occlusion_time", Fill::kZero);
  options.score = Score::kProbability;
  const auto p = [](double logit) { return 1 / (1 + std::exp(-logit)); };  // against a logit of 0
  const Vector found =
      explained(linear(clip, {1, 2}), options, Tensor::from(clip, std::vector<float>{1, 1})).relevance;
  EXPECT_NEAR(found[0], p(3) - p(2), 1e-6);
  EXPECT_NEAR(found[1], p(3) - p(1), 1e-6);
  options.contrast = 1;
  const Vector against =
      explained(linear(clip, {1, 2}), options, Tensor::from(clip, std::vector<float>{1, 1})).relevance;
  EXPECT_NEAR(against[0], 2 * (p(3) - p(2)), 1e-6);
}

TEST(Shapley, OfAnAdditiveFunctionIsTheMarginal) {
  const Linear f;
  ExplainerOptions options = method("shapley_frames", Fill::kZero);
  options.permutations = 1;
  const Vector frames = per_frame(explained(f.graph, options, f.clip).relevance, kClip);
  for (size_t t = 0; t < 4; ++t) {
    double want = 0;
    for (size_t i = 0; i < 32; ++i) want += f.part(i / 16 * kPositions + t * 16 + i % 16);
    EXPECT_NEAR(frames[t], want, 1e-5);
  }
  options.window = {3, 0, 0};  // two players, the last of one frame
  const Vector groups = per_frame(explained(f.graph, options, f.clip).relevance, kClip);
  EXPECT_NEAR(groups[0] + groups[1] + groups[2], frames[0] + frames[1] + frames[2], 1e-5);
  EXPECT_NEAR(groups[0], groups[2], 1e-9);
  EXPECT_NEAR(groups[3], frames[3], 1e-5);
}

/// relu(x0 + x1 - 1): neither frame is worth anything alone.
graph::Graph both_needed(const Shape& clip) {
  GraphBuilder b;
  const int x = b.flatten(b.input(clip));
  const auto w = testing::shared(Tensor::from(Shape{2, 2}, std::vector<float>{1, 1, 0, 0}));
  const auto bias = testing::shared(Tensor::from(Shape{2}, std::vector<float>{-1, 0}));
  return b.finish(b.relu(b.node(graph::Dense{w, bias}, {x}, {1, 2})));
}

TEST(Shapley, SharesEquallyWhatNeedsBothAndIsEfficient) {
  const Shape clip{1, 1, 2, 1, 1};
  const Tensor ones = Tensor::from(clip, std::vector<float>{1, 1});
  ExplainerOptions options = method("shapley_frames", Fill::kZero);
  options.permutations = 2;  // an order and its reverse: all there are
  const Found found = explained(both_needed(clip), options, ones);
  EXPECT_NEAR(found.relevance[0], 0.5, 1e-9);
  EXPECT_NEAR(found.relevance[1], 0.5, 1e-9);
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_THAT(found.notes[0], HasSubstr("standard error"));

  const auto library = testing::reference_library();
  const Tensor some = Random(72).uniform(testing::kSmallClip, -1, 1);
  Network network(testing::small_networks()[1].graph, *library, Purpose::kExplanation);
  options.permutations = 3;
  Explainer explainer(network, options);
  explainer.forward(Tensor(testing::kSmallClip, DType::kF32));
  const Vector nothing = explainer.logits().as_doubles();
  explainer.forward(some);
  const Vector all = explainer.logits().as_doubles();
  const Vector relevance = explainer.explain(std::vector<int64_t>{1, 3}).relevance[0].as_doubles();
  EXPECT_NEAR(sum(relevance), all[1] + all[7] - nothing[1] - nothing[7], 1e-5);
}

TEST(Rise, ConvergesToWhatShowingAPixelIsWorth) {
  const Shape clip{1, 1, 2, 2, 2};
  const std::vector<float> w = {1, -2, 0.5F, 3, 0, 1, -1, 2};
  ExplainerOptions options = method("rise", Fill::kZero);
  options.cells = {2, 2, 2};
  options.masks = 4000;
  options.keep_share = 0.4;
  const Vector found =
      explained(linear(clip, w), options, Tensor::from(clip, std::vector<float>(8, 1.0F))).relevance;
  double square = 0;
  for (const float v : w) square += static_cast<double>(v * v);
  const double deviation = std::sqrt(square / 4000);  // of an estimate; masks are 0 or 1, p (1 - p) cancels
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(found[i], static_cast<double>(w[i]), 4 * deviation) << i;
  EXPECT_GT(found[3], found[7]);

  // Where both are needed, showing one is worth the probability that the other is shown.
  options.cells = {2, 1, 1};
  const Shape two{1, 1, 2, 1, 1};
  const Vector both =
      explained(both_needed(two), options, Tensor::from(two, std::vector<float>{1, 1})).relevance;
  EXPECT_NEAR(both[0], 0.4, 0.05);
  EXPECT_NEAR(both[1], 0.4, 0.05);
}

TEST(Rise, CoarseMasksFindTheRegion) {
  const Shape clip{1, 1, 8, 12, 12};
  std::vector<float> w(8 * 144, 0.0F);
  for (size_t i = 0; i < w.size(); ++i) {
    const size_t t = i / 144, h = i / 12 % 12, x = i % 12;
    if (t >= 4 && h < 6 && x >= 6) w[i] = 1;
  }
  ExplainerOptions options = method("rise", Fill::kZero);
  options.cells = {2, 2, 2};
  options.masks = 400;
  const Vector found =
      explained(linear(clip, w), options, Tensor::from(clip, std::vector<float>(w.size(), 1.0F))).relevance;
  double inside = 0, outside = 0;
  for (size_t i = 0; i < w.size(); ++i) (w[i] > 0 ? inside : outside) += found[i];
  EXPECT_GT(inside / 144, 4 * std::abs(outside / (7 * 144)));
}

TEST(ExtremalPerturbation, FindsThePlantedTube) {
  const Shape clip{1, 1, 4, 8, 8};
  std::vector<float> w(256, 0.01F);
  const auto planted = [](size_t i) {
    const size_t t = i / 64, h = i / 8 % 8, x = i % 8;
    return (t == 1 || t == 2) && h >= 2 && h < 6 && x >= 4;
  };
  double tube = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    if (planted(i)) w[i] = 1;
    tube += planted(i);
  }
  ExplainerOptions options = method("extremal_perturbation", Fill::kZero);
  options.cells = {4, 8, 8};
  options.areas = {tube / 256};
  const Found found = explained(linear(clip, w), options, Tensor::from(clip, std::vector<float>(256, 1.0F)));
  double inside = 0, outside = 0;
  for (size_t i = 0; i < w.size(); ++i) (planted(i) ? inside : outside) += found.relevance[i] * 256;
  EXPECT_GT(inside / tube, 0.9);
  EXPECT_LT(outside / (256 - tube), 0.05);
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_THAT(found.notes[0], HasSubstr("of the clip shown"));
}

/// Where half of every cell is enough for the whole score, there is no slope to follow at first, and the
/// cells' order must decide nothing: here the first frame counts, and all was once given to the last.
TEST(ExtremalPerturbation, TheOrderOfCellsDecidesNothing) {
  const Shape clip{1, 1, 4, 4, 4};
  std::vector<float> w(64, 0.0F);
  std::fill(w.begin(), w.begin() + 16, 1.0F);
  GraphBuilder b;
  const auto weight = testing::shared(Tensor::from(Shape{1, 64}, w));
  const int sum = b.node(graph::Dense{weight, nullptr}, {b.flatten(b.input(clip))}, {1, 1});
  const graph::Activation saturating{graph::Activation::Kind::kClip, 0, 7};  // of at most 16
  const int scores = b.node(graph::Concat{1}, {b.like(saturating, sum), sum}, {1, 2});
  ExplainerOptions options = method("extremal_perturbation", Fill::kZero);
  options.cells = {4, 4, 4};
  options.areas = {0.25};
  const Vector frames = per_frame(
      explained(b.finish(scores), options, Tensor::from(clip, std::vector<float>(64, 1.0F))).relevance, clip);
  EXPECT_GT(frames[0], 10 * frames[3]);
}

TEST(TemporalMask, FindsTheFrameThatMatters) {
  const Shape clip{1, 1, 6, 2, 2};
  std::vector<float> w(24, 0.0F), values(24);
  for (size_t i = 0; i < 4; ++i) w[3 * 4 + i] = 1;  // the fourth frame
  for (size_t i = 0; i < values.size(); ++i) values[i] = i / 4 == 3 ? 2 : -1;
  const Found found = explained(linear(clip, w), method("temporal_mask"), Tensor::from(clip, values));
  const Vector frames = per_frame(found.relevance, clip);
  EXPECT_GT(frames[3], 0.9);
  for (const size_t t : {0, 1, 2, 4, 5}) EXPECT_LT(frames[t], 0.1) << t;
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_EQ(found.notes[0], "the best class stays with 4 of 6 frames frozen");
}

TEST(TemporalMask, SlopeByFrozenFramesIsTheSlope) {
  Random random(73);
  const Tensor clip = random.uniform(kClip, -1, 1), w = random.uniform(kClip, -1, 1);
  const ClipAxes axes(kClip, 1, "");
  const ClipChanger changer(clip.clone(), axes, Fill::kFreeze);
  const Vector keep = {1, 0.3, 0.6, 0.2};
  std::vector<float> changed(clip.values<float>().size());
  const auto score = [&](const Vector& live) {
    changer.write_frames(live, changed);
    double result = 0;
    for (size_t i = 0; i < changed.size(); ++i)
      result += static_cast<double>(changed[i]) * static_cast<double>(w.values<float>()[i]);
    return result;
  };
  Vector want(4, 0.0);
  for (size_t t = 1; t < 4; ++t) {
    Vector more = keep, less = keep;
    more[t] += 0.01;
    less[t] -= 0.01;
    want[t] = (score(more) - score(less)) / 0.02;
  }
  score(keep);
  const Vector have = changer.slope_by_frozen_frames(keep, changed, w.values<float>());
  for (size_t t = 0; t < 4; ++t) EXPECT_NEAR(have[t], want[t], 1e-3) << t;
}

TEST(Volume, InterpolationHasItsAdjoint) {
  Random random(74);
  const Extent coarse = {2, 3, 3}, fine = {5, 4, 9};
  Volume a(coarse), b(fine);
  for (double& v : a.values) v = random.uniform(Shape{1}, -1, 1).as_doubles()[0];
  for (double& v : b.values) v = random.uniform(Shape{1}, -1, 1).as_doubles()[0];
  const Volume up = interpolated(a, fine), down = interpolated_adjoint(b, coarse);
  double left = 0, right = 0;
  for (size_t i = 0; i < b.values.size(); ++i) left += up.values[i] * b.values[i];
  for (size_t i = 0; i < a.values.size(); ++i) right += down.values[i] * a.values[i];
  EXPECT_NEAR(left, right, 1e-12);
  EXPECT_NEAR(sum(shared_out(a, fine).values), sum(a.values), 1e-12);
  EXPECT_NEAR(sum(shared_out(b, coarse).values), sum(b.values), 1e-12);
}

/// Several changed clips at a time give what one at a time gives, in every layout.
TEST(Perturbation, BatchesAndLayoutsChangeNothing) {
  const Linear f;
  const auto library = testing::reference_library();
  Shape together = kClip;
  together[0] = 3;
  Network one(f.graph, *library, Purpose::kExplanation),
      three(linear(together, f.w), *library, Purpose::kInference);
  for (const std::string& name : perturbation_method_names()) {
    ExplainerOptions options = method(name);
    options.masks = 10;
    options.iterations = 3;
    const Vector alone = explained(f.graph, options, f.clip).relevance;
    options.scoring = &three;
    Explainer explainer(one, options);
    explainer.forward(f.clip);
    const Vector batched = explainer.explain(std::vector<int64_t>{0}).relevance[0].as_doubles();
    for (size_t i = 0; i < alone.size(); ++i) ASSERT_NEAR(batched[i], alone[i], 1e-9) << name;
  }
  // The same clip with its channels last.
  const auto turned = [](const Tensor& from) {
    Tensor to(Shape{1, 4, 4, 4, 2}, DType::kF32);
    for (size_t i = 0; i < 128; ++i) to.values<float>()[i % 64 * 2 + i / 64] = from.values<float>()[i];
    return to;
  };
  ExplainerOptions options = method("occlusion_tube");
  const Vector want = explained(f.graph, options, f.clip).relevance;
  options.layout = ClipLayout::kNthwc;
  const Tensor w = turned(f.weights);
  const graph::Graph last =
      linear(w.shape(), std::vector<float>(w.values<float>().begin(), w.values<float>().end()));
  const Vector have = explained(last, options, turned(f.clip)).relevance;
  for (size_t i = 0; i < 128; ++i) ASSERT_NEAR(have[i % 64 * 2 + i / 64], want[i], 1e-6);
}

/// What a method says beforehand that it takes is what it takes.
TEST(Method, CostIsWhatItTakes) {
  const auto library = testing::reference_library();
  Random random(75);
  GraphBuilder b;
  const Shape clip{1, 3, 4, 4, 4};
  const int y = b.relu(b.convolution(b.input(clip), 4, random));
  const int keys = b.reshape(y, Shape{1, 4, 64});
  const int tokens = b.node(graph::Transpose{{0, 2, 1}}, {keys}, Shape{1, 64, 4});
  const int attended = b.node(graph::Attention{1, {}}, {tokens, keys, tokens}, Shape{1, 64, 4});
  const int mean = b.node(graph::Reduce{graph::Reduce::Kind::kMean, {1}}, {attended}, Shape{1, 1, 4});
  Network network(b.finish(b.dense(b.flatten(mean), 3, random)), *library, Purpose::kExplanation);
  const Tensor x = random.uniform(clip, 0, 1);
  for (const std::string& name : method_names()) {
    int64_t passes = 1;
    ExplainerOptions options = method(name);
    options.bounds.emplace();
    options.bounds->low.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{0}));
    options.bounds->high.push_back(Tensor::from(Shape{1, 1, 1, 1, 1}, std::vector<float>{1}));
    options.masks = 11;
    options.iterations = 2;
    options.permutations = 3;
    options.on_pass = [&] { ++passes; };
    Explainer explainer(network, options);
    explainer.forward(x);
    const Attribution found = explainer.explain(std::vector<int64_t>{1});
    EXPECT_EQ(passes, explainer.cost().total()) << name;
    EXPECT_EQ(found.relevance[0].shape(), clip) << name;
    EXPECT_FALSE(explainer.resolution().in_time.empty()) << name;
  }
}

/// Methods that keep different parts of a pass hand the clip on to each other, and find what each finds
/// alone.
TEST(Method, TheClipGoesFromOneToTheNext) {
  const auto library = testing::reference_library();
  Network network(testing::small_networks()[1].graph, *library, Purpose::kExplanation);
  const Tensor clip = Random(76).uniform(testing::kSmallClip, 0, 1);
  const std::vector<int64_t> targets = {1, 3};
  std::vector<std::unique_ptr<Explainer>> explainers;
  for (const char* name : {"epsilon_plus", "gradient", "grad_cam", "occlusion_time", "shapley_frames",
                           "layer_cam", "selective_relevance", "epsilon_plus"}) {
    ExplainerOptions options = method(name);
    options.relevance = "epsilon_plus";
    options.permutations = 1;
    Explainer alone(network, options);
    alone.forward(clip);
    const Vector want = alone.explain(targets).relevance[0].as_doubles();
    auto& next = explainers.emplace_back(std::make_unique<Explainer>(network, options));
    if (explainers.size() == 1) {
      next->forward(clip);
    } else {
      next->take_clip_from(*explainers[explainers.size() - 2]);
    }
    EXPECT_EQ(next->explain(targets).relevance[0].as_doubles(), want) << name;
  }
}

TEST(Method, StopsWhereItIsAskedTo) {
  const Linear f;
  for (const std::string& name : perturbation_method_names()) {
    struct Stop {};
    int passes = 0;
    ExplainerOptions options = method(name);
    options.on_pass = [&] {
      if (++passes == 3) throw Stop{};
    };
    EXPECT_THROW(explained(f.graph, options, f.clip), Stop) << name;
    EXPECT_EQ(passes, 3) << name;
  }
}

TEST(Perturbation, RefusesWhatMakesNoSense) {
  const Linear f;
  const auto refuse = [&](const std::string& name, auto&& change) {
    ExplainerOptions options = method(name);
    change(options);
    return testing::message_of(ErrorKind::kInvalidArgument, [&] { explained(f.graph, options, f.clip); });
  };
  EXPECT_THAT(refuse("rise", [](auto& o) { o.masks = 1; }), HasSubstr("--masks 1: a number from 2"));
  EXPECT_THAT(refuse("rise", [](auto& o) { o.keep_share = 1; }), HasSubstr("between 0 and 1"));
  refuse("rise", [](auto& o) { o.cells = {-1, 0, 0}; });
  refuse("extremal_perturbation", [](auto& o) { o.areas = {}; });
  refuse("extremal_perturbation", [](auto& o) { o.areas = {0.1, 1.5}; });
  EXPECT_THAT(refuse("extremal_perturbation", [](auto& o) { o.fill = Fill::kFreeze; }), HasSubstr("freeze"));
  refuse("temporal_mask", [](auto& o) { o.iterations = 0; });
  refuse("shapley_frames", [](auto& o) { o.permutations = 0; });
  refuse("occlusion_tube", [](auto& o) { o.window = {0, -2, 0}; });
  refuse("occlusion_tube", [](auto& o) { o.batch = 0; });
}

}  // namespace
}  // namespace relevid
