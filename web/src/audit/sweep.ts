// SPDX-License-Identifier: Apache-2.0
import { figure, type Figure } from "../chart/figure.ts";
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { plainTicks, Plot, roomyDomain, rootOf, type Box } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { freshId, h, segmented, svg } from "../base/dom.ts";
import { fixed, pValue, percent, plural } from "../base/numbers.ts";
import type { Estimate, Report, Run } from "../data/types.ts";
import { asPercent, estimateCells, estimateColumns } from "../chart/columns.ts";
import { borderOf, borderWords, commonAccuracy, intervalConditions, nullRatio, seriesName } from "./pick.ts";

/** Of the runs' marks at one interval. */
const kApart = 9;

type Measure = "ratio" | "excess";

/** Border and accuracy against the frame interval; all runs in one chart. */
export function sweep(runs: readonly Run[]): HTMLElement {
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, "Which interval"),
    h("p", {}, "The interval is the step between the frames of a clip. The advised one is marked; it was chosen on one half of the videos and tested on the other."),
    h("div", { class: "pair" }, borderChart(runs), accuracyChart(runs)),
  );
}

function borderChart(runs: readonly Run[]): HTMLElement {
  let measure: Measure = "ratio";
  const k = runs[0]!.report.statistics.verdict.k;
  const of = (report: Report, interval: number): Estimate | null => {
    const condition = intervalConditions(report).find((c) => c.condition.frame_interval === interval);
    const border = condition ? borderOf(condition.all, k) : null;
    return border ? border[measure] : null;
  };
  const choice = segmented(
    "Measure",
    [
      { value: "ratio", text: "Ratio to an even share" },
      { value: "excess", text: "Excess over the architecture" },
    ],
    "ratio" as Measure,
    (next) => {
      measure = next;
      chart.redraw();
    },
  );
  const chart: Figure = figure({
    title: "Relevance at the border",
    note: `How much of it lies in ${borderWords(k)}, against an even share, or against what the architecture alone gives.`,
    name: "border",
    heading: "h3",
    above: choice,
    draw: (width) => {
      const architecture = measure === "ratio" ? commonNullRatio(runs) : null;
      return drawSweep(runs, of, { width, text: "border", reference: architecture, write: 1, unit: "", even: measure === "ratio" ? "even share" : "no excess" });
    },
    table: () => sweepTable(runs),
  });
  return chart.element;
}

/** Of the architecture that all runs share; null where they differ. */
function commonNullRatio(runs: readonly Run[]): number | null {
  const [first = null, ...others] = runs.map((run) => nullRatio(run.report));
  return others.every((other) => first !== null && other !== null && Math.abs(other - first) < 1e-6) ? first : null;
}

function accuracyChart(runs: readonly Run[]): HTMLElement {
  const words = runs.map((run) => {
    const { sweep } = run.report.statistics;
    const left = sweep.left_out.length > 0 ? ` Too few videos are long enough for interval ${sweep.left_out.join(", ")}.` : "";
    const name = runs.length > 1 ? `${run.label}: ` : "";
    return `${name}all points are over the same ${plural(sweep.common_videos, "video")}.${left}`;
  });
  return figure({
    title: "Accuracy, top 1",
    note: words.join(" ").replace(/^a/, "A"),
    name: "accuracy",
    heading: "h3",
    draw: (width) =>
      drawSweep(runs, (report, interval) => commonAccuracy(report, interval)?.video1 ?? null, { width, text: "top 1", reference: null, write: 100, unit: " %", even: null }),
    table: () => sweepTable(runs),
  }).element;
}

interface SweepOptions {
  width: number;
  /** What one run's series is called. */
  text: string;
  /** The architecture's value. */
  reference: number | null;
  write: number;
  unit: string;
  /** What 1 means; null: the axis needs no such line. */
  even: string | null;
}

