// SPDX-License-Identifier: Apache-2.0
import { h } from "../base/dom.ts";
import { renderHeatmap, renderOverlay, type Drawing } from "../base/render.ts";
import type { Session, State } from "./state.ts";

export type PanelKind = "source" | "overlay" | "heatmap";

/** Pixels of one frame of a clip as a panel shows it; a text where there is nothing to show. */
export function panelPixels(
  session: Session,
  state: Readonly<State>,
  kind: PanelKind,
  shown: number,
  frame: number,
): Uint8ClampedArray | string {
  const pixels = session.frames.pixels(session.clipOf(shown, state).frames[frame]!);
  if (pixels === undefined && kind !== "heatmap") return "";
  if (kind === "source") return pixels ?? "This frame's picture was left out to keep the page small.";
  const maps = session.mapsOf(shown);
  const map = maps.frame(state.clip, frame);
  if (!map) {
    return pixels && kind === "overlay" ? pixels : "There is no relevance map of this clip in the page.";
  }
  const drawing: Drawing = {
    colors: session.colorsOf(shown, state),
    limit: maps.limit(state.percentile),
    opacity: state.opacity,
  };
  return kind === "overlay" && pixels ? renderOverlay(pixels, map, maps.largest, drawing) : renderHeatmap(map, maps.largest, drawing);
}

/** A canvas with exactly the pixels that the network saw, enlarged without smoothing. */
export class Panel {
  readonly canvas: HTMLCanvasElement;
  readonly element: HTMLElement;
  private readonly missing = h("p", { class: "missing", hidden: true });

  constructor(
    private readonly session: Session,
    readonly kind: PanelKind,
    readonly shown: number,
    caption: string,
  ) {
    const { width, height } = session.frames;
    this.canvas = h("canvas", { width, height, role: "img", "aria-label": caption });
    this.element = h("figure", { class: "panel" }, h("figcaption", {}, caption), h("div", { class: "picture" }, this.canvas, this.missing));
  }

  draw(state: Readonly<State>): void {
    const pixels = panelPixels(this.session, state, this.kind, this.shown, state.frame);
    const text = typeof pixels === "string" ? pixels : "";
    this.missing.hidden = text === "";
    this.missing.textContent = text;
    const context = this.canvas.getContext("2d")!;
    if (typeof pixels === "string") context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    else paint(context, pixels, 0, 0, this.canvas.width, this.canvas.height);
  }
}

export function paint(
  context: CanvasRenderingContext2D,
  pixels: Uint8ClampedArray,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.putImageData(new ImageData(pixels as Uint8ClampedArray<ArrayBuffer>, width, height), x, y);
}
