// SPDX-License-Identifier: Apache-2.0
import { h } from "../base/dom.ts";
import { paint, panelPixels } from "./panel.ts";
import type { Session, State } from "./state.ts";

const kNarrowest = 40;

/** Which frames stand in the strip: all, or one for every few where they would be too narrow. */
export function stripFrames(frames: number, width: number): number[] {
  const shown = Math.max(1, Math.min(frames, Math.floor(width / kNarrowest)));
  return Array.from({ length: shown }, (_, i) => Math.floor(((i + 0.5) * frames) / shown));
}

/** The clip's frames in a row, each above its bar of the curve. A picture: the slider does the same by keyboard. */
export function strip(session: Session): HTMLElement {
  const { store } = session;
  const row = h("div", { class: "strip" });
  row.style.setProperty("--aspect", String(session.explanation.frames.aspect || 1));
  let width = 0;

  const draw = () => {
    if (width === 0) return;
    const state = store.get();
    const frames = session.clipOf(state.shown, state).frames.length;
    row.replaceChildren(...stripFrames(frames, width).map((t) => thumbnail(session, state, t)));
    mark(state);
  };
  const mark = (state: Readonly<State>) => {
    const cells = [...row.children];
    const frames = session.clipOf(state.shown, state).frames.length;
    const at = Math.floor((state.frame * cells.length) / frames);
    for (const [i, cell] of cells.entries()) cell.classList.toggle("current", i === at);
  };
  const load = (state: Readonly<State>) => {
    void session.frames.loadAll(session.clipOf(state.shown, state).frames).then(draw);
  };
  row.addEventListener("pointerdown", (event) => {
    const { left, width: all } = row.getBoundingClientRect();
    const frames = session.clipOf(store.get().shown).frames.length;
    const frame = Math.floor(((event.clientX - left) / all) * frames);
    store.set({ frame: Math.min(Math.max(frame, 0), frames - 1), playing: false });
  });
  new ResizeObserver(([entry]) => {
    const next = Math.floor(entry!.contentRect.width);
    if (next === width || next === 0) return;
    width = next;
    draw();
  }).observe(row);
  store.watch(["shown", "view", "opacity", "percentile", "signedColors", "unsignedColors"], draw);
  store.watch(["shown", "clip"], load);
  store.watch(["frame"], mark);
  return row;
}

function thumbnail(session: Session, state: Readonly<State>, frame: number): HTMLElement {
  const { width, height } = session.frames;
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  const kind = state.view === "heatmap" ? "heatmap" : "overlay";
  const pixels = panelPixels(session, state, kind, state.shown, frame);
  if (typeof pixels !== "string") paint(canvas.getContext("2d")!, pixels, 0, 0, width, height);
  return h("span", { class: "cell" }, canvas);
}
