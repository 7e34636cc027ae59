// SPDX-License-Identifier: Apache-2.0
import { h, select } from "../base/dom.ts";
import { fixed, percent } from "../base/numbers.ts";
import { methodName } from "./caption.ts";
import { colorBar } from "./color_bar.ts";
import { Panel } from "./panel.ts";
import type { Session, State } from "./state.ts";
import { copiesIn } from "./timeline_data.ts";
import { frameAt, scheduleOf } from "./timing.ts";

/** The frames with their relevance, and what moves through them. */
export function player(session: Session, alive: AbortSignal): HTMLElement {
  const { store } = session;
  const stage = h("div", { class: "panels" });
  stage.style.setProperty("--aspect", String(session.explanation.frames.aspect || session.frames.width / session.frames.height));
  let panels: Panel[] = [];
  const redraw = () => {
    for (const panel of panels) panel.draw(store.get());
  };

  store.watch(["shown", "beside", "view"], (state) => {
    panels = panelsFor(session, state);
    stage.classList.toggle("several", panels.length > 1);
    stage.replaceChildren(...panels.map((panel) => withBar(session, panel)));
    redraw();
  });
  store.watch(["frame"], redraw);
  const redrawAll = () => {
    redraw();
    for (const panel of panels) {
      const bar = panel.element.querySelector(".color-bar");
      bar?.replaceWith(colorBar(session, panel.shown, store.get()));
    }
  };
  store.watch(["opacity", "percentile", "signedColors", "unsignedColors"], redrawAll);
  store.watch(["clip", "shown"], (state) => {
    const { frames } = session.clipOf(state.shown);
    redraw();
    void session.frames.load(frames[state.frame]!).then(redraw);
    void session.frames.loadAll(frames).then(redraw);
  });
  play(session, alive);
  return h("div", { class: "player" }, stage, transport(session));
}

function panelsFor(session: Session, state: Readonly<State>): Panel[] {
  const visible = session.visible(state);
  const several = visible.length > 1;
  const kind = state.view === "heatmap" ? "heatmap" : "overlay";
  const word = kind === "heatmap" ? "relevance" : "relevance over the frame";
  const maps = visible.map((shown) => {
    const target = session.shownAt(shown);
    return new Panel(session, kind, shown, several ? session.nameOf(shown) : `${word}, ${methodName(target.method)}`);
  });
  return state.view === "side" ? [new Panel(session, "source", state.shown, "frame, as the network saw it"), ...maps] : maps;
}

function withBar(session: Session, panel: Panel): HTMLElement {
  const { shown, kind } = panel;
  if (kind !== "source" && session.shownAt(shown).maps) panel.element.append(colorBar(session, shown, session.store.get()));
  return panel.element;
}

function transport(session: Session): HTMLElement {
  const { store } = session;
  const button = (text: string, label: string, press: () => void) => h("button", { type: "button", "aria-label": label, onclick: press }, text);
  const playButton = button("▶", "Play", () => store.set({ playing: !store.get().playing }));
  const slider = h("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": "Frame",
    oninput: () => store.set({ frame: slider.valueAsNumber, playing: false }),
  });
  const readout = h("output", { class: "readout" });
  store.watch(["playing"], ({ playing }) => {
    playButton.textContent = playing ? "❚❚" : "▶";
    playButton.setAttribute("aria-label", playing ? "Pause" : "Play");
  });
  store.watch(["frame", "clip", "shown"], (state) => {
    const text = positionText(session, state);
    slider.max = String(session.clipOf(state.shown).frames.length - 1);
    slider.valueAsNumber = state.frame;
    slider.setAttribute("aria-valuetext", text);
    readout.textContent = text;
  });
  const first = session.clipOf(store.get().shown);
  const { known } = scheduleOf(first.frames.map((index) => session.explanation.frames.list[index]?.seconds ?? null));
  const speeds = [1, 0.5, 0.25, 0.1].map((value) => ({ value, text: value !== 1 ? `${value}×` : known ? "true speed" : "10 a second" }));
  const speed = select(speeds, 1, (value) => store.set({ speed: value }));
  speed.setAttribute("aria-label", "Speed");
  return h(
    "div",
    { class: "transport" },
    h(
      "div",
      { class: "buttons" },
      button("◀", "Frame back", () => session.step(-1)),
      playButton,
      button("▶|", "Frame on", () => session.step(1)),
      speed,
    ),
    slider,
    readout,
  );
}

/** "frame 3 of 16 · source frame 20 · 0.80 s · 6.2 % of the relevance" */
export function positionText(session: Session, state: Readonly<State>): string {
  const shown = session.shownAt(state.shown);
  const clip = session.clipOf(state.shown, state);
  const frame = session.explanation.frames.list[clip.frames[state.frame]!];
  const parts = [`frame ${state.frame + 1} of ${clip.frames.length}`];
  if (frame) parts.push(`source frame ${frame.index}${copiesIn(clip).includes(state.frame) ? " again" : ""}`);
  if (typeof frame?.seconds === "number") parts.push(`${fixed(frame.seconds)} s`);
  parts.push(`${percent(clip.frame_share[state.frame])} of the ${shown.share_of}`);
  return parts.join(" · ");
}

/** Moves the frame while `playing`, at the video's own speed. */
function play(session: Session, alive: AbortSignal): void {
  const { store } = session;
  let running = 0;
  store.watch(["playing", "speed", "clip", "shown"], (state) => {
    cancelAnimationFrame(running);
    if (!state.playing) return;
    const { frames } = session.clipOf(state.shown, state);
    const schedule = scheduleOf(frames.map((index) => session.explanation.frames.list[index]?.seconds ?? null));
    const begin = performance.now() - (1000 * schedule.starts[state.frame]!) / state.speed;
    const tick = (now: number) => {
      if (alive.aborted) return;
      store.set({ frame: frameAt(schedule, Math.max(0, ((now - begin) / 1000) * state.speed)) });
      running = requestAnimationFrame(tick);
    };
    running = requestAnimationFrame(tick);
  });
}
