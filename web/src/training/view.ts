// SPDX-License-Identifier: Apache-2.0
import { freshId, h } from "../base/dom.ts";
import { facts } from "../base/facts.ts";
import { fixed, percent, plural } from "../base/numbers.ts";
import type { TrainingPage } from "../data/types.ts";
import { accuracyFigure, lossFigure, normFigure, rateFigure } from "./curves.ts";

/** What became of the run, in a sentence or two. */
export function summaryOf(page: TrainingPage): string[] {
  const last = page.epochs.at(-1)!;
  const kept = page.epochs[page.kept]!;
  const done = last.epoch >= page.epochs_planned && !last.restart;
  const state = done ? `All ${page.epochs_planned} epochs are done.` : `Epoch ${last.epoch} of ${page.epochs_planned}.`;
  const right = kept.validation
    ? `${percent(kept.validation.videos_right / kept.validation.videos)} of ${plural(kept.validation.videos, "validation video")} and ${percent(kept.validation.clips_right / kept.validation.clips)} of their clips right`
    : `${percent(kept.clips_right / kept.clips)} of the training clips right`;
  const sentences = [`${state} Kept: the state after epoch ${kept.epoch}, with ${right}.`];
  if (kept.loss >= 0.99 * page.chance_loss) {
    sentences.push(`It has learnt nothing so far: its loss is ${fixed(kept.loss, 3)}, and knowing only how frequent each class is gives ${fixed(page.chance_loss, 3)}.`);
  }
  const restarts = page.epochs.filter((epoch) => epoch.restart);
  if (restarts.length > 0) {
    sentences.push(`Training collapsed ${restarts.length === 1 ? "once" : `${restarts.length} times`}, and went on from its best state at a lower rate; epochs are in the order they were run.`);
  }
  return sentences;
}

/** The curves of a training run, while it runs and afterwards. */
export function trainingView(page: TrainingPage): HTMLElement {
  const about = `${fixed(page.parameters / 1e6, 2)} million parameters, ${plural(page.training_videos, "training video")}, ${plural(page.validation_videos, "validation video")}.`;
  const [lead, ...others] = summaryOf(page);
  return h(
    "article",
    { class: "sections" },
    h("header", {}, h("h1", {}, page.title), h("p", { class: "second" }, about)),
    h(
      "section",
      { class: "verdicts verdict", id: freshId("section") },
      h("h2", { class: "hidden" }, "How it went"),
      h("p", { class: "lead" }, lead!),
      ...others.map((sentence) => h("p", { class: "warning" }, sentence)),
    ),
    h("section", { id: freshId("section") }, h("div", { class: "pair" }, lossFigure(page), accuracyFigure(page))),
    h("section", { id: freshId("section") }, h("div", { class: "pair" }, rateFigure(page), normFigure(page))),
    facts([{ title: "Settings", value: page.settings }], "Settings"),
  );
}
