// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend } from "../chart/legend.ts";
import { plainTicks, Plot, roomyDomain, rootOf, tickCount } from "../chart/plot.ts";
import { freshId, h, svg } from "../base/dom.ts";
import { estimate, fixed, plural } from "../base/numbers.ts";
import type { Chance, Run } from "../data/types.ts";
import { splitSentence } from "./pick.ts";
import { estimateCells, estimateColumns } from "../chart/columns.ts";

const kRow = 34;
const kMostNames = 10;
const kShort: Record<string, string> = { present: "present", absent: "absent", cant_tell: "can't tell", none: "no verdict" };

/** What the audit says, first of all: its two sentences, and the number that the first one rests on. */
export function verdicts(runs: readonly Run[]): HTMLElement {
  return h(
    "section",
    { id: freshId("section"), class: runs.length > 1 ? "verdicts" : "verdicts single" },
    h("h2", { class: runs.length > 1 ? null : "hidden" }, "Verdict"),
    h("div", { class: "runs" }, ...runs.map((run) => card(run, runs.length > 1))),
    excessChart(runs),
  );
}

function card(run: Run, named: boolean): HTMLElement {
  const { statistics, counts, run: manifest } = run.report;
  const verdict = splitSentence(statistics.verdict.sentence);
  const second = statistics.second_method;
  const advice = splitSentence(statistics.recommendation.sentence);
  const shard = manifest.shard.count > 1 ? ` It is shard ${manifest.shard.index} of ${manifest.shard.count}.` : "";
  const unfinished = counts.complete
    ? null
    : h("p", { class: "warning" }, `This run is not finished: ${counts.done} of ${plural(counts.expected, "video")} are done.${shard}`);
  return h(
    "div",
    { class: "verdict", "data-effect": statistics.verdict.effect },
    named && h("h3", { class: "run-name" }, run.label),
    unfinished,
    chanceLine(statistics.chance),
    h("p", { class: "lead" }, verdict.head),
    verdict.rest && h("p", {}, verdict.rest),
    statistics.method_sentence && h("p", { class: second?.agreement === "other" ? "warning" : null }, statistics.method_sentence),
    h("p", { class: "lead" }, advice.head),
    advice.rest && h("p", {}, advice.rest),
    h(
      "p",
      { class: "note" },
      `${plural(statistics.videos, "video")}, ${statistics.labelled.toLocaleString("en")} with a label, ${plural(counts.clips, "clip")} of ${plural(statistics.frames, "frame")}.`,
    ),
  );
}

/** Accuracy against chance, before any statement that rests on the model. */
function chanceLine(chance: Chance): HTMLElement {
  const never = chance.never_predicted;
  const names = never.slice(0, kMostNames).join(", ") + (never.length > kMostNames ? ` and ${never.length - kMostNames} more` : "");
  const classes = never.length === 0 ? "" : ` Never predicted: ${names}.`;
  return h("p", { class: chance.skill === "at_chance" ? "warning" : "chance" }, `Accuracy. ${chance.sentence}${classes}`);
}

function excessChart(runs: readonly Run[]): HTMLElement | null {
  const verdicts = runs.map((run) => run.report.statistics.verdict);
  if (verdicts.every((verdict) => verdict.effect === "none" || verdict.excess?.value === null || verdict.excess === null)) return null;
  return figure({
    title: "What the verdict rests on",
    note: "The excess: how many times the relevance that the architecture alone gives them the border frames carry, with its 95 % interval over videos.",
    name: "verdict",
    heading: "h3",
    draw: (width) => draw(runs, width),
    table: () => ({
      columns: [{ name: "run" }, { name: "verdict" }, { name: "interval" }, { name: "k" }, { name: "smallest excess of interest" }, ...estimateColumns("excess")],
      rows: runs.map((run) => {
        const verdict = run.report.statistics.verdict;
        return [run.label, kShort[verdict.effect] ?? verdict.effect, verdict.interval, verdict.k, 1 + verdict.smallest_excess, ...estimateCells(verdict.excess)];
      }),
    }),
  }).element;
}

function draw(runs: readonly Run[], width: number): SVGSVGElement {
  const verdicts = runs.map((run) => run.report.statistics.verdict);
  const smallest = 1 + verdicts[0]!.smallest_excess;
  const legend = svg("g");
  const top = drawLegend(
    legend,
    [
      { text: "excess", mark: "error-0", shape: "dot" },
      { text: "1, no excess", mark: "null-line", shape: "line" },
      { text: `${fixed(smallest)}, the smallest of interest`, mark: "even-line", shape: "line" },
    ],
    width,
  );
  const named = runs.length > 1;
  const rowHeight = named ? kRow + 16 : kRow;
  const root = rootOf(width, top + 8 + rowHeight * runs.length + 26, verdicts.map((v, i) => `${runs[i]!.label}: excess ${estimate(v.excess)}`).join("; "));
  root.append(legend);
  const values = verdicts.flatMap((v) => [v.excess?.value ?? null, v.excess?.low ?? null, v.excess?.high ?? null]);
  const domain = roomyDomain(values, [0.95, smallest]);
  const box = { left: 14, top: top + 8, width: width - 28, height: rowHeight * runs.length };
  const plot = new Plot(root, box, { domain, ticks: plainTicks(domain, tickCount(width)) }, { domain: [0, 1], ticks: [] });
  plot.stand(1, "null-line");
  plot.stand(smallest, "even-line");
  for (const [i, verdict] of verdicts.entries()) {
    const y = box.top + rowHeight * i + (named ? 34 : kRow / 2);
    plot.lying(y, verdict.excess, "error-0");
    if (named) root.append(svg("text", { x: box.left, y: y - 16, class: "tick" }, runs[i]!.label));
  }
  return root;
}
