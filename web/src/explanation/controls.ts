// SPDX-License-Identifier: Apache-2.0
import { colorMapNames, type ColorMapName } from "../base/colormap.ts";
import { h, labelled, segmented, select } from "../base/dom.ts";
import { nearest } from "../data/maps.ts";
import type { Session, View } from "./state.ts";

/** What is explained: one of several methods and targets, or two of them. */
export function choiceControls(session: Session): HTMLElement | null {
  const all = session.explanation.explanations;
  if (all.length < 2) return null;
  const { store } = session;
  const choices = all.map((_, value) => ({ value, text: session.nameOf(value) }));
  const first = select(choices, 0, (shown) => store.set({ shown, clip: clipIn(session, shown) }));
  const second = select([{ value: -1, text: "nothing" }, ...choices], -1, (beside) => store.set({ beside }));
  return h("section", { class: "controls", "aria-label": "What is explained" }, labelled("Method and target", first), labelled("Beside it", second));
}

function clipIn(session: Session, shown: number): number {
  return Math.min(session.store.get().clip, session.shownAt(shown).clips.length - 1);
}

/** How relevance is drawn. */
export function drawingControls(session: Session): HTMLElement {
  const { store } = session;
  const box = h("section", { class: "controls", "aria-label": "How it is drawn" });
  const views: { value: View; text: string }[] = [
    { value: "overlay", text: "Overlay" },
    { value: "side", text: "Side by side" },
    { value: "heatmap", text: "Heat map" },
  ];
  const view = segmented("View", views, store.get().view, (next) => store.set({ view: next }));
  const colors = h("div", { class: "color-choices" });
  store.watch(["shown", "beside"], (state) => {
    const signs = [...new Set(session.visible(state).map((index) => session.isSigned(index)))];
    colors.replaceChildren(...signs.map((signed) => colorChoice(session, signed, signs.length > 1)));
  });
  const opacity = slider("Opacity", 0, 100, 1, 100, (value) => `${value} %`, (value) => store.set({ opacity: value / 100 }));
  const percentiles = session.explanation.explanations.find((shown) => shown.scale)?.scale?.percentiles ?? [store.get().percentile];
  const offered = (value: number) => percentiles[nearest(percentiles, value)]!;
  const contrast = slider(
    "Contrast: full colour at percentile",
    percentiles[0]!,
    100,
    0.1,
    store.get().percentile,
    (value) => offered(value).toFixed(1),
    (value) => store.set({ percentile: offered(value) }),
  );
  store.watch(["view"], (state) => {
    opacity.querySelector("input")!.disabled = state.view === "heatmap";
  });
  box.append(view, colors, opacity, contrast);
  return box;
}

function colorChoice(session: Session, signed: boolean, several: boolean): HTMLElement {
  const { store } = session;
  const choices = colorMapNames(signed).map((value) => ({ value, text: value }));
  const current = signed ? store.get().signedColors : store.get().unsignedColors;
  const change = (name: ColorMapName) => store.set(signed ? { signedColors: name } : { unsignedColors: name });
  const label = several ? `Colours, ${signed ? "signed" : "unsigned"}` : "Colours";
  return labelled(label, select(choices, current, change));
}

function slider(
  label: string,
  min: number,
  max: number,
  step: number,
  value: number,
  write: (value: number) => string,
  change: (value: number) => void,
): HTMLElement {
  const output = h("output", { class: "value" }, write(value));
  const input = h("input", { type: "range", min, max, step, value });
  input.setAttribute("aria-valuetext", write(value));
  input.addEventListener("input", () => {
    output.textContent = write(input.valueAsNumber);
    input.setAttribute("aria-valuetext", write(input.valueAsNumber));
    change(input.valueAsNumber);
  });
  return labelled(label, input, output);
}
