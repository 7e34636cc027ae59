// SPDX-License-Identifier: Apache-2.0
// The loops over windows, those of every instruction set that this processor has: a block of channels must
// come out as each of its channels does by itself.
#include "kernels/onednn/window_lanes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace relevid::kernels::onednn {

extern const WindowLanes kWindowLanes16, kWindowLanes8, kWindowLanes8Plain, kWindowLanes1;

namespace {

struct Lanes {
  std::string name;
  const WindowLanes* loops;
  int64_t block;
};

std::vector<Lanes> lanes_here() {
  std::vector<Lanes> result = {{"8, plain", &kWindowLanes8Plain, 8}};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    result.push_back({"8", &kWindowLanes8, 8});
  if (__builtin_cpu_supports("avx512f")) result.push_back({"16", &kWindowLanes16, 16});
#else
  result.push_back({"8", &kWindowLanes8, 8});
  result.push_back({"16", &kWindowLanes16, 16});
#endif
  return result;
}

/// Numbers of many positions, a block of channels each.
template <class T>
struct Blocks {
  std::vector<T> values;
  int64_t block;

  Blocks(int64_t positions, int64_t lanes) : values(static_cast<size_t>(positions * lanes)), block(lanes) {}
  std::vector<T> channel(int64_t lane) const {
    std::vector<T> result;
    for (auto i = static_cast<size_t>(lane); i < values.size(); i += static_cast<size_t>(block))
      result.push_back(values[i]);
    return result;
  }
};

Blocks<float> random_blocks(std::mt19937& generator, int64_t positions, int64_t block) {
  Blocks<float> result(positions, block);
  std::uniform_int_distribution<int> number(-8, 8);  // with zeros and with equals
  std::ranges::generate(result.values, [&] { return 0.125F * static_cast<float>(number(generator)); });
  return result;
}

template <class Code>
Blocks<Code> random_codes(std::mt19937& generator, int64_t positions, int64_t block, int last) {
  Blocks<Code> result(positions, block);
  std::uniform_int_distribution<int> code(0, last);
  std::ranges::generate(result.values, [&] { return static_cast<Code>(code(generator)); });
  return result;
}

/// Every channel's numbers and codes against what `alone(lane, numbers, codes)` writes for it.
template <class Code, class Alone>
void expect_channels(const Lanes& lanes, const Blocks<float>& y, const Blocks<Code>& codes, Alone&& alone) {
  for (int64_t lane = 0; lane < lanes.block; ++lane) {
    std::vector<float> wanted(y.channel(lane).size());
    std::vector<Code> wanted_codes(codes.channel(lane).size());
    alone(lane, wanted.data(), wanted_codes.data());
    EXPECT_EQ(y.channel(lane), wanted) << lanes.name;
    EXPECT_EQ(codes.channel(lane), wanted_codes) << lanes.name;
  }
}

/// Rows of a window, and outputs that have all of it inside.
struct RowCase {
  std::string name;
  WindowRow row;
  OutputRange whole;
};

std::vector<RowCase> row_cases(int64_t block) {
  return {
      {"three taps", {block, 19, 19, 3, 1, 1, 1, 1}, {1, 18}},
      {"three taps by two", {block, 15, 30, 3, 2, 1, 1, 1}, {1, 15}},
      {"five taps, dilated", {block, 14, 18, 5, 1, 2, 2, 1}, {2, 12}},
      {"every third output", {block, 17, 17, 2, 1, 1, 1, 3}, {1, 17}},
      {"no tap", {block, 5, 9, 0, 1, 1, 0, 1}, {0, 5}},
      {"all border", {block, 3, 1, 3, 1, 1, 1, 1}, {2, 1}},
  };
}

constexpr int64_t kRows = 3;

TEST(WindowLanes, AppliesEveryChannelByItself) {
  std::mt19937 generator(1);
  for (const auto& [name, loops, block] : lanes_here())
    for (const auto& [what, row, whole] : row_cases(block)) {
      const auto in = random_blocks(generator, kRows * row.in_width, block);
      const auto taps = random_blocks(generator, kRows * row.kernel + 1, block);
      const auto start = random_blocks(generator, 1, block);
      const auto outputs = static_cast<size_t>(row.out_width * row.out_step);
      const auto rows_of = [&](const float* values, const float* weights, int64_t lanes) {
        std::vector<RowTaps> rows;
        for (int64_t r = 0; r < kRows; ++r)
          rows.push_back({values + r * row.in_width * lanes, weights + r * row.kernel * lanes});
        return rows;
      };
      Blocks<float> out(row.out_width * row.out_step, block);
      const auto rows = rows_of(in.values.data(), taps.values.data(), block);
      loops->apply(row, rows.data(), kRows, block, whole, {start.values.data(), 0.0F}, out.values.data());
      for (int64_t lane = 0; lane < block; ++lane) {
        const auto values = in.channel(lane), weights = taps.channel(lane), first = start.channel(lane);
        std::vector<float> wanted(outputs);
        kWindowLanes1.apply(row, rows_of(values.data(), weights.data(), 1).data(), kRows, 1, whole,
                            {first.data(), 0.0F}, wanted.data());
        const auto found = out.channel(lane);
        for (size_t i = 0; i < outputs; ++i) ASSERT_NEAR(found[i], wanted[i], 1e-5) << name << ", " << what;
      }
    }
}

TEST(WindowLanes, PicksForEveryChannelByItself) {
  std::mt19937 generator(2);
  for (const auto& [name, loops, block] : lanes_here())
    for (const auto& [what, row, whole] : row_cases(block)) {
      const auto in = random_blocks(generator, kRows * row.in_width, block);
      Blocks<uint8_t> winners(kRows * row.in_width, block);
      std::uniform_int_distribution<int> tap(0, 255);
      const auto numbers = std::max<int64_t>(1, kRows * row.kernel);
      for (uint8_t& winner : winners.values) winner = static_cast<uint8_t>(255 - tap(generator) % numbers);
      const auto rows_of = [&](const float* values, const uint8_t* won, int64_t lanes) {
        std::vector<RowWinners> rows;
        for (int64_t r = 0; r < kRows; ++r) {
          const int64_t at = r * row.in_width * lanes;
          rows.push_back({values + at, won + at, static_cast<int32_t>(255 - r * row.kernel)});
        }
        return rows;
      };
      const std::vector<float> zeros(static_cast<size_t>(block), 0.0F);
      Blocks<float> out(row.out_width * row.out_step, block);
      const auto rows = rows_of(in.values.data(), winners.values.data(), block);
      loops->pick(row, rows.data(), kRows, -1, whole, {zeros.data(), kNoLeast}, out.values.data());
      for (int64_t lane = 0; lane < block; ++lane) {
        const auto values = in.channel(lane);
        const auto won = winners.channel(lane);
        std::vector<float> wanted(static_cast<size_t>(row.out_width * row.out_step));
        kWindowLanes1.pick(row, rows_of(values.data(), won.data(), 1).data(), kRows, -1, whole,
                           {zeros.data(), kNoLeast}, wanted.data());
        ASSERT_EQ(out.channel(lane), wanted) << name << ", " << what;
      }
    }
}

/// Windows of four taps, one of them missing, three positions apart.
constexpr WindowTap kTaps[] = {{1, 1}, {2, 2}, {3, 5}};
constexpr int64_t kWindows = 7, kApart = 3, kInputs = (kWindows - 1) * kApart + 6;

AlikeWindows windows_of(int64_t block, int64_t taps) {
  return {kTaps, taps, kWindows, kApart * block};
}

template <class Code, class Greatest>
void expect_greatest(const Lanes& lanes, Greatest greatest, int64_t taps) {
  std::mt19937 generator(3);
  const auto x = random_blocks(generator, kInputs, lanes.block);
  Blocks<float> y(kWindows, lanes.block);
  Blocks<Code> codes(kWindows, lanes.block);
  (lanes.loops->*greatest)(windows_of(lanes.block, taps), x.values.data(), y.values.data(),
                           codes.values.data());
  expect_channels(lanes, y, codes, [&](int64_t lane, float* wanted, Code* wanted_codes) {
    (kWindowLanes1.*greatest)(windows_of(1, taps), x.channel(lane).data(), wanted, wanted_codes);
  });
}

void expect_greatest_of_greatest(const Lanes& lanes, int64_t taps) {
  std::mt19937 generator(5);
  const auto x = random_blocks(generator, kInputs, lanes.block);
  const auto x_codes = random_codes<uint8_t>(generator, kInputs, lanes.block, 252);
  Blocks<float> y(kWindows, lanes.block);
  Blocks<uint8_t> codes(kWindows, lanes.block);
  lanes.loops->greatest_of_greatest(windows_of(lanes.block, taps), x.values.data(), x_codes.values.data(),
                                    y.values.data(), codes.values.data());
  expect_channels(lanes, y, codes, [&](int64_t lane, float* wanted, uint8_t* wanted_codes) {
    kWindowLanes1.greatest_of_greatest(windows_of(1, taps), x.channel(lane).data(),
                                       x_codes.channel(lane).data(), wanted, wanted_codes);
  });
}

void expect_narrowed(const Lanes& lanes) {
  constexpr int64_t kLength = 7;
  constexpr int32_t kSize = 80;
  std::mt19937 generator(6);
  const auto given = random_blocks(generator, kRows * kLength, lanes.block);
  const auto won = random_codes<uint8_t>(generator, kRows * kLength, lanes.block, 255);
  const auto rows_of = [](const float* values, const uint8_t* codes, int64_t block) {
    std::vector<RowWinners> rows;
    for (int64_t r = 0; r < kRows; ++r)
      rows.push_back(
          {values + r * kLength * block, codes + r * kLength * block, static_cast<int32_t>(r) * kSize});
    return rows;
  };
  Blocks<float> y(kLength, lanes.block);
  Blocks<uint8_t> codes(kLength, lanes.block);
  lanes.loops->narrow(rows_of(given.values.data(), won.values.data(), lanes.block).data(), kRows, kSize,
                      kLength, y.values.data(), codes.values.data());
  expect_channels(lanes, y, codes, [&](int64_t lane, float* wanted, uint8_t* wanted_codes) {
    const auto values = given.channel(lane);
    const auto of_lane = won.channel(lane);
    kWindowLanes1.narrow(rows_of(values.data(), of_lane.data(), 1).data(), kRows, kSize, kLength, wanted,
                         wanted_codes);
  });
}

template <class Code, class Give>
void expect_given(const Lanes& lanes, Give give) {
  std::mt19937 generator(4);
  const auto g = random_blocks(generator, kWindows, lanes.block);
  const auto codes = random_codes<Code>(generator, kWindows, lanes.block, 3);
  Blocks<float> y = random_blocks(generator, kInputs, lanes.block);
  const Blocks<float> before = y;
  (lanes.loops->*give)(windows_of(lanes.block, std::ssize(kTaps)), g.values.data(), codes.values.data(),
                       y.values.data());
  for (int64_t lane = 0; lane < lanes.block; ++lane) {
    const auto given = g.channel(lane);
    const auto won = codes.channel(lane);
    auto wanted = before.channel(lane);
    (kWindowLanes1.*give)(windows_of(1, std::ssize(kTaps)), given.data(), won.data(), wanted.data());
    EXPECT_EQ(y.channel(lane), wanted) << lanes.name;
  }
}

TEST(WindowLanes, FindAndServeWinnersOfEveryChannelByItself) {
  for (const Lanes& lanes : lanes_here()) {
    for (const int64_t taps : {int64_t{0}, std::ssize(kTaps)}) {
      expect_greatest<uint8_t>(lanes, &WindowLanes::greatest, taps);
      expect_greatest<int32_t>(lanes, &WindowLanes::greatest_of_many, taps);
      expect_greatest_of_greatest(lanes, taps);
    }
    expect_narrowed(lanes);
    expect_given<uint8_t>(lanes, &WindowLanes::give);
    expect_given<uint8_t>(lanes, &WindowLanes::add);
    expect_given<int32_t>(lanes, &WindowLanes::add_of_many);
  }
}

}  // namespace
}  // namespace relevid::kernels::onednn
