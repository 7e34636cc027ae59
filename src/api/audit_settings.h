// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/audit.h"
#include "run/plan.h"

namespace relevid {

/// Which clips an audit looks at. Throws Error(kInvalidArgument) for options out of range.
run::PlanOptions plan_of(const AuditOptions& options);

}  // namespace relevid
