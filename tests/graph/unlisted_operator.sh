#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An operator that is added to graph/operators.h and nowhere else does not compile: each source that handles
# operators in general refuses it. So does each that runs steps where a way to prepare one is added alone.
#
#   unlisted_operator.sh COMPILER SOURCE_FOLDER
set -euo pipefail
compiler=$1
root=$2
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

handle_operators=(graph/operator_traits.cpp graph/to_model.cpp network/network.cpp network/specs.cpp
  network/shared_frames.cpp explain/composite.cpp explain/exactness.cpp train/trainable_model.cpp api/model.cpp)
run_steps=(network/network.cpp network/gradient.cpp explain/propagate.cpp)

# Changed headers are found before those that they are copies of.
mkdir -p "$work/graph" "$work/network"
sed -e 's/^using Operator = std::variant</struct Unlisted {};\nusing Operator = std::variant<Unlisted, /' \
  "$root/src/graph/operators.h" > "$work/graph/operators.h"
sed -e 's/^using PreparedOperator =/namespace prepared {\nstruct Unlisted {};\n}\n&/' \
  -e 's/prepared::Plain<graph::Transpose>>;/prepared::Plain<graph::Transpose>, prepared::Unlisted>;/' \
  "$root/src/network/step.h" > "$work/step.h"

refusals() {  # of the sources given, as one: what the compiler says
  printf '#include "%s"\n' "${@/#/$root/src/}" > "$work/all.cpp"
  "$compiler" -std=c++20 -fsyntax-only -w -I"$work" -I"$root/include" -I"$root/src" "$work/all.cpp" 2>&1 || true
}

failed=0
expect_refused() {  # MESSAGES SOURCE...
  local messages=$1 source
  shift
  for source; do
    if grep -q "Unlisted" <<< "$messages" && grep -qE "/src/$source:[0-9]+.*(required from|error)" <<< "$messages"; then
      continue
    fi
    echo "src/$source compiles with an operator that it does not handle"
    failed=1
  done
}

expect_refused "$(refusals "${handle_operators[@]}")" "${handle_operators[@]}"
cp "$root/src/graph/operators.h" "$work/graph/operators.h"
mv "$work/step.h" "$work/network/step.h"
expect_refused "$(refusals "${run_steps[@]}")" "${run_steps[@]}"
rm -r "$work/graph" "$work/network"
mapfile -t sources < <(printf '%s\n' "${handle_operators[@]}" "${run_steps[@]}" | sort -u)
unchanged=$(refusals "${sources[@]}")
if [ -n "$unchanged" ]; then
  echo "the sources as they are do not compile, so that what was refused above says nothing:"
  head -20 <<< "$unchanged"
  failed=1
fi
exit $failed
