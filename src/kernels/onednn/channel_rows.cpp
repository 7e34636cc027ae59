// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/channel_rows.h"

#include <algorithm>

#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {
namespace {

/// Σ first(i, lane) and Σ second(i, lane) over positions i, for every lane.
template <int kLanes, class F>
RELEVID_INLINED void add_two_sums(int64_t positions, double* first, double* second, F terms) {
  double a[kLanes] = {}, b[kLanes] = {};
  for (int64_t i = 0; i < positions; ++i) {
#pragma omp simd
    for (int lane = 0; lane < kLanes; ++lane) {
      const auto [one, two] = terms(i * kLanes + lane, lane);
      a[lane] += one;
      b[lane] += two;
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    first[lane] += a[lane];
    second[lane] += b[lane];
  }
}

struct Two {
  double one, two;
};

/// Calls loop<lanes>() with the number of lanes as a constant.
template <class Loop>
RELEVID_INLINED void with_lanes(int64_t lanes, Loop loop) {
  switch (lanes) {
    case 16:
      loop.template operator()<16>();
      break;
    case 8:
      loop.template operator()<8>();
      break;
    default:
      loop.template operator()<1>();
      break;
  }
}

}  // namespace

RELEVID_DISPATCHED
void add_sums(int64_t lanes, const float* x, int64_t positions, double* sums) {
  with_lanes(
      lanes, [&]<int kLanes>() __attribute__((always_inline)) {
        double totals[kLanes] = {};
        for (int64_t i = 0; i < positions; ++i) {
#pragma omp simd
          for (int lane = 0; lane < kLanes; ++lane) totals[lane] += static_cast<double>(x[i * kLanes + lane]);
        }
        for (int lane = 0; lane < kLanes; ++lane) sums[lane] += totals[lane];
      });
}

RELEVID_DISPATCHED
void add_moments(int64_t lanes, const float* x, int64_t positions, const double* center, double* sums,
                 double* squares) {
  with_lanes(
      lanes, [&]<int kLanes>() __attribute__((always_inline)) {
        add_two_sums<kLanes>(positions, sums, squares, [&](int64_t i, int lane) {
          const double d = static_cast<double>(x[i]) - center[lane];
          return Two{d, d * d};
        });
      });
}

RELEVID_DISPATCHED
void add_products(int64_t lanes, const float* g, const float* x, int64_t positions, const double* center,
                  double* sums, double* products) {
  with_lanes(
      lanes, [&]<int kLanes>() __attribute__((always_inline)) {
        add_two_sums<kLanes>(positions, sums, products, [&](int64_t i, int lane) {
          const double d = static_cast<double>(x[i]) - center[lane];
          return Two{static_cast<double>(g[i]), static_cast<double>(g[i]) * d};
        });
      });
}

RELEVID_DISPATCHED
void scale_plane(int64_t lanes, const float* x, Centered of_x, const float* offset, int64_t positions,
                 float* y) {
  with_lanes(
      lanes, [&]<int kLanes>() __attribute__((always_inline)) {
        for (int64_t i = 0; i < positions * kLanes; i += kLanes) {
#pragma omp simd
          for (int lane = 0; lane < kLanes; ++lane)
            y[i + lane] = of_x.factor[lane] * (x[i + lane] - of_x.center[lane]) + offset[lane];
        }
      });
}

RELEVID_DISPATCHED
void combine_planes(int64_t lanes, const float* g, Centered of_g, const float* x, Centered of_x,
                    int64_t positions, float* y) {
  with_lanes(
      lanes, [&]<int kLanes>() __attribute__((always_inline)) {
        for (int64_t i = 0; i < positions * kLanes; i += kLanes) {
#pragma omp simd
          for (int lane = 0; lane < kLanes; ++lane) {
            y[i + lane] = of_g.factor[lane] * (g[i + lane] - of_g.center[lane]) +
                          of_x.factor[lane] * (x[i + lane] - of_x.center[lane]);
          }
        }
      });
}

ChannelPlanes channel_planes(const Device& device, const Shape& shape) {
  ChannelPlanes planes;
  planes.batch = shape[0];
  planes.channels = shape[1];
  planes.lanes = device.is_blocked(shape) ? device.block() : 1;
  planes.planes = (planes.channels + planes.lanes - 1) / planes.lanes;
  planes.positions = shape.elements() / (shape[0] * shape[1]);
  return planes;
}

std::vector<double> channel_sums_of_items(const Device& device, const Buffer& x) {
  const ChannelPlanes p = channel_planes(device, x.shape());
  constexpr int64_t kPositions = 4096;  // at a time, so that there are pieces for every thread
  const int64_t pieces = (p.positions + kPositions - 1) / kPositions;
  std::vector<double> partial(static_cast<size_t>(p.count() * pieces * p.lanes), 0.0);
#pragma omp parallel for schedule(static)
  for (int64_t k = 0; k < p.count() * pieces; ++k) {
    const int64_t begin = k % pieces * kPositions;
    add_sums(p.lanes, x.data<float>() + k / pieces * p.floats() + begin * p.lanes,
             std::min(kPositions, p.positions - begin), partial.data() + k * p.lanes);
  }
  std::vector<double> sums(static_cast<size_t>(p.batch * p.channels), 0.0);
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t c = 0; c < p.channels; ++c)
      for (int64_t piece = 0; piece < pieces; ++piece) {
        const int64_t plane = n * p.planes + c / p.lanes;
        sums[static_cast<size_t>(n * p.channels + c)] +=
            partial[static_cast<size_t>((plane * pieces + piece) * p.lanes + c % p.lanes)];
      }
  return sums;
}

std::vector<double> channel_sums(const Device& device, const Buffer& x) {
  const auto of_items = channel_sums_of_items(device, x);
  const auto channels = static_cast<size_t>(x.shape()[1]);
  std::vector<double> sums(channels, 0.0);
  for (size_t i = 0; i < of_items.size(); ++i) sums[i % channels] += of_items[i];
  return sums;
}

}  // namespace relevid::kernels::onednn
