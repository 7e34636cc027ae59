// SPDX-License-Identifier: Apache-2.0
#include "relevid/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;

constexpr DType kDTypes[] = {DType::kF32, DType::kF64, DType::kI64, DType::kI32,
                             DType::kU8,  DType::kI8,  DType::kBool};
constexpr int64_t kHuge = int64_t{1} << 62;

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape({1, 3, 16, 112, 112}).elements(), 602'112);
  EXPECT_EQ(Shape().elements(), 1);
  EXPECT_EQ(Shape({4, 0, 5}).elements(), 0);
}

TEST(Shape, TellsRankStridesAndText) {
  const Shape shape{2, 3, 4};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[1], 3);
  EXPECT_THAT(shape.strides(), ElementsAre(12, 4, 1));
  EXPECT_EQ(shape.to_string(), "[2, 3, 4]");
  EXPECT_THAT(Shape().strides(), IsEmpty());
  EXPECT_EQ(Shape().to_string(), "[]");
}

TEST(Shape, RefusesWhatOverflows) {
  EXPECT_THAT(message_of(ErrorKind::kResourceLimit,
                         [] {
                           static_cast<void>(Shape({kHuge, 4}).elements());
                         }),
              HasSubstr("too large"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [] {
                           static_cast<void>(Shape({2, -1}).elements());
                         }),
              HasSubstr("[2, -1]"));
}

TEST(Shape, AZeroDoesNotExcuseTheOtherSizes) {
  for (const Shape& shape : {Shape{0, kHuge, kHuge}, Shape{kHuge, kHuge, 0}}) {
    message_of(ErrorKind::kResourceLimit, [&] { static_cast<void>(shape.elements()); });
    message_of(ErrorKind::kResourceLimit, [&] { static_cast<void>(shape.strides()); });
  }
}

TEST(Broadcast, FollowsNumPy) {
  EXPECT_EQ(broadcast({2, 3, 4}, {4}), Shape({2, 3, 4}));
  EXPECT_EQ(broadcast({3, 1}, {1, 5}), Shape({3, 5}));
  EXPECT_EQ(broadcast({}, {2, 2}), Shape({2, 2}));
  EXPECT_EQ(broadcast({}, {}), Shape());
  EXPECT_EQ(broadcast({1}, {0}), Shape({0}));
  EXPECT_EQ(broadcast({8, 1, 6, 1}, {7, 1, 5}), Shape({8, 7, 6, 5}));
}

TEST(Broadcast, NamesBothShapesWhereTheyDoNotFit) {
  const std::string message = message_of(ErrorKind::kInvalidArgument, [] {
    static_cast<void>(broadcast({2, 3}, {2, 4}));
  });
  EXPECT_THAT(message, HasSubstr("[2, 3]"));
  EXPECT_THAT(message, HasSubstr("[2, 4]"));
  message_of(ErrorKind::kInvalidArgument, [] { static_cast<void>(broadcast({0}, {3})); });
}

TEST(Tensor, StartsZeroFilled) {
  const Tensor tensor({2, 5}, DType::kF32);
  EXPECT_EQ(tensor.elements(), 10);
  EXPECT_THAT(tensor.values<float>(), Each(0.0F));
}

TEST(Tensor, EachTypeHasItsSizeAndName) {
  for (const DType dtype : kDTypes) {
    const Tensor tensor({3}, dtype);
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_EQ(static_cast<int64_t>(tensor.bytes().size()), 3 * size_bytes(dtype)) << name(dtype);
  }
  EXPECT_EQ(name(DType::kF32), "float32");
  EXPECT_EQ(size_bytes(DType::kF64), 8);
  EXPECT_EQ(size_bytes(DType::kBool), 1);
}

TEST(Tensor, AScalarHoldsOneValueAndADefaultTensorNone) {
  EXPECT_EQ(Tensor(Shape(), DType::kF64).values<double>().size(), 1U);
  const Tensor none;
  EXPECT_EQ(none.elements(), 0);
  EXPECT_TRUE(none.bytes().empty());
  EXPECT_EQ(none.clone().elements(), 0);
  EXPECT_EQ(none.cast(DType::kI64).elements(), 0);
}

