// SPDX-License-Identifier: Apache-2.0
import { contents } from "../base/contents.ts";
import { h } from "../base/dom.ts";
import { plural } from "../base/numbers.ts";
import type { EvaluationPage } from "../data/types.ts";
import { agreement, checks } from "./checks.ts";
import { acrossFlippings, flippings } from "./flippings.ts";
import { failures, howItWasComputed } from "./method.ts";
import { objects } from "./objects.ts";
import { summary } from "./summary.ts";

/** Which explanation to trust: methods by what flipping does, where their relevance lies, and what they survive. */
export function evaluationView(page: EvaluationPage): HTMLElement {
  const { report } = page;
  const { videos } = report;
  const unfinished = videos.done < videos.expected ? ` ${videos.done} of ${plural(videos.expected, "video")} are done.` : "";
  const about = `Evaluation of ${plural(report.methods.length, "explanation method")} of the model ${report.model_sha256.slice(0, 12)} on ${plural(videos.ok, "video")}, ${plural(report.clips, "clip")}.${unfinished}`;
  const sections = [acrossFlippings(report), ...flippings(report), objects(report), checks(report), agreement(report), failures(report), howItWasComputed(report)].filter(
    (section) => section !== null,
  );
  return h("article", { class: "sections" }, h("header", {}, h("h1", {}, page.title), h("p", { class: "second" }, about)), summary(report), contents(sections), ...sections);
}
