// SPDX-License-Identifier: Apache-2.0

export type Cell = string | number | null;

export interface Column {
  name: string;
  /** How a number is shown in the page's table; in CSV it stands whole. */
  write?: (value: number | null) => string;
}

export interface Table {
  columns: Column[];
  rows: Cell[][];
}

/**
 * RFC 4180 with '\n' at the ends of lines; an empty field is "not known". A text that a spreadsheet would take for a
 * formula gets an apostrophe in front, because names come from strangers.
 */
export function toCsv(table: Table): string {
  const lines = [table.columns.map((column) => column.name), ...table.rows];
  return lines.map((line) => line.map(field).join(",") + "\n").join("");
}

function field(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
