// SPDX-License-Identifier: Apache-2.0
#include "explain/account.h"

namespace relevid {
namespace {

using Numbers = std::vector<double>;

Numbers per_clip(const Numbers& entries, size_t clips) {
  Numbers result(clips, 0.0);
  for (size_t i = 0; i < entries.size(); ++i) result[i * clips / entries.size()] += entries[i];
  return result;
}

void add_scaled(Numbers& into, const Numbers& values, double scale) {
  if (into.empty()) into.assign(values.size(), 0.0);
  for (size_t i = 0; i < into.size(); ++i) into[i] += scale * values[i];
}

/// What has been fetched, in the order in which it was asked for.
class Fetched {
 public:
  explicit Fetched(std::vector<Numbers> numbers) : numbers_(std::move(numbers)) {}

  /// Entries of one layer's output are equally many: added up before they become clips'.
  Numbers by_entries(const DeferredSum& sum, size_t clips) {
    Numbers entries;
    for (const auto& part : sum.parts) add_scaled(entries, numbers_[next_++], part.scale);
    return per_clip(entries, clips);
  }
  /// Inputs may have different numbers of entries.
  Numbers by_clips(const DeferredSum& sum, size_t clips) {
    Numbers result(clips, 0.0);
    for (const auto& part : sum.parts) add_scaled(result, per_clip(numbers_[next_++], clips), part.scale);
    return result;
  }

 private:
  std::vector<Numbers> numbers_;
  size_t next_ = 0;
};

void collect(const DeferredSum& sum, std::vector<kernels::Sums>& into) {
  for (const auto& part : sum.parts) into.push_back(part.sums);
}

}  // namespace

std::vector<LayerFlow> settle(kernels::Library& library, std::span<const DeferredAccount> accounts,
                              size_t clips) {
  std::vector<kernels::Sums> wanted;
  for (const DeferredAccount& account : accounts) {
    for (const auto* sum : {&account.incoming, &account.outgoing, &account.absorbed_by_bias,
                            &account.absorbed_by_epsilon, &account.dropped})
      collect(*sum, wanted);
  }
  Fetched fetched(library.fetch(wanted));
  std::vector<LayerFlow> flows;
  for (const DeferredAccount& account : accounts) {
    LayerFlow flow{account.name, account.op, account.rule, {}, {}, {}, {}, {}};
    flow.incoming = fetched.by_entries(account.incoming, clips);
    flow.outgoing = fetched.by_clips(account.outgoing, clips);
    flow.absorbed_by_bias = fetched.by_entries(account.absorbed_by_bias, clips);
    flow.absorbed_by_epsilon = fetched.by_entries(account.absorbed_by_epsilon, clips);
    flow.dropped = fetched.by_entries(account.dropped, clips);
    if (account.rest == DeferredAccount::Rest::kDropped) {
      for (size_t n = 0; n < clips; ++n) flow.dropped[n] = flow.incoming[n] - flow.outgoing[n];
    }
    flows.push_back(std::move(flow));
  }
  return flows;
}

std::vector<double> settle(kernels::Library& library, const DeferredSum& sum, size_t clips) {
  std::vector<kernels::Sums> wanted;
  collect(sum, wanted);
  return Fetched(library.fetch(wanted)).by_clips(sum, clips);
}

}  // namespace relevid
