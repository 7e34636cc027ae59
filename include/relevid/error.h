// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What kind of thing went wrong. Each kind is one exit status of the command (docs/user/exit-status.md).
enum class ErrorKind {
  kInvalidArgument,   ///< the caller asked for something that makes no sense
  kUnsupportedModel,  ///< the model is well-formed, but holds what relevid cannot run or explain
  kCorruptInput,      ///< a file's content is damaged or is not what it was said to be
  kIo,                ///< reading or writing failed: missing file, permission, full disk
  kResourceLimit,     ///< a limit on memory or size would be passed
  kInternal,          ///< a mistake of relevid's own
  kNothingLearnt,     ///< training ended in a network that knows no more than how frequent classes are
};

/// The one exception relevid throws on purpose. Its message says what, where, what was found, what would do.
class Error : public std::runtime_error {
 public:
  /// An error of this kind; `message` is what what() says.
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  /// What kind of thing went wrong.
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// "invalid argument", "unsupported model", ...
std::string_view name(ErrorKind kind);

/// The command's exit status for an error of this kind: 2 to 8, in the order of the enumeration.
int exit_status(ErrorKind kind);

}  // namespace relevid
