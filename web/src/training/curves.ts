// SPDX-License-Identifier: Apache-2.0
import type { Table } from "../base/csv.ts";
import { svg } from "../base/dom.ts";
import { fixed } from "../base/numbers.ts";
import { figure } from "../chart/figure.ts";
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Domain, type Point } from "../chart/plot.ts";
import type { Num, TrainingEpoch, TrainingPage } from "../data/types.ts";

interface Curve {
  name: string;
  mark: string;
  value: (epoch: TrainingEpoch) => Num;
}

interface CurvesOptions {
  title: string;
  note: string;
  name: string;
  curves: Curve[];
  /** Of the y axis; made from the values where there is none. */
  domain?: Domain;
  percent?: boolean;
  /** A dashed line at what knowing nothing gives. */
  chance?: number;
}

export function lossFigure(page: TrainingPage): HTMLElement {
  return curvesFigure(page, {
    title: "Loss",
    note: "Cross-entropy of the training clips in nats, mean over an epoch. Dashed: what knowing only the class frequencies gives.",
    name: "loss",
    curves: [{ name: "training", mark: "curve-0", value: (epoch) => epoch.loss }],
    chance: page.chance_loss,
  });
}

export function accuracyFigure(page: TrainingPage): HTMLElement {
  const validated = page.epochs.some((epoch) => epoch.validation);
  const curves: Curve[] = [{ name: "training clips", mark: "curve-0", value: (epoch) => epoch.clips_right / epoch.clips }];
  if (validated) {
    curves.push({ name: "validation videos", mark: "curve-1", value: ({ validation: v }) => (v ? v.videos_right / v.videos : null) });
    curves.push({ name: "validation clips", mark: "thin-1", value: ({ validation: v }) => (v ? v.clips_right / v.clips : null) });
  }
  return curvesFigure(page, {
    title: "Accuracy",
    note: "Share that is right. Training clips are augmented and seen with dropout; a video counts by the mean of its clips' probabilities.",
    name: "accuracy",
    curves,
    domain: [0, 1],
    percent: true,
  });
}

export function rateFigure(page: TrainingPage): HTMLElement {
  return curvesFigure(page, {
    title: "Learning rate",
    note: "Of an epoch's last update.",
    name: "rate",
    curves: [{ name: "learning rate", mark: "curve-0", value: (epoch) => epoch.learning_rate }],
  });
}

export function normFigure(page: TrainingPage): HTMLElement {
  return curvesFigure(page, {
    title: "Gradient norm",
    note: `Of all gradients together before clipping, mean over an epoch. Above ${page.settings.clip_norm} updates are clipped on average.`,
    name: "gradient-norm",
    curves: [{ name: "gradient norm", mark: "curve-0", value: (epoch) => epoch.gradient_norm }],
  });
}

function curvesFigure(page: TrainingPage, options: CurvesOptions): HTMLElement {
  return figure({
    title: options.title,
    note: options.note,
    name: options.name,
    draw: (width) => drawCurves(page, options, width),
    table: () => tableOf(page, options),
  }).element;
}

function legendOf(page: TrainingPage, options: CurvesOptions): LegendItem[] {
  const items: LegendItem[] = options.curves.map(({ name, mark }) => ({ text: name, mark, shape: "line" }));
  if (options.chance !== undefined) items.push({ text: "chance", mark: "even-line", shape: "line" });
  items.push({ text: "kept", mark: "kept-line", shape: "line" });
  if (page.epochs.some((epoch) => epoch.restart)) items.push({ text: "restart", mark: "restart-line", shape: "line" });
  return items;
}

function drawCurves(page: TrainingPage, options: CurvesOptions, width: number): SVGSVGElement {
  const { epochs } = page;
  const values = options.curves.flatMap(({ value }) => epochs.map(value));
  const domain = options.domain ?? niceDomain(values, options.chance === undefined ? [0] : [0, options.chance]);
  const legend = svg("g");
  const box = { left: 52, top: drawLegend(legend, legendOf(page, options), width) + 12, width: width - 74, height: 200 };
  const root = rootOf(width, box.top + box.height + 42, `${options.title} over ${epochs.length} epochs. The numbers follow as a table.`);
  root.append(legend);
  const most = Math.max(epochs.length, page.epochs_planned, 2);
  const ticks = epochs.map(({ epoch }, i) => ({ at: i + 1, label: String(epoch) }));
  const plot = new Plot(
    root,
    box,
    { domain: [0.5, most + 0.5], ticks, title: "epoch" },
    { domain, ticks: plainTicks(domain, 5, options.percent ? 100 : 1, options.percent ? " %" : "") },
  );
  if (options.chance !== undefined) plot.level(options.chance, "even-line");
  epochs.forEach((epoch, i) => epoch.restart && plot.stand(i + 1.5, "restart-line"));
  plot.stand(page.kept + 1, "kept-line");
  for (const { mark, value } of options.curves) {
    // A restart is a gap: the next epoch goes on from another state.
    const points: Point[] = epochs.flatMap((epoch, i): Point[] => [[i + 1, value(epoch)], ...(epoch.restart ? [[i + 1.5, null] as const] : [])]);
    plot.curve(points, mark);
    if (epochs.length === 1 && points[0]![1] !== null) plot.dot(1, points[0]![1], "dot-0");
  }
  return root;
}

function tableOf(page: TrainingPage, options: CurvesOptions): Table {
  const write = (value: Num) => fixed(value, options.name === "rate" ? 6 : 4);
  return {
    columns: [{ name: "run" }, { name: "epoch" }, { name: "attempt" }, ...options.curves.map(({ name }) => ({ name, write }))],
    rows: page.epochs.map((epoch, i) => [i + 1, epoch.epoch, epoch.attempt, ...options.curves.map(({ value }) => value(epoch))]),
  };
}
