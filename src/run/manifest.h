// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/run_file.h"
#include "run/condition.h"

namespace relevid::run {

/// What makes a run the run it is. Two runs may be joined, and a run may be resumed, where all of it but
/// the shard is the same.
struct Manifest {
  std::string relevid_version;
  std::string model_sha256;
  std::string dataset_sha256;  ///< dataset_identity
  int64_t dataset_rows = 0;
  int64_t class_count = 0;
  int64_t clip_len = 0;
  std::string settings = "{}";  ///< every setting, as a JSON object
  std::vector<std::string> class_names;
  std::vector<Condition> conditions;  ///< by id
  Shard shard;
};

/// SHA-256 of the names and labels of all rows, in order; where they lie on this machine plays no part.
std::string dataset_identity(const DataSet& data);

/// "settings.num_clips: 4 there, 2 here", one for each value that differs, the shard aside.
std::vector<std::string> differences(const Manifest& there, const Manifest& here);

/// The first few differences, for a message.
std::string summary(const std::vector<std::string>& differences);

}  // namespace relevid::run
