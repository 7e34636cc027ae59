// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <thread>
#include <utility>

#include "base/bounded_queue.h"

namespace relevid {

/// Calls `take(Item)` in this thread with what `produce(give)` gives in one of its own, which gets `capacity`
/// items ahead at most. `give(Item)` does not return where nobody wants more. Throws what either throws,
/// after the other's end.
template <class Item, class Produce, class Take>
void run_ahead(size_t capacity, Produce&& produce, Take&& take) {
  struct Stopped {};
  BoundedQueue<Item> queue(capacity);
  std::exception_ptr failure;
  std::thread producer([&] {
    try {
      produce([&](Item item) {
        if (!queue.push(std::move(item))) throw Stopped{};
      });
    } catch (const Stopped&) {  // the other side has failed
    } catch (...) {
      failure = std::current_exception();
    }
    queue.close();
  });
  try {
    while (auto item = queue.pop()) take(std::move(*item));
  } catch (...) {
    queue.close();
    producer.join();
    throw;
  }
  producer.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace relevid
