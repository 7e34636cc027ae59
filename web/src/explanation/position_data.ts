// SPDX-License-Identifier: Apache-2.0
import { percent, sum } from "../base/numbers.ts";
import type { Position } from "../data/types.ts";

/** The frames of each step in time, counted from 1: "3–4", or "3" where a step is one frame. */
export function stepNames(steps: number, frames: number): string[] {
  const first = (step: number) => Math.ceil((step * frames) / steps);
  return Array.from({ length: steps }, (_, s) => {
    const [from, to] = [first(s) + 1, first(s + 1)];
    return from >= to ? String(to) : `${from}–${to}`;
  });
}

/** "Position embeddings take 7.3 % of the score, which is not in the map; 61.0 % reaches the frames. At a step in time positions take 0.20 % to 1.9 %." */
export function positionSentence(position: Position): string {
  const all = `Position embeddings take ${percent(position.share)} of the score, which is not in the map; ${percent(sum(position.content))} reaches the frames.`;
  const known = position.by_time.map((share) => share ?? 0);
  return known.length < 2 ? all : `${all} At a step in time positions take ${percent(Math.min(...known))} to ${percent(Math.max(...known))}.`;
}
