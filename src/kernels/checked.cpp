// SPDX-License-Identifier: Apache-2.0
#include "kernels/checked.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/error.h"

namespace relevid::kernels::checked {
namespace {

/// Sums of numbers that cancel to nothing at all are compared by what float32 leaves of them.
constexpr double kLeastScale = 1e-7;

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

}  // namespace

Both::Both(std::unique_ptr<Library> tested_library, std::unique_ptr<Library> trusted_library,
           double tolerance)
    : tested_(std::move(tested_library)), trusted_(std::move(trusted_library)), tolerance_(tolerance) {}

Buffer Both::checked(const std::string& operation, Buffer have, const Buffer& want, const Buffer& where) {
  const Tensor numbers = tested_->download(have);
  compare(operation, numbers, trusted_->download(want), where);
  Buffer same = trusted_->upload(numbers);
  return paired(std::move(have), std::move(same));
}

void Both::check_written(const std::string& operation, Buffer& into) {
  auto& [have, want] = *into.data<BufferPair>();
  const Tensor numbers = tested_->download(have);
  compare(operation, numbers, trusted_->download(want), {});
  want = trusted_->upload(numbers);
}

Sums Both::checked_sums(const std::string& operation, const Sums& have, const Sums& want, double terms) {
  require_agreement(operation + ", its sums", tested_->fetch(have), trusted_->fetch(want), terms);
  return {have.count(), std::make_shared<SumsPair>(SumsPair{have, want})};
}

void Both::check_tensors(const std::string& operation, const Tensor& have, const Tensor& want) {
  compare(operation, have, want, {});
}

double Both::absolute_sum(const Buffer& x) {
  double result = 0;
  for (const double sum : trusted_->fetch(trusted_->absolute_sums(trusted(x)))) result += sum;
  return result;
}

void Both::compare(const std::string& operation, const Tensor& have, const Tensor& want,
                   const Buffer& where) {
  std::vector<double> expected = want.as_doubles();
  const std::vector<double> found = have.as_doubles();
  if (where) {
    const std::vector<double> counts = trusted_->download(trusted(where)).as_doubles();
    for (size_t i = 0; i < expected.size(); ++i) {
      if (counts[i] == 0) expected[i] = found[i];
    }
  }
  require_agreement(operation, found, expected, largest(expected));
}

void Both::require_agreement(const std::string& operation, const std::vector<double>& have,
                             const std::vector<double>& want, double scale) const {
  const std::string who =
      fmt::format("{} and {} disagree in {}", tested_->name(), trusted_->name(), operation);
  if (have.size() != want.size())
    throw Error(ErrorKind::kInternal, fmt::format("{}: {} numbers and {}", who, have.size(), want.size()));
  const double limit = tolerance_ * std::max(scale, kLeastScale);
  double worst = 0;
  size_t place = have.size();
  for (size_t i = 0; i < have.size(); ++i) {
    const double difference = std::abs(have[i] - want[i]);
    const bool same = have[i] == want[i] || (std::isnan(have[i]) && std::isnan(want[i]));
    if (same || difference <= limit || (place < have.size() && difference <= worst)) continue;
    worst = difference;
    place = i;
  }
  if (place == have.size()) return;
  throw Error(ErrorKind::kInternal,
              fmt::format("{}: {:.9g} and {:.9g} at element {}, which differ by {:g} where {:g} is allowed",
                          who, have[place], want[place], place, worst, limit));
}

std::string on(const std::string& operation, const Buffer& x) {
  return fmt::format("{} of {}", operation, x.shape().to_string());
}
std::string on(const std::string& operation, const Buffer& a, const Buffer& b) {
  return fmt::format("{} of {} and {}", operation, a.shape().to_string(), b.shape().to_string());
}

}  // namespace relevid::kernels::checked
