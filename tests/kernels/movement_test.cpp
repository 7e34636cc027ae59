// SPDX-License-Identifier: Apache-2.0
// What only moves values, of oneDNN against the reference, across blocked and plain layouts: exact.
#include <numeric>

#include "kernels/differential.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::Library;
using testing::expect_same;
using testing::libraries;
using testing::on_both;
using testing::Pair;
using testing::Random;

Pair random_pair(const Shape& shape, uint64_t seed) {
  return libraries().upload(Random(seed).signed_values(shape));
}

TEST(Movement, UploadAndDownloadGiveTheValuesBack) {
  Random random(1);
  for (const Shape& shape : {Shape{2, 17, 3, 4, 5}, Shape{2, 4, 3, 3, 3}, Shape{1, 5, 2, 2},
                             Shape{3, 33, 1, 2}, Shape{7}, Shape{2, 3, 4, 5, 6, 2}, Shape{}}) {
    const Tensor values = random.signed_values(shape);
    for (Library* library : {libraries().reference.get(), libraries().onednn.get()}) {
      const Tensor back = library->download(library->upload(values));
      EXPECT_EQ(back.shape(), shape);
      EXPECT_EQ(back.as_doubles(), values.as_doubles()) << shape.to_string();
    }
  }
}

TEST(Movement, UploadTakesEveryNumericType) {
  const Tensor values = Tensor::from(Shape{1, 2, 1, 1, 3}, std::vector<uint8_t>{0, 1, 2, 3, 200, 255});
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kI64, DType::kI32, DType::kU8}) {
    for (Library* library : {libraries().reference.get(), libraries().onednn.get()}) {
      EXPECT_EQ(library->download(library->upload(values.cast(dtype))).as_doubles(), values.as_doubles());
    }
  }
}

TEST(Movement, ReshapeBetweenRanks) {
  const std::vector<std::vector<Shape>> groups = {
      {{2, 24, 3, 2, 4},
       {2, 576},
       {96, 12},
       {2, 24, 6, 4},
       {2, 3, 8, 3, 2, 4},
       {4, 12, 24},
       {2, 2, 12, 3, 8},
       {1152}},
      {{1, 17, 1, 3, 5},
       {1, 17, 3, 5},
       {17, 15},
       {1, 1, 17, 3, 5},
       {5, 51},
       {1, 3, 17, 5},
       {1, 17, 1, 3, 5, 1}},
      {{2, 3, 2, 2, 2}, {2, 24}, {2, 6, 2, 2}, {2, 12, 1, 2}, {2, 2, 3, 2, 2}},
  };
  for (const auto& shapes : groups) {
    for (const Shape& from : shapes) {
      const Pair x = random_pair(from, 2);
      for (const Shape& to : shapes) {
        expect_same(on_both([&](Library& l, const Buffer& v) { return l.reshape(v, to); }, x),
                    from.to_string() + " to " + to.to_string(), 0);
      }
    }
  }
}

TEST(Movement, TransposeByEveryPermutation) {
  for (const Shape& shape : {Shape{2, 17, 3, 2, 4}, Shape{2, 3, 5, 6}, Shape{3, 5, 2}, Shape{4, 6}}) {
    const Pair x = random_pair(shape, 3);
    std::vector<int64_t> permutation(static_cast<size_t>(shape.rank()));
    std::iota(permutation.begin(), permutation.end(), int64_t{0});
    do {
      expect_same(on_both([&](Library& l, const Buffer& v) { return l.transpose(v, permutation); }, x),
                  "transpose of " + shape.to_string(), 0);
    } while (std::ranges::next_permutation(permutation).found);
  }
}

struct Range {
  Shape whole, part;
  std::vector<int64_t> begin, step;
};

