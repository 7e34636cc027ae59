// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Box, type Tick } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { h, svg } from "../base/dom.ts";
import { fixed, percent } from "../base/numbers.ts";
import type { Clip, Num } from "../data/types.ts";
import { borderShare } from "./caption.ts";
import type { Session } from "./state.ts";
import { strip } from "./strip.ts";
import { copiesIn } from "./timeline_data.ts";

/** Left and right of the frames, in the strip as in the curve. */
export const kMargin = { left: 52, right: 8 };
const kHeight = 190;

/** The share of every frame of the clip, under a strip of its frames. */
export function frameCurve(session: Session): HTMLElement {
  const { store } = session;
  let marker: { plot: Plot; element: SVGGElement } | null = null;
  const mark = (frame: number) => marker?.element.setAttribute("transform", `translate(${marker.plot.x(frame)} 0)`);
  const chart = figure({
    title: "Relevance per frame",
    name: `${session.explanation.input}-frames`,
    above: strip(session),
    draw: (width) => {
      const drawn = drawCurve(session, width);
      marker = drawn && { plot: drawn.plot, element: drawn.marker };
      if (!drawn) return null;
      mark(store.get().frame);
      moveOnHover(session, drawn.root, drawn.plot);
      return drawn.root;
    },
    table: () => curveTable(session),
  });
  chart.element.classList.add("curve");
  store.watch(["shown", "beside", "clip"], () => chart.redraw());
  store.watch(["frame"], (state) => mark(state.frame));
  return chart.element;
}

function moveOnHover(session: Session, root: SVGSVGElement, plot: Plot): void {
  const move = (event: PointerEvent) => {
    if (event.type === "pointermove" && session.store.get().playing) return;
    const { left, width } = root.getBoundingClientRect();
    const x = ((event.clientX - left) * root.viewBox.baseVal.width) / width;
    const frame = Math.round(plot.valueAt(x));
    const { shown } = session.store.get();
    if (frame >= 0 && frame < session.clipOf(shown).frames.length) session.store.set({ frame, playing: false });
  };
  root.addEventListener("pointermove", move);
  root.addEventListener("pointerdown", move);
}

function hasNegative(clip: Clip): boolean {
  return clip.negative_share.some((share) => (share ?? 0) > 0);
}

/** The architecture's own shares of the clip's frames, where they say something about one of the visible methods. */
function nullProfileOf(session: Session, visible: readonly number[], frames: number): Num[] | null {
  const { null_profile } = session.explanation;
  const wanted = visible.some((index) => session.shownAt(index).has_null_profile);
  return wanted && null_profile?.length === frames ? null_profile : null;
}

/** null where no relevance reaches the frames. */
function drawCurve(session: Session, width: number) {
  const { explanation, store } = session;
  const state = store.get();
  const visible = session.visible(state);
  const clips = visible.map((index) => session.clipOf(index, state));
  if (clips.every((clip) => clip.frame_share.every((share) => !share))) return null;
  const first = clips[0]!;
  const frames = first.frames.length;
  const k = explanation.border_frames;
  const nullProfile = nullProfileOf(session, visible, frames);

  const items = legendItems(session, visible, clips, nullProfile !== null);
  const scratch = svg("g");
  const legend = drawLegend(scratch, items, width - kMargin.right, kMargin.left) + 8;
  const box: Box = { left: kMargin.left, top: legend + 8, width: width - kMargin.left - kMargin.right, height: kHeight };
  const label = `Share of relevance of each of ${frames} frames; ${percent(borderShare(first.frame_share, k))} in the shaded borders. The numbers follow as a table.`;
  const root = rootOf(width, box.top + kHeight + 56, label);
  root.append(scratch);

  const domain = niceDomain([...clips.flatMap((clip) => clip.frame_share), ...(nullProfile ?? [])], [0, 1 / frames]);
  const known = first.frames.some((index) => typeof explanation.frames.list[index]?.seconds === "number");
  const plot = new Plot(
    root,
    box,
    { domain: [-0.5, frames - 0.5], ticks: frameTicks(session, first), title: known ? "source frame, and its time in seconds" : "source frame" },
    { domain, ticks: plainTicks(domain, 5, 100, " %") },
  );
  if (2 * k < frames) {
    plot.shade(-0.5, k - 0.5);
    plot.shade(frames - k - 0.5, frames - 0.5);
  }
  for (const [i, clip] of clips.entries()) drawBars(plot, clip, i, clips.length);
  for (const t of copiesIn(first)) plot.bar(t - 0.4, t + 0.4, 0, Math.max(...clips.map((clip) => clip.frame_share[t] ?? 0)), "copy");
  if (nullProfile) plot.reference(nullProfile.map((share, t) => [t, share]));
  plot.level(1 / frames, "even-line");
  const marker = svg(
    "g",
    { class: "marker" },
    svg("line", { x1: 0, x2: 0, y1: box.top - 2, y2: box.top + box.height }),
    svg("path", { d: `M-6,${box.top - 9}h12l-6,8z` }),
  );
  root.append(marker);
  return { root, plot, marker };
}

