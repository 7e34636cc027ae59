// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace relevid {

// Of red, green and blue, of values from 0 to 1, as networks were trained with them.

using ChannelStatistics = std::array<double, 3>;

inline constexpr ChannelStatistics kHalf = {0.5, 0.5, 0.5};
inline constexpr ChannelStatistics kImageNetMean = {0.485, 0.456, 0.406};
inline constexpr ChannelStatistics kImageNetStd = {0.229, 0.224, 0.225};
inline constexpr ChannelStatistics kKineticsMean = {0.43216, 0.394666, 0.37645};
inline constexpr ChannelStatistics kKineticsStd = {0.22803, 0.22145, 0.216989};
inline constexpr ChannelStatistics kSlowfastMean = {0.45, 0.45, 0.45};
inline constexpr ChannelStatistics kSlowfastStd = {0.225, 0.225, 0.225};

}  // namespace relevid
