// SPDX-License-Identifier: Apache-2.0
import { plainTable } from "../chart/table.ts";
import type { Table } from "../base/csv.ts";
import { h } from "../base/dom.ts";
import { saveCsv } from "../base/download.ts";
import { plural } from "../base/numbers.ts";
import type { Run } from "../data/types.ts";
import { perRun } from "./layout.ts";

const kShownAtOnce = 12;

/** The videos that were left out, and why. */
export function failures(runs: readonly Run[]): HTMLElement | null {
  return perRun("Videos that were left out", runs, (run, heading) => {
    const list = run.report.failures;
    const { counts } = run.report;
    const title = h(heading.heading, {}, heading.title);
    if (list.length === 0) return h("div", {}, title, h("p", {}, `None: all ${plural(counts.done, "video")} were used.`));
    const states = [
      ["too short", counts.too_short],
      ["unreadable", counts.unreadable],
      ["empty", counts.empty],
      ["failed", counts.failed],
    ] as const;
    const words = states.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
    const shown = plainTable(failureTable(run), `Videos that were left out of ${run.label}`);
    return h(
      "div",
      { class: "figure" },
      h(
        "div",
        { class: "figure-head" },
        title,
        h("div", { class: "tools" }, h("button", { type: "button", class: "small", "aria-label": `Videos left out of ${run.label}: download CSV`, onclick: () => saveCsv(failureTable(run), `${run.label}-failures`) }, "CSV")),
      ),
      h("p", {}, `${list.length} of ${plural(counts.done, "video")}: ${words.join(", ")}.`),
      list.length > kShownAtOnce ? h("details", { class: "numbers" }, h("summary", {}, `All ${list.length}`), shown) : shown,
    );
  });
}

export function failureTable(run: Run): Table {
  return {
    columns: [{ name: "video" }, { name: "name" }, { name: "state" }, { name: "kind of error" }, { name: "error" }],
    rows: run.report.failures.map((f) => [f.video, f.name, f.state.replaceAll("_", " "), f.error_kind, f.error]),
  };
}
