// SPDX-License-Identifier: Apache-2.0
// Operators that move, pick and join, with what changed between opsets and between exporters.
#include "graph/specialise.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/model_builder.h"
#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::graph {
namespace {

using testing::list;
using testing::message_of;
using testing::ModelBuilder;
using testing::node_as;

const Shape kClip{2, 3, 4, 6, 6};

/// The output's shape of one node over the clip.
Shape shape_of(const std::string& op, testing::Attributes attributes, const Shape& input = kClip) {
  return ModelBuilder(input).node(op, {"x"}, {"y"}, std::move(attributes)).shape();
}

TEST(LowerMovement, AxesAreAttributesOrInputs) {
  for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax"}) {
    for (const int64_t keep : {0, 1}) {
      const Shape want = keep ? Shape{2, 3, 4, 1, 1} : Shape{2, 3, 4};
      EXPECT_EQ(shape_of(op, {{"axes", list({-1, 3})}, {"keepdims", keep}}), want) << op;
      ModelBuilder input(kClip, 18);
      input.ints("axes", {3, -1}).node(op, {"x", "axes"}, {"y"}, {{"keepdims", keep}});
      EXPECT_EQ(input.shape(), want) << op;
    }
  }
  EXPECT_EQ(shape_of("ReduceMean", {{"keepdims", int64_t{0}}}, {2, 3}), (Shape{}));
  EXPECT_EQ(ModelBuilder(kClip)
                .node("ReduceSum", {"x"}, {"r"}, {{"noop_with_empty_axes", int64_t{1}}})
                .node("Relu", {"r"}, {"y"})
                .operators(),
            "Activation");
  EXPECT_EQ(shape_of("Squeeze", {{"axes", list({1})}}, {2, 1, 3}), (Shape{2, 3}));
  EXPECT_EQ(shape_of("Squeeze", {}, {1, 2, 1, 3}), (Shape{2, 3}));
  EXPECT_EQ(shape_of("Unsqueeze", {{"axes", list({0, -1})}}, {2, 3}), (Shape{1, 2, 3, 1}));
  ModelBuilder squeeze({2, 1, 3}, 13);
  EXPECT_EQ(squeeze.ints("axes", {-2}).node("Squeeze", {"x", "axes"}, {"y"}).shape(), (Shape{2, 3}));
}

TEST(LowerMovement, SliceOfOpset9AndLater) {
  EXPECT_EQ(shape_of("Slice", {{"starts", list({1, -3})}, {"ends", list({9, -1})}, {"axes", list({2, 4})}}),
            (Shape{2, 3, 3, 6, 2}));
  ModelBuilder m(kClip, 13);
  m.ints("s", {-1}).ints("e", {std::numeric_limits<int64_t>::min()}).ints("a", {2}).ints("k", {-2});
  m.node("Slice", {"x", "s", "e", "a", "k"}, {"y"});
  EXPECT_EQ(m.shape(), (Shape{2, 3, 2, 6, 6}));
  const Graph graph = m.specialise();
  EXPECT_EQ(node_as<Slice>(graph, 0).begin, list({0, 0, 3, 0, 0}));
  EXPECT_EQ(node_as<Slice>(graph, 0).step, list({1, 1, -2, 1, 1}));
}

TEST(LowerMovement, PadByAttributeInputOrAxes) {
  EXPECT_EQ(shape_of("Pad", {{"pads", list({0, 0, 1, 0, 2, 0, 0, 0, 3, 0})}}), (Shape{2, 3, 5, 9, 8}));
  ModelBuilder axes(kClip, 18);
  axes.ints("pads", {1, 2, 3, 4}).ints("axes", {2, -1}).node("Pad", {"x", "pads", "", "axes"}, {"y"});
  EXPECT_EQ(axes.shape(), (Shape{2, 3, 8, 6, 12}));
  ModelBuilder negative(kClip, 13);
  negative.ints("pads", {0, 0, -1, 1, 0, 0, 0, -1, -2, 0}).node("Pad", {"x", "pads"}, {"y"});
  EXPECT_EQ(negative.shape(), (Shape{2, 3, 2, 5, 6}));
  EXPECT_EQ(negative.operators(), "Slice Pad");
  message_of(ErrorKind::kUnsupportedModel, [] {
    shape_of("Pad", {{"pads", list({0, 0, 0, 0, 0, 0, 0, 0, 0, 1})}, {"mode", std::string("reflect")}});
  });
}

TEST(LowerMovement, SplitInEveryForm) {
  ModelBuilder attribute(kClip, 11);
  attribute.node("Split", {"x"}, {"a", "b"}, {{"axis", int64_t{2}}, {"split", list({1, 3})}}).output("b");
  EXPECT_EQ(attribute.shape(), (Shape{2, 3, 3, 6, 6}));
  ModelBuilder input(kClip, 13);
  input.ints("sizes", {3, 1}).node("Split", {"x", "sizes"}, {"a", "b"}, {{"axis", int64_t{2}}}).output("b");
  EXPECT_EQ(input.shape(), (Shape{2, 3, 1, 6, 6}));
  ModelBuilder even(kClip, 18);
  even.node("Split", {"x"}, {"a", "b", "c"}, {{"axis", int64_t{3}}}).output("c");
  EXPECT_EQ(even.shape(), (Shape{2, 3, 4, 2, 6}));
  ModelBuilder wrong(kClip, 11);
  wrong.node("Split", {"x"}, {"a", "b"}, {{"axis", int64_t{2}}, {"split", list({-1, 5})}});
  message_of(ErrorKind::kCorruptInput, [&] { wrong.specialise(); });
}

