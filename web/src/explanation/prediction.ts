// SPDX-License-Identifier: Apache-2.0
import { h } from "../base/dom.ts";
import { percent } from "../base/numbers.ts";
import type { ClassScore } from "../data/types.ts";
import type { Session } from "./state.ts";

/** The five best classes as bars; what is explained stands out. */
export function prediction(session: Session): HTMLElement {
  const rows = h("ol", { class: "prediction" });
  session.store.watch(["shown", "beside"], (state) => {
    const explained = session.visible(state).map((index) => session.shownAt(index).target.index);
    rows.replaceChildren(...session.explanation.prediction.slice(0, 5).map((score) => row(score, explained.includes(score.index))));
  });
  const several = session.shownAt(0).clips.length > 1;
  return h("section", { "aria-label": "Prediction" }, h("h2", {}, "Prediction"), several && h("p", { class: "note" }, "mean over the clips"), rows);
}

function row(score: ClassScore, explained: boolean): HTMLElement {
  const bar = h("span", { class: "bar" });
  bar.style.setProperty("inline-size", `${100 * Math.min(1, Math.max(0, score.probability ?? 0))}%`);
  return h(
    "li",
    { class: explained ? "explained" : null },
    h("span", { class: "label" }, score.label, explained && h("span", { class: "hidden" }, " (explained)")),
    h("span", { class: "track", "aria-hidden": "true" }, bar),
    h("span", { class: "value" }, percent(score.probability)),
  );
}