TEST(Tensor, TakesExactlyAsManyValuesAsItHolds) {
  EXPECT_THAT(Tensor::from<int32_t>({2, 2}, {1, 2, 3, 4}).values<int32_t>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Tensor::from<bool>({3}, {true, false, true}).values<bool>(), ElementsAre(true, false, true));
  message_of(ErrorKind::kInternal, [] { Tensor::from<float>({3}, {1, 2}); });
  message_of(ErrorKind::kInternal, [] { Tensor::from<float>({3}, {1, 2, 3, 4}); });
}

TEST(Tensor, IsReadOnlyAsItsOwnType) {
  const Tensor tensor({1}, DType::kF32);
  const std::string message =
      message_of(ErrorKind::kInternal, [&] { static_cast<void>(tensor.values<double>()); });
  EXPECT_THAT(message, HasSubstr("float32"));
  EXPECT_THAT(message, HasSubstr("float64"));
}

TEST(Tensor, AnImpossibleSizeIsAnErrorNotACrash) {
  message_of(ErrorKind::kInvalidArgument, [] { Tensor({-1}, DType::kF32); });
  message_of(ErrorKind::kResourceLimit, [] { Tensor({kHuge}, DType::kF32); });
  EXPECT_THAT(message_of(ErrorKind::kResourceLimit,
                         [] {
                           Tensor({1 << 20, 1 << 20}, DType::kF64);
                         }),
              HasSubstr("not enough memory for a float64 tensor of shape [1048576, 1048576]"));
}

TEST(Tensor, ACloneIsIndependent) {
  Tensor original = Tensor::from<float>({2}, {1, 2});
  const Tensor copy = original.clone();
  original.values<float>()[0] = 9;
  EXPECT_THAT(copy.values<float>(), ElementsAre(1, 2));
}

TEST(Tensor, ReshapesInPlace) {
  Tensor tensor = Tensor::from<int64_t>({2, 3}, {0, 1, 2, 3, 4, 5});
  const auto* const before = tensor.bytes().data();
  const Tensor reshaped = std::move(tensor).reshaped({3, 1, 2});
  EXPECT_EQ(reshaped.bytes().data(), before);
  EXPECT_EQ(reshaped.shape(), Shape({3, 1, 2}));
  message_of(ErrorKind::kInvalidArgument, [] { Tensor({4}, DType::kF32).reshaped({3}); });
}

TEST(Cast, KeepsWhatFits) {
  for (const DType from : kDTypes) {
    for (const DType to : kDTypes) {
      const Tensor bits = Tensor::from<float>({2}, {0, 1}).cast(from);
      EXPECT_THAT(bits.cast(to).as_doubles(), ElementsAre(0, 1)) << name(from) << " to " << name(to);
    }
  }
}

TEST(Cast, TruncatesTowardsZero) {
  EXPECT_THAT(Tensor::from<float>({3}, {2.9F, -2.9F, 0.5F}).cast(DType::kI32).values<int32_t>(),
              ElementsAre(2, -2, 0));
}

TEST(Cast, SaturatesAndTurnsNanIntoZero) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor wild = Tensor::from<double>({5}, {nan, infinity, -infinity, 1e30, -1e30});
  constexpr auto kMin = std::numeric_limits<int64_t>::min();
  constexpr auto kMax = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(wild.cast(DType::kU8).values<uint8_t>(), ElementsAre(0, 255, 0, 255, 0));
  EXPECT_THAT(wild.cast(DType::kI8).values<int8_t>(), ElementsAre(0, 127, -128, 127, -128));
  EXPECT_THAT(wild.cast(DType::kI64).values<int64_t>(), ElementsAre(0, kMax, kMin, kMax, kMin));
  EXPECT_THAT(wild.as_ints(), ElementsAre(0, kMax, kMin, kMax, kMin));
}

TEST(Cast, AnythingButZeroIsTrue) {
  EXPECT_THAT(Tensor::from<float>({3}, {0, 0.25F, -3}).cast(DType::kBool).values<bool>(),
              ElementsAre(false, true, true));
}

}  // namespace
}  // namespace relevid
