// SPDX-License-Identifier: Apache-2.0
#include "api/page_file.h"

#include "base/atomic_file.h"
#include "base/input_guard.h"
#include "page_template/page_template.h"
#include "relevid/error.h"
#include "report/page.h"

namespace relevid {

bool has_page() {
  return !page_template().empty();
}

void embed_page(const ReportSink& sink, const std::function<void(const ReportSink&)>& write) {
  if (!has_page()) {
    throw Error(
        ErrorKind::kInvalidArgument,
        "this relevid was built without the page; install nodejs and npm, and build again. Text, json, "
        "csv and png need no page");
  }
  const report::PageParts parts = report::cut_template(page_template());
  sink(parts.before);
  write([&](std::string_view piece) { sink(report::escaped_for_script(piece)); });
  sink(parts.after);
}

void write_explanation_page(std::span<const Explanation> explanations, const Model& model,
                            const OutputOptions& options) {
  const auto path = options.folder / (options.stem + ".html");
  if (options.page == OutputOptions::Page::kWrite && has_page()) {
    write_file_atomically(path, report::embed(page_template(), page_json(explanations, model, options)));
    return;
  }
  remove_output(path);
}

}  // namespace relevid
