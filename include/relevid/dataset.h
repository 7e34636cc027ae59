// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// How videos and their classes are written down; docs/user/dataset.md describes each.
enum class DataFormat {
  kDetect,
  kFolders,    ///< a folder per class
  kUcf101,     ///< "path label" counted from 1, or paths alone, with classInd.txt beside
  kMmaction2,  ///< "path label" counted from 0
  kKinetics,   ///< label,youtube_id,time_start,time_end
  kCsv,        ///< a header with path and, where there are labels, label
};

/// "detect", "folders", "ucf101", "mmaction2", "kinetics", "csv".
const std::vector<std::string>& data_format_names();
/// Throws Error(kInvalidArgument) with the nearest name where there is no such format.
DataFormat data_format(std::string_view name);
/// One of data_format_names().
std::string_view name(DataFormat format);

/// The label of a row that has none; never to be taken for a class.
inline constexpr int64_t kUnlabelled = -1;

/// One video and its label.
struct DataRow {
  std::filesystem::path path;   ///< resolved against the root; not always there, see `error`
  std::string name;             ///< as the data set writes it: the same on every machine
  int64_t label = kUnlabelled;  ///< index into DataSet::class_names
  std::string label_name;       ///< "" where unlabelled
  int64_t line = 0;             ///< in the list, from 1; 0 in a data set of folders
  std::string error;            ///< why it cannot be used ("the file is missing"), or ""
};

/// A list of labelled videos.
struct DataSet {
  std::vector<DataRow> rows;             ///< in the list's order; folders: by class, then by name
  std::vector<std::string> class_names;  ///< by label
  DataFormat format = DataFormat::kDetect;
  std::string detected;                  ///< what it was read as, and why, in words
  std::vector<std::string> sample_rows;  ///< the first three, as they were understood
  std::vector<std::string> warnings;     ///< duplicates, missing files, rows without a label, empty classes
};

/// How a list of videos is read.
struct DataSetOptions {
  DataFormat format = DataFormat::kDetect;
  std::filesystem::path root = {};         ///< relative paths start here; empty: the list's own folder
  std::filesystem::path class_names = {};  ///< a file of one name a line; empty: what the data set says
};

/// Reads a folder or a list. A video whose file is missing stays, with its error: it is for the caller to
/// skip and count. Errors: kIo (the data set itself cannot be read), kCorruptInput with file and line
/// (malformed rows, labels that do not exist, no row at all), kInvalidArgument (a file that is not a data
/// set).
DataSet read_dataset(const std::filesystem::path& path, const DataSetOptions& options = {});

/// Writes a csv of absolute paths and labels, from which read_dataset() makes the same rows wherever it lies;
/// atomically. Rows without a label keep theirs empty. Throws Error(kIo).
void write_dataset(const DataSet& data, const std::filesystem::path& path);

/// Rows of a data set, by index, ascending.
struct DataSplit {
  std::vector<int64_t> training, validation;
};

/// Holds out a share of every class (and of the unlabelled), chosen by a hash of DataRow::name: the same on
/// every machine, whatever the order of rows. A name that is listed twice lies on one side. From classes of
/// two names and more, at least one is held out and one is left. `validation_share` lies in (0, 1), else
/// Error(kInvalidArgument).
DataSplit split_dataset(const DataSet& data, double validation_share);

}  // namespace relevid
