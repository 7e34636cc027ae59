// SPDX-License-Identifier: Apache-2.0
#include "statistics/distributions.h"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace relevid::statistics {

double normal_cdf(double x) {
  return boost::math::cdf(boost::math::normal(), x);
}

double normal_quantile(double p) {
  return boost::math::quantile(boost::math::normal(), p);
}

double student_quantile(double p, int64_t freedom) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(freedom)), p);
}

double beta_quantile(double p, double a, double b) {
  return boost::math::quantile(boost::math::beta_distribution(a, b), p);
}

double fair_binomial_cdf(int64_t successes, int64_t trials) {
  return boost::math::cdf(boost::math::binomial(static_cast<double>(trials), 0.5),
                          static_cast<double>(successes));
}

}  // namespace relevid::statistics
