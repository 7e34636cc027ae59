// SPDX-License-Identifier: Apache-2.0
// The colour maps and the overlay of include/relevid/colormap.h, to the byte.

export type ColorMapName = "coldnhot" | "bwr" | "seismic" | "viridis" | "inferno";
export type Rgb = readonly [number, number, number];

interface ColorMap {
  name: ColorMapName;
  signed: boolean;
  /** kEntries × RGB */
  table: Uint8Array;
}

const kEntries = 257;

function interpolate(anchors: readonly number[]): Uint8Array {
  const table = new Uint8Array(3 * kEntries);
  for (let i = 0; i < kEntries; ++i) {
    const place = (i * (anchors.length - 1)) / (kEntries - 1);
    const left = Math.min(Math.floor(place), anchors.length - 2);
    const t = place - left;
    for (const [channel, shift] of [16, 8, 0].entries()) {
      const a = (anchors[left]! >> shift) & 255;
      const b = (anchors[left + 1]! >> shift) & 255;
      table[3 * i + channel] = Math.floor(a + (b - a) * t + 0.5);
    }
  }
  return table;
}

const kMaps: readonly ColorMap[] = [
  { name: "coldnhot", signed: true, table: interpolate([0x00ffff, 0x0000ff, 0x000000, 0xff0000, 0xffff00]) },
  { name: "bwr", signed: true, table: interpolate([0x0000ff, 0xffffff, 0xff0000]) },
  { name: "seismic", signed: true, table: interpolate([0x00004c, 0x0000ff, 0xffffff, 0xff0000, 0x800000]) },
  {
    name: "viridis",
    signed: false,
    table: interpolate([
      0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725,
    ]),
  },
  {
    name: "inferno",
    signed: false,
    table: interpolate([
      0x000004, 0x1b0c41, 0x4a0c6b, 0x781c6d, 0xa52c60, 0xcf4446, 0xed6925, 0xfb9b06, 0xf7d13d, 0xfcffa4,
    ]),
  },
];

export function colorMapNames(signed: boolean): ColorMapName[] {
  return kMaps.filter((map) => map.signed === signed).map((map) => map.name);
}

function definition(name: ColorMapName): ColorMap {
  return kMaps.find((map) => map.name === name)!;
}

export function isSigned(name: ColorMapName): boolean {
  return definition(name).signed;
}

/** Away from zero at halves, as C's lround. */
function roundAway(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

function entryAt(position: number): number {
  const clamped = Math.min(Math.max(position, 0), 1);
  return (kEntries - 1) / 2 + roundAway((clamped - 0.5) * (kEntries - 1));
}

/** The colour at `position` in [0, 1]; a signed map has zero at 0.5. */
export function colorAt(name: ColorMapName, position: number): Rgb {
  const { table } = definition(name);
  const at = 3 * entryAt(position);
  return [table[at]!, table[at + 1]!, table[at + 2]!];
}

/** |R| / limit in [0, 1]; 0 for negative relevance on an unsigned map. */
export function strengthOf(relevance: number, limit: number, signed: boolean): number {
  if (limit <= 0 || (!signed && relevance < 0)) return 0;
  return Math.min(Math.abs(relevance) / limit, 1);
}

export function heatmapColor(relevance: number, limit: number, name: ColorMapName): Rgb {
  const signed = isSigned(name);
  const strength = strengthOf(relevance, limit, signed);
  return colorAt(name, signed ? 0.5 + 0.5 * Math.sign(relevance) * strength : strength);
}

/** Colour and opacity of the overlay for relevance of one strength; Note [Overlay] in colormap.h has the reasons. */
export function overlayInk(relevance: number, limit: number, name: ColorMapName): { color: Rgb; opacity: number } {
  const kMostOpaque = 0.92;
  const signed = isSigned(name);
  const root = Math.sqrt(strengthOf(relevance, limit, signed));
  return {
    color: colorAt(name, signed ? 0.5 + 0.5 * Math.sign(relevance) * root : root),
    opacity: kMostOpaque * root * Math.sqrt(root),
  };
}

/** The frame's brightness with its contrast reduced, so that no colour is lost in black or white. */
export function overlayGrey(luma: number): number {
  return 40 + ((225 - 40) * luma) / 255;
}

export function lumaOf(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** `opacity` scales the overlay's own; at 1 it is the command's picture. */
export function overlayColor(luma: number, relevance: number, limit: number, name: ColorMapName, opacity = 1): Rgb {
  const grey = overlayGrey(luma);
  const ink = overlayInk(relevance, limit, name);
  const blend = (channel: number) => Math.round(grey + (channel - grey) * ink.opacity * opacity);
  return [blend(ink.color[0]), blend(ink.color[1]), blend(ink.color[2])];
}
