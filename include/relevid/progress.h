// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// How far a long piece of work is.
struct Progress {
  std::string what;  ///< "explaining clips", "drawing frames"
  int64_t done = 0;
  int64_t total = 0;
  std::string detail = {};  ///< what else there is to say now: "loss 0.82"
};

/// How long work tells how far it is, and how it is asked to stop. The library never prints.
struct RunControl {
  std::function<void(const Progress&)> report;   ///< called from the working thread; may be empty
  const std::atomic<bool>* interrupt = nullptr;  ///< set from anywhere, a signal handler included

  /// Whether the work is asked to stop.
  bool interrupted() const { return interrupt && interrupt->load(std::memory_order_relaxed); }
};

/// Thrown where work stops because it was asked to. Nothing half-written is left.
struct Interrupted {};

}  // namespace relevid
