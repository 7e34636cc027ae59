// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv.h"
#include "data/lines.h"
#include "relevid/dataset.h"

namespace relevid::data {

/// What the readers below leave open: rows have names, labels and, where the format fixes it, a path. Paths
/// are resolved, checked and counted in dataset.cpp.
DataSet read_folders(const std::filesystem::path& folder, const DataSetOptions& options);
DataSet read_ucf101(const std::filesystem::path& file, const std::vector<Line>& lines,
                    const DataSetOptions& options);
DataSet read_mmaction2(const std::filesystem::path& file, const std::vector<Line>& lines,
                       const DataSetOptions& options);
DataSet read_kinetics(const std::filesystem::path& file, const std::vector<CsvRow>& rows,
                      const DataSetOptions& options);
DataSet read_table(const std::filesystem::path& file, const std::vector<CsvRow>& rows,
                   const DataSetOptions& options);

/// Whether a file's name ends as those of videos do.
bool is_video_name(const std::filesystem::path& path);
/// The ends that videos' names have, with the dot.
const std::vector<std::string>& video_extensions();

/// Where relative paths of a list start.
std::filesystem::path root_of(const std::filesystem::path& list, const DataSetOptions& options);

/// The place of a column in a header, whatever its case, or -1.
int64_t column(const CsvRow& header, std::string_view name);
bool is_kinetics_header(const CsvRow& header);

/// UCF-101's list of classes beside a list, or in the folder above it; "" where there is none.
std::filesystem::path find_class_index(const std::filesystem::path& list);

/// The names in a file of one a line. Throws Error(kCorruptInput) for a name that comes twice or no name at
/// all.
std::vector<std::string> read_class_names(const std::filesystem::path& file);

/// Gives the rows labels by their label_name: by its place among `options.class_names`, or else sorted.
void label_by_name(DataSet& data, const std::filesystem::path& file, const DataSetOptions& options);
/// Gives the rows labels that are counted from 0 in their label_name, which becomes the class's name.
void label_by_index(DataSet& data, const std::filesystem::path& file, const DataSetOptions& options);

}  // namespace relevid::data
