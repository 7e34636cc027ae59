// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "relevid/create.h"

namespace relevid::bench {

/// A Python process that trains the same network with PyTorch, one update at a time (pytorch_peer.py). It
/// answers each line with one of its own. Throws Error(kInternal) where it ends or says what is not expected.
class PytorchPeer {
 public:
  PytorchPeer(const std::string& python, const std::string& architecture, const CreateOptions& create,
              int64_t batch, int threads);
  ~PytorchPeer();
  PytorchPeer(const PytorchPeer&) = delete;
  PytorchPeer& operator=(const PytorchPeer&) = delete;

  void update() { ask("update"); }
  int64_t peak_bytes() { return ask("peak"); }

 private:
  int64_t ask(const std::string& line);

  pid_t child_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

}  // namespace relevid::bench
