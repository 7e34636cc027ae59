// SPDX-License-Identifier: Apache-2.0
import { figureOfTable } from "../chart/figure.ts";
import { differences } from "../base/differences.ts";
import { freshId, h } from "../base/dom.ts";
import type { Table } from "../base/csv.ts";
import type { Run } from "../data/types.ts";

/** In what the runs were made otherwise: model, videos, settings. null for one run. */
export function runDifferences(runs: readonly Run[]): HTMLElement | null {
  if (runs.length < 2) return null;
  const table = differenceTable(runs);
  const title = "How the runs differ";
  const content =
    table.rows.length === 0
      ? [h("h2", {}, title), h("p", {}, "In nothing: model, videos and settings are the same.")]
      : [figureOfTable({ title, note: "Everything that was not the same when they were made. What is not named here is equal.", name: "differences", table })];
  return h("section", { id: freshId("section") }, ...content);
}

export function differenceTable(runs: readonly Run[]): Table {
  const found = differences(runs.map(madeOf));
  return {
    columns: [{ name: "setting" }, ...runs.map((run) => ({ name: run.label }))],
    rows: found.map(({ name, texts }) => [name.replaceAll("_", " "), ...texts.map((text) => text ?? "not set")]),
  };
}

/** null where the page was made without the model. */
export function modelPath(run: Run): string | null {
  const paths = [...run.extremes.strongest, ...run.extremes.weakest].map((one) => one.explanation?.model.path);
  return paths.find((path) => path) ?? null;
}

/** What a run was made of; the counts and findings are told elsewhere. */
function madeOf(run: Run): object {
  const { report } = run;
  return {
    model: modelPath(run),
    model_sha256: report.run.model_sha256,
    videos_sha256: report.run.dataset_sha256,
    videos: report.run.dataset_rows,
    relevid: report.run.relevid_version,
    shard: report.run.shard,
    settings: report.run.settings,
    statistics: { ...report.options, null_profile: undefined },
  };
}
