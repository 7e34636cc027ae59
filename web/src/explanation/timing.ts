// SPDX-License-Identifier: Apache-2.0
import type { Num } from "../data/types.ts";

export interface Schedule {
  /** Second at which each frame begins, from 0. */
  starts: number[];
  seconds: number;
  /** False where the frames have no times: then it is ten frames a second. */
  known: boolean;
}

const kUnknownStep = 0.1;

/**
 * When each frame of a clip is to be shown so that it plays at the video's own speed. A frame that repeats the one before
 * it, or that jumps back, as clips past the end of a video do, gets the usual step.
 */
export function scheduleOf(times: readonly Num[]): Schedule {
  const steps = times.slice(1).map((time, i) => {
    const before = times[i];
    return typeof time === "number" && typeof before === "number" ? time - before : Number.NaN;
  });
  const forward = steps.filter((step) => step > 0).sort((a, b) => a - b);
  const usual = forward[Math.floor(forward.length / 2)] ?? kUnknownStep;
  const starts: number[] = [];
  let now = 0;
  for (let i = 0; i < times.length; ++i) {
    starts.push(now);
    const step = steps[i];
    now += step !== undefined && step > 0 ? step : usual;
  }
  return { starts, seconds: now, known: forward.length > 0 };
}

/** The frame shown `elapsed` seconds after the start; plays round and round. */
export function frameAt(schedule: Schedule, elapsed: number): number {
  const place = elapsed % schedule.seconds;
  let frame = 0;
  while (frame + 1 < schedule.starts.length && schedule.starts[frame + 1]! <= place) ++frame;
  return frame;
}
