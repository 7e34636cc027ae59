// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audit/plan.h"
#include "relevid/audit.h"

namespace relevid {

audit::ConditionKind kind_of(AuditControl control);

/// Which clips an audit looks at. Throws Error(kInvalidArgument) for options out of range.
audit::PlanOptions plan_of(const AuditOptions& options);

}  // namespace relevid
