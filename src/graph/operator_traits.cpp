// SPDX-License-Identifier: Apache-2.0
#include "graph/operator_traits.h"

#include <algorithm>

#include "base/overloaded.h"

namespace relevid::graph {
namespace {

bool all_nonnegative(const Tensor& tensor) {
  return std::ranges::all_of(tensor.as_doubles(), [](double value) { return value >= 0; });
}

}  // namespace

bool Resample::selects() const {
  return std::ranges::adjacent_find(taps, {}, &AxisTap::to) == taps.end() &&
         std::ranges::all_of(taps, [](const AxisTap& tap) { return tap.weight == 1; });
}

const OperatorTraits& traits(const Operator& op) {
  return std::visit([]<class Op>(const Op&) -> const OperatorTraits& { return kTraits<Op>; }, op);
}

Reads gradient_reads(const Operator& op) {
  return std::visit(
      Overloaded{[](const Activation& f) { return slope_from_output(f) ? Reads::kOutput : Reads::kInputs; },
                 []<class Op>(const Op&) {
                   static_assert(kTraits<Op>.gradient_reads != Reads::kByAttributes);
                   return kTraits<Op>.gradient_reads;
                 }},
      op);
}

Reads relevance_reads(const Operator& op) {
  return std::visit(Overloaded{[](const Reduce& reduce) {
                                 return reduce.kind == Reduce::Kind::kMax ? Reads::kNothing : Reads::kInputs;
                               },
                               []<class Op>(const Op&) {
                                 static_assert(kTraits<Op>.relevance_reads != Reads::kByAttributes);
                                 return kTraits<Op>.relevance_reads;
                               }},
                    op);
}

bool is_trained(const Operator& op) {
  const auto* affine = std::get_if<Affine>(&op);
  return affine ? affine->learns != Affine::Learns::kNothing : traits(op).has(kTrained);
}

bool output_never_negative(const Operator& op, bool inputs_are) {
  return std::visit(
      Overloaded{[&](const Activation& f) {
                   return never_negative(f, inputs_are ? Domain::kNotNegative : Domain::kAllNumbers);
                 },
                 [&](const Affine& a) {
                   return inputs_are && all_nonnegative(*a.scale) && all_nonnegative(*a.shift);
                 },
                 [&](const Add& a) { return inputs_are && a.sign > 0; },
                 [&](const Pad& p) { return inputs_are && p.value >= 0; },
                 [&]<class Op>(const Op&) {
                   constexpr OutputSign kSign = kTraits<Op>.sign;
                   static_assert(kSign != OutputSign::kByAttributes);
                   return kSign == OutputSign::kNotNegative || (kSign == OutputSign::kAsInputs && inputs_are);
                 }},
      op);
}

}  // namespace relevid::graph
