#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh WEB FOLDER: what package-lock.json of WEB names, in FOLDER/node_modules. Nothing is done where it is there;
# builds that run at once wait for each other.
set -eu
web=$1
folder=$2

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
wanted=$(sha256sum <"$web/package-lock.json")
if [ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ]; then
  cp "$web/package.json" "$web/package-lock.json" "$folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || {
    echo "npm ci failed in $folder; is the network there?" >&2
    exit 1
  }
  printf '%s\n' "$wanted" >"$folder/installed"
fi
