// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace relevid {

/// The page that web/ is built into, in which docs/dev/page-data.md says where the data goes. UTF-8; lives as long as the
/// program. Empty where relevid was built without its page.
std::string_view page_template();

}  // namespace relevid
