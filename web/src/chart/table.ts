// SPDX-License-Identifier: Apache-2.0
import { h } from "../base/dom.ts";
import { fixed } from "../base/numbers.ts";
import type { Cell, Column, Table } from "../base/csv.ts";

export interface SortOrder {
  column: number;
  ascending: boolean;
}

export function cellText(cell: Cell, column: Column): string {
  if (typeof cell === "string") return cell;
  if (column.write) return column.write(cell);
  return Number.isInteger(cell) ? String(cell) : fixed(cell, 4);
}

function isNumeric(table: Table, column: number): boolean {
  return table.rows.some((row) => typeof row[column] === "number") && table.rows.every((row) => typeof row[column] !== "string");
}

/** Numbers by size, texts by the alphabet; what is not known comes last in either order. */
export function sorted(rows: readonly Cell[][], order: SortOrder): Cell[][] {
  const sign = order.ascending ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [a[order.column] ?? null, b[order.column] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}

/** A table in a region that scrolls by itself, also by keyboard. */
export function plainTable(table: Table, caption: string): HTMLElement {
  return region(caption, h("table", {}, head(table, caption), body(table, table.rows)));
}

/** The same with buttons in its head that sort it. */
export function sortableTable(table: Table, caption: string, first: SortOrder): HTMLElement {
  const element = h("table", { class: "sortable" });
  let order = first;
  const draw = () => element.replaceChildren(...head(table, caption, order, press).childNodes, body(table, sorted(table.rows, order)));
  const press = (column: number) => {
    const same = order.column === column;
    order = { column, ascending: same ? !order.ascending : !isNumeric(table, column) };
    draw();
    element.querySelectorAll<HTMLButtonElement>("thead button")[column]?.focus();
  };
  draw();
  return region(caption, element);
}

function region(caption: string, table: HTMLTableElement): HTMLElement {
  return h("div", { class: "table", role: "group", "aria-label": caption, tabindex: 0 }, table);
}

function head(table: Table, caption: string, order?: SortOrder, press?: (column: number) => void): DocumentFragment {
  const cells = table.columns.map((column, i) => {
    const numeric = isNumeric(table, i) ? "number" : null;
    if (!order || !press) return h("th", { scope: "col", class: numeric }, column.name);
    const active = order.column === i;
    const arrow = active ? (order.ascending ? "▲" : "▼") : "";
    return h(
      "th",
      { scope: "col", class: numeric, "aria-sort": active ? (order.ascending ? "ascending" : "descending") : "none" },
      h("button", { type: "button", onclick: () => press(i) }, column.name, h("span", { "aria-hidden": "true", class: "arrow" }, arrow)),
    );
  });
  const fragment = document.createDocumentFragment();
  fragment.append(h("caption", { class: "hidden" }, caption), h("thead", {}, h("tr", {}, ...cells)));
  return fragment;
}

function body(table: Table, rows: readonly Cell[][]): HTMLTableSectionElement {
  const numeric = table.columns.map((_, i) => isNumeric(table, i));
  return h(
    "tbody",
    {},
    ...rows.map((row) =>
      h(
        "tr",
        {},
        ...row.map((cell, i) => {
          const text = cellText(cell, table.columns[i]!);
          return i === 0 ? h("th", { scope: "row", class: numeric[i] ? "number" : null }, text) : h("td", { class: numeric[i] ? "number" : null }, text);
        }),
      ),
    ),
  );
}