TEST(LowerMovement, ReshapeFlattenGatherExpandTranspose) {
  const auto reshaped = [](const std::vector<int64_t>& to, testing::Attributes attributes = {}) {
    return ModelBuilder(kClip)
        .ints("to", to)
        .node("Reshape", {"x", "to"}, {"y"}, std::move(attributes))
        .shape();
  };
  EXPECT_EQ(reshaped({0, -1}), (Shape{2, 432}));
  EXPECT_EQ(reshaped({-1, 0, 36}), (Shape{8, 3, 36}));
  message_of(ErrorKind::kCorruptInput, [&] { reshaped({-1, 5}); });
  message_of(ErrorKind::kCorruptInput, [&] { reshaped({-1, -1}); });
  message_of(ErrorKind::kCorruptInput, [&] { reshaped({0, -1}, {{"allowzero", int64_t{1}}}); });
  EXPECT_EQ(shape_of("Flatten", {}), (Shape{2, 432}));
  EXPECT_EQ(shape_of("Flatten", {{"axis", int64_t{-2}}}), (Shape{24, 36}));
  EXPECT_EQ(shape_of("Flatten", {{"axis", int64_t{5}}}), (Shape{864, 1}));
  EXPECT_EQ(shape_of("Transpose", {}), (Shape{6, 6, 4, 3, 2}));
  ModelBuilder gather(kClip);
  EXPECT_EQ(gather.scalar("i", -1).node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{2}}}).shape(),
            (Shape{2, 3, 6, 6}));
  ModelBuilder kept(kClip);
  EXPECT_EQ(kept.ints("i", {0}).node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{2}}}).shape(),
            (Shape{2, 3, 1, 6, 6}));
  ModelBuilder expand({2, 3});
  EXPECT_EQ(expand.ints("to", {1, 2, 1}).node("Expand", {"x", "to"}, {"y"}).shape(), (Shape{1, 2, 3}));
}

TEST(LowerMovement, ResizesThatCannotBeTakenSayWhy) {
  const auto refusal = [](testing::Attributes attributes) {
    ModelBuilder m({1, 3, 4, 4});
    m.floats("s", {4}, {1, 1, 2, 2}).node("Resize", {"x", "", "s"}, {"y"}, std::move(attributes));
    return message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
  };
  EXPECT_NE(refusal({{"mode", std::string("cubic")}}).find("nearest and linear"), std::string::npos);
  EXPECT_NE(refusal({{"antialias", int64_t{1}}}).find("antialias"), std::string::npos);
  EXPECT_NE(refusal({{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}}).find("tf_crop"),
            std::string::npos);
  ModelBuilder short_one({1, 3, 4, 4});
  short_one.floats("s", {2}, {2, 2}).node("Resize", {"x", "", "s"}, {"y"});
  EXPECT_NE(message_of(ErrorKind::kCorruptInput, [&] { short_one.specialise(); }).find("2 scales for 4 axes"),
            std::string::npos);
}

TEST(LowerMovement, ShapesTakenApartAreConstants) {
  ModelBuilder m({2, 3, 4});
  m.ints("minus", {-1}).node("Shape", {"x"}, {"shape"}).node("Split", {"shape"}, {"n", "c", "t"});
  m.node("Concat", {"n", "minus"}, {"to"}, {{"axis", int64_t{0}}}).node("Reshape", {"x", "to"}, {"y"});
  EXPECT_EQ(m.shape(), (Shape{2, 12}));
  ModelBuilder whole({2, 3, 4});
  whole.ints("axes", {0}).node("Size", {"x"}, {"size"}).node("Unsqueeze", {"size", "axes"}, {"to"});
  EXPECT_EQ(whole.node("Reshape", {"x", "to"}, {"y"}).shape(), (Shape{24}));
}

TEST(LowerMovement, ZerosJoinedToATensorAreABorder) {
  ModelBuilder m(kClip);  // as TSM shifts: the first frames, and zeros for what is beyond the end
  m.ints("s", {1}).ints("e", {4}).ints("a", {2}).node("Slice", {"x", "s", "e", "a"}, {"rest"});
  m.ints("z", {0})
      .ints("o", {1})
      .node("Slice", {"x", "z", "o", "a"}, {"one"})
      .node("Sub", {"one", "one"}, {"zeros"});
  m.node("Concat", {"rest", "zeros"}, {"y"}, {{"axis", int64_t{2}}});
  EXPECT_EQ(m.operators(), "Slice Pad");
  EXPECT_EQ(m.shape(), kClip);
}

}  // namespace
}  // namespace relevid::graph
