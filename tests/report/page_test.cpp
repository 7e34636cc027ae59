// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "relevid/error.h"

namespace relevid::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPlace = R"(<script type="application/json" id="relevid-data">null</script>)";
const std::string kTemplate = "<!doctype html><title>null</title>" + kPlace + "<script>x(null)</script>";

/// What stands in the page's element.
std::string data_of(const std::string& page) {
  const std::string begin = R"(<script type="application/json" id="relevid-data">)";
  const size_t at = page.find(begin) + begin.size();
  return page.substr(at, page.find("</script>", at) - at);
}

TEST(Page, HoldsTheJsonInItsPlaceAndNothingElseChanges) {
  EXPECT_EQ(embed(kTemplate, R"({"a":[1,null]})"),
            "<!doctype html><title>null</title>"
            R"(<script type="application/json" id="relevid-data">{"a":[1,null]}</script>)"
            "<script>x(null)</script>");
}

TEST(Page, NoNameCanEndTheElement) {
  for (const std::string name : {"</script><script>alert(1)</script>", "<!--<script>",
                                 "<img src=x onerror=alert(1)>.mp4", "]]>", "&lt;/script&gt;",
                                 "a\xe2\x80\xa8"
                                 "b\xe2\x80\xa9"
                                 "c",
                                 "\xe2\x80", "\xe2\x82\xac", "\\u003c", "\"'`", "$&$1", "\n\t\x01"}) {
    const nlohmann::json value = {{name, name}};
    const std::string page =
        embed(kTemplate, value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    const std::string data = data_of(page);
    EXPECT_THAT(data, Not(::testing::AnyOf(HasSubstr("<"), HasSubstr(">"), HasSubstr("&"),
                                           HasSubstr("\xe2\x80\xa8"), HasSubstr("\xe2\x80\xa9"))));
    EXPECT_EQ(nlohmann::json::parse(data),
              nlohmann::json::parse(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    EXPECT_TRUE(page.ends_with("</script><script>x(null)</script>"));
  }
}

TEST(Page, PiecesAreEscapedAsTheWholeIs) {
  const std::string json = "{\"a\":\"<é\xe2\x80\xa8€>\"}";
  std::string pieces;
  for (const std::string& piece : {json.substr(0, 6), json.substr(6)}) pieces += escaped_for_script(piece);
  EXPECT_EQ(pieces, escaped_for_script(json));
  EXPECT_EQ(pieces, R"({"a":"\u003cé\u2028€\u003e"})");
}

TEST(Page, ATemplateWithoutOneCertainPlaceIsRefused) {
  for (const std::string& bad : {std::string(), std::string("<html></html>"), kTemplate + kPlace})
    EXPECT_THROW(embed(bad, "1"), Error);
}

}  // namespace
}  // namespace relevid::report
