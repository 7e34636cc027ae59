// SPDX-License-Identifier: Apache-2.0
#include "api/page_file.h"

#include "base/atomic_file.h"
#include "page_template/page_template.h"
#include "report/page.h"

namespace relevid {

bool has_page() {
  return !page_template().empty();
}

void write_explanation_page(std::span<const Explanation> explanations, const Model& model,
                            const OutputOptions& options) {
  const auto path = options.folder / (options.stem + ".html");
  if (options.page == OutputOptions::Page::kWrite && has_page()) {
    write_file_atomically(path, report::embed(page_template(), page_json(explanations, model, options)));
    return;
  }
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

}  // namespace relevid
