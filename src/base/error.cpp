// SPDX-License-Identifier: Apache-2.0
#include "relevid/error.h"

namespace relevid {

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "invalid argument";
    case ErrorKind::kUnsupportedModel:
      return "unsupported model";
    case ErrorKind::kCorruptInput:
      return "corrupt input";
    case ErrorKind::kIo:
      return "I/O error";
    case ErrorKind::kResourceLimit:
      return "resource limit";
    case ErrorKind::kInternal:
      return "internal error";
    case ErrorKind::kNothingLearnt:
      return "nothing learnt";
  }
  return "error";
}

int exit_status(ErrorKind kind) {
  return 2 + static_cast<int>(kind);
}

}  // namespace relevid
