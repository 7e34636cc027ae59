// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tune/search.h"

namespace relevid::tune {

/// What settings came to on clips, by the clip's content. With a path it is a small file that is replaced as
/// a whole by every save(), from which the next process goes on; without one it is memory alone.
class Scores {
 public:
  /// Reads the file where there is one. `identity`: a JSON object of all that a score depends on beside
  /// setting and clip. Error(kInvalidArgument) naming the differences where the file has another one,
  /// Error(kCorruptInput) where it is no such file.
  Scores(std::filesystem::path path, std::string identity);

  std::optional<double> find(const Setting& setting, const std::string& clip) const;
  void put(const Setting& setting, const std::string& clip, double score);
  void save() const;
  /// Takes the file away: the work is done.
  void remove() const;
  bool empty() const { return scores_.empty(); }

 private:
  void read();

  std::filesystem::path path_;
  std::string identity_;
  std::map<std::pair<std::string, std::string>, double> scores_;
};

}  // namespace relevid::tune
