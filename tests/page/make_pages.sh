#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make_pages.sh RELEVID FOLDER: pages of real runs for the browser's tests, from nothing: generated videos, a network
# trained on them for a moment. FOLDER/pages has NAME.html and beside it what the command says of the same thing
# elsewhere: the explanations' records, and of audits NAME.run-N.json, N from 1 in the page's order. Status 77 where relevid
# has no page.
set -eu
# Where cores are few, threads that wait must not keep one busy.
export OMP_WAIT_POLICY=passive
relevid=$1
folder=$2
rm -rf "$folder"
mkdir -p "$folder/pages" "$folder/before" "$folder/after"
cd "$folder"

"$relevid" generate set --videos 24 --frames 40 --size 40 --seed 3
"$relevid" generate long --videos 1 --frames 120 --size 40 --seed 5 --val-share 0
"$relevid" train set/train.csv --out net.onnx --cache cache --arch c3d_small --width 0.125 --size 32 --resize 36 \
  --epochs 2 --batch 4 --optimiser sgd --lr 0.02 --clip-norm 10 --warmup 1 --subtract-clip-mean --allow-chance

# Names that would be markup where names were not text: a video's, a class's, and that of a video in a data set.
video='<img src=x onerror=alert(1)>.mp4'
cp set/videos/000000.mp4 "$video"
mv set/videos/000001.mp4 "set/videos/$video"
sed "s|videos/000001.mp4|videos/$video|" set/videos.csv >set/list.csv
printf '%s\n' 'videos/<b>gone</b>.mp4,down' >>set/list.csv
printf '%s\n' '</script><script>alert(2)</script>' '<b>bold</b>' '&amp;"' "it's" >hostile.labels

explain() {
  "$relevid" explain net.onnx "$@" --out pages --no-film
}
explain set/videos/000002.mp4 --method deep_taylor --method epsilon_alpha2_beta1 --target top1 --target down
if [ ! -f pages/000002.html ]; then
  echo "SKIPPED: this relevid was built without its page" >&2
  exit 77
fi
explain "$video" --method gradient --labels hostile.labels
cp long/videos/000000.mp4 a-long-video.mp4
explain a-long-video.mp4 --method deep_taylor --method integrated_gradients --ig-steps 4 --stride 8

audit() {
  out=$1
  shift
  "$relevid" audit net.onnx set/list.csv --out "$out" --intervals 1,2 --num-clips 1 "$@"
}
audit before/run.db --controls null_profile,frozen,shifted
audit after/run.db --controls null_profile --method epsilon_plus
"$relevid" report before/run.db --format html --model net.onnx --out pages/audit.html
"$relevid" report before/run.db after/run.db --format html --model net.onnx --out pages/comparison.html
for page in audit comparison; do
  "$relevid" report before/run.db --format json --out "pages/$page.run-1.json"
done
"$relevid" report after/run.db --format json --out pages/comparison.run-2.json
"$relevid" report before/run.db --format png --out pages/audit.png

for seed in 1 2 3; do
  "$relevid" create c3d --width 0.03 --size 32 --classes 4 --clip-len 8 --seed "$seed" --out "random$seed.onnx"
  "$relevid" audit "random$seed.onnx" set/videos.csv --out "random$seed.db" --intervals 1,2 --num-clips 1 --controls null_profile
done
"$relevid" report random1.db random2.db random3.db --summary --format html --out pages/summary.html
"$relevid" report random1.db random2.db random3.db --format json --out pages/summary.report.json

"$relevid" evaluate net.onnx set/list.csv --out eval.db --methods deep_taylor,gradient,null_profile --steps 4 \
  --objects set/positions.csv --batch 4
"$relevid" report eval.db --format html --out pages/evaluation.html
"$relevid" report eval.db --format json --out pages/evaluation.report.json
