// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace relevid::report {

/// A page's template, cut at the place of its data. Borrows the template.
struct PageParts {
  std::string_view before, after;
};

/// Cuts where `<script type="application/json" id="relevid-data">null</script>` has its null. Throws
/// Error(kInternal) where the template does not hold that element exactly once.
PageParts cut_template(std::string_view page_template);

/// JSON text as it may stand inside that element: '<', '>', '&', U+2028 and U+2029 become \uXXXX, so that
/// nothing in it can end the element or begin a comment. They occur in JSON inside strings alone, so the
/// value is the same. `json` may be a piece of a longer text that is cut between characters.
std::string escaped_for_script(std::string_view json);

/// The page: the template with the JSON in place. Errors as cut_template's.
std::string embed(std::string_view page_template, std::string_view json);

}  // namespace relevid::report
