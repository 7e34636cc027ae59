// SPDX-License-Identifier: Apache-2.0
import { freshId, h } from "../base/dom.ts";
import { inWords } from "../base/numbers.ts";
import type { EvaluationReport, Flipping } from "../data/types.ts";
import { flippingName, likeBest, methodsOf, warningsOf } from "./pick.ts";

function joined(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function leaders(flippings: readonly Flipping[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const flipping of flippings) {
    const best = methodsOf(flipping)[0]?.method;
    if (best !== undefined) places.set(best, [...(places.get(best) ?? []), flippingName(flipping)]);
  }
  return places;
}

/** "deep_taylor ranks first under both flippings.", or which one where. */
export function leadOf(report: EvaluationReport): string {
  const { flippings } = report;
  const places = leaders(flippings);
  if (places.size === 0) return "No method was ranked.";
  if (places.size === 1) {
    const under = flippings.length === 1 ? flippingName(flippings[0]!) : flippings.length === 2 ? "both flippings" : `all ${inWords(flippings.length)} flippings`;
    return `${[...places.keys()][0]} ranks first under ${under}.`;
  }
  const parts = [...places].map(([method, where]) => `${method} under ${joined(where)}`);
  return `Which method ranks first depends on what is flipped: ${joined(parts)}.`;
}

/** What else one should know before choosing a method by the first rank. */
export function sentencesOf(report: EvaluationReport): string[] {
  const { flippings, methods } = report;
  if (flippings.length === 0) return [];
  const everywhere = (holds: (flipping: Flipping, method: string) => boolean) => methods.filter((method) => flippings.every((flipping) => holds(flipping, method)));
  const ranked = (flipping: Flipping, method: string) => methodsOf(flipping).find((one) => one.method === method);
  const like = everywhere((flipping, method) => {
    const one = ranked(flipping, method);
    return one !== undefined && likeBest(one);
  });
  const above = everywhere((flipping, method) => (ranked(flipping, method)?.above_random.low ?? 0) > 0);
  const under = flippings.length === 1 ? "under this flipping" : "under any flipping";
  return [
    like.length > 0 ? `Not significantly different from the best ${under}: ${joined(like)}.` : "Every method is significantly different from the best under one flipping at least.",
    above.length === methods.length
      ? "Every method is above a random order, at 95 %, under every flipping."
      : above.length > 0
        ? `Above a random order, at 95 %, under every flipping: ${joined(above)}.`
        : "No method is above a random order, at 95 %, under every flipping.",
  ];
}

export function summary(report: EvaluationReport): HTMLElement {
  return h(
    "section",
    { class: "verdicts verdict", id: freshId("section") },
    h("h2", { class: "hidden" }, "What was found"),
    h("p", { class: report.chance.skill === "at_chance" ? "warning" : "chance" }, `Accuracy. ${report.chance.sentence}`),
    h("p", { class: "lead" }, leadOf(report)),
    ...warningsOf(report.warnings),
    h("ul", { class: "sentences" }, ...sentencesOf(report).map((sentence) => h("li", {}, sentence))),
  );
}
