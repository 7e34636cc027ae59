// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "relevid/audit_report.h"
#include "relevid/explanation_files.h"

namespace relevid {

/// Hands the page over: its template, with what `write` writes as its data. Throws Error(kInvalidArgument)
/// where has_page() is false.
void embed_page(const ReportSink& sink, const std::function<void(const ReportSink&)>& write);

/// Writes the stem's .html where options and build have a page; else removes one that is there, which would
/// show another explanation.
void write_explanation_page(std::span<const Explanation> explanations, const Model& model,
                            const OutputOptions& options);

}  // namespace relevid
