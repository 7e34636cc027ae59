// SPDX-License-Identifier: Apache-2.0
import { asNumber, estimateCells, estimateColumns } from "../chart/columns.ts";
import { figure, figureOfTable, type Figure } from "../chart/figure.ts";
import { drawForest } from "../chart/forest.ts";
import { drawLegend } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, roomyDomain, rootOf, type Domain } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { freshId, h, labelled, select, svg } from "../base/dom.ts";
import { fixed, plural } from "../base/numbers.ts";
import type { EvaluationReport, Flipping, Ranked } from "../data/types.ts";
import { flippingName, kRandom, likeBest, methodsOf, rankedOf, warningsOf } from "./pick.ts";

/** Baselines have none. */
const asRank = (value: number | null) => (value === null ? "" : String(value));
const kThree = (value: number | null) => fixed(value, 3);

/** A section for every kind of flipping: the ranking, and the curves it comes from. All have one scale. */
export function flippings(report: EvaluationReport): HTMLElement[] {
  const domain = roomyDomain(report.flippings.flatMap(({ ranking }) => ranking.flatMap((r) => [r.abpc.value, r.abpc.low, r.abpc.high])), [0]);
  return report.flippings.map((flipping) => sectionOf(report, flipping, domain));
}

function sectionOf(report: EvaluationReport, flipping: Flipping, domain: Domain): HTMLElement {
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, `Flipping ${flipping.regions}, filled by ${flipping.fill}`),
    h(
      "p",
      {},
      `${plural(flipping.videos, "video")}. With nothing flipped the model gives the class a ${report.score} of ${kThree(flipping.whole)}, with everything flipped ${kThree(flipping.flipped)}. ${flipping.told_apart} of ${plural(flipping.method_pairs, "pair")} of methods differ at 95 %.`,
    ),
    ...warningsOf(flipping.warnings),
    h("div", { class: "pair" }, ranking(flipping, domain), curves(report, flipping)),
  );
}

function markOf(ranked: Ranked): string {
  if (ranked.baseline) return "error-null";
  return likeBest(ranked) ? "error-1" : "error-0";
}

function ranking(flipping: Flipping, domain: Domain): HTMLElement {
  return figure({
    title: `Ranking, ${flippingName(flipping)}`,
    note: "Area between the curves (ABPC) with its 95 % interval over videos: the higher, the better the method tells what matters to the model from what does not.",
    name: `ranking-${flipping.regions}-${flipping.fill}`,
    heading: "h3",
    draw: (width) =>
      drawForest({
        rows: flipping.ranking.map((ranked) => ({ name: ranked.method, estimate: ranked.abpc, mark: markOf(ranked) })),
        width,
        domain,
        title: "ABPC",
        label: `Methods ranked by ABPC when ${flipping.regions} are filled by ${flipping.fill}.`,
        legend: [
          { text: "not significantly different from the best", mark: "error-1", shape: "dot" },
          { text: "below it at 95 %", mark: "error-0", shape: "dot" },
          { text: "baseline", mark: "error-null", shape: "dot" },
          { text: "a random order's interval", mark: "shade", shape: "box" },
        ],
        reference: 0,
        shaded: rankedOf(flipping, kRandom)?.abpc ?? null,
      }),
    table: () => rankingTable(flipping),
  }).element;
}

export function rankingTable(flipping: Flipping): Table {
  return {
    columns: [
      { name: "method" },
      ...estimateColumns("ABPC", kThree),
      ...estimateColumns("above random", kThree),
      ...estimateColumns("below best", kThree),
      ...estimateColumns("AOPC", kThree),
      { name: "insertion", write: kThree },
      { name: "deletion", write: kThree },
    ],
    rows: flipping.ranking.map((r) => [
      r.method,
      ...estimateCells(r.abpc),
      ...estimateCells(r.method === kRandom ? null : r.above_random),
      ...estimateCells(r.baseline ? null : r.below_best),
      ...estimateCells(r.aopc),
      r.insertion.value,
      r.deletion.value,
    ]),
  };
}

