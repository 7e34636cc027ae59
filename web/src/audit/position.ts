// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { asPercent, estimateCells, estimateColumns } from "../chart/columns.ts";
import type { LegendItem } from "../chart/legend.ts";
import { niceDomain, Plot, type Box, type Domain } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { h } from "../base/dom.ts";
import { plural } from "../base/numbers.ts";
import type { ConditionStatistics, Estimate, PositionStatistics, Report, Run } from "../data/types.ts";
import { stepNames } from "../explanation/position_data.ts";
import { perRun } from "./layout.ts";
import { drawPanels, type Panel } from "./panels.ts";
import { baseCondition, conditionName, intervalConditions } from "./pick.ts";
import { kSteps, shareTicks } from "./profiles.ts";

interface PositionPanel extends Panel {
  position: PositionStatistics;
}

/** What positions and content take of the score along the clip, at every interval; null where no run has positions. */
export function positions(runs: readonly Run[]): HTMLElement | null {
  const domain = domainOf(runs);
  return perRun("Position and content along the clip", runs, (run, heading) => {
    const panels = panelsOf(run.report);
    if (panels.length === 0) return null;
    const base = baseCondition(run.report)?.position;
    const frames = run.report.statistics.frames;
    const steps = panels[0]!.position.by_time.length;
    return figure({
      ...heading,
      note: `Shares of the score: what position embeddings take, whatever a patch shows, and what reaches the frames. Along the frames of the clip, in the ${plural(steps, "step")} that the network has in time; nothing here is finer. All panels have one scale.${doubtOf(panels)}`,
      above: base && h("p", {}, base.sentence),
      name: `${run.label}-positions`,
      draw: (width) =>
        drawPanels(panels, { items: kItems, width, axis: kAxis, label: "Shares of the score that position and content take along the clip" }, (root, box, panel, first) =>
          drawPanel(root, box, panel.position, frames, domain, first),
        ),
      table: () => positionTable(panels, frames),
    }).element;
  });
}

/** Room for "−20 %". */
const kAxis = 54;

const kItems: LegendItem[] = [
  { text: "content: what reaches the frames", mark: "curve-0", shape: "line" },
  { text: "position", mark: "curve-1", shape: "line" },
  { text: "95 % interval", mark: "band-1", shape: "box" },
];

function panelsOf(report: Report): PositionPanel[] {
  return intervalConditions(report).flatMap((c) => panelOf(c));
}

function panelOf(c: ConditionStatistics): PositionPanel[] {
  const { position } = c;
  if (!position) return [];
  const second = plural(position.videos, "video") + (position.share.reliable ? "" : " ~");
  return [{ title: conditionName(c.condition), second, position }];
}

function doubtOf(panels: readonly PositionPanel[]): string {
  return panels.some((panel) => !panel.position.share.reliable) ? " ~: from fewer than ten videos, not to be trusted." : "";
}

/** One scale over runs and panels. */
function domainOf(runs: readonly Run[]): Domain {
  const ends = runs.flatMap((run) =>
    panelsOf(run.report).flatMap(({ position }) => [...position.by_time, ...position.content_by_time].flatMap((e) => [e.value, e.low, e.high])),
  );
  return niceDomain(ends, [0], kSteps);
}

function drawPanel(root: SVGSVGElement, box: Box, position: PositionStatistics, frames: number, domain: Domain, first: boolean): void {
  const steps = position.by_time.length;
  const plot = new Plot(
    root,
    box,
    { domain: [-0.5, steps - 0.5], ticks: stepNames(steps, frames).map((label, at) => ({ at, label })) },
    { domain, ticks: shareTicks(domain, first) },
  );
  drawSteps(plot, position.content_by_time, 0);
  drawSteps(plot, position.by_time, 1);
}

/** A level for every step, with its interval. */
function drawSteps(plot: Plot, estimates: readonly Estimate[], series: number): void {
  const ends = estimates.flatMap((e, s) => [s - 0.5, s + 0.5].map((x) => ({ x, e })));
  plot.band(ends.map(({ x, e }) => [x, e.low, e.high]), `band-${series}`);
  plot.curve(ends.map(({ x, e }) => [x, e.value]), `curve-${series}`);
}

function positionTable(panels: readonly PositionPanel[], frames: number): Table {
  return {
    columns: [{ name: "condition" }, { name: "frames" }, ...estimateColumns("position", asPercent), ...estimateColumns("content", asPercent)],
    rows: panels.flatMap(({ title, position }) =>
      stepNames(position.by_time.length, frames).map((name, s) => [
        title,
        name,
        ...estimateCells(position.by_time[s]),
        ...estimateCells(position.content_by_time[s]),
      ]),
    ),
  };
}
