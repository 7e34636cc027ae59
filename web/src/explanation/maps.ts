// SPDX-License-Identifier: Apache-2.0
import { decodeClipMap, limitAt, type ClipMap } from "../data/maps.ts";
import type { Shown } from "../data/types.ts";

/** The maps of one explanation, and the scale that all of them are drawn with. */
export class MapSource {
  private readonly decoded = new Map<number, ClipMap | null>();
  private readonly frameValues: number;

  constructor(
    private readonly shown: Shown,
    [height, width]: readonly [number, number],
  ) {
    this.frameValues = height * width;
  }

  get largest(): number {
    return this.shown.maps?.limit ?? 0;
  }

  clip(index: number): ClipMap | null {
    let map = this.decoded.get(index);
    if (map === undefined) {
      const values = (this.shown.clips[index]?.frames.length ?? 0) * this.frameValues;
      map = decodeClipMap(this.shown.maps, index, values);
      this.decoded.set(index, map);
    }
    return map;
  }

  /** One frame of a clip. */
  frame(clip: number, frame: number): Int8Array | null {
    return this.clip(clip)?.subarray(frame * this.frameValues, (frame + 1) * this.frameValues) ?? null;
  }

  /** The relevance drawn at the end of the colour map: a percentile of |R| over all clips. */
  limit(percentile: number): number {
    return limitAt(this.shown.scale, percentile);
  }
}