/** A method's two curves, with the random order's between them. */
function curves(report: EvaluationReport, flipping: Flipping): HTMLElement {
  const drawn = flipping.ranking.filter((ranked) => ranked.most_first.length > 1 && ranked.method !== kRandom);
  const title = `Curves, ${flippingName(flipping)}`;
  if (drawn.length === 0) return h("div", { class: "figure" }, h("h3", {}, title), h("p", { class: "note" }, "The clips' curves have different points, so they have no mean."));
  let shown = (drawn.find((ranked) => !ranked.baseline) ?? drawn[0]!).method;
  const domain = curveDomain(report, flipping);
  const choice = labelled(
    "Method",
    select(drawn.map(({ method }) => ({ value: method, text: method })), shown, (method) => {
      shown = method;
      chart.redraw();
    }),
  );
  const chart: Figure = figure({
    title,
    note: `Mean ${report.score} of the class, the more is flipped. What lies between a method's two curves is its ABPC.`,
    name: `curves-${flipping.regions}-${flipping.fill}`,
    heading: "h3",
    above: choice,
    draw: (width) => drawCurves(report, flipping, shown, domain, width),
    table: () => curveTable(flipping),
  });
  return chart.element;
}

function curveDomain(report: EvaluationReport, flipping: Flipping): Domain {
  const values = flipping.ranking.flatMap((r) => [...r.most_first, ...r.least_first]);
  return report.score === "probability" ? niceDomain(values, [0, 1]) : roomyDomain(values);
}

/** Points count equally in ABPC, whatever part of the regions a step flips. */
function pointsOf(curve: readonly number[]): [number, number][] {
  return curve.map((value, k) => [k, value]);
}

function drawCurves(report: EvaluationReport, flipping: Flipping, method: string, domain: Domain, width: number): SVGSVGElement {
  const one = rankedOf(flipping, method)!;
  const steps = one.most_first.length - 1;
  const random = rankedOf(flipping, kRandom);
  const legend = svg("g");
  const top =
    drawLegend(
      legend,
      [
        { text: "most relevant first", mark: "curve-1", shape: "line" },
        { text: "least relevant first", mark: "curve-0", shape: "line" },
        ...(random ? [{ text: "random order", mark: "null-line", shape: "line" as const }] : []),
      ],
      width,
    ) + 24;
  const box = { left: 46, top, width: width - 68, height: 220 };
  const root = rootOf(width, top + box.height + 42, `Curves of ${method} when ${flipping.regions} are filled by ${flipping.fill}. The numbers follow as a table.`);
  root.append(legend);
  const plot = new Plot(
    root,
    box,
    { domain: [0, steps], ticks: Array.from({ length: steps + 1 }, (_, k) => ({ at: k, label: String(k) })), title: `steps flipped, of ${steps}` },
    { domain, ticks: plainTicks(domain, 5), title: report.score },
  );
  plot.band(one.most_first.map((most, k) => [k, most, one.least_first[k] ?? null]), "area-0");
  plot.curve(pointsOf(one.least_first), "curve-0");
  plot.curve(pointsOf(one.most_first), "curve-1");
  // Least and most relevant mean nothing to a random order: either of its curves will do.
  if (random) plot.reference(pointsOf(random.most_first));
  return root;
}

export function curveTable(flipping: Flipping): Table {
  return {
    columns: [{ name: "method" }, { name: "steps flipped" }, { name: "most relevant first", write: kThree }, { name: "least relevant first", write: kThree }],
    rows: flipping.ranking.flatMap((r) => r.most_first.map((most, k) => [r.method, k, most, r.least_first[k] ?? null])),
  };
}

/** ABPC of every method under every flipping; null where there is one alone. */
export function acrossFlippings(report: EvaluationReport): HTMLElement | null {
  if (report.flippings.length < 2) return null;
  const names = report.flippings[0]!.ranking.map((ranked) => ranked.method);
  const table: Table = {
    columns: [
      { name: "method" },
      ...report.flippings.flatMap((flipping) => [
        { name: flippingName(flipping), write: asNumber },
        { name: `rank, ${flippingName(flipping)}`, write: asRank },
      ]),
    ],
    rows: names.map((method) => [
      method,
      ...report.flippings.flatMap((flipping) => {
        const one = rankedOf(flipping, method);
        const rank = methodsOf(flipping).findIndex((ranked) => ranked.method === method);
        return [one?.abpc.value ?? null, rank < 0 ? null : rank + 1];
      }),
    ]),
  };
  return h(
    "section",
    { id: freshId("section") },
    figureOfTable({ title: "Under all flippings", note: "ABPC and rank among the methods. A method may lead under one flipping and not under another.", name: "flippings", table, order: { column: 1, ascending: false } }),
  );
}
