// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace relevid::testing {

/// What the element of a page's data holds.
inline nlohmann::json page_data(const std::string& page) {
  const std::string begin = R"(id="relevid-data">)";
  const size_t at = page.find(begin) + begin.size();
  return nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
}

}  // namespace relevid::testing
