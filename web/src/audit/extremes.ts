// SPDX-License-Identifier: Apache-2.0
import { h, svg } from "../base/dom.ts";
import { fixed } from "../base/numbers.ts";
import type { Clip, Explanation, Extreme, Run } from "../data/types.ts";
import { strongestFrame } from "../explanation/caption.ts";
import { explanationView } from "../explanation/view.ts";
import { perRun } from "./layout.ts";

/** The videos at both ends, as thumbnails that open their explanation. */
export function extremes(runs: readonly Run[]): HTMLElement | null {
  return perRun("Videos with the strongest and the weakest border", runs, (run, heading) => {
    const { strongest, weakest } = run.extremes;
    if (strongest.length + weakest.length === 0) return null;
    const sub = heading.heading === "h2" ? "h3" : "h4";
    return h(
      "div",
      {},
      h(heading.heading, {}, heading.title),
      h("p", { class: "note" }, "Border ratio at the base interval; the frame with most relevance, and the share of every frame. A click opens the explanation."),
      ...[
        { title: "Strongest", list: strongest },
        { title: "Weakest", list: weakest },
      ]
        .filter(({ list }) => list.length > 0)
        .map(({ title, list }) => h("div", {}, h(sub, {}, title), h("ul", { class: "thumbnails" }, ...list.map((one) => h("li", {}, thumbnail(one)))))),
    );
  });
}

function outcome(one: Extreme): string {
  if (one.right === null) return `says ${one.predicted}`;
  return one.right ? `says ${one.predicted}, right` : `says ${one.predicted}, wrong: ${one.label ?? "another class"}`;
}

/** Of a path; the whole one stands over the explanation. */
function lastPart(name: string): string {
  return name.split("/").at(-1) || name;
}

function thumbnail(one: Extreme): HTMLElement {
  const clip = one.explanation?.explanations[0]?.clips[0];
  const words = [
    h("span", { class: "thumb-name", title: one.name }, lastPart(one.name)),
    h("span", { class: "thumb-ratio" }, `ratio ${fixed(one.border_ratio)}`),
    h("span", { class: "thumb-says" }, outcome(one)),
  ];
  const { explanation } = one;
  if (!explanation || !clip) {
    return h("div", { class: "thumb" }, ...words, h("span", { class: "note" }, one.why_not ?? "There is no explanation in this page."));
  }
  return h("button", { type: "button", class: "thumb", onclick: () => open(explanation, one.name) }, picture(explanation, clip), spark(clip, explanation.border_frames), ...words);
}

function picture(explanation: Explanation, clip: Clip): HTMLElement {
  const frame = explanation.frames.list[clip.frames[strongestFrame(clip)]!];
  const [height, width] = explanation.frames.size;
  const image = frame?.png
    ? h("img", { src: `data:image/png;base64,${frame.png}`, alt: "", width, height })
    : h("span", { class: "no-picture" });
  image.style.setProperty("aspect-ratio", String(explanation.frames.aspect || width / height));
  return image;
}

/** The curve in little. */
function spark(clip: Clip, k: number): SVGElement {
  const shares = clip.frame_share.map((share) => share ?? 0);
  const most = Math.max(...shares, 1e-9);
  const width = 100 / shares.length;
  const bars = shares.map((share, t) => {
    const height = (24 * Math.max(share, 0)) / most;
    const border = t < k || t >= shares.length - k;
    return svg("rect", { x: t * width + 0.1 * width, y: 24 - height, width: 0.8 * width, height, class: border ? "series-1" : "series-0" });
  });
  return svg("svg", { viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true", class: "spark" }, ...bars);
}

function open(explanation: Explanation, name: string): void {
  const dialog = h("dialog", { class: "sheet", "aria-label": `Explanation of ${name}` });
  const view = explanationView(explanation, name, dialog);
  dialog.append(h("button", { type: "button", class: "close", onclick: () => dialog.close() }, "Close"), view.element);
  dialog.addEventListener("close", () => {
    view.close();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}
