// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, roomyDomain, rootOf, textWidth, tickCount, type Domain } from "../chart/plot.ts";
import { h, svg } from "../base/dom.ts";
import { kNone } from "../base/numbers.ts";
import type { Estimate, Num, Run } from "../data/types.ts";
import { perRun, type Heading } from "./layout.ts";
import { conditionName } from "./pick.ts";
import { estimateCells, estimateColumns } from "../chart/columns.ts";

const kRow = 30;

/** What happens to the border when something is taken away. */
export function controls(runs: readonly Run[]): HTMLElement | null {
  const scales = {
    border: roomyDomain(ends(runs.flatMap((run) => run.report.statistics.controls.border.map((c) => c.relative))), [1]),
    follow: niceDomain(ends(runs.flatMap((run) => run.report.statistics.controls.follow.flatMap((c) => [c.from_position, c.from_content])))),
  };
  return perRun("Controls: what the border needs", runs, (run, heading) => {
    const { border, follow } = run.report.statistics.controls;
    if (border.length + follow.length === 0) return null;
    const borders = border.length > 0 ? beside(borderChart(run, heading, scales.border), border) : h(heading.heading, {}, heading.title);
    return h("div", { class: "part" }, borders, follow.length > 0 && beside(followChart(run, scales.follow), follow));
  });
}

/** A chart and what it says, in sentences. */
function beside(chart: HTMLElement, list: readonly { sentence: string }[]): HTMLElement {
  return h("div", { class: "split" }, chart, h("ul", { class: "sentences" }, ...list.map((one) => h("li", {}, one.sentence))));
}

function ends(estimates: readonly Estimate[]): Num[] {
  return estimates.flatMap((e) => [e.value, e.low, e.high]);
}

function borderChart(run: Run, heading: Heading, domain: Domain): HTMLElement {
  const { border } = run.report.statistics.controls;
  const rows = border.map((c) => ({ name: conditionName(c.condition), estimates: [c.relative] }));
  const items: LegendItem[] = [
    { text: "control over real", mark: "error-0", shape: "dot" },
    { text: "no difference", mark: "even-line", shape: "line" },
  ];
  return figure({
    ...heading,
    note: "The border ratio under each control over that of the real clips; 1: what was taken away makes no difference.",
    name: `${run.label}-controls`,
    draw: (width) => drawRows(rows, domain, 1, items, width),
    table: () => ({
      columns: [{ name: "control" }, ...estimateColumns("relative to the real clips"), { name: "the border gets" }],
      rows: border.map((c) => [conditionName(c.condition), ...estimateCells(c.relative), c.change.replaceAll("_", " ")]),
    }),
  }).element;
}

function followChart(run: Run, domain: Domain): HTMLElement {
  const { follow } = run.report.statistics.controls;
  const rows = follow.map((c) => ({ name: conditionName(c.condition), estimates: [c.from_position, c.from_content] }));
  const items: LegendItem[] = [
    { text: "from its positions", mark: "error-0", shape: "dot" },
    { text: "from its frames", mark: "error-1", shape: "dot" },
  ];
  return figure({
    title: "Position or content",
    note: "How far the profile is from staying at its positions in the clip, and from going with its frames: 0 is the same profile, 1 a disjoint one.",
    name: `${run.label}-position-or-content`,
    heading: "h3",
    draw: (width) => drawRows(rows, domain, null, items, width),
    table: () => ({
      columns: [{ name: "control" }, ...estimateColumns("from position"), ...estimateColumns("from content"), { name: "follows" }],
      rows: follow.map((c) => [conditionName(c.condition), ...estimateCells(c.from_position), ...estimateCells(c.from_content), c.follows.replaceAll("_", " ")]),
    }),
  }).element;
}

interface Row {
  name: string;
  estimates: Estimate[];
}

/** Estimates lying in rows, one or more a row. */
function drawRows(rows: readonly Row[], domain: Domain, reference: number | null, items: LegendItem[], width: number): SVGSVGElement {
  const legend = svg("g");
  const top = drawLegend(legend, items, width) + 6;
  const left = Math.min(width * 0.45, Math.max(...rows.map((row) => textWidth(row.name))) + 14);
  const box = { left, top, width: width - left - 14, height: kRow * rows.length };
  const root = rootOf(width, top + box.height + 26, `${rows.map((row) => row.name).join(", ")}. The numbers follow as a table.`);
  root.append(legend);
  const plot = new Plot(root, box, { domain, ticks: plainTicks(domain, tickCount(box.width)) }, { domain: [0, 1], ticks: [] });
  if (reference !== null) plot.stand(reference, "even-line");
  for (const [i, row] of rows.entries()) {
    const y = top + kRow * (i + 0.5);
    root.append(svg("text", { x: left - 10, y, class: "tick end middle" }, row.name));
    if (row.estimates.every((e) => e.value === null)) root.append(svg("text", { x: left + 6, y, class: "tick middle quiet" }, kNone));
    for (const [j, e] of row.estimates.entries()) plot.lying(y + (j - (row.estimates.length - 1) / 2) * 11, e, `error-${j}`);
  }
  return root;
}
