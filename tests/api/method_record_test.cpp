// SPDX-License-Identifier: Apache-2.0
#include "api/method_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/other_settings.h"

namespace relevid {
namespace {

using nlohmann::json;

TEST(MethodRecord, GoesThereAndBackForEveryMethod) {
  for (const std::string& name : methods()) {
    MethodOptions made;
    made.method = name;
    for (const MethodField& field : method_fields()) {
      if (const std::string text = testing::other_text(field); !text.empty()) field.set_text(made, text);
    }
    made.contrast = 2;
    made.layer = "/features/3";
    const json record = method_record(made, made.start);
    const MethodOptions found = method_from(json::parse(record.dump()));
    EXPECT_EQ(found.method, name);
    for (const MethodField& field : method_fields()) {
      const bool is_kept = field.is_taken_by(name) && field.effect == MethodField::Effect::kMap;
      if (field.name == "rules_file") {
        EXPECT_EQ(record.contains("rules_sha256"), is_kept) << name;
        continue;
      }
      EXPECT_EQ(record.contains(field.name), is_kept) << name << " under " << field.name;
      EXPECT_EQ(field.get(found), field.get(is_kept ? made : MethodOptions{})) << name << ' ' << field.name;
    }
  }
}

TEST(MethodRecord, OfEarlierVersionsIsRead) {
  const MethodOptions found = method_from(json::parse(
      R"({"name": "occlusion_time", "stride": [1, 2, 3], "rules_sha256": "", "masks": 7, "contrast": null})"));
  EXPECT_EQ(found.method, "occlusion_time");
  EXPECT_EQ(found.window_stride, (std::array<int64_t, 3>{1, 2, 3}));
  EXPECT_EQ(found.masks, 7);
  EXPECT_FALSE(found.contrast);
  EXPECT_THROW(method_from(json::object()), json::exception);
  EXPECT_THROW(method_from(json{{"name", "rise"}, {"masks", "many"}}), json::exception);
}

}  // namespace
}  // namespace relevid