std::vector<Range> ranges() {
  return {
      {{2, 17, 4, 5, 6}, {2, 17, 2, 3, 4}, {0, 0, 1, 1, 2}, {1, 1, 1, 1, 1}},
      {{2, 17, 4, 5, 6}, {2, 17, 2, 3, 3}, {0, 0, 0, 0, 1}, {1, 1, 2, 2, 2}},
      {{2, 17, 4, 5, 6}, {2, 17, 4, 5, 6}, {0, 0, 3, 4, 5}, {1, 1, -1, -1, -1}},
      {{2, 40, 3, 2, 2}, {2, 16, 3, 2, 2}, {0, 16, 0, 0, 0}, {1, 1, 1, 1, 1}},
      {{2, 40, 3, 2, 2}, {2, 8, 3, 2, 2}, {0, 32, 0, 0, 0}, {1, 1, 1, 1, 1}},
      {{2, 40, 3, 2, 2}, {1, 24, 3, 2, 2}, {1, 16, 0, 0, 0}, {1, 1, 1, 1, 1}},
      {{2, 40, 3, 2, 2}, {2, 7, 3, 2, 2}, {0, 16, 0, 0, 0}, {1, 1, 1, 1, 1}},
      {{2, 40, 3, 2, 2}, {2, 20, 3, 2, 2}, {0, 3, 0, 0, 0}, {1, 1, 1, 1, 1}},
      {{2, 40, 3, 2, 2}, {2, 3, 3, 2, 2}, {0, 16, 0, 0, 0}, {1, 1, 1, 1, 1}},
      {{2, 40, 3, 2, 2}, {2, 13, 3, 2, 2}, {0, 39, 0, 0, 0}, {1, -3, 1, 1, 1}},
      {{3, 3, 4, 4, 4}, {2, 2, 4, 2, 3}, {2, 1, 0, 1, 0}, {-1, 1, 1, 2, 1}},
      {{2, 24, 6, 5}, {2, 24, 3, 2}, {0, 0, 4, 1}, {1, 1, -2, 2}},
      {{2, 24, 6, 5}, {2, 8, 6, 5}, {0, 16, 0, 0}, {1, 1, 1, 1}},
      {{2, 24, 6, 5}, {1, 24, 6, 5}, {1, 0, 0, 0}, {1, 1, 1, 1}},
      {{5, 7}, {2, 3}, {4, 1}, {-3, 2}},
      {{2, 3, 4, 5, 2, 3}, {2, 2, 4, 2, 2, 1}, {0, 1, 3, 0, 0, 2}, {1, 1, -1, 3, 1, 1}},
  };
}

TEST(Movement, Slice) {
  for (const Range& r : ranges()) {
    expect_same(on_both([&](Library& l, const Buffer& v) { return l.slice(v, r.part, r.begin, r.step); },
                        random_pair(r.whole, 4)),
                "slice " + r.part.to_string() + " of " + r.whole.to_string(), 0);
  }
}

TEST(Movement, PlaceOverAnyValue) {
  for (const Range& r : ranges()) {
    for (const double value : {0.0, -1.5}) {
      expect_same(
          on_both([&](Library& l, const Buffer& v) { return l.place(v, r.whole, r.begin, r.step, value); },
                  random_pair(r.part, 5)),
          "place " + r.part.to_string() + " in " + r.whole.to_string(), 0);
    }
  }
}

TEST(Movement, ConcatOnEveryAxis) {
  const std::vector<std::vector<int64_t>> channels = {{16, 16}, {16, 5},    {5, 16}, {17, 3, 8},
                                                      {1, 2},   {3, 1, 40}, {4, 4}};
  for (const auto& sizes : channels) {
    for (const bool flat : {false, true}) {
      std::vector<Buffer> reference, onednn;
      for (const int64_t c : sizes) {
        const Pair part = random_pair(flat ? Shape{2, c, 3, 4} : Shape{2, c, 2, 3, 2}, 6 + reference.size());
        reference.push_back(part.reference);
        onednn.push_back(part.onednn);
      }
      expect_same({libraries().reference->concat(reference, 1), libraries().onednn->concat(onednn, 1)},
                  fmt::format("{} parts joined by channels", sizes.size()), 0);
    }
  }
  for (const Shape& shape : {Shape{2, 17, 2, 3, 2}, Shape{2, 3, 2, 3, 2}, Shape{2, 9, 3, 4}, Shape{3, 5},
                             Shape{2, 1, 2, 3, 2, 2}}) {
    for (int64_t axis = 0; axis < shape.rank(); ++axis) {
      const Pair a = random_pair(shape, 7), b = random_pair(shape, 8);
      const auto join = [&](Library& l, const Buffer& x, const Buffer& y) {
        const std::vector<Buffer> both = {x, y, x};
        return l.concat(both, axis);
      };
      expect_same(on_both(join, a, b), fmt::format("{} joined along {}", shape.to_string(), axis), 0);
    }
  }
}

TEST(Movement, OperationsLeaveTheirArgumentsAlone) {
  const Shape shape{2, 17, 2, 3, 2};
  const Pair x = random_pair(shape, 9);
  Library& l = *libraries().onednn;
  const auto before = l.download(x.onednn).as_doubles();
  const Buffer view = l.reshape(x.onednn, Shape{2, 17, 2, 3, 2});
  Buffer sum = l.add(view, x.onednn, 1);
  l.accumulate(sum, x.onednn, 1);
  l.activate(view, {Activation::Kind::kRelu, 0, 0});
  EXPECT_EQ(l.download(x.onednn).as_doubles(), before);
}

}  // namespace
}  // namespace relevid
