// SPDX-License-Identifier: Apache-2.0
import { contents } from "../base/contents.ts";
import type { Table } from "../base/csv.ts";
import { freshId, h } from "../base/dom.ts";
import { facts } from "../base/facts.ts";
import { fixed, kSpace, percent, plural, pValue } from "../base/numbers.ts";
import { figureOfTable } from "../chart/figure.ts";
import type { Estimate, Num, Summary, SummaryPage, TrainingSummary } from "../data/types.ts";
import { borderWords, splitSentence } from "../audit/pick.ts";
import { methodName } from "../explanation/caption.ts";
import { accuracyChart, excessChart, forest } from "./charts.ts";

const kEffects: Record<string, string> = { present: "present", absent: "none", cant_tell: "can't tell", none: "no verdict" };

/** Several trainings of one recipe. */
export function summaryView(page: SummaryPage): HTMLElement {
  const { summary } = page;
  const sections = [findings(summary), overIntervals(summary), eachTraining(summary), howItWasComputed(summary)];
  const method = (summary.settings as { method?: { name?: string } } | null)?.method?.name;
  const about = `${plural(summary.counts.trainings, "network")} audited on ${plural(summary.videos.different, "video")}${method ? `, by ${methodName(method)}` : ""}`;
  return h("article", { class: "sections" }, h("header", {}, h("h1", {}, page.title), h("p", { class: "second" }, about)), sections[0], contents(sections.slice(1)), ...sections.slice(1));
}

/** What the trainings say together: who is left out, three numbers, then the sentences. */
function findings(summary: Summary): HTMLElement {
  const { sentences } = summary;
  const [effect, gain] = [splitSentence(sentences.effect), splitSentence(sentences.gain)];
  return h(
    "section",
    { id: freshId("section"), class: "verdicts verdict", "data-effect": summary.effect },
    h("h2", { class: "hidden" }, "Findings"),
    sentences.left_out && h("p", { class: "warning" }, sentences.left_out),
    keyNumbers(summary),
    h("p", { class: "lead" }, effect.head),
    effect.rest && h("p", {}, effect.rest),
    sentences.fading && h("p", {}, sentences.fading),
    h("p", { class: "lead" }, gain.head),
    gain.rest && h("p", {}, gain.rest),
    h("p", { class: "note" }, `${sentences.advice} ${sentences.videos}`),
  );
}

/** "1.12 to 1.23" */
function span(e: Estimate, write: (value: Num) => string): string {
  return e.low === null ? "too few trainings for an interval" : `95 % interval ${write(e.low)} to ${write(e.high)}`;
}

function keyNumber(term: string, number: string, more: string): HTMLElement {
  return h("div", {}, h("dt", {}, term), h("dd", {}, h("span", { class: "big" }, number), more));
}

function keyNumbers(summary: Summary): HTMLElement {
  const { counts, choice } = summary;
  const base = summary.intervals.find((one) => one.interval === summary.base_interval)!;
  const points = (value: Num) => (value === null ? fixed(value) : `${value > 0 ? "+" : ""}${fixed(100 * value, 1)}`);
  const others = [`${counts.verdicts.absent} without`, counts.verdicts.cant_tell > 0 && `${counts.verdicts.cant_tell} undecided`, counts.verdicts.none > 0 && `${counts.verdicts.none} without a verdict`];
  return h(
    "dl",
    { class: "key-numbers" },
    keyNumber("Border effect in", `${counts.verdicts.present} of ${counts.trainings} trainings`, others.filter(Boolean).join(", ")),
    keyNumber(
      `Excess at interval ${summary.base_interval}`,
      base.excess ? fixed(base.excess.value) : "n/a",
      base.excess ? span(base.excess, fixed) : "no training to take it of, or no null profile",
    ),
    choice.gain
      ? keyNumber(`Gain at interval ${choice.chosen}`, `${points(choice.gain.value)}${kSpace}points`, span(choice.gain, points))
      : keyNumber("Gain", "none", `interval ${choice.base} is kept`),
  );
}

function overIntervals(summary: Summary): HTMLElement {
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, "Over the frame interval"),
    h("p", {}, "A thin line is one training. The band holds what other trainings of this recipe, on other videos, would give on average."),
    h("div", { class: "pair" }, excessChart(summary), accuracyChart(summary)),
  );
}

function eachTraining(summary: Summary): HTMLElement {
  return h(
    "section",
    { id: freshId("section"), class: "compact" },
    h("h2", {}, "Each training"),
    forest(summary),
    figureOfTable({
      title: "What its own audit says",
      note: "The gain is that of the interval which the audit chose, on videos that had no part in choosing it.",
      name: "audits",
      table: trainingTable(summary.trainings),
      heading: "h3",
      order: { column: 0, ascending: true },
    }),
  );
}

function trainingTable(trainings: readonly TrainingSummary[]): Table {
  return {
    columns: [
      { name: "run" },
      { name: "videos" },
      { name: "right", write: percent },
      { name: "excess", write: (value) => fixed(value) },
      { name: "effect" },
      { name: "advised" },
      { name: "chosen" },
      { name: "gain", write: percent },
      { name: "p", write: pValue },
    ],
    rows: trainings.map((one) => [
      one.label,
      one.videos,
      one.accuracy.value,
      one.excess?.value ?? null,
      one.withheld === "at_chance" ? "at chance" : (kEffects[one.effect] ?? one.effect),
      one.advice === "none" ? null : one.advised,
      one.chosen,
      one.gain?.value ?? null,
      one.p,
    ]),
  };
}

function howItWasComputed(summary: Summary): HTMLElement {
  const { options, choice } = summary;
  const terms: readonly (readonly [string, string])[] = [
    ["excess", `the relevance that ${borderWords(summary.k)} of a clip of ${summary.frames} carry, over what the architecture alone gives them.`],
    ["mean", "every training counts once. Trainings at chance, or without relevance for most videos, are in no mean."],
    ["95 % interval", "over trainings and videos: Student's t for the few trainings, and the covariance of trainings for the videos that they share. A training's own interval is over its videos alone."],
    ["gain", `accuracy at an interval less that at interval ${choice.base}. The interval is chosen for all trainings together on ${plural(choice.choice_videos, "video")}, its gain taken on ${choice.report_videos.toLocaleString("en")} others.`],
    ["significant", "a training's own gain: its interval lies above 0, and McNemar's test has p < 0.05, on videos that had no part in choosing the interval."],
  ];
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, "How it was computed"),
    h("dl", { class: "terms" }, ...terms.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text)))),
    facts(
      [
        { title: "Statistics", value: options },
        { title: "Settings", value: summary.settings },
        { title: "Models", value: Object.fromEntries(summary.trainings.map(({ label, model_sha256 }) => [label, model_sha256])) },
        { title: "Data sets", value: Object.fromEntries(summary.trainings.map(({ label, dataset_sha256 }) => [label, dataset_sha256])) },
      ],
      "Every setting, and the models' hashes",
    ),
  );
}
