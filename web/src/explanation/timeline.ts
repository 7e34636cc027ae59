// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Box } from "../chart/plot.ts";
import { h, svg } from "../base/dom.ts";
import { fixed, percent } from "../base/numbers.ts";
import { borderShare } from "./caption.ts";
import { paint, panelPixels } from "./panel.ts";
import type { Session } from "./state.ts";
import { clipAt, clipSpans, hasTimes, timelineOf, type ClipSpan } from "./timeline_data.ts";

const kHeight = 120;
const kLane = 9;

/** A film strip of all clips and the relevance over the whole video; null where there is one clip. */
export function timeline(session: Session): HTMLElement | null {
  if (session.shownAt(0).clips.length < 2) return null;
  const chart = figure({
    title: "The whole video",
    note: "Relevance per frame over all clips that hold it; 1 is an even share of its clip. Below, where the clips lie. A click opens the nearest clip.",
    name: `${session.explanation.input}-timeline`,
    above: filmStrip(session),
    draw: (width) => draw(session, width),
    table: () => ({
      columns: [
        { name: "source frame" },
        { name: "seconds", write: (value) => fixed(value, 3) },
        { name: "relevance, even share = 1", write: (value) => fixed(value, 3) },
        { name: "clips that hold it" },
      ],
      rows: points(session).map((point) => [point.sourceFrame, point.seconds, point.relative, point.clips]),
    }),
  });
  session.store.watch(["shown", "clip"], () => chart.redraw());
  return chart.element;
}

function points(session: Session) {
  return timelineOf(session.explanation.frames, session.shownAt(session.store.get().shown));
}

function draw(session: Session, width: number): SVGSVGElement | null {
  const { explanation, store } = session;
  const state = store.get();
  const shown = session.shownAt(state.shown);
  const spans = clipSpans(explanation.frames, shown);
  const curve = points(session);
  if (curve.every((point) => point.relative === 0)) return null;
  const lanes = Math.max(...spans.map((span) => span.lane)) + 1;
  const legend = svg("g");
  const top = drawLegend(
    legend,
    [
      { text: "relevance", mark: "curve-0", shape: "line" },
      { text: "even share", mark: "even-line", shape: "line" },
      { text: "the clip shown below", mark: "shade", shape: "box" },
    ],
    width,
    52,
  );
  const box: Box = { left: 52, top: top + 12, width: width - 60, height: kHeight + lanes * kLane };
  const root = rootOf(width, box.top + box.height + 42, `Relevance over the whole video, ${shown.clips.length} clips. The numbers follow as a table.`);
  root.append(legend);

  const [, high] = niceDomain(curve.map((point) => point.relative), [0, 1]);
  const deep = (high * lanes * kLane) / kHeight;
  const first = curve[0]?.at ?? 0;
  const last = curve.at(-1)?.at ?? 1;
  const domain: [number, number] = [first, last > first ? last : first + 1];
  const plot = new Plot(
    root,
    box,
    { domain, ticks: plainTicks(domain, Math.max(3, Math.floor(width / 90))), title: hasTimes(explanation.frames) ? "time in seconds" : "source frame" },
    { domain: [-deep, high], ticks: plainTicks([0, high], 4) },
  );
  const current = spans[Math.min(state.clip, spans.length - 1)]!;
  plot.shade(current.from, current.to);
  plot.band(curve.map((point) => [point.at, 0, point.relative]), "area-0");
  plot.curve(curve.map((point) => [point.at, point.relative]), "curve-0");
  plot.level(1, "even-line");
  drawLanes(root, plot, spans, current);
  root.classList.add("clickable");
  root.addEventListener("click", (event) => {
    const { left, width: all } = root.getBoundingClientRect();
    openClip(session, clipAt(spans, plot.valueAt(((event.clientX - left) * width) / all)));
  });
  return root;
}

function drawLanes(root: SVGSVGElement, plot: Plot, spans: ClipSpan[], current: ClipSpan): void {
  for (const span of spans) {
    const y = plot.y(0) + 3 + span.lane * kLane;
    const width = Math.max(2, plot.x(span.to) - plot.x(span.from));
    root.append(svg("rect", { x: plot.x(span.from), y, width, height: kLane - 3, rx: 2, class: span === current ? "lane current" : "lane" }));
  }
}

function openClip(session: Session, clip: number): void {
  session.store.set({ clip, frame: 0, playing: false });
}

function filmStrip(session: Session): HTMLElement {
  const { store, explanation } = session;
  const list = h("div", { class: "film", role: "group", "aria-label": "Clips" });
  const mark = (clip: number) => {
    for (const [i, button] of [...list.children].entries()) button.setAttribute("aria-pressed", String(i === clip));
  };
  store.watch(["shown"], (state) => {
    const shown = session.shownAt(state.shown);
    const spans = clipSpans(explanation.frames, shown);
    list.replaceChildren(...spans.map((span) => clipButton(session, state.shown, span)));
    mark(state.clip);
  });
  store.watch(["clip"], (state) => mark(state.clip));
  return list;
}

function clipButton(session: Session, shownIndex: number, span: ClipSpan): HTMLElement {
  const { explanation, store } = session;
  const clip = session.shownAt(shownIndex).clips[span.clip]!;
  const { width, height } = session.frames;
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  canvas.style.setProperty("aspect-ratio", String(explanation.frames.aspect || width / height));
  const middle = Math.floor(clip.frames.length / 2);
  const draw = () => {
    const state = { ...store.get(), clip: span.clip };
    const pixels = panelPixels(session, state, "overlay", shownIndex, middle);
    if (typeof pixels !== "string") paint(canvas.getContext("2d")!, pixels, 0, 0, width, height);
  };
  void session.frames.load(clip.frames[middle]!).then(draw);
  const unit = hasTimes(explanation.frames) ? " s" : "";
  const decimals = unit ? 2 : 0;
  const border = percent(borderShare(clip.frame_share, explanation.border_frames));
  return h(
    "button",
    { type: "button", class: "clip", onclick: () => openClip(session, span.clip) },
    canvas,
    h("span", { class: "clip-time" }, `${span.clip + 1}: ${fixed(span.from, decimals)}–${fixed(span.to, decimals)}${unit}`),
    h("span", { class: "clip-label" }, `${clip.top1.label} ${percent(clip.top1.probability)}`),
    h("span", { class: "hidden" }, `, ${border} at its borders`),
  );
}
