// SPDX-License-Identifier: Apache-2.0
import { estimateCells, estimateColumns } from "../chart/columns.ts";
import { figure, type Figure } from "../chart/figure.ts";
import { drawMatrix } from "../chart/matrix.ts";
import type { Table } from "../base/csv.ts";
import { freshId, h, segmented } from "../base/dom.ts";
import type { EvaluationReport } from "../data/types.ts";
import { measureOf, randomLevels } from "./pick.ts";

interface Column {
  measure: string;
  versus: string;
  head: readonly [string, string?];
}

const kStays: Column[] = [
  { measure: "shift", versus: "", head: ["shift by", "a pixel"] },
  { measure: "offset", versus: "", head: ["a step", "later"] },
  { measure: "invariance", versus: "", head: ["constant", "added"] },
];

/** How similar a method's maps stay where they should, and where they should not; null where it was not asked. */
export function checks(report: EvaluationReport): HTMLElement | null {
  const stays = kStays.filter(({ measure }) => report.measures.some((m) => m.measure === measure));
  const levels = randomLevels(report);
  const other = report.measures.some((m) => m.measure === "class");
  if (stays.length + levels.length === 0 && !other) return null;
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, "Checks: how similar a map stays"),
    h("p", {}, "What passes the first best may be what changes least under the second: read both together, and beside them null_profile, which is what the architecture alone gives."),
    h("div", { class: "pair" }, stays.length > 0 && similarity(report, stays, kHarmless), levels.length > 0 && randomised(report, levels), other && similarity(report, kOtherClassColumns, kOtherClass)),
  );
}

interface Words {
  title: string;
  note: string;
  name: string;
  label: string;
}

const kHarmless: Words = {
  title: "Where nothing of note changed",
  note: "Mean rank correlation with the map before. 1 is best.",
  name: "checks",
  label: "Rank correlation of maps before and after harmless changes.",
};

const kOtherClass: Words = {
  title: "For another class",
  note: "Mean linear correlation with the map of the runner-up class. Near 1, the map hardly depends on the class that is asked for.",
  name: "checks-class",
  label: "Correlation of the maps of the two best classes.",
};
const kOtherClassColumns: Column[] = [{ measure: "class", versus: "", head: ["runner-up's", "map"] }];

function similarity(report: EvaluationReport, columns: readonly Column[], { title, note, name, label }: Words): HTMLElement {
  return figure({ title, note, name, heading: "h3", draw: (width) => matrix(report, columns, width, label), table: () => table(report, columns) }).element;
}

function randomised(report: EvaluationReport, levels: readonly string[]): HTMLElement {
  let measure = "randomised_rank";
  const columns = (of: string): Column[] => levels.map((versus) => ({ measure: of, versus, head: [versus, "random"] }));
  const choice = segmented(
    "Similarity",
    [
      { value: "randomised_rank", text: "Rank correlation" },
      { value: "randomised_ssim", text: "SSIM" },
    ],
    measure,
    (next) => {
      measure = next;
      chart.redraw();
    },
  );
  const chart: Figure = figure({
    title: "Where layers were drawn again, from the top",
    note: "The model has forgotten what it learnt there: the map should fall to 0.",
    name: "checks-random-layers",
    heading: "h3",
    above: choice,
    draw: (width) => matrix(report, columns(measure), width, "Similarity of maps before and after layers were drawn again."),
    table: () => table(report, [...columns("randomised_rank"), ...columns("randomised_ssim")]),
  });
  return chart.element;
}

function matrix(report: EvaluationReport, columns: readonly Column[], width: number, label: string): SVGSVGElement {
  const { methods } = report;
  return drawMatrix({
    rows: methods,
    columns: columns.map((column) => column.head),
    value: (r, c) => measureOf(report, columns[c]!.measure, methods[r]!, columns[c]!.versus)?.value ?? null,
    width,
    label,
  });
}

function table(report: EvaluationReport, columns: readonly Column[]): Table {
  const name = (column: Column) => column.head.join(" ") + (column.measure === "randomised_ssim" ? ", SSIM" : "");
  return {
    columns: [{ name: "method" }, ...columns.flatMap((column) => estimateColumns(name(column)))],
    rows: report.methods.map((method) => [method, ...columns.flatMap((column) => estimateCells(measureOf(report, column.measure, method, column.versus)))]),
  };
}

/** Of every two methods; null where there is one alone, or it was not asked. */
export function agreement(report: EvaluationReport): HTMLElement | null {
  const { methods } = report;
  if (!report.measures.some((m) => m.measure === "agreement")) return null;
  const value = (r: number, c: number) => measureOf(report, "agreement", methods[r]!, methods[c]!)?.value ?? null;
  return h(
    "section",
    { id: freshId("section") },
    figure({
      title: "Agreement of the methods",
      note: "Mean rank correlation of two methods' maps of the same clip. Columns are numbered as the rows.",
      name: "agreement",
      draw: (width) =>
        drawMatrix({ rows: methods.map((method, i) => `${i + 1} ${method}`), columns: methods.map((_, i) => [String(i + 1)]), value, width, label: "Rank correlation of every two methods." }),
      table: () => ({
        columns: [{ name: "method" }, ...methods.map((name) => ({ name }))],
        rows: methods.map((method, r) => [method, ...methods.map((_, c) => value(r, c))]),
      }),
    }).element,
  );
}
