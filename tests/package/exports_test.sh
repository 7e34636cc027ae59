#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exports_test.sh LIBRELEVID INCLUDE: the library offers what the public headers declare, and nothing of its modules.
set -euo pipefail
library=$1
headers=$2
names=$(nm --dynamic --defined-only --demangle "$library" | sed 's/^[0-9a-f]* . //; s/@@.*//' | grep -v '^LIBRELEVID_0$')

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

foreign=$(grep -v -E '^(typeinfo for |typeinfo name for |vtable for )?relevid::' <<<"$names" || true)
[[ -z $foreign ]] || fail "exported, but not relevid's: $foreign"

# Namespaces of modules (relevid::graph, ...) are inner ones. A namespace begins with a small letter, a class does not.
inner=$(cut -d '(' -f 1 <<<"$names" | grep -E '^relevid::[a-z][a-z0-9_]*::' | head -n 3 || true)
[[ -z $inner ]] || fail "exported from inside: $inner"

# Every class, and every function at namespace scope, that a public header names.
declared=$(sed -n -E 's/^[A-Za-z][A-Za-z0-9_:<>, *&]*[ &*]([a-z][a-z0-9_]*)\(.*/\1/p' "$headers"/relevid/*.h | sort -u)
(($(wc -w <<<"$declared") > 50)) || fail "only these functions were found in $headers: $declared"
inline=$(sed -n -E 's/^(inline|constexpr|template).* ([a-z][a-z0-9_]*)\(.*/\2/p' "$headers"/relevid/*.h | sort -u)
for function in $declared; do
  grep --quiet --line-regexp "$function" <<<"$inline" && continue
  grep --quiet -E "^relevid::$function(\(|\[)" <<<"$names" || fail "declared, but not exported: $function"
done
echo "$(wc -l <<<"$names") symbols"