function legendItems(session: Session, visible: number[], clips: Clip[], withNull: boolean): LegendItem[] {
  const several = visible.length > 1;
  const shareOf = session.shownAt(visible[0]!).share_of;
  const items: LegendItem[] = visible.map((index, i) => ({
    text: several ? session.nameOf(index) : `share of ${shareOf}`,
    mark: `series-${i}`,
    shape: "box",
  }));
  if (clips.some(hasNegative)) items.push({ text: "of it negative", mark: "negative", shape: "box" });
  if (copiesIn(clips[0]!).length > 0) items.push({ text: "a frame again", mark: "copy", shape: "box" });
  if (withNull) items.push({ text: "the architecture alone", mark: "null-line", shape: "line" });
  items.push({ text: "even share", mark: "even-line", shape: "line" }, { text: "border", mark: "shade", shape: "box" });
  return items;
}

function drawBars(plot: Plot, clip: Clip, series: number, count: number): void {
  const width = 0.8 / count;
  for (const [t, share] of clip.frame_share.entries()) {
    const left = t - 0.4 + series * width;
    const whole = share ?? 0;
    const positive = whole - (clip.negative_share[t] ?? 0);
    plot.bar(left, left + width, 0, positive, `series-${series}`);
    if (positive !== whole) plot.bar(left, left + width, positive, whole, "negative");
  }
}

function frameTicks(session: Session, clip: Clip): Tick[] {
  return clip.frames.map((index, at) => {
    const frame = session.explanation.frames.list[index];
    const tick: Tick = { at, label: String(frame?.index ?? "") };
    return typeof frame?.seconds === "number" ? { ...tick, second: fixed(frame.seconds) } : tick;
  });
}

function curveTable(session: Session): Table {
  const { explanation, store } = session;
  const state = store.get();
  const visible = session.visible(state);
  const first = session.clipOf(state.shown, state);
  const names = visible.map((index) => session.nameOf(index));
  const nullProfile = nullProfileOf(session, visible, first.frames.length);
  return {
    columns: [
      { name: "frame" },
      { name: "source frame" },
      { name: "seconds", write: (value) => fixed(value, 3) },
      ...names.flatMap((name) => [
        { name: `share, ${name}`, write: percent },
        { name: `negative part, ${name}`, write: percent },
      ]),
      ...(nullProfile ? [{ name: "the architecture alone", write: percent }] : []),
    ],
    rows: first.frames.map((index, t) => [
      t + 1,
      explanation.frames.list[index]?.index ?? null,
      explanation.frames.list[index]?.seconds ?? null,
      ...visible.flatMap((shown) => {
        const clip = session.clipOf(shown, state);
        return [clip.frame_share[t] ?? null, clip.negative_share[t] ?? null];
      }),
      ...(nullProfile ? [nullProfile[t] ?? null] : []),
    ]),
  };
}

/** For screen readers: what the strip cannot say. */
export function keysHint(): HTMLElement {
  return h(
    "p",
    { class: "note keys" },
    h("kbd", {}, "←"),
    " ",
    h("kbd", {}, "→"),
    " step through the frames, ",
    h("kbd", {}, "space"),
    " plays and pauses, ",
    h("kbd", {}, "Home"),
    " and ",
    h("kbd", {}, "End"),
    " go to the ends.",
  );
}
