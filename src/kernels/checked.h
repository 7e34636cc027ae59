// SPDX-License-Identifier: Apache-2.0
// A kernel library that runs every operation on two others and compares what comes out: what its files share.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "kernels/kernels.h"

namespace relevid::kernels::checked {

/// A buffer on the library that is checked, and the same numbers on the one that it is checked against.
struct BufferPair {
  Buffer tested, trusted;
};
inline const BufferPair& pair_of(const Buffer& x) {
  return *x.data<BufferPair>();
}
inline const Buffer& tested(const Buffer& x) {
  static const Buffer kNone;
  return x ? pair_of(x).tested : kNone;
}
inline const Buffer& trusted(const Buffer& x) {
  static const Buffer kNone;
  return x ? pair_of(x).trusted : kNone;
}
inline Buffer paired(Buffer on_tested, Buffer on_trusted) {
  Shape shape = on_tested.shape();
  return {std::move(shape),
          std::make_shared<BufferPair>(BufferPair{std::move(on_tested), std::move(on_trusted)})};
}

/// Sums on both libraries.
struct SumsPair {
  Sums tested, trusted;
};
inline const SumsPair& pair_of(const Sums& sums) {
  return sums.as<SumsPair>();
}

/// Both libraries, and what is done with every result. Where results disagree it throws Error(kInternal) with
/// the operation, the shapes and the largest difference.
class Both {
 public:
  /// `tolerance`: relative to the largest number of a result, or to what was added up to a sum.
  Both(std::unique_ptr<Library> tested_library, std::unique_ptr<Library> trusted_library, double tolerance);

  Library& tested_library() const { return *tested_; }
  Library& trusted_library() const { return *trusted_; }

  /// The pair of an operation's results, checked. Both have the tested one's numbers from here on, so that
  /// each operation is checked by itself. `where`: an operation leaves what it likes where this is 0.
  Buffer checked(const std::string& operation, Buffer have, const Buffer& want, const Buffer& where = {});
  /// The same of an operation that wrote to `into`.
  void check_written(const std::string& operation, Buffer& into);
  /// `terms`: Σ of the absolute values of what was added up.
  Sums checked_sums(const std::string& operation, const Sums& have, const Sums& want, double terms);
  void check_tensors(const std::string& operation, const Tensor& have, const Tensor& want);
  /// Over the whole buffer.
  double absolute_sum(const Buffer& x);

 private:
  void compare(const std::string& operation, const Tensor& have, const Tensor& want, const Buffer& where);
  void require_agreement(const std::string& operation, const std::vector<double>& have,
                         const std::vector<double>& want, double scale) const;

  std::unique_ptr<Library> tested_, trusted_;
  double tolerance_;
};

/// "multiply of [1, 3] and [1, 3]"
std::string on(const std::string& operation, const Buffer& x);
std::string on(const std::string& operation, const Buffer& a, const Buffer& b);

std::unique_ptr<LinearMap> make_linear(Both& both, const LinearSpec& spec, const Shape& input,
                                       const Epilogue& epilogue);
std::unique_ptr<MaxMap> make_max(Both& both, const MaxSpec& spec, const Shape& input);
std::unique_ptr<NormMap> make_norm(Both& both, const Shape& input, double epsilon);
std::unique_ptr<ProductMap> make_product(Both& both, const Shape& a, const Shape& b);
std::unique_ptr<AttentionMap> make_attention(Both& both, const AttentionSpec& spec, const Shape& q,
                                             const Shape& k, const Shape& v);
std::unique_ptr<StandardiseMap> make_standardise(Both& both, const StandardiseSpec& spec, const Shape& input);

}  // namespace relevid::kernels::checked
