// SPDX-License-Identifier: Apache-2.0
#include "network/backward.h"

#include <utility>

namespace relevid {

using graph::ValueId;
using kernels::Buffer;

void add_to(kernels::Library& library, Buffer& sum, const Buffer& more) {
  if (sum.is_only_handle()) {
    library.accumulate(sum, more, 1);
  } else {
    sum = library.add(sum, more, 1);
  }
}

void accumulate_at(kernels::Library& library, std::vector<Buffer>& into, ValueId value, Buffer r) {
  Buffer& slot = into[static_cast<size_t>(value)];
  if (slot)
    add_to(library, slot, r);  // what is there may be shared with another value's slot
  else
    slot = std::move(r);
}

}  // namespace relevid
