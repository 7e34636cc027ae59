// SPDX-License-Identifier: Apache-2.0
// Charts are SVG: they print crisply, scale, and take their colours from the style sheet's classes.
import { scaleLinear, type ScaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import { h, svg } from "../base/dom.ts";
import type { Estimate, Num } from "../data/types.ts";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Tick {
  at: number;
  label: string;
  /** Beneath it, quieter. */
  second?: string;
}

export interface Axis {
  domain: readonly [number, number];
  ticks: Tick[];
  title?: string;
}

export type Domain = readonly [number, number];
export type Point = readonly [x: number, y: Num];

export const kTextSize = 12;
/** As chart.css has it. */
const kFont = 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

let measure: CanvasRenderingContext2D | null = null;
export function textWidth(text: string): number {
  measure ??= h("canvas", { width: 1, height: 1 }).getContext("2d")!;
  measure.font = `${kTextSize}px ${kFont}`;
  return measure.measureText(text).width;
}

export function rootOf(width: number, height: number, label: string): SVGSVGElement {
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, class: "plot" });
}

/** Ends that are ticks where there are about `steps` of them, around all values and `always`. Rounding errors do not add one. */
export function niceDomain(values: readonly (Num | undefined)[], always: readonly number[] = [0], steps = 5): Domain {
  const known = [...values.filter((v): v is number => typeof v === "number" && Number.isFinite(v)), ...always];
  const low = Number(Math.min(...known).toPrecision(6));
  const high = Number(Math.max(...known).toPrecision(6));
  const [a, b] = scaleLinear()
    .domain([low, high > low ? high : low + 1])
    .nice(steps)
    .domain() as [number, number];
  return [a, b];
}

/** The same with some room below and above, so that nothing lies on an edge. */
export function roomyDomain(values: readonly (Num | undefined)[], always: readonly number[] = []): Domain {
  const known = [...values.filter((v): v is number => typeof v === "number" && Number.isFinite(v)), ...always];
  if (known.length === 0) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = 0.06 * (high > low ? high - low : 1);
  return niceDomain([low - room, high + room], []);
}

/** As many labels as a width has room for, and no crowd. */
export function tickCount(width: number): number {
  return Math.min(8, Math.max(2, Math.floor(width / 100)));
}

/** Writes ticks with as many decimals as their step needs. */
export function plainTicks(domain: Domain, most: number, factor = 1, unit = ""): Tick[] {
  const scale = scaleLinear().domain([domain[0] * factor, domain[1] * factor]);
  const write = scale.tickFormat(most);
  return scale.ticks(most).map((at) => ({ at: at / factor, label: write(at) + unit }));
}

export class Plot {
  private readonly scaleX: ScaleLinear<number, number>;
  private readonly scaleY: ScaleLinear<number, number>;
  private readonly under = svg("g");
  private readonly marks = svg("g");

  constructor(
    group: SVGElement,
    readonly box: Box,
    x: Axis,
    y: Axis,
  ) {
    this.scaleX = scaleLinear([box.left, box.left + box.width]).domain(x.domain);
    this.scaleY = scaleLinear([box.top + box.height, box.top]).domain(y.domain);
    const axes = svg("g");
    group.append(this.under, axes, this.marks);
    this.drawY(axes, y);
    this.drawX(axes, x);
  }

  x(value: number): number {
    return this.scaleX(value);
  }

  y(value: number): number {
    return this.scaleY(value);
  }

  valueAt(pixel: number): number {
    return this.scaleX.invert(pixel);
  }

  /** Shades [from, to] of the x axis, behind the axes. */
  shade(from: number, to: number, name = "shade"): void {
    const { top, height } = this.box;
    this.under.append(
      svg("rect", { x: this.x(from), y: top, width: Math.max(0, this.x(to) - this.x(from)), height, class: name }),
    );
  }

  bar(from: number, to: number, low: number, high: number, name: string): void {
    const top = this.y(Math.max(low, high));
    this.marks.append(
      svg("rect", { x: this.x(from), y: top, width: this.x(to) - this.x(from), height: this.y(Math.min(low, high)) - top, class: name }),
    );
  }

  curve(points: readonly Point[], name: string, shift = 0): void {
    const path = line<Point>(
      (p) => this.x(p[0]) + shift,
      (p) => this.y(p[1] ?? 0),
    ).defined((p) => p[1] !== null);
    this.marks.append(svg("path", { d: path(points) ?? "", class: name }));
  }

  /** A thin line with a rim of the page's colour, so that it is seen over bars and bands too. */
  reference(points: readonly Point[]): void {
    this.curve(points, "null-rim");
    this.curve(points, "null-line");
  }

