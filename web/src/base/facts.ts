// SPDX-License-Identifier: Apache-2.0
import { h } from "./dom.ts";

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null ? "not known" : JSON.stringify(value);
}

/** "nested.key" → text, for every leaf; lists of plain values are one leaf. */
export function leaves(value: unknown, prefix = ""): [name: string, text: string][] {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) return prefix ? [[prefix, valueText(value)]] : [];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, prefix ? `${prefix}.${key}` : key));
}

/** A fold-out of whatever an object holds. */
export function facts(parts: { title: string; value: unknown }[], summary: string): HTMLElement {
  return h(
    "details",
    { class: "facts" },
    h("summary", {}, summary),
    ...parts
      .filter((part) => !isEmpty(part.value))
      .map((part) =>
        h(
          "section",
          {},
          h("h3", {}, part.title),
          h("dl", {}, ...leaves(part.value).map(([name, text]) => h("div", {}, h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, text)))),
        ),
      ),
  );
}
