// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

namespace relevid {

/// A visitor for std::visit made of lambdas. Where one of the variant's alternatives fits none of them, the
/// visit does not compile: say what is to be done with every alternative, and take no `const auto&` for the
/// rest.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

/// For one lambda that takes several alternatives: [](const OneOf<Slice, Pad> auto& op) { ... }.
template <class T, class... Types>
concept OneOf = (std::same_as<T, Types> || ...);

}  // namespace relevid