  /** Between low and high; gaps where either is not known. */
  band(points: readonly (readonly [x: number, low: Num, high: Num])[], name: string): void {
    const path = area<readonly [number, Num, Num]>(
      (p) => this.x(p[0]),
      (p) => this.y(p[1] ?? 0),
      (p) => this.y(p[2] ?? 0),
    ).defined((p) => p[1] !== null && p[2] !== null);
    this.marks.append(svg("path", { d: path(points) ?? "", class: name }));
  }

  dot(x: number, y: number, name: string, radius = 4): void {
    this.marks.append(svg("circle", { cx: this.x(x), cy: this.y(y), r: radius, class: name }));
  }

  /** A value with its interval, upright; nothing where there is no value. */
  upright(x: number, e: Estimate | null | undefined, name: string, shift = 0): void {
    if (e?.value === null || e?.value === undefined) return;
    const at = this.x(x) + shift;
    const g = svg("g", { class: name });
    if (e.low !== null && e.high !== null) {
      g.append(segment(at, this.y(e.low), at, this.y(e.high)));
      for (const end of [e.low, e.high]) g.append(segment(at - 4, this.y(end), at + 4, this.y(end)));
    }
    g.append(svg("circle", { cx: at, cy: this.y(e.value), r: 4 }));
    this.marks.append(g);
  }

  /** A value with its interval, lying; y in pixels. */
  lying(pixelY: number, e: Estimate | null | undefined, name: string): void {
    if (e?.value === null || e?.value === undefined) return;
    const g = svg("g", { class: name });
    if (e.low !== null && e.high !== null) {
      g.append(segment(this.x(e.low), pixelY, this.x(e.high), pixelY));
      for (const end of [e.low, e.high]) g.append(segment(this.x(end), pixelY - 4, this.x(end), pixelY + 4));
    }
    g.append(svg("circle", { cx: this.x(e.value), cy: pixelY, r: 4 }));
    this.marks.append(g);
  }

  /** A horizontal line through the whole plot. */
  level(y: number, name: string): void {
    const { left, width } = this.box;
    this.marks.append(svg("line", { x1: left, x2: left + width, y1: this.y(y), y2: this.y(y), class: name }));
  }

  /** A vertical line through the whole plot. */
  stand(x: number, name: string): void {
    const { top, height } = this.box;
    this.marks.append(svg("line", { x1: this.x(x), x2: this.x(x), y1: top, y2: top + height, class: name }));
  }

  private drawY(axes: SVGGElement, axis: Axis): void {
    const { left, top, width } = this.box;
    for (const tick of axis.ticks) {
      const y = this.y(tick.at);
      axes.append(
        svg("line", { x1: left, x2: left + width, y1: y, y2: y, class: tick.at === 0 ? "axis" : "grid" }),
        svg("text", { x: left - 8, y, class: "tick end middle" }, tick.label),
      );
    }
    if (axis.title) axes.append(svg("text", { x: 0, y: top - 10, class: "axis-title" }, axis.title));
  }

  private drawX(axes: SVGGElement, axis: Axis): void {
    const { left, top, width, height } = this.box;
    const bottom = top + height;
    axes.append(segment(left, bottom, left + width, bottom, "axis"));
    const twoLines = axis.ticks.some((tick) => tick.second);
    for (const tick of thinned(axis.ticks, (tick) => this.x(tick.at))) {
      const x = this.x(tick.at);
      axes.append(segment(x, bottom, x, bottom + 4, "axis"));
      axes.append(svg("text", { x, y: bottom + 17, class: "tick centre" }, tick.label));
      if (tick.second) axes.append(svg("text", { x, y: bottom + 32, class: "tick centre quiet" }, tick.second));
    }
    if (axis.title) {
      const y = bottom + (twoLines ? 50 : 35);
      axes.append(svg("text", { x: left + width / 2, y, class: "axis-title centre" }, axis.title));
    }
  }
}

function segment(x1: number, y1: number, x2: number, y2: number, name?: string): SVGLineElement {
  return svg("line", { x1, y1, x2, y2, class: name });
}

/** Every n-th tick, so that no label touches the next. */
function thinned(ticks: readonly Tick[], place: (tick: Tick) => number): readonly Tick[] {
  if (ticks.length < 2) return ticks;
  const widest = Math.max(...ticks.map((tick) => Math.max(textWidth(tick.label), textWidth(tick.second ?? ""))));
  const pitch = (place(ticks.at(-1)!) - place(ticks[0]!)) / (ticks.length - 1);
  const stride = Math.max(1, Math.ceil((widest + 6) / Math.max(pitch, 1e-3)));
  return ticks.filter((_, i) => i % stride === 0);
}
