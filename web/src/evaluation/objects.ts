// SPDX-License-Identifier: Apache-2.0
import { estimateCells, estimateColumns } from "../chart/columns.ts";
import { figure } from "../chart/figure.ts";
import { drawForest } from "../chart/forest.ts";
import type { LegendItem } from "../chart/legend.ts";
import { niceDomain } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { freshId, h } from "../base/dom.ts";
import { percent, plural } from "../base/numbers.ts";
import type { EvaluationReport } from "../data/types.ts";
import { isBaseline, measureOf, withBaselines } from "./pick.ts";

const kLegend: LegendItem[] = [
  { text: "method", mark: "error-0", shape: "dot" },
  { text: "baseline", mark: "error-null", shape: "dot" },
];

/** Relevance on the objects whose places were given; null where none were. */
export function objects(report: EvaluationReport): HTMLElement | null {
  const area = measureOf(report, "area", report.methods[0] ?? "");
  if (!area) return null;
  const order = (method: string) => measureOf(report, "share_over_area", method)?.value ?? -1;
  const methods = withBaselines(report).sort((a, b) => order(b) - order(a));
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, "Relevance on the objects"),
    h(
      "p",
      {},
      `${plural(area.videos, "video")}; the objects take ${percent(area.value)} of the picture, which is what chance gives. That relevance lies on the object is what one hopes for, not what the model does: one that looks at the background is explained well by a map that says so.`,
    ),
    h(
      "div",
      { class: "pair" },
      forest(report, methods, { measure: "share_over_area", title: "Share of relevance over share of area", note: "Positive relevance on the objects, with its 95 % interval; 1, the dashed line, is chance.", reference: 1 }),
      forest(report, methods, { measure: "pointing", title: "Pointing game", note: "Share of frames whose most relevant pixel lies on an object. The dashed line is chance: the objects' share of these frames' area.", reference: measureOf(report, "pointing_area", report.methods[0] ?? "")?.value ?? null }),
    ),
  );
}

interface Column {
  measure: string;
  title: string;
  note: string;
  reference: number | null;
}

function forest(report: EvaluationReport, methods: readonly string[], column: Column): HTMLElement {
  const rows = methods.map((method) => ({ name: method, estimate: measureOf(report, column.measure, method), mark: isBaseline(method) ? "error-null" : "error-0" }));
  const domain = niceDomain(rows.flatMap(({ estimate: e }) => [e?.value, e?.low, e?.high]), [0, column.reference ?? 0]);
  return figure({
    title: column.title,
    note: column.note,
    name: `objects-${column.measure}`,
    heading: "h3",
    draw: (width) => drawForest({ rows, width, domain, title: "", label: `${column.title} of every method.`, legend: kLegend, reference: column.reference, shaded: null }),
    table: () => objectsTable(report, methods),
  }).element;
}

function objectsTable(report: EvaluationReport, methods: readonly string[]): Table {
  const measures = [
    ["share_inside", "share inside"],
    ["share_over_area", "share over area"],
    ["pointing", "pointing game"],
  ] as const;
  return {
    columns: [{ name: "method" }, ...measures.flatMap(([, name]) => estimateColumns(name))],
    rows: methods.map((method) => [method, ...measures.flatMap(([measure]) => estimateCells(measureOf(report, measure, method)))]),
  };
}
