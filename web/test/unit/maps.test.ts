// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import test from "node:test";
import { decodeClipMap, limitAt, nearest, relevanceOf } from "../../src/data/maps.ts";

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

test("the scale is the command's, and the nearest that it offers", () => {
  const scale = { percentile: 99.5, limit: 1.9, percentiles: [90, 99, 99.5, 100], limits: [0.5, 1, 1.9, 7] };
  assert.equal(limitAt(scale, scale.percentile), scale.limit);
  assert.equal(limitAt(scale, 100), 7);
  assert.equal(limitAt(scale, 98.7), 1);
  assert.equal(limitAt(null, 99), 0);
  assert.equal(nearest(scale.percentiles, 0), 0);
});
