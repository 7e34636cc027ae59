// SPDX-License-Identifier: Apache-2.0
import { h, type Child } from "../base/dom.ts";
import { saveCsv, savePng } from "../base/download.ts";
import type { Table } from "../base/csv.ts";
import { plainTable, sortableTable, type SortOrder } from "./table.ts";

/** A figure whose numbers need no chart: heading, a download of the data, the table; with `order` one that can be sorted. */
export function figureOfTable(options: { title: string; note: string; name: string; table: Table; order?: SortOrder; heading?: "h2" | "h3" }): HTMLElement {
  const { title, table, order } = options;
  const save = h("button", { type: "button", class: "small", onclick: () => saveCsv(table, options.name), "aria-label": `${title}: download CSV` }, "CSV");
  return h(
    "div",
    { class: order ? "figure" : "figure wrapping" },
    h("div", { class: "figure-head" }, h(options.heading ?? "h2", {}, title), h("div", { class: "tools" }, save)),
    h("p", { class: "note" }, options.note),
    order ? sortableTable(table, title, order) : plainTable(table, title),
  );
}

export interface FigureOptions {
  title: string;
  /** One line on how to read it. */
  note?: string;
  /** Of downloaded files. */
  name: string;
  heading?: "h2" | "h3";
  /** Draws at a width in pixels; null where there is nothing to draw: then no chart, numbers or downloads are shown. */
  draw: (width: number) => SVGSVGElement | null;
  table: () => Table;
  /** Between heading and chart. */
  above?: Child;
}

export interface Figure {
  element: HTMLElement;
  redraw(): void;
}

const redraws = new WeakMap<Element, () => void>();

/** Draws every chart for the width that it has now; layout alone would only scale what was drawn for another one. */
export function redrawCharts(root: ParentNode): void {
  for (const place of root.querySelectorAll(".chart")) redraws.get(place)?.();
}

/** A chart with its heading, downloads, and the numbers behind it as a table. */
export function figure(options: FigureOptions): Figure {
  const place = h("div", { class: "chart" });
  const numbers = h("details", { class: "numbers" }, h("summary", {}, "Numbers", h("span", { class: "hidden" }, ` of: ${options.title}`)));
  let width = 0;
  const redraw = () => {
    if (width > 0) show(options.draw(width));
    if (numbers.open) showNumbers();
  };
  const show = (chart: SVGSVGElement | null) => {
    place.replaceChildren(...(chart ? [chart] : []));
    tools.hidden = numbers.hidden = chart === null;
  };
  const showNumbers = () => {
    numbers.querySelector(".table")?.remove();
    numbers.append(plainTable(options.table(), options.title));
  };
  numbers.addEventListener("toggle", () => numbers.open && showNumbers());
  const fit = (next: number) => {
    if (next === width || next === 0) return;
    width = next;
    redraw();
  };
  new ResizeObserver(([entry]) => fit(Math.floor(entry!.contentRect.width))).observe(place);
  redraws.set(place, () => fit(place.clientWidth));
  const button = (text: string, press: () => void) =>
    h("button", { type: "button", class: "small", onclick: press, "aria-label": `${options.title}: download ${text}` }, text);
  const tools = h(
    "div",
    { class: "tools" },
    button("PNG", () => {
      const chart = place.querySelector("svg");
      if (chart) void savePng(chart, options.name);
    }),
    button("CSV", () => saveCsv(options.table(), options.name)),
  );
  const element = h(
    "figure",
    { class: "figure" },
    h("div", { class: "figure-head" }, h(options.heading ?? "h2", {}, options.title), tools),
    options.note && h("p", { class: "note" }, options.note),
    options.above,
    place,
    numbers,
  );
  return { element, redraw };
}
