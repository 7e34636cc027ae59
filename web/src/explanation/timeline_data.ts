// SPDX-License-Identifier: Apache-2.0
import { sum } from "../base/numbers.ts";
import type { Clip, Frames, Num, Shown } from "../data/types.ts";

export interface TimelinePoint {
  /** Seconds, or source frames where there are no times. */
  at: number;
  sourceFrame: number;
  seconds: Num;
  /** Mean over the clips that hold the frame of its share (of copies in a clip the mean) times T: 1 is an even share. */
  relative: number;
  clips: number;
}

export interface ClipSpan {
  clip: number;
  from: number;
  to: number;
  /** Row in which it overlaps no other. */
  lane: number;
}

/** Whether all frames have times. */
export function hasTimes(frames: Frames): boolean {
  return frames.list.length > 0 && frames.list.every((frame) => frame.seconds !== null);
}

function placeOf(frames: Frames, index: number): number {
  const frame = frames.list[index]!;
  return hasTimes(frames) ? frame.seconds! : frame.index;
}

/** Places in the clip whose frame has been there before: where the video is shorter than a clip, or of a lower rate. */
export function copiesIn(clip: Clip): number[] {
  return [...clip.frames.keys()].filter((t) => clip.frames.indexOf(clip.frames[t]!) < t);
}

/** The mean of a clip's shares of each frame, over the copies where it repeats a frame. */
function sharesByFrame(clip: Clip): Map<number, number> {
  const copies = new Map<number, number[]>();
  for (const [t, index] of clip.frames.entries()) copies.set(index, [...(copies.get(index) ?? []), clip.frame_share[t] ?? 0]);
  return new Map([...copies].map(([index, shares]) => [index, sum(shares) / shares.length]));
}

/** How relevance is spread over the whole video, by source frame. */
export function timelineOf(frames: Frames, shown: Shown): TimelinePoint[] {
  const sums = new Map<number, { total: number; clips: number }>();
  for (const clip of shown.clips) {
    for (const [index, share] of sharesByFrame(clip)) {
      const known = sums.get(index) ?? { total: 0, clips: 0 };
      sums.set(index, { total: known.total + share * clip.frames.length, clips: known.clips + 1 });
    }
  }
  return [...sums]
    .map(([index, { total, clips }]) => ({
      at: placeOf(frames, index),
      sourceFrame: frames.list[index]!.index,
      seconds: frames.list[index]!.seconds,
      relative: total / clips,
      clips,
    }))
    .sort((a, b) => a.at - b.at);
}

/** Where the clips lie, overlapping ones in rows of their own. */
export function clipSpans(frames: Frames, shown: Shown): ClipSpan[] {
  const ends: number[] = [];
  return shown.clips.map((clip, index) => {
    const places = clip.frames.map((frame) => placeOf(frames, frame));
    const from = Math.min(...places);
    const to = Math.max(...places);
    const free = ends.findIndex((end) => end < from);
    const lane = free >= 0 ? free : ends.length;
    ends[lane] = to;
    return { clip: index, from, to, lane };
  });
}

/** The clip that a place on the time line means: the one whose middle is nearest. */
export function clipAt(spans: readonly ClipSpan[], at: number): number {
  const distance = (span: ClipSpan) => Math.abs((span.from + span.to) / 2 - at);
  return spans.reduce((best, span) => (distance(span) < distance(best) ? span : best), spans[0]!).clip;
}
