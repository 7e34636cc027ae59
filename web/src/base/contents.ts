// SPDX-License-Identifier: Apache-2.0
import { h } from "./dom.ts";

/** Links to the sections. */
export function contents(sections: readonly HTMLElement[]): HTMLElement {
  return h(
    "nav",
    { class: "contents", "aria-label": "On this page" },
    ...sections.map((section) => h("a", { href: `#${section.id}` }, section.querySelector("h2")?.textContent ?? "")),
  );
}
