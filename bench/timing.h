// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace relevid::bench {

template <class F>
double milliseconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Several pieces of work timed in turn, round after round, so that a machine that slows down slows them all.
class Interleaved {
 public:
  void add(std::string name, std::function<void()> work) {
    entries_.push_back({std::move(name), std::move(work), {}});
  }

  /// One round that does not count, then `rounds`.
  void run(int rounds) {
    for (auto& entry : entries_) entry.work();
    for (int round = 0; round < rounds; ++round) {
      for (auto& entry : entries_) entry.milliseconds.push_back(milliseconds(entry.work));
    }
  }

  double median_of(const std::string& name) const { return median(entry(name).milliseconds); }
  /// The median of the rounds' own ratios, which drift touches less than the ratio of two medians.
  double ratio(const std::string& name, const std::string& to) const {
    std::vector<double> ratios;
    const auto &a = entry(name).milliseconds, &b = entry(to).milliseconds;
    for (size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
    return median(std::move(ratios));
  }

 private:
  struct Entry {
    std::string name;
    std::function<void()> work;
    std::vector<double> milliseconds;
  };
  const Entry& entry(const std::string& name) const {
    return *std::ranges::find(entries_, name, &Entry::name);
  }
  std::vector<Entry> entries_;
};

}  // namespace relevid::bench
