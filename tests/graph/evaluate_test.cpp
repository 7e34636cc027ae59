// SPDX-License-Identifier: Apache-2.0
#include "graph/evaluate.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/model_builder.h"
#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::graph {
namespace {

using testing::Attributes;
using testing::list;
using testing::message_of;
using Doubles = std::vector<double>;

TensorRef ints(Shape shape, const std::vector<int64_t>& values) {
  return share(Tensor::from(std::move(shape), values));
}
TensorRef ints(const std::vector<int64_t>& values) {
  return ints(Shape{static_cast<int64_t>(values.size())}, values);
}
TensorRef floats(const std::vector<float>& values) {
  return share(Tensor::from(Shape{static_cast<int64_t>(values.size())}, values));
}

/// Empty where the node is not evaluated.
std::vector<Tensor> outputs(const std::string& op, const std::vector<TensorRef>& inputs,
                            Attributes attributes = {}, std::vector<std::string> names = {"y"}) {
  const ModelNode node{op, op, std::vector<std::string>(inputs.size(), "i"), std::move(names),
                       std::move(attributes)};
  return evaluate(node, inputs);
}
Tensor run(const std::string& op, const std::vector<TensorRef>& inputs, Attributes attributes = {}) {
  auto results = outputs(op, inputs, std::move(attributes));
  if (results.size() != 1) throw Error(ErrorKind::kInternal, "not evaluated: " + op);
  return std::move(results.front());
}
Doubles values(const std::string& op, const std::vector<TensorRef>& inputs, Attributes attributes = {}) {
  return run(op, inputs, std::move(attributes)).as_doubles();
}

TEST(Evaluate, Arithmetic) {
  const TensorRef a = floats({1, -4, 6}), b = floats({2, 2, -4});
  EXPECT_EQ(values("Add", {a, b}), (Doubles{3, -2, 2}));
  EXPECT_EQ(values("Sub", {a, b}), (Doubles{-1, -6, 10}));
  EXPECT_EQ(values("Mul", {a, b}), (Doubles{2, -8, -24}));
  EXPECT_EQ(values("Div", {a, b}), (Doubles{0.5, -2, -1.5}));
  EXPECT_EQ(values("Min", {a, b}), (Doubles{1, -4, -4}));
  EXPECT_EQ(values("Max", {a, b}), (Doubles{2, 2, 6}));
  EXPECT_EQ(values("Pow", {a, floats({2})}), (Doubles{1, 16, 36}));
  EXPECT_EQ(values("Equal", {a, floats({6})}), (Doubles{0, 0, 1}));
  EXPECT_EQ(values("Less", {a, b}), (Doubles{1, 1, 0}));
  EXPECT_EQ(values("Greater", {a, b}), (Doubles{0, 0, 1}));
  EXPECT_EQ(values("Neg", {a}), (Doubles{-1, 4, -6}));
  EXPECT_EQ(values("Sqrt", {floats({4})}), (Doubles{2}));
  EXPECT_EQ(values("Exp", {floats({0})}), (Doubles{1}));
  EXPECT_EQ(values("Reciprocal", {floats({4})}), (Doubles{0.25}));
  EXPECT_EQ(values("Floor", {floats({-1.5})}), (Doubles{-2}));
  EXPECT_EQ(values("Ceil", {floats({-1.5})}), (Doubles{-1}));
  const TensorRef yes = share(Tensor::from(Shape{2}, std::vector<bool>{true, false}));
  const TensorRef no = share(Tensor::from(Shape{2}, std::vector<bool>{true, true}));
  EXPECT_EQ(values("And", {yes, no}), (Doubles{1, 0}));
  EXPECT_EQ(values("Or", {yes, no}), (Doubles{1, 1}));
  EXPECT_EQ(values("Not", {yes}), (Doubles{0, 1}));
}

TEST(Evaluate, IntegersStayExact) {
  const int64_t large = (int64_t{1} << 53) + 1;
  EXPECT_EQ(run("Add", {ints({large}), ints({2})}).as_ints(), list({large + 2}));
  EXPECT_EQ(run("Div", {ints({7, -7}), ints({2})}).as_ints(), list({3, -3}));
  message_of(ErrorKind::kCorruptInput, [] { run("Div", {ints({1}), ints({0})}); });
  EXPECT_NO_THROW(run("Div", {ints({std::numeric_limits<int64_t>::min()}), ints({-1})}));
}

TEST(Evaluate, IntegersWrapAround) {
  const int64_t smallest = std::numeric_limits<int64_t>::min(), largest = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(run("Add", {ints({largest}), ints({1})}).as_ints(), list({smallest}));
  EXPECT_EQ(run("Mul", {ints({largest}), ints({2})}).as_ints(), list({-2}));
  EXPECT_EQ(run("Neg", {ints({smallest})}).as_ints(), list({smallest}));
  EXPECT_EQ(run("ReduceSum", {ints({largest, 1})}).as_ints(), list({smallest}));
}

TEST(Evaluate, MagnitudesBoundsAndSums) {
  EXPECT_EQ(values("Abs", {floats({-1.5, 0, 2})}), (Doubles{1.5, 0, 2}));
  const int64_t large = (int64_t{1} << 53) + 1;
  EXPECT_EQ(run("Abs", {ints({-large})}).as_ints(), list({large}));
  EXPECT_EQ(run("Clip", {ints({-large, large + 1}), ints({-large}), ints({large})}).as_ints(),
            list({-large, large}));
  EXPECT_EQ(values("Clip", {floats({-3, 0.5, 9})}, {{"min", 0.0}, {"max", 6.0}}), (Doubles{0, 0.5, 6}));
  EXPECT_EQ(values("Clip", {floats({-3, 9}), nullptr, floats({1})}), (Doubles{-3, 1}));
  EXPECT_EQ(values("Clip", {floats({-3, 9})}), (Doubles{-3, 9}));
  message_of(ErrorKind::kCorruptInput, [] { run("Clip", {floats({1}), floats({1, 2})}); });
  EXPECT_EQ(values("Sum", {floats({1, 2}), floats({10}), floats({3, 4})}), (Doubles{14, 16}));
}

TEST(Evaluate, Reductions) {
  const TensorRef m = ints(Shape{2, 3}, {1, 2, 3, -4, 5, 8});
  const auto floating = share(m->cast(DType::kF32));
  const Attributes rows = {{"axes", list({-1})}, {"keepdims", int64_t{0}}};
  EXPECT_EQ(values("ReduceSum", {floating}, rows), (Doubles{6, 9}));
  EXPECT_EQ(values("ReduceMean", {floating}, rows), (Doubles{2, 3}));
  EXPECT_EQ(values("ReduceMax", {floating}, rows), (Doubles{3, 8}));
  EXPECT_EQ(values("ReduceProd", {floating}, rows), (Doubles{6, -160}));
  EXPECT_EQ(run("ReduceSum", {m}, rows).shape(), Shape{2});
  EXPECT_EQ(run("ReduceSum", {m, ints({0})}).shape(), (Shape{1, 3}));
  EXPECT_EQ(run("ReduceMax", {m, ints({0})}).as_ints(), list({1, 5, 8}));
  EXPECT_EQ(run("ReduceMean", {m}).as_ints(), list({2})) << "15 / 6, truncated as an integer";
  EXPECT_EQ(run("ReduceSum", {m}, {{"noop_with_empty_axes", int64_t{1}}}).as_ints(), m->as_ints());
  EXPECT_EQ(values("ReduceSum", {ints(Shape{0}, {})}), (Doubles{0}));
  for (const char* op : {"ReduceMax", "ReduceMean"})
    message_of(ErrorKind::kCorruptInput, [&] { run(op, {ints(Shape{0}, {})}); });
  message_of(ErrorKind::kCorruptInput, [&] { run("ReduceSum", {m}, {{"axes", list({2})}}); });
}

TEST(Evaluate, MatrixProducts) {
  const TensorRef a = ints(Shape{2, 3}, {1, 2, 3, 4, 5, 6}), b = ints(Shape{3, 2}, {1, 0, 0, 1, 2, 2});
  EXPECT_EQ(run("MatMul", {a, b}).as_ints(), list({7, 8, 16, 17}));
  const TensorRef stack = ints(Shape{2, 1, 3}, {1, 0, 0, 0, 0, 1});
  const Tensor product = run("MatMul", {stack, b});
  EXPECT_EQ(product.shape(), (Shape{2, 1, 2}));
  EXPECT_EQ(product.as_ints(), list({1, 0, 2, 2}));
  message_of(ErrorKind::kCorruptInput, [&] { run("MatMul", {a, a}); });
  EXPECT_EQ(run("MatMul", {ints({1, 2, 3}), b}).as_ints(), list({7, 8}));
  EXPECT_EQ(run("MatMul", {ints({1, 2, 3}), b}).shape(), Shape{2});
  EXPECT_EQ(run("MatMul", {ints({1, 2}), ints({3, 4})}).shape(), Shape{});
  message_of(ErrorKind::kCorruptInput, [&] { run("MatMul", {ints(Shape{}, {1}), b}); });
  const TensorRef tall = share(Tensor(Shape{1 << 14, 1}, DType::kF32));
  const TensorRef wide = share(Tensor(Shape{1, 1 << 14}, DType::kF32));
  message_of(ErrorKind::kResourceLimit, [&] { run("MatMul", {tall, wide}); });
}

TEST(Evaluate, Padding) {
  const TensorRef m = ints(Shape{2, 2}, {1, 2, 3, 4});
  const Tensor padded = run("Pad", {m, ints({0, 1, 1, 0}), ints({9})});
  EXPECT_EQ(padded.shape(), (Shape{3, 3}));
  EXPECT_EQ(padded.as_ints(), list({9, 1, 2, 9, 3, 4, 9, 9, 9}));
  EXPECT_EQ(run("Pad", {m}, {{"pads", list({-1, 0, 0, 1})}}).as_ints(), list({3, 4, 0}));
  EXPECT_EQ(run("Pad", {m, ints({1, 0}), nullptr, ints({-1})}).as_ints(), list({0, 1, 2, 0, 3, 4}));
  EXPECT_TRUE(outputs("Pad", {m, ints({0, 1, 1, 0})}, {{"mode", std::string("edge")}}).empty());
  message_of(ErrorKind::kCorruptInput, [&] { run("Pad", {m, ints({1})}); });
  message_of(ErrorKind::kCorruptInput, [&] { run("Pad", {m, ints({1, 1, 1, 1}), nullptr, ints({0, 0})}); });
  message_of(ErrorKind::kCorruptInput, [&] { run("Pad", {m, ints({-2, 0, 0, 0})}); });
  message_of(ErrorKind::kResourceLimit, [&] { run("Pad", {m, ints({0, 1 << 30, 0, 0})}); });
}

TEST(Evaluate, SplitGivesAllItsParts) {
  const TensorRef m = ints(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  const auto parts = outputs("Split", {m, ints({1, 2})}, {{"axis", int64_t{1}}}, {"a", "b"});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].as_ints(), list({1, 4}));
  EXPECT_EQ(parts[1].as_ints(), list({2, 3, 5, 6}));
  EXPECT_EQ(parts[1].shape(), (Shape{2, 2}));
  const int64_t largest = std::numeric_limits<int64_t>::max();
  for (const auto& sizes : {list({1, 1}), list({3}), list({4, -1}), list({largest, largest})}) {
    message_of(ErrorKind::kCorruptInput, [&] {
      outputs("Split", {m, ints(sizes)}, {{"axis", int64_t{1}}}, {"a", "b"});
    });
  }
}

