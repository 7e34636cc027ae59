// SPDX-License-Identifier: Apache-2.0
import { freshId, h } from "../base/dom.ts";
import type { Run } from "../data/types.ts";

export interface Heading {
  title: string;
  heading: "h2" | "h3";
}

/**
 * A section with a part for every run. One run: the part has the section's title; several: they stand side by side, each
 * under its run's name. null where no run has a part.
 */
export function perRun(
  title: string,
  runs: readonly Run[],
  make: (run: Run, heading: Heading) => HTMLElement | null,
): HTMLElement | null {
  const several = runs.length > 1;
  const parts = runs.map((run) => make(run, several ? { title: run.label, heading: "h3" } : { title, heading: "h2" }));
  if (parts.every((part) => part === null)) return null;
  if (!several) return h("section", { id: freshId("section") }, parts[0]);
  const filled = parts.map((part, i) => part ?? h("div", {}, h("h3", {}, runs[i]!.label), h("p", { class: "note" }, "This run has none.")));
  return h("section", { id: freshId("section") }, h("h2", {}, title), h("div", { class: "runs" }, ...filled));
}
