// SPDX-License-Identifier: Apache-2.0
import { heatmapColor, lumaOf, overlayGrey, overlayInk, type ColorMapName } from "./colormap.ts";
import { relevanceOf } from "../data/maps.ts";

/** How maps are drawn: one scale for a whole explanation, never one a frame. */
export interface Drawing {
  colors: ColorMapName;
  /** Relevance at the end of the colour map. */
  limit: number;
  /** 0 to 1; 1 is the command's overlay. */
  opacity: number;
}

/** What the 256 bytes of a map become, so that a pixel costs a look-up. */
interface InkTable {
  colors: Float32Array;
  opacities: Float32Array;
}

function overlayTable(mapLimit: number, drawing: Drawing): InkTable {
  const table = { colors: new Float32Array(3 * 256), opacities: new Float32Array(256) };
  for (let q = -128; q < 128; ++q) {
    const ink = overlayInk(relevanceOf(Math.max(q, -127), mapLimit), drawing.limit, drawing.colors);
    table.colors.set(ink.color, 3 * (q + 128));
    table.opacities[q + 128] = ink.opacity * drawing.opacity;
  }
  return table;
}

/** RGBA of the frame in grey with the map over it. `frame` is RGBA, `map` one frame of a clip's. */
export function renderOverlay(
  frame: Uint8ClampedArray,
  map: Int8Array,
  mapLimit: number,
  drawing: Drawing,
): Uint8ClampedArray<ArrayBuffer> {
  const { colors, opacities } = overlayTable(mapLimit, drawing);
  const out = new Uint8ClampedArray(4 * map.length);
  for (let i = 0; i < map.length; ++i) {
    const grey = overlayGrey(lumaOf(frame[4 * i]!, frame[4 * i + 1]!, frame[4 * i + 2]!));
    const entry = map[i]! + 128;
    const opacity = opacities[entry]!;
    for (let c = 0; c < 3; ++c) out[4 * i + c] = grey + (colors[3 * entry + c]! - grey) * opacity;
    out[4 * i + 3] = 255;
  }
  return out;
}

/** RGBA of the map alone. */
export function renderHeatmap(map: Int8Array, mapLimit: number, drawing: Drawing): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint8ClampedArray(3 * 256);
  for (let q = -128; q < 128; ++q) {
    table.set(heatmapColor(relevanceOf(Math.max(q, -127), mapLimit), drawing.limit, drawing.colors), 3 * (q + 128));
  }
  const out = new Uint8ClampedArray(4 * map.length);
  for (let i = 0; i < map.length; ++i) {
    const at = 3 * (map[i]! + 128);
    out.set(table.subarray(at, at + 3), 4 * i);
    out[4 * i + 3] = 255;
  }
  return out;
}
