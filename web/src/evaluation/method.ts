// SPDX-License-Identifier: Apache-2.0
import { facts } from "../base/facts.ts";
import { freshId, h } from "../base/dom.ts";
import { figureOfTable } from "../chart/figure.ts";
import { plural } from "../base/numbers.ts";
import type { EvaluationReport } from "../data/types.ts";

/** The videos that were left out, and why; null where there are none. */
export function failures(report: EvaluationReport): HTMLElement | null {
  const list = report.failures;
  if (list.length === 0) return null;
  return h(
    "section",
    { id: freshId("section") },
    figureOfTable({
      title: "Videos that were left out",
      note: `${list.length} of ${plural(report.videos.done, "video")}.`,
      name: "failures",
      table: {
        columns: [{ name: "video" }, { name: "name" }, { name: "state" }, { name: "error" }],
        rows: list.map((f) => [f.video, f.name, f.state.replaceAll("_", " "), f.error]),
      },
    }),
  );
}

/** Definitions, the bootstrap, and every setting. */
export function howItWasComputed(report: EvaluationReport): HTMLElement {
  const terms = [
    ["flipping", "regions are ordered by their mean relevance and filled one after the other, the most relevant first and, for the second curve, the least."],
    ["ABPC", `area between the two curves: the mean over their points of the ${report.score} with the least relevant first less that with the most relevant first. A random order's is 0 on average, whatever the model and the fill.`],
    ["AOPC", `area over the curve: how far the ${report.score} falls on average while the most relevant is flipped.`],
    ["deletion, insertion", "areas under the curves with the most relevant flipped first, and with the most relevant put first into a filled clip. ABPC is the one less the other."],
    ["random, centre_prior", "baselines: an order drawn for every clip; a Gaussian around the middle of the clip in space and time."],
    ["95 % interval", `what other videos of this kind would give: Poisson bootstrap over videos, ${report.replicates} replicates, seed ${report.seed}. Differences are paired by video, and not corrected for there being many.`],
  ] as const;
  const { settings, flippings: _flippings, measures: _measures, failures: _failures, videos, warnings: _warnings, ...run } = report;
  return h(
    "section",
    { id: freshId("section") },
    h("h2", {}, "How it was computed"),
    h("dl", { class: "terms" }, ...terms.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text)))),
    facts(
      [
        { title: "Run", value: run },
        { title: "Videos", value: videos },
        { title: "Settings", value: settings },
      ],
      "Every setting, and the model's hash",
    ),
  );
}
