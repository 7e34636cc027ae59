// SPDX-License-Identifier: Apache-2.0
// Every training as a thin line, and their mean with its band, against the frame interval.
import type { Column, Table } from "../base/csv.ts";
import { svg } from "../base/dom.ts";
import { fixed } from "../base/numbers.ts";
import { asPercent, estimateCells, estimateColumns } from "../chart/columns.ts";
import { figure } from "../chart/figure.ts";
import { drawForest, type ForestRow } from "../chart/forest.ts";
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { plainTicks, Plot, roomyDomain, rootOf } from "../chart/plot.ts";
import type { IntervalSummary, Num, Summary, TrainingsEstimate } from "../data/types.ts";
import { borderWords } from "../audit/pick.ts";

interface Measure {
  title: string;
  note: string;
  name: string;
  mean: (one: IntervalSummary) => TrainingsEstimate | null;
  of: (one: IntervalSummary) => Num[];
  write: NonNullable<Column["write"]>;
  /** What axis labels are multiplied by, and end with. */
  factor: number;
  unit: string;
  /** What is possible. */
  largest: number;
  /** A level to draw, and what it means. */
  level: { at: number; text: string } | null;
}

export function excessChart(summary: Summary): HTMLElement {
  return chart(summary, {
    title: "Excess at the border",
    note: `How many times the relevance that the architecture alone gives them ${borderWords(summary.k)} of a clip carry.`,
    name: "excess",
    mean: (one) => one.excess,
    of: (one) => one.excess_of,
    write: (value) => fixed(value),
    factor: 1,
    unit: "",
    largest: Infinity,
    level: { at: 1, text: "1, no excess" },
  });
}

export function accuracyChart(summary: Summary): HTMLElement {
  const left = summary.intervals.filter((one) => one.accuracy === null).map((one) => one.interval);
  const missing = left.length > 0 ? ` Too few videos are long enough for interval ${left.join(", ")}.` : "";
  return chart(summary, {
    title: "Videos right",
    note: `Of the videos that fit all of these intervals, by top 1.${missing}`,
    name: "accuracy",
    mean: (one) => one.accuracy,
    of: (one) => one.accuracy_of,
    write: asPercent,
    factor: 100,
    unit: " %",
    largest: 1,
    level: null,
  });
}

function chart(summary: Summary, measure: Measure): HTMLElement {
  return figure({
    title: measure.title,
    note: measure.note,
    name: measure.name,
    heading: "h3",
    draw: (width) => draw(summary, measure, width),
    table: () => tableOf(summary, measure),
  }).element;
}

function draw(summary: Summary, measure: Measure, width: number): SVGSVGElement | null {
  const { intervals, trainings } = summary;
  const means = intervals.map(measure.mean);
  const values = intervals.flatMap(measure.of).concat(means.flatMap((e) => [e?.low ?? null, e?.high ?? null]));
  if (values.every((value) => value === null)) return null;
  const legend = svg("g");
  const top = drawLegend(legend, legendOf(summary, measure), width) + 14;
  const box = { left: 50, top, width: width - 58, height: 240 };
  const root = rootOf(width, top + box.height + 42, `${measure.title} against the frame interval, of ${trainings.length} trainings and their mean. The numbers follow as a table.`);
  root.append(legend);
  const [bottom, most] = roomyDomain(values, measure.level ? [measure.level.at] : []);
  const domain = [bottom, Math.min(most, measure.largest)] as const;
  const [low, high] = [intervals[0]!.interval, intervals.at(-1)!.interval];
  const room = Math.max(0.5, (high - low) * 0.05);
  const plot = new Plot(
    root,
    box,
    { domain: [low - room, high + room], ticks: intervals.map(({ interval }) => ({ at: interval, label: String(interval) })), title: "frame interval" },
    { domain, ticks: plainTicks(domain, 5, measure.factor, measure.unit) },
  );
  const hasMean = means.some((mean) => mean);
  if (hasMean) plot.band(intervals.map(({ interval }, i) => [interval, means[i]?.low ?? null, means[i]?.high ?? null] as const), "mean-band");
  if (measure.level) plot.level(measure.level.at, "even-line");
  for (const [i, training] of trainings.entries())
    plot.curve(intervals.map((one) => [one.interval, measure.of(one)[i] ?? null] as const), training.withheld ? "left-out" : "one-training");
  if (hasMean) plot.curve(intervals.map(({ interval }, i) => [interval, means[i]?.value ?? null] as const), "mean-line");
  for (const [i, { interval }] of intervals.entries()) {
    const value = means[i]?.value ?? null;
    if (value !== null) plot.dot(interval, value, "fill-1");
  }
  return root;
}