function drawSweep(runs: readonly Run[], of: (report: Report, interval: number) => Estimate | null, options: SweepOptions): SVGSVGElement {
  const { width } = options;
  const intervals = [...new Set(runs.flatMap((run) => intervalConditions(run.report).map((c) => c.condition.frame_interval)))].sort((a, b) => a - b);
  const all = runs.flatMap((run) => intervals.map((interval) => of(run.report, interval)));
  const legend = svg("g");
  const top = drawLegend(legend, legendItems(runs, options), width, 0) + 22;
  const box: Box = { left: 50, top, width: width - 58, height: 200 };
  const root = rootOf(width, top + box.height + 42, `${options.text} against the frame interval. The numbers follow as a table.`);
  root.append(legend);
  const values = all.flatMap((e) => [e?.value ?? null, e?.low ?? null, e?.high ?? null]);
  const domain = roomyDomain([...values, options.reference], options.even ? [1] : []);
  const [low, high] = [intervals[0] ?? 1, intervals.at(-1) ?? 1];
  const room = Math.max(0.5, (high - low) * 0.07);
  const plot = new Plot(
    root,
    box,
    { domain: [low - room, high + room], ticks: intervals.map((at) => ({ at, label: String(at) })), title: "frame interval" },
    { domain, ticks: plainTicks(domain, 5, options.write, options.unit) },
  );
  if (options.even) plot.level(1, "even-line");
  if (options.reference !== null) plot.level(options.reference, "null-line");
  for (const [i, run] of runs.entries()) {
    const shift = (i - (runs.length - 1) / 2) * kApart;
    markAdvised(root, plot, box, run, i, runs.length, shift);
    plot.curve(intervals.map((interval) => [interval, of(run.report, interval)?.value ?? null]), `thin-${i}`, shift);
    for (const interval of intervals) plot.upright(interval, of(run.report, interval), `error-${i}`, shift);
  }
  return root;
}

function legendItems(runs: readonly Run[], options: SweepOptions): LegendItem[] {
  const items: LegendItem[] = runs.map((run, i) => ({ text: seriesName(run, runs, `${options.text}, with 95 % interval`), mark: `error-${i}`, shape: "dot" }));
  if (options.reference !== null) items.push({ text: "the architecture alone", mark: "null-line", shape: "line" });
  if (options.even) items.push({ text: options.even, mark: "even-line", shape: "line" });
  return items;
}

/** A triangle on the axis, and the word. */
function markAdvised(root: SVGSVGElement, plot: Plot, box: Box, run: Run, series: number, count: number, shift: number): void {
  const { advised, advice } = run.report.statistics.recommendation;
  if (advice === "none") return;
  const x = plot.x(advised) + shift;
  root.append(svg("path", { d: `M${x - 6},${box.top - 9}h12l-6,8z`, class: count > 1 ? `fill-${series}` : "advised" }));
  if (series > 0) return;
  const right = x > box.left + box.width / 2;
  // Clear of the others' triangles, where they advise the same.
  const clear = 10 + kApart * (count - 1);
  root.append(svg("text", { x: right ? x - 10 : x + clear, y: box.top - 4, class: right ? "tick end" : "tick" }, count > 1 ? "advised" : `advised: ${advised}`));
}

export function sweepTable(runs: readonly Run[]): Table {
  return {
    columns: [
      { name: "run" },
      { name: "interval" },
      { name: "videos" },
      { name: "fps, lowest", write: (value) => fixed(value, 1) },
      { name: "fps, highest", write: (value) => fixed(value, 1) },
      ...estimateColumns("top 1", asPercent),
      { name: "top 5", write: percent },
      { name: "gain, top 1", write: percent },
      { name: "p", write: pValue },
      { name: "p, Holm", write: pValue },
      ...estimateColumns("border ratio"),
      ...estimateColumns("excess"),
      { name: "advised" },
    ],
    rows: runs.flatMap((run) => intervalConditions(run.report).map((c) => sweepRow(run, c.condition.frame_interval))),
  };
}

function sweepRow(run: Run, interval: number) {
  const { statistics } = run.report;
  const condition = intervalConditions(run.report).find((c) => c.condition.frame_interval === interval)!;
  const accuracy = commonAccuracy(run.report, interval);
  const comparison = statistics.sweep.common.find((c) => c.interval === interval);
  const border = borderOf(condition.all, statistics.verdict.k);
  return [
    run.label,
    interval,
    condition.videos,
    condition.rate?.[0] ?? null,
    condition.rate?.[1] ?? null,
    ...estimateCells(accuracy?.video1),
    accuracy?.video5?.value ?? null,
    comparison?.gain.video1.value ?? null,
    comparison?.mcnemar.p ?? null,
    comparison?.p_holm ?? null,
    ...estimateCells(border?.ratio),
    ...estimateCells(border?.excess),
    statistics.recommendation.advice !== "none" && statistics.recommendation.advised === interval ? "yes" : "",
  ];
}
