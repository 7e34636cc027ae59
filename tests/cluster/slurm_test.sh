#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# slurm_test.sh RELEVID CLUSTER_MD: runs the array script of docs/user/cluster.md on a Slurm of this machine alone, has one
# task requeued while it runs and another one killed, merges, and compares with a run of one process. Status 77: Slurm is
# not there or cannot be started.
set -euo pipefail
relevid=$(realpath "$1")
document=$(realpath "$2")
folder=$(mktemp -d)
daemons=()

skip() {
  echo "SKIPPED: $1" >&2
  exit 77
}
fail() {
  echo "FAILED: $1" >&2
  squeue --states=all --array >&2 || true
  ls -l "$folder" >&2
  tail -n 20 "$folder"/*.log >&2 || true
  exit 1
}
clean() {
  [[ -z ${SLURM_CONF:-} ]] || scancel --user="$USER" 2>/dev/null || true
  local i
  for ((i = ${#daemons[@]} - 1; i >= 0; --i)); do
    kill "${daemons[i]}" 2>/dev/null && wait "${daemons[i]}" 2>/dev/null
  done
  rm -rf "$folder"
}
# within SECONDS COMMAND...: tries five times a second until it succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  while ((SECONDS <= end)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  return 1
}

((EUID == 0)) || skip "starting Slurm needs root"
for program in munged slurmctld slurmd sbatch srun scontrol; do
  command -v "$program" >/dev/null || skip "$program is missing (Debian: slurmctld, slurmd, slurm-client, munge)"
done
export USER=root
trap clean EXIT

# Everything of this Slurm lies in the folder, and listens on this machine's own address.
start_slurm() {
  local port=$((20000 + RANDOM % 20000)) host
  host=$(hostname -s)
  mkdir "$folder/state" "$folder/spool"
  dd if=/dev/urandom of="$folder/munge.key" bs=128 count=1 status=none
  chmod 600 "$folder/munge.key"
  chmod 755 "$folder"
  cat >"$folder/slurm.conf" <<CONF
ClusterName=relevid
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SrunPortRange=$((port + 100))-$((port + 200))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=5
SchedulerParameters=bf_interval=1,sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=1 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=10 State=UP
CONF
  export SLURM_CONF=$folder/slurm.conf
  munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munge.pid" --log-file="$folder/munge.log" --seed-file="$folder/munge.seed" >/dev/null 2>&1 &
  daemons+=($!)
  within 10 test -S "$folder/munge.socket" || skip "munged does not start"
  slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
  daemons+=($!)
  slurmd -D -f "$SLURM_CONF" >/dev/null 2>&1 &
  daemons+=($!)
  within 30 is_idle || skip "Slurm does not start: $(tail -n 2 "$folder/slurmctld.log" "$folder/slurmd.log" 2>&1)"
}
is_idle() { sinfo --noheader --format=%t | grep -q idle; }

state_of() { scontrol --oneliner show job "$1" 2>/dev/null | grep -o 'JobState=[A-Z]*' | head -n 1; }
is_running() { [[ $(state_of "$1") == JobState=RUNNING && -s $folder/part-${1#*_}.db ]]; }
# shellcheck disable=SC2143 # grep -q would end squeue by a signal, which pipefail takes for a failure
all_ended() { [[ -z $(squeue --noheader --states=all --array --user=root --format=%T | grep -vE '^(COMPLETED|FAILED|CANCELLED)$') ]]; }

cd "$folder"
start_slurm
"$relevid" generate set --videos 60 --frames 48 --size 48 >generate.log
"$relevid" create c3d --width 0.1 --size 48 --classes 4 --out model.onnx >create.log
printf 'missing.mp4,left\n' >>set/videos.csv # a row with an error takes part, too

# shellcheck disable=SC2054 # 1,2 is one argument
audit=(audit model.onnx set/videos.csv --labels-by index --intervals 1,2 --num-clips 16 --threads 1)
"$relevid" "${audit[@]}" --out single.db >single.log

# The script as the document has it, with this test's sizes.
# shellcheck disable=SC2016 # expanded by the one who reads it
sed -n '/^```bash$/,/^```$/p' "$document" | sed '/^```/d' >audit.sbatch
grep -q 'srun relevid audit' audit.sbatch || fail "the document holds no array script"
sed -i -e 's/--array=0-15/--array=0-3/' -e 's/--cpus-per-task=4/--cpus-per-task=1/' -e 's/--mem=8G/--mem=100M/' \
  -e 's/--time=.*/--time=5/' -e "s|srun relevid|srun $relevid|" \
  -e 's/--threads/--labels-by index --intervals 1,2 --num-clips 16 --threads/' audit.sbatch
export MODEL=model.onnx DATASET=set/videos.csv
job=$(sbatch --parsable audit.sbatch) || fail "sbatch refused the script"

# One task gets the warning that Slurm sends before a time limit, another one is killed and queued again.
within 60 is_running "${job}_0" || fail "task 0 does not run"
scancel --signal=USR1 "${job}_0" & # goes on trying for seconds after the signal has arrived, and complains; the logs decide
warning=$!
within 60 is_running "${job}_1" || fail "task 1 does not run"
scontrol requeue "${job}_1" || fail "task 1 was not requeued"
wait "$warning" || true
within 240 all_ended || fail "the array does not end: $(squeue --array)"
grep -q 'queued again' "audit-${job}_0.log" || fail "task 0 was not warned while it ran"
grep -qi 'requeue' "audit-${job}_1.log" || fail "task 1 was not killed while it ran"

"$relevid" merge merged.db part-*.db >merge.log || fail "merging"
"$relevid" report single.db --format json --out single.json >report.log
"$relevid" report merged.db --format json --out merged.json >>report.log
cmp single.json merged.json || fail "the merged run's statistics differ"
for table in clips videos; do
  "$relevid" report single.db --format csv --table $table --out single.$table.csv >>report.log
  "$relevid" report merged.db --format csv --table $table --out merged.$table.csv >>report.log
  cmp single.$table.csv merged.$table.csv || fail "the merged run's $table differ"
done
echo "4 shards, one warned and one killed and both queued again, merged: equal to one run of $(wc -l <single.clips.csv) rows"
