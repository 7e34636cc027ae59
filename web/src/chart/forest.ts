// SPDX-License-Identifier: Apache-2.0
// Estimates under each other, each with its name and its interval.
import { svg } from "../base/dom.ts";
import type { Estimate } from "../data/types.ts";
import { drawLegend, type LegendItem } from "./legend.ts";
import { plainTicks, Plot, rootOf, textWidth, tickCount, type Domain } from "./plot.ts";

export interface ForestRow {
  name: string;
  estimate: Estimate | null | undefined;
  /** The class of its mark. */
  mark: string;
}

export interface ForestOptions {
  rows: readonly ForestRow[];
  width: number;
  domain: Domain;
  /** Of the axis below. */
  title: string;
  /** For those who hear the chart. */
  label: string;
  legend: readonly LegendItem[];
  /** Where a vertical line stands, if any. */
  reference: number | null;
  /** An interval to shade, if any. */
  shaded: Estimate | null;
}

const kPitch = 22;
const kMost = 0.5; // of the width, for names

/** The text, cut where it is wider than `room`. */
export function fitted(text: string, room: number): string {
  if (textWidth(text) <= room) return text;
  let kept = text;
  while (kept.length > 1 && textWidth(`${kept}…`) > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}

export function drawForest(options: ForestOptions): SVGSVGElement {
  const { rows, width, domain } = options;
  const legend = svg("g");
  const top = drawLegend(legend, options.legend, width) + 10;
  const names = Math.min(kMost * width, Math.max(...rows.map((row) => textWidth(row.name)), 0) + 4);
  const box = { left: names + 8, top, width: width - names - 24, height: kPitch * rows.length };
  const root = rootOf(width, top + box.height + 44, `${options.label} The numbers follow as a table.`);
  root.append(legend);
  const plot = new Plot(
    root,
    box,
    { domain, ticks: plainTicks(domain, tickCount(box.width)), title: options.title },
    { domain: [rows.length + 0.5, 0.5], ticks: rows.map((row, i) => ({ at: i + 1, label: fitted(row.name, names) })) },
  );
  const { shaded, reference } = options;
  if (shaded && shaded.low !== null && shaded.high !== null) plot.shade(shaded.low, shaded.high);
  if (reference !== null) plot.stand(reference, "even-line");
  for (const [i, row] of rows.entries()) plot.lying(plot.y(i + 1), row.estimate, row.mark);
  return root;
}
