# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # read by the scripts that source this
# The demo's videos and training, for ./run demo and for seeds.sh, which proves that it does not depend on rounding.
recipe_videos=(--videos 1000 --frames 64 --size 48 --seed 1)
recipe_training=(
  --arch c3d_small --width 0.25 --subtract-clip-mean --size 40 --resize 48
  --dropout 0.1 --contrast 0.2 --brightness 0.2
  --epochs 20 --clips-per-video 2 --batch 16
  --optimiser adamw --lr 0.003 --weight-decay 0.01 --clip-norm 1 --warmup 2
)
