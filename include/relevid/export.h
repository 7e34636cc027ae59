// SPDX-License-Identifier: Apache-2.0
// What librelevid.so offers is what the public headers declare: they open their namespace with
// RELEVID_EXPORT, and everything else is compiled hidden.
#pragma once

/// Marks what other libraries and programs may link to.
#define RELEVID_EXPORT [[gnu::visibility("default")]]

/// The library: models, videos, explanations, and what is made of them.
namespace relevid {}
