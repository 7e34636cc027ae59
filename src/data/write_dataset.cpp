// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"
#include "base/csv_field.h"
#include "relevid/dataset.h"

namespace relevid {

void write_dataset(const DataSet& data, const std::filesystem::path& path) {
  std::string text = "path,label\n";
  for (const DataRow& row : data.rows) {
    text += csv_field(std::filesystem::absolute(row.path).lexically_normal().string());
    text += ',' + csv_field(row.label_name) + '\n';
  }
  write_file_atomically(path, text);
}

}  // namespace relevid
