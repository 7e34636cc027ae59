// SPDX-License-Identifier: Apache-2.0
import { facts } from "../base/facts.ts";
import { h } from "../base/dom.ts";
import { inWords } from "../base/numbers.ts";
import type { Run } from "../data/types.ts";
import { borderWords } from "./pick.ts";
import { perRun } from "./layout.ts";

/** Definitions, the bootstrap, and every setting. */
export function howItWasComputed(runs: readonly Run[]): HTMLElement | null {
  const terms = runs.map((run) => termsOf(run));
  // Several runs have them in common, unless they were computed in different ways.
  const common = runs.length > 1 && terms.every((one) => JSON.stringify(one) === JSON.stringify(terms[0]));
  const section = perRun("How it was computed", runs, (run, heading) => {
    const { report } = run;
    return h(
      "div",
      {},
      h(heading.heading, {}, heading.title),
      !common && termList(terms[runs.indexOf(run)]!),
      facts(
        [
          { title: "Run", value: { ...report.run, settings: null, class_names: null, conditions: null } },
          { title: "Videos", value: { ...report.counts, copies: report.statistics.copies } },
          { title: "Statistics", value: report.options },
          { title: "Settings", value: report.run.settings },
        ],
        "Every setting, and the model's hash",
      ),
    );
  });
  if (common) section?.querySelector("h2")?.after(termList(terms[0]!));
  return section;
}

type Term = readonly [name: string, text: string];

function termList(terms: readonly Term[]): HTMLElement {
  return h("dl", { class: "terms" }, ...terms.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text))));
}

function termsOf({ report }: Run): Term[] {
  const { options, statistics } = report;
  const k = statistics.verdict.k;
  return [
    ["share", "of a frame: its part of the absolute relevance of the clip. Clips of one video are averaged first; the video is the unit everywhere."],
    ["border", `${borderWords(k)} of a clip of ${statistics.frames}.`],
    ["ratio", `the border's share over an even share, ${2 * k}/${statistics.frames}. 1 is even.`],
    ["null profile", "frame shares of the same network under the flat rule, where only padding, strides and pooling decide: the architecture alone."],
    ["excess", `the border's ratio over the null profile's. The verdict asks whether it is above ${1 + options.smallest_excess}.`],
    ["95 % interval", `what other videos of this kind would give: Poisson bootstrap over videos, ${options.replicates} replicates, seed ${options.seed}; Student's t per class. From fewer than ${inWords(10)} videos they are marked ~ and not to be trusted.`],
    ["advised interval", `chosen on one half of the labelled videos, its gain tested on the other. A gain of ${100 * options.smallest_gain} points is worth knowing.`],
    ["p, Holm", "McNemar's exact test of the difference to the base interval, corrected for the number of intervals."],
  ];
}
