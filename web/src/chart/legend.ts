// SPDX-License-Identifier: Apache-2.0
import { svg } from "../base/dom.ts";
import { textWidth } from "./plot.ts";

export interface LegendItem {
  text: string;
  /** The class of the mark it explains. */
  mark: string;
  shape: "box" | "line" | "dot";
}

const kRow = 20;
const kSwatch = 22;
const kGap = 18;

/** Draws the items from the top left, in as many rows as they need; returns the height. */
export function drawLegend(root: SVGElement, items: readonly LegendItem[], width: number, left = 0): number {
  let x = left;
  let y = 0;
  for (const item of items) {
    const needed = kSwatch + textWidth(item.text);
    if (x > left && x + needed > width) {
      x = left;
      y += kRow;
    }
    root.append(swatch(item, x, y + kRow / 2), svg("text", { x: x + kSwatch, y: y + kRow / 2, class: "tick middle" }, item.text));
    x += needed + kGap;
  }
  return items.length > 0 ? y + kRow : 0;
}

function swatch(item: LegendItem, x: number, y: number): SVGElement {
  if (item.shape === "box") return svg("rect", { x, y: y - 6, width: 16, height: 12, class: item.mark });
  const stroke = svg("line", { x1: x, x2: x + 16, y1: y, y2: y, class: item.mark });
  if (item.shape === "line") return stroke;
  return svg("g", { class: item.mark }, svg("line", { x1: x, x2: x + 16, y1: y, y2: y }), svg("circle", { cx: x + 8, cy: y, r: 4 }));
}
