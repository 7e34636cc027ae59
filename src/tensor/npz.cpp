// SPDX-License-Identifier: Apache-2.0
#include "relevid/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <system_error>
#include <vector>

#include "base/atomic_file.h"
#include "relevid/error.h"
#include "tensor/npy.h"

namespace relevid {
namespace {

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
constexpr std::string_view kSuffix = ".npy";

Archive open_for_reading(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error(ErrorKind::kIo, fmt::format("cannot read {}: it is a folder", path.string()));
  }
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code), zip_discard);
  if (archive) return archive;
  switch (code) {
    case ZIP_ER_NOENT:
      throw Error(ErrorKind::kIo, fmt::format("cannot read {}: no such file", path.string()));
    case ZIP_ER_MEMORY:
      throw Error(ErrorKind::kResourceLimit, fmt::format("no memory to read {}", path.string()));
    case ZIP_ER_OPEN:
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
      throw Error(ErrorKind::kIo, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
    default:
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: not an .npz archive (a ZIP file)", path.string()));
  }
}

struct Entry {
  std::string name;
  std::string content;
};

Entry read_entry(zip_t* archive, zip_uint64_t index, const std::string& where) {
  const auto corrupt = [&where](const std::string& what) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", where, what));
  };
  zip_stat_t stat;
  if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0) {
    corrupt(fmt::format("entry {} of the archive is unreadable", index));
  }
  Entry entry{.name = stat.name, .content = {}};
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(archive, index, 0),
                                                                zip_fclose);
  if (!file) corrupt(fmt::format("cannot open entry {}: {}", entry.name, zip_strerror(archive)));
  // Read in pieces: the size that the archive claims is not trusted with an allocation.
  std::array<char, 1 << 16> block;
  zip_int64_t count = 0;
  while ((count = zip_fread(file.get(), block.data(), block.size())) > 0) {
    entry.content.append(block.data(), static_cast<size_t>(count));
  }
  if (count < 0) corrupt(fmt::format("entry {} is damaged", entry.name));
  if (entry.name.ends_with(kSuffix)) entry.name.resize(entry.name.size() - kSuffix.size());
  return entry;
}

/// Adds an array as `header` and its own bytes, which the archive reads when it is closed: both must live
/// until then. False where libzip refused, its reason in the archive.
bool add_entry(zip_t* archive, const std::string& name, std::string& header, const Tensor& array,
               NpzStorage storage) {
  constexpr zip_uint32_t kFastest = 1;
  constexpr zip_uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;  // the same arrays give the same bytes at any time
  const std::span<const std::byte> bytes = array.bytes();
  // libzip's fragments are not const, though without its freeing them nothing writes to them.
  auto* const data = reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(bytes.data()));
  const std::array<zip_buffer_fragment_t, 2> parts = {
      {{reinterpret_cast<zip_uint8_t*>(header.data()), header.size()}, {data, bytes.size()}}};
  zip_source_t* const source = zip_source_buffer_fragment(archive, parts.data(), bytes.empty() ? 1 : 2, 0);
  if (source == nullptr) return false;
  const zip_int64_t added = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (added < 0) {
    zip_source_free(source);
    return false;
  }
  const auto index = static_cast<zip_uint64_t>(added);
  const zip_int32_t method = storage == NpzStorage::kDeflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE;
  return zip_set_file_compression(archive, index, method, kFastest) == 0 &&
         zip_file_set_dostime(archive, index, 0, kFirstOfJanuary1980, 0) == 0;
}

}  // namespace

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path) try {
  const std::string where = path.string();
  const Archive archive = open_for_reading(path);
  std::map<std::string, Tensor> arrays;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const Entry entry = read_entry(archive.get(), static_cast<zip_uint64_t>(i), where);
    arrays.insert_or_assign(entry.name, parse_npy(entry.content, fmt::format("{}[{}]", where, entry.name)));
  }
  return arrays;
} catch (const std::bad_alloc&) {
  throw Error(ErrorKind::kResourceLimit,
              fmt::format("{} is too large to be read into memory", path.string()));
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, Tensor>& arrays) {
  std::map<std::string, const Tensor*> borrowed;
  for (const auto& [name, tensor] : arrays) borrowed[name] = &tensor;
  write_npz(path, borrowed, NpzStorage::kDeflated);
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, const Tensor*>& arrays,
               NpzStorage storage) {
  if (arrays.empty())
    throw Error(ErrorKind::kInvalidArgument, fmt::format("no arrays to write to {}", path.string()));
  AtomicFile file(path);
  int code = 0;
  Archive archive(zip_open(file.temporary_path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code), zip_discard);
  const auto fail = [&path](const char* reason) {
    throw Error(ErrorKind::kIo, fmt::format("cannot write {}: {}", path.string(), reason));
  };
  if (!archive) fail("the archive could not be created");
  std::vector<std::string> headers;
  headers.reserve(arrays.size());  // where they lie is remembered
  for (const auto& [name, tensor] : arrays) {
    std::string& header = headers.emplace_back(npy_header(*tensor));
    if (!add_entry(archive.get(), name + std::string(kSuffix), header, *tensor, storage))
      fail(zip_strerror(archive.get()));
  }
  if (zip_close(archive.get()) != 0) fail(zip_strerror(archive.get()));
  static_cast<void>(archive.release());  // zip_close freed it
  file.commit();
}

}  // namespace relevid
