// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import test from "node:test";
import { addToHistogram, decodeClipMap, emptyHistogram, percentileLimit, relevanceOf } from "../../src/data/maps.ts";

function mapsOf(bytes: number[], limit = 2) {
  return { limit, encoding: "sqrt8-zlib", clips: [deflateSync(Buffer.from(Int8Array.from(bytes).buffer)).toString("base64"), null] };
}

test("a clip's map is unpacked with its signs", () => {
  const bytes = [-127, -1, 0, 1, 64, 127];
  assert.deepEqual([...decodeClipMap(mapsOf(bytes), 0, 6)!], bytes);
});

test("what the page left out is null, what does not fit is an error", () => {
  assert.equal(decodeClipMap(mapsOf([1]), 1, 1), null);
  assert.equal(decodeClipMap(null, 0, 1), null);
  assert.equal(decodeClipMap(undefined, 0, 1), null);
  assert.throws(() => decodeClipMap(mapsOf([1, 2, 3]), 0, 6));
  assert.throws(() => decodeClipMap({ ...mapsOf([1]), encoding: "other" }, 0, 1), /encoding/);
});

test("R = sign(q) (|q| / 127)² limit", () => {
  assert.equal(relevanceOf(127, 3), 3);
  assert.equal(relevanceOf(-127, 3), -3);
  assert.equal(relevanceOf(0, 3), 0);
  assert.ok(Math.abs(relevanceOf(64, 1) - (64 / 127) ** 2) < 1e-12);
});

test("percentiles are linear between order statistics of |R|", () => {
  const bytes = [0, 10, -20, 30, -127];
  const histogram = emptyHistogram();
  addToHistogram(histogram, Int8Array.from(bytes));
  const sizes = bytes.map((q) => Math.abs(relevanceOf(q, 2))).sort((a, b) => a - b);
  for (const percentile of [1, 25, 50, 60, 90, 99.5, 100]) {
    const place = (percentile / 100) * 4;
    const below = Math.min(Math.floor(place), 3);
    const expected = sizes[below]! + (sizes[below + 1]! - sizes[below]!) * (place - below);
    assert.ok(Math.abs(percentileLimit(histogram, 2, percentile) - expected) < 1e-12, `percentile ${percentile}`);
  }
});

test("where the percentile is zero, the largest |R| is the limit", () => {
  const histogram = emptyHistogram();
  addToHistogram(histogram, Int8Array.from([...Array<number>(1000).fill(0), 127]));
  assert.equal(percentileLimit(histogram, 2, 99), 2);
});
