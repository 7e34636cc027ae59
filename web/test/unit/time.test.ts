// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { stacksOf } from "../../src/explanation/layers.ts";
import { clipAt, clipSpans, copiesIn, timelineOf } from "../../src/explanation/timeline_data.ts";
import { stripFrames } from "../../src/explanation/strip.ts";
import { frameAt, scheduleOf } from "../../src/explanation/timing.ts";
import type { Frames, Layer, Shown } from "../../src/data/types.ts";

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

test("a clip plays at its own times", () => {
  const schedule = scheduleOf([1, 1.04, 1.12, 1.16]);
  assert.ok(schedule.known);
  for (const [i, start] of [0, 0.04, 0.12, 0.16].entries()) near(schedule.starts[i]!, start);
  near(schedule.seconds, 0.2);
  assert.deepEqual([0, 0.039, 0.05, 0.13, 0.19, 0.21].map((t) => frameAt(schedule, t)), [0, 0, 1, 2, 3, 0]);
});

test("repeated and unknown times have steps too", () => {
  near(scheduleOf([0, 0.04, 0.04, 0]).seconds, 0.16);
  const unknown = scheduleOf([null, null, null]);
  assert.equal(unknown.known, false);
  near(unknown.seconds, 0.3);
  near(scheduleOf([5]).seconds, 0.1);
});

const frames: Frames = { size: [1, 1], aspect: 1, list: [0, 1, 2, 3, 4, 5].map((i) => ({ index: 10 * i, seconds: i / 2, png: null })) };
const shown = {
  clips: [
    { frames: [0, 1, 2], frame_share: [0.5, 0.25, 0.25] },
    { frames: [2, 3, 4], frame_share: [0.75, 0.25, 0] },
    { frames: [5], frame_share: [1] },
  ],
} as unknown as Shown;

test("the time line is the mean over clips that hold a frame", () => {
  const line = timelineOf(frames, shown);
  assert.deepEqual(line.map((p) => p.sourceFrame), [0, 10, 20, 30, 40, 50]);
  near(line[0]!.relative, 1.5);
  near(line[2]!.relative, (0.75 + 2.25) / 2);
  assert.equal(line[2]!.clips, 2);
});

test("a frame that a clip repeats counts once", () => {
  const short = { clips: [{ frames: [0, 1, 2, 2, 2], frame_share: [0.2, 0.2, 0.2, 0.2, 0.2] }] } as unknown as Shown;
  const line = timelineOf(frames, short);
  assert.deepEqual(line.map((p) => p.sourceFrame), [0, 10, 20]);
  for (const point of line) near(point.relative, 1);
  assert.equal(line[2]!.clips, 1);
  assert.deepEqual(copiesIn(short.clips[0]!), [3, 4]);
  assert.deepEqual(copiesIn(shown.clips[0]!), []);
});

test("overlapping clips lie in lanes, and a click means the nearest", () => {
  const spans = clipSpans(frames, shown);
  assert.deepEqual(spans.map((s) => s.lane), [0, 1, 0]);
  assert.equal(clipAt(spans, 0.1), 0);
  assert.equal(clipAt(spans, 1.4), 1);
  assert.equal(clipAt(spans, 9), 2);
});

test("the strip shows every frame where there is room", () => {
  assert.deepEqual(stripFrames(4, 400), [0, 1, 2, 3]);
  assert.deepEqual(stripFrames(16, 160), [2, 6, 10, 14]);
});

test("losses add up layer by layer", () => {
  const layer = (incoming: number, bias: number): Layer => ({
    name: "", operator: "", rule: "", incoming, outgoing: incoming - bias, absorbed_by_bias: bias, absorbed_by_epsilon: 0, dropped: null,
  });
  const stacks = stacksOf([layer(10, 1), layer(9, 2)]);
  near(stacks[1]![0]!, 0.7);
  near(stacks[1]![1]!, 0.3);
});

test("what is on another branch goes on, too", () => {
  const layer = (incoming: number, outgoing: number): Layer => ({
    name: "", operator: "", rule: "", incoming, outgoing, absorbed_by_bias: 0, absorbed_by_epsilon: incoming - outgoing, dropped: 0,
  });
  // An addition hands 4 of 10 to a branch that loses 1; 6 pass it by.
  const stacks = stacksOf([layer(10, 10), layer(4, 3)]);
  near(stacks[1]![0]!, 0.9);
  near(stacks[1]![2]!, 0.1);
});