function legendOf(summary: Summary, measure: Measure): LegendItem[] {
  const used = summary.trainings.filter((training) => !training.withheld).length;
  const items: LegendItem[] = [];
  if (used > 0) items.push({ text: "one training", mark: "one-training", shape: "line" });
  if (used < summary.trainings.length) items.push({ text: leftOutWords(summary), mark: "left-out", shape: "line" });
  if (summary.intervals.some((one) => measure.mean(one))) {
    items.push({ text: "mean", mark: "mean-line", shape: "line" });
    if (summary.intervals.some((one) => measure.mean(one)?.low != null)) items.push({ text: "its 95 % interval", mark: "mean-band", shape: "box" });
  }
  if (measure.level) items.push({ text: measure.level.text, mark: "even-line", shape: "line" });
  return items;
}

export function leftOutWords(summary: Summary): string {
  const { counts } = summary;
  if (counts.without_relevance === 0) return "at chance";
  return counts.at_chance === 0 ? "without relevance" : "at chance or without relevance";
}

function tableOf(summary: Summary, measure: Measure): Table {
  return {
    columns: [
      { name: "interval" },
      ...estimateColumns("mean", measure.write),
      { name: "deviation of trainings", write: measure.write },
      { name: "trainings" },
      { name: "videos" },
      ...summary.trainings.map(({ label }) => ({ name: label, write: measure.write })),
    ],
    rows: summary.intervals.map((one) => {
      const mean = measure.mean(one);
      return [one.interval, ...estimateCells(mean), mean?.deviation ?? null, mean?.trainings ?? null, mean?.videos ?? null, ...measure.of(one)];
    }),
  };
}

/** Each training's excess at the base interval, and the mean below. */
export function forest(summary: Summary): HTMLElement {
  const base = summary.intervals.find((one) => one.interval === summary.base_interval)!;
  const rows: ForestRow[] = summary.trainings.map(({ label, excess, withheld }) => ({ name: label, estimate: excess, mark: withheld ? "error-null" : "error-0" }));
  if (base.excess) rows.push({ name: "mean", estimate: base.excess, mark: "error-1" });
  const values = rows.flatMap(({ estimate: e }) => [e?.value ?? null, e?.low ?? null, e?.high ?? null]);
  const legend: LegendItem[] = [];
  if (summary.counts.used > 0) legend.push({ text: "over a training's videos", mark: "error-0", shape: "dot" });
  if (summary.counts.used < summary.counts.trainings) legend.push({ text: leftOutWords(summary), mark: "error-null", shape: "dot" });
  if (base.excess) legend.push({ text: "over trainings and videos", mark: "error-1", shape: "dot" });
  const smallest = 1 + summary.options.smallest_excess;
  return figure({
    title: `Excess at interval ${summary.base_interval}`,
    note: `With 95 % intervals. Dashed: ${fixed(smallest)}, the smallest excess of interest.`,
    name: "trainings",
    heading: "h3",
    draw: (width) =>
      values.every((value) => value === null)
        ? null
        : drawForest({
            rows,
            width,
            domain: roomyDomain(values, [1, smallest]),
            title: "excess",
            label: `Excess at interval ${summary.base_interval} of each training and of their mean.`,
            legend,
            reference: smallest,
            shaded: null,
          }),
    table: () => ({ columns: [{ name: "run" }, ...estimateColumns("excess")], rows: rows.map(({ name, estimate: e }) => [name, ...estimateCells(e)]) }),
  }).element;
}
