// SPDX-License-Identifier: Apache-2.0
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { rootOf, type Box } from "../chart/plot.ts";
import { svg } from "../base/dom.ts";

const kAxis = 46;
const kGap = 16;
const kNarrowest = 112;
const kWide = 720; // more than a printed page
const kComfortable = 250;
const kHead = 38;
const kFoot = 24;

/** One small chart of several. */
export interface Panel {
  title: string;
  second: string;
}

/** Small charts of one scale under one legend, in as many columns as there is room for; `draw` fills one, whose y axis is written where it is its row's first. */
export function drawPanels<P extends Panel>(
  panels: readonly P[],
  options: { items: readonly LegendItem[]; width: number; label: string; axis?: number },
  draw: (root: SVGSVGElement, box: Box, panel: P, first: boolean) => void,
): SVGSVGElement {
  const { width, axis = kAxis } = options;
  const most = Math.max(1, Math.floor((width - axis) / ((width > kWide ? kComfortable : kNarrowest) + kGap)));
  const columns = Math.ceil(panels.length / Math.ceil(panels.length / most));
  const panelWidth = (width - axis - kGap * (columns - 1) - 6) / columns;
  const panelHeight = Math.min(150, Math.max(100, panelWidth * 0.6));
  const rows = Math.ceil(panels.length / columns);
  const legend = svg("g");
  const top = drawLegend(legend, options.items, width) + 6;
  const pitch = kHead + panelHeight + kFoot;
  const root = rootOf(width, top + rows * pitch, `${options.label}: ${panels.map((p) => p.title).join(", ")}. The numbers follow as a table.`);
  root.append(legend);
  for (const [i, panel] of panels.entries()) {
    const column = i % columns;
    const box = {
      left: axis + column * (panelWidth + kGap),
      top: top + Math.floor(i / columns) * pitch + kHead,
      width: panelWidth,
      height: panelHeight,
    };
    root.append(
      svg("text", { x: box.left, y: box.top - 23, class: "panel-title" }, panel.title),
      svg("text", { x: box.left, y: box.top - 8, class: "tick quiet" }, panel.second),
    );
    draw(root, box, panel, column === 0);
  }
  return root;
}
