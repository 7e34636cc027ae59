// SPDX-License-Identifier: Apache-2.0
import { heatmapColor, isSigned, overlayColor, type ColorMapName } from "../base/colormap.ts";
import { h } from "../base/dom.ts";
import { scaleFormat } from "../base/numbers.ts";
import type { Session, State } from "./state.ts";

const kMiddleGrey = 128;
const kSteps = 512;

function paintBar(canvas: HTMLCanvasElement, colors: ColorMapName, opacity: number | null): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(kSteps, 1);
  for (let i = 0; i < kSteps; ++i) {
    const place = i / (kSteps - 1);
    const relevance = isSigned(colors) ? 2 * place - 1 : place;
    const color = opacity === null ? heatmapColor(relevance, 1, colors) : overlayColor(kMiddleGrey, relevance, 1, colors, opacity);
    image.data.set([...color, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

function labelsOf(limit: number, signed: boolean): string[] {
  const parts = signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.5, 1];
  const format = scaleFormat(limit);
  return parts.map((part) => (signed && part > 0 ? "+" : "") + format.write(part * limit));
}

/** The scale of one explanation, in the colours that its pictures have. */
export function colorBar(session: Session, shown: number, state: Readonly<State>): HTMLElement {
  const colors = session.colorsOf(shown, state);
  const limit = session.mapsOf(shown).limit(state.percentile);
  const format = scaleFormat(limit);
  const labels = labelsOf(limit, isSigned(colors));
  const text = `relevance R ${format.factor}`.trim();
  const canvas = h("canvas", {
    width: kSteps,
    height: 1,
    role: "img",
    "aria-label": `Colour scale ${colors}, ${text}: from ${labels[0]} to ${labels.at(-1)}, one scale for all frames`,
  });
  paintBar(canvas, colors, state.view === "heatmap" ? null : state.opacity);
  const end = state.percentile === 100 ? "the largest |R|" : `percentile ${state.percentile} of |R|`;
  return h(
    "div",
    { class: "color-bar" },
    canvas,
    h("div", { class: "color-bar-labels", "aria-hidden": "true" }, ...labels.map((label) => h("span", {}, label))),
    h("p", { class: "note" }, `${text}; full colour at ${end}, one scale for all frames`),
  );
}
