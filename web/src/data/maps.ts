// SPDX-License-Identifier: Apache-2.0
import { unzlibSync } from "fflate";
import type { Maps } from "./types.ts";

/** Signed bytes q of one clip, [T, H, W]; R = sign(q) (|q| / 127)² limit. */
export type ClipMap = Int8Array;

export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The map of clip `index`, or null where the page has none. Throws Error where it is not `values` bytes. */
export function decodeClipMap(maps: Maps | null | undefined, index: number, values: number): ClipMap | null {
  const text = maps?.clips[index];
  if (!maps || text === null || text === undefined) return null;
  if (maps.encoding !== "sqrt8-zlib") throw new Error(`the maps' encoding is ${maps.encoding}, not sqrt8-zlib`);
  const bytes = unzlibSync(fromBase64(text), { out: new Uint8Array(values) });
  if (bytes.length !== values) throw new Error(`the map of clip ${index} has ${bytes.length} values, not ${values}`);
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function relevanceOf(q: number, limit: number): number {
  const root = q / 127;
  return Math.sign(q) * root * root * limit;
}

/** How many values have each |q|, 0 to 127 (−128 counts as 127). */
export type Histogram = Float64Array;

export function emptyHistogram(): Histogram {
  return new Float64Array(128);
}

export function addToHistogram(histogram: Histogram, map: ClipMap): void {
  for (const q of map) {
    const magnitude = Math.min(Math.abs(q), 127);
    histogram[magnitude] = histogram[magnitude]! + 1;
  }
}

/**
 * The percentile of |R|, linear between order statistics as the command's fit_scale; where that is zero, the largest |R|.
 * Exact for the values of the maps: there are only 128 magnitudes.
 */
export function percentileLimit(histogram: Histogram, limit: number, percentile: number): number {
  const count = histogram.reduce((sum, n) => sum + n, 0);
  if (count === 0) return limit;
  const place = (percentile / 100) * (count - 1);
  const below = Math.floor(place);
  const low = relevanceOf(orderStatistic(histogram, below), limit);
  const high = relevanceOf(orderStatistic(histogram, Math.min(below + 1, count - 1)), limit);
  const found = low + (high - low) * (place - below);
  return found > 0 ? found : relevanceOf(orderStatistic(histogram, count - 1), limit);
}

function orderStatistic(histogram: Histogram, rank: number): number {
  let seen = 0;
  for (let q = 0; q < 128; ++q) {
    seen += histogram[q]!;
    if (seen > rank) return q;
  }
  return 127;
}
