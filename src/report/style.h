// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::report {

/// A colour to draw with, 0xRRGGBB.
struct Ink {
  uint32_t rgb = 0;
  double alpha = 1;
};

namespace ink {
inline constexpr Ink kPaper{0xffffff};
inline constexpr Ink kText{0x1f2730};
inline constexpr Ink kQuiet{0x5f6b78};  ///< captions, ticks, secondary text
inline constexpr Ink kRule{0xd3d9df};   ///< hairlines
inline constexpr Ink kFrame{0x9aa4ae};  ///< axes, picture borders
inline constexpr Ink kBar{0x43566b};    ///< quantities
inline constexpr Ink kBarLight{0xb9c4cf};
inline constexpr Ink kBarNegative{0x8fb0d0};  ///< the part of negative relevance
inline constexpr Ink kBand{0xf3efe3};         ///< the shaded borders of a clip
inline constexpr Ink kAccent{0xc4621f};       ///< the explained class, the moving mark
}  // namespace ink

enum class Align { kLeft, kCentre, kRight };
enum class Weight { kRegular, kBold };
enum class Elide { kMiddle, kEnd };  ///< where "…" stands for what has no room

struct TextStyle {
  double size = 14;
  Ink color = ink::kText;
  Weight weight = Weight::kRegular;
  Align align = Align::kLeft;
  Elide elide = Elide::kEnd;
};

}  // namespace relevid::report
