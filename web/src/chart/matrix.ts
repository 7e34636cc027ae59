// SPDX-License-Identifier: Apache-2.0
// Numbers from -1 to 1 in rows and columns, the darker the farther from zero.
import { svg } from "../base/dom.ts";
import { fixed } from "../base/numbers.ts";
import type { Num } from "../data/types.ts";
import { fitted } from "./forest.ts";
import { rootOf, textWidth } from "./plot.ts";

export interface MatrixOptions {
  rows: readonly string[];
  /** Each in one line or in two. */
  columns: readonly (readonly [first: string, second?: string])[];
  /** null: an empty cell. */
  value: (row: number, column: number) => Num;
  width: number;
  label: string;
}

const kHeight = 24;
const kLine = 15;
const kWidest = 92;
const kNames = 0.45; // of the width, at most
/** The numbers on the darkest cell still have to be read. */
const kDarkest = 0.5;

export function drawMatrix(options: MatrixOptions): SVGSVGElement {
  const { rows, columns, width } = options;
  const names = Math.min(kNames * width, Math.max(...rows.map(textWidth), 0) + 4);
  const cell = Math.min(kWidest, (width - names - 8) / Math.max(1, columns.length));
  const lying = columns.every((head) => head.every((line) => textWidth(line ?? "") < cell));
  const whole = (head: (typeof columns)[number]) => head.filter((line) => line !== undefined).join(" ");
  // Where they do not fit, heads stand.
  const top = lying ? 2 * kLine + 10 : Math.max(...columns.map((head) => textWidth(whole(head)))) + 12;
  const root = rootOf(width, top + kHeight * rows.length + 4, `${options.label} The numbers follow as a table.`);
  const numbered = cell > textWidth("−0.00") + 4;
  for (const [c, head] of columns.entries()) {
    const x = names + 8 + (c + 0.5) * cell;
    if (!lying) {
      root.append(svg("text", { x, y: top - 6, class: "tick middle quiet", transform: `rotate(-90 ${x} ${top - 6})` }, whole(head)));
      continue;
    }
    for (const [i, line] of head.entries())
      root.append(svg("text", { x, y: top - 8 - kLine * (head.length - 1 - i), class: "tick centre quiet" }, line ?? ""));
  }
  for (const [r, name] of rows.entries()) {
    const y = top + r * kHeight;
    root.append(svg("text", { x: names, y: y + kHeight / 2, class: "tick end middle" }, fitted(name, names)));
    for (let c = 0; c < columns.length; ++c) {
      const value = options.value(r, c);
      if (value === null) continue;
      const x = names + 8 + c * cell;
      const strength = kDarkest * Math.min(1, Math.abs(value));
      root.append(svg("rect", { x: x + 1, y: y + 1, width: cell - 2, height: kHeight - 2, class: value < 0 ? "fill-1" : "fill-0", "fill-opacity": strength.toFixed(3) }));
      if (numbered) root.append(svg("text", { x: x + cell / 2, y: y + kHeight / 2, class: "tick centre middle" }, fixed(value)));
    }
  }
  return root;
}
