// SPDX-License-Identifier: Apache-2.0
// A real network on real videos: the predictions that another pipeline made, from the files alone.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

namespace cli = ::relevid::testing;
const std::filesystem::path kShared = RELEVID_SHARED_DIR;

/// The fields of one line of CSV; none of them is quoted.
std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> result;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) result.push_back(field);
  return result;
}

TEST(ExpectedPredictions, MovinetOnSixClips) {
  if (!std::filesystem::exists(kShared / "models")) GTEST_SKIP() << "no models at " << kShared;
  const cli::ScratchFolder out;
  std::vector<std::string> arguments = {
      "explain",          (kShared / "models/movinet_a0_k600.onnx").string(),
      "--no-film",        "--method",
      "gradient",         "--out",
      out.path().string()};
  for (const auto& entry : std::filesystem::directory_iterator(kShared / "data/actions"))
    arguments.push_back(entry.path().string());
  const auto outcome = cli::relevid(arguments);
  ASSERT_EQ(outcome.status, 0) << outcome.err;

  std::ifstream table(kShared / "models/expected.csv");
  std::string line;
  std::getline(table, line);
  int rows = 0;
  while (std::getline(table, line)) {
    const auto row = fields(
        line);  // file,width,height,frames,fps,frame_interval,frame_indices,label,probability,logit,...
    const std::string stem = std::filesystem::path(row[0]).stem().string();
    std::ifstream file(out / (stem + ".json"));
    const auto record = nlohmann::json::parse(file);
    EXPECT_EQ(record["target"]["label"], row[7]) << stem;
    EXPECT_EQ(record["video"]["frames"], std::stoi(row[3])) << stem;
    std::string indices;
    for (const auto& index : record["clips"][0]["frame_indices"])
      indices += (indices.empty() ? "" : " ") + std::to_string(index.get<int>());
    EXPECT_EQ(indices, row[6]) << stem;
    EXPECT_NEAR(record["clips"][0]["target_logit"].get<double>(), std::stod(row[9]), 0.02) << stem;
    ++rows;
  }
  EXPECT_EQ(rows, 6);
}

}  // namespace
}  // namespace relevid
