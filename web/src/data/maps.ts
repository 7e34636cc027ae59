// SPDX-License-Identifier: Apache-2.0
import { unzlibSync } from "fflate";
import type { Maps, Scale } from "./types.ts";

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

/** The relevance at the end of the colour map, as the command found it for the nearest percentile that it offers. */
export function limitAt(scale: Scale | null | undefined, percentile: number): number {
  if (!scale) return 0;
  return scale.limits[nearest(scale.percentiles, percentile)] ?? scale.limit;
}

/** The place of the value that is nearest. */
export function nearest(values: readonly number[], value: number): number {
  return values.reduce((best, one, i) => (Math.abs(one - value) < Math.abs(values[best]! - value) ? i : best), 0);
}
