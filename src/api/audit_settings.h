// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "audit/plan.h"
#include "relevid/audit.h"

namespace relevid {

audit::ConditionKind kind_of(AuditControl control);

/// Which clips an audit looks at. Throws Error(kInvalidArgument) for options out of range.
audit::PlanOptions plan_of(const AuditOptions& options);

/// Every setting of a method by its final value, as a JSON object; method_of (api/run_settings.h) reads it.
std::string method_record(const MethodOptions& method, Start start);

}  // namespace relevid
