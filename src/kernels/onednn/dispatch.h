// SPDX-License-Identifier: Apache-2.0
#pragma once

// A function marked RELEVID_DISPATCHED is compiled for several instruction sets, and the dynamic linker picks
// one at start. What it calls must be inlined to come along; OpenMP's parallel regions do not. Sanitizers
// cannot run the linker's picking, which comes before they are ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define RELEVID_DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define RELEVID_DISPATCHED
#endif
#define RELEVID_INLINED inline __attribute__((always_inline))
