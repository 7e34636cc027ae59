// SPDX-License-Identifier: Apache-2.0
// Which parts of a report the views need.
import { h } from "../base/dom.ts";
import type { Estimate, EvaluationReport, Flipping, Ranked } from "../data/types.ts";

export const kRandom = "random";
const kCentrePrior = "centre_prior";

export function flippingName(flipping: Flipping): string {
  return `${flipping.regions}:${flipping.fill}`;
}

export function methodsOf(flipping: Flipping): Ranked[] {
  return flipping.ranking.filter((ranked) => !ranked.baseline);
}

/** Whether the interval of the difference to the best method holds zero, or there is no interval. */
export function likeBest(ranked: Ranked): boolean {
  return !(ranked.below_best.low !== null && ranked.below_best.low > 0);
}

export function rankedOf(flipping: Flipping, method: string): Ranked | null {
  return flipping.ranking.find((ranked) => ranked.method === method) ?? null;
}

export function measureOf(report: EvaluationReport, measure: string, method: string, versus = ""): Estimate | null {
  return report.measures.find((m) => m.measure === measure && m.method === method && m.versus === versus)?.value ?? null;
}

/** "1 of 12" before "4 of 12" before "12 of 12". */
export function randomLevels(report: EvaluationReport): string[] {
  const levels = new Set(report.measures.filter((m) => m.measure === "randomised_rank").map((m) => m.versus));
  return [...levels].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

export function withBaselines(report: EvaluationReport): string[] {
  return [...report.methods, kCentrePrior, kRandom];
}

/** The report's warnings as paragraphs; it has them without capitals and full stops. */
export function warningsOf(texts: readonly string[]): HTMLElement[] {
  return texts.map((text) => h("p", { class: "warning" }, `${text.charAt(0).toUpperCase()}${text.slice(1)}.`));
}

export function isBaseline(method: string): boolean {
  return method === kRandom || method === kCentrePrior;
}
