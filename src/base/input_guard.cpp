// SPDX-License-Identifier: Apache-2.0
#include "base/input_guard.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "relevid/error.h"

namespace relevid {
namespace {

using FileId = std::pair<dev_t, ino_t>;

/// Of the file that a path leads to, through links.
std::optional<FileId> file_id(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId(status.st_dev, status.st_ino);
}

/// The place that a file of this path has or would get: writers replace a link itself, not what it leads to.
std::filesystem::path place_of(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored).lexically_normal();
  return std::filesystem::weakly_canonical(absolute.parent_path(), ignored) / absolute.filename();
}

struct Input {
  std::filesystem::path path;
  std::string name;  ///< its last part
  std::string what;
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message + "; choose another output");
}

/// What a guard knows. Files are looked at when the first output asks, since a data set may have many.
class Inputs {
 public:
  void note(const std::filesystem::path& path, std::string_view what) {
    if (path.empty() || !known_.insert(path.string()).second) return;
    inputs_.push_back({path, path.filename().string(), std::string(what)});
  }

  void require_none_at(const std::filesystem::path& output) {
    if (const auto id = file_id(output))
      require_not_read(output, *id);
    else
      require_not_looked_for(output);
  }

  void claim(const std::filesystem::path& output, std::string_view what) {
    const auto [claim, fresh] = claims_.emplace(place_of(output), what);
    if (fresh || claim->second == what) return;
    refuse(fmt::format("{} would be both {} and {}", output.string(), claim->second, what));
  }

 private:
  void require_not_read(const std::filesystem::path& output, FileId id) {
    for (; indexed_ < inputs_.size(); ++indexed_) {
      if (const auto found = file_id(inputs_[indexed_].path)) files_.emplace(*found, indexed_);
    }
    const auto found = files_.find(id);
    if (found == files_.end()) return;
    const auto& [path, name, what] = inputs_[found->second];
    if (file_id(path) != id) return;  // the input is gone, and its number another file's
    const std::string which =
        path == output ? "it is" : fmt::format("it is the same file as {}, which is", path.string());
    refuse(fmt::format("{} would be written over: {} read as {}", output.string(), which, what));
  }

  void require_not_looked_for(const std::filesystem::path& output) const {
    const std::string output_name = output.filename().string();
    for (const auto& [path, name, what] : inputs_) {
      if (name != output_name || place_of(path) != place_of(output)) continue;
      refuse(fmt::format("{} would from then on be read as {}", output.string(), what));
    }
  }

  std::vector<Input> inputs_;
  std::unordered_set<std::string> known_;
  std::map<FileId, size_t> files_;  ///< of the first `indexed_` inputs
  size_t indexed_ = 0;
  std::map<std::filesystem::path, std::string> claims_;
};

struct Process {
  std::mutex mutex;
  std::optional<Inputs> inputs;
};

Process& process() {
  static Process one;
  return one;
}

/// Calls `use` with the guard's inputs, where there is a guard.
template <class Use>
void with_inputs(Use&& use) {
  const std::lock_guard lock(process().mutex);
  if (process().inputs) use(*process().inputs);
}

}  // namespace

InputGuard::InputGuard() {
  const std::lock_guard lock(process().mutex);
  if (process().inputs) throw std::logic_error("two input guards at a time");
  process().inputs.emplace();
}

InputGuard::~InputGuard() {
  const std::lock_guard lock(process().mutex);
  process().inputs.reset();
}

void note_input(const std::filesystem::path& path, std::string_view what) {
  with_inputs([&](Inputs& inputs) { inputs.note(path, what); });
}

void require_no_input(const std::filesystem::path& output) {
  with_inputs([&](Inputs& inputs) { inputs.require_none_at(output); });
}

void claim_output(const std::filesystem::path& output, std::string_view what) {
  with_inputs([&](Inputs& inputs) {
    inputs.require_none_at(output);
    inputs.claim(output, what);
  });
}

void remove_output(const std::filesystem::path& output) {
  require_no_input(output);
  std::error_code ignored;
  std::filesystem::remove(output, ignored);
}

}  // namespace relevid
