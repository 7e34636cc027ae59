#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seeds.sh [FOLDER]: does the demo's training learn whatever rounds differently? Trains its network with six seeds, on one
# thread and on two, with oneDNN free and held to older instructions, and prints the table of docs/user/train.md. A training
# that is done is not done again, so that a second call goes on. Status 1 where one stayed below LEAST.
#
#   RELEVID   the program; default: build/release/relevid
#   SEEDS     default: 1 2 3 4 5 6
#   THREADS   default: 1 2
#   ISAS      values of DNNL_MAX_CPU_ISA; default: DEFAULT AVX2 where the processor has AVX-512, else DEFAULT AVX
#   LEAST     percent of the validation videos; default: 85
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=bench/training/recipe.sh
source bench/training/recipe.sh

folder=${1:-build/seeds}
relevid=${RELEVID:-build/release/relevid}
least=${LEAST:-85}
older=AVX
if grep -qw avx512f /proc/cpuinfo; then older=AVX2; fi
read -ra seeds <<<"${SEEDS:-1 2 3 4 5 6}"
read -ra threads <<<"${THREADS:-1 2}"
read -ra isas <<<"${ISAS:-DEFAULT $older}"

# The log of a training, made unless it is there.
train() {
  local seed=$1 count=$2 isa=$3 name=$folder/seed$1-threads$2-$3
  if [[ -e $name.done ]]; then return; fi
  DNNL_MAX_CPU_ISA=$isa "$relevid" train "$folder/videos/train.csv" --val "$folder/videos/val.csv" --out "$name.onnx" \
    --cache "$folder/cache" "${recipe_training[@]}" --seed "$seed" --threads "$count" >"$name.txt" 2>&1 || true
  touch "$name.done"
}

# Percent of the validation videos that a log's best epoch has right; 0 where there is no log.
best() {
  local log=$1
  [[ -s $log ]] || { echo 0.0; return; }
  sed -E 's/.*"videos":([0-9]+),"videos_right":([0-9]+).*/\1 \2/' "$log" |
    awk '{ share = 100 * $2 / $1; if (share > most) most = share } END { printf "%.1f\n", most }'
}

mkdir -p "$folder"
"$relevid" generate "$folder/videos" "${recipe_videos[@]}" >"$folder/videos.txt"
status=0
header="| seed |" rule="|---|" rows=()
for count in "${threads[@]}"; do
  for isa in "${isas[@]}"; do
    header+=" $count thread$( ((count == 1)) || echo s), $isa |"
    rule+="---|"
  done
done
for seed in "${seeds[@]}"; do
  row="| $seed |"
  for count in "${threads[@]}"; do
    for isa in "${isas[@]}"; do
      train "$seed" "$count" "$isa"
      right=$(best "$folder/seed$seed-threads$count-$isa.log.jsonl")
      row+=" $right % |"
      if awk "BEGIN { exit !($right < $least) }"; then status=1; fi
    done
  done
  rows+=("$row")
done
printf '%s\n' "$header" "$rule" "${rows[@]}"
exit "$status"