TEST(Evaluate, ShapesAndSizes) {
  const TensorRef m = ints(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run("Shape", {m}, {{"start", int64_t{-1}}}).as_ints(), list({3}));
  EXPECT_EQ(run("Shape", {m}, {{"end", int64_t{1}}}).as_ints(), list({2}));
  EXPECT_EQ(run("Size", {m}).as_ints(), list({6}));
  EXPECT_EQ(run("Size", {m}).shape(), Shape{});
}

TEST(Evaluate, Broadcasting) {
  const TensorRef column = ints(Shape{2, 1}, {10, 20});
  const Tensor sum = run("Add", {column, ints({1, 2, 3})});
  EXPECT_EQ(sum.shape(), (Shape{2, 3}));
  EXPECT_EQ(sum.as_ints(), list({11, 12, 13, 21, 22, 23}));
  message_of(ErrorKind::kInvalidArgument, [] { run("Add", {ints({1, 2}), ints({1, 2, 3})}); });
}

TEST(Evaluate, Movement) {
  const TensorRef m = ints(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run("Transpose", {m}).as_ints(), list({1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(run("Gather", {m, ints({2, -3})}, {{"axis", int64_t{1}}}).as_ints(), list({3, 1, 6, 4}));
  EXPECT_EQ(run("Gather", {ints({7, 8, 9}), ints(Shape{}, {1})}).shape(), Shape{});
  message_of(ErrorKind::kCorruptInput, [&] { run("Gather", {m, ints({2})}); });
  EXPECT_EQ(run("Slice", {m, ints({2}), ints({-9}), ints({1}), ints({-1})}).as_ints(),
            list({3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(run("Concat", {m, m}, {{"axis", int64_t{1}}}).as_ints(),
            list({1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
  message_of(ErrorKind::kCorruptInput, [&] {
    run("Concat", {m, ints(Shape{3, 1}, {1, 2, 3})}, {{"axis", int64_t{1}}});
  });
  message_of(ErrorKind::kCorruptInput, [&] { run("Transpose", {m}, {{"perm", list({0, 0})}}); });
  EXPECT_EQ(run("Reshape", {m, ints({-1, 2})}).shape(), (Shape{3, 2}));
  EXPECT_EQ(run("Flatten", {m}, {{"axis", int64_t{0}}}).shape(), (Shape{1, 6}));
  EXPECT_EQ(run("Unsqueeze", {m, ints({1})}).shape(), (Shape{2, 1, 3}));
  EXPECT_EQ(run("Squeeze", {ints(Shape{1, 2}, {1, 2}), ints({0})}).shape(), Shape{2});
  EXPECT_EQ(run("Expand", {ints({1, 2}), ints({2, 1})}).as_ints(), list({1, 2, 1, 2}));
  EXPECT_EQ(run("Shape", {m}).as_ints(), list({2, 3}));
  EXPECT_EQ(run("Identity", {m}).as_ints(), m->as_ints());
}

TEST(Evaluate, LiteralsRangesAndMasks) {
  EXPECT_EQ(values("Constant", {}, {{"value_float", 1.5}}), (Doubles{1.5}));
  EXPECT_EQ(values("Constant", {}, {{"value_ints", list({1, 2})}}), (Doubles{1, 2}));
  EXPECT_EQ(values("Constant", {}, {{"value", floats({3})}}), (Doubles{3}));
  EXPECT_EQ(run("ConstantOfShape", {ints({2, 1})}, {{"value", ints({7})}}).as_ints(), list({7, 7}));
  EXPECT_EQ(values("ConstantOfShape", {ints({2})}), (Doubles{0, 0}));
  EXPECT_EQ(run("Range", {ints(Shape{}, {5}), ints(Shape{}, {0}), ints(Shape{}, {-2})}).as_ints(),
            list({5, 3, 1}));
  EXPECT_EQ(run("Cast", {floats({-1.75F, 2.5F})}, {{"to", int64_t{7}}}).as_ints(), list({-1, 2}));
  EXPECT_EQ(run("ReduceProd", {ints({2, 3, 4})}, {{"keepdims", int64_t{0}}}).as_ints(), list({24}));
  const TensorRef mask = share(Tensor::from(Shape{2}, std::vector<bool>{true, false}));
  EXPECT_EQ(run("Where", {mask, ints({1, 2}), ints({9})}).as_ints(), list({1, 9}));
  EXPECT_EQ(run("Where", {mask, ints({1, 2}), floats({9})}).as_ints(), list({1, 9})) << "of mixed types";
  message_of(ErrorKind::kResourceLimit, [] { run("ConstantOfShape", {ints({1 << 20, 1 << 10})}); });
}

}  // namespace
}  // namespace relevid::graph
