// SPDX-License-Identifier: Apache-2.0
import { contents } from "../base/contents.ts";
import { h } from "../base/dom.ts";
import { plural } from "../base/numbers.ts";
import { methodName } from "../explanation/caption.ts";
import type { AuditPage, Run } from "../data/types.ts";
import { controls } from "./controls.ts";
import { modelPath, runDifferences } from "./differences.ts";
import { extremes } from "./extremes.ts";
import { failures } from "./failures.ts";
import { classes, rightAndWrong } from "./groups.ts";
import { howItWasComputed } from "./method.ts";
import { positions } from "./position.ts";
import { controlProfiles, intervalProfiles } from "./profiles.ts";
import { sweep } from "./sweep.ts";
import { verdicts } from "./verdict.ts";

/** "Audit of mean.onnx (52cab01bd2a1) on 240 videos, by deep taylor": what tells this page from another one. */
function auditOf(run: Run): string {
  const { run: made, statistics } = run.report;
  const path = modelPath(run);
  const hash = made.model_sha256.slice(0, 12);
  const method = (made.settings as { method?: { name?: string } } | null)?.method?.name;
  const by = method ? `, by ${methodName(method)}` : "";
  return `Audit of ${path ? `${path} (${hash})` : `the model ${hash}`} on ${plural(statistics.videos, "video")}${by}`;
}

/** An audit, or several side by side. */
export function auditView(page: AuditPage): HTMLElement {
  const runs = page.runs;
  const title = h("h1", {}, page.title);
  if (runs.length === 0) return h("article", {}, title, h("p", { class: "lead" }, "This page holds no run."));
  const models = new Set(runs.map((run) => run.report.run.model_sha256)).size;
  const about = runs.length === 1 ? auditOf(runs[0]!) : `${runs.length} audits side by side, of ${plural(models, "model")}`;
  const sections = [
    verdicts(runs),
    runDifferences(runs),
    intervalProfiles(runs),
    positions(runs),
    sweep(runs),
    controls(runs),
    controlProfiles(runs),
    rightAndWrong(runs),
    classes(runs),
    extremes(runs),
    failures(runs),
    howItWasComputed(runs),
  ].filter((section) => section !== null);
  return h("article", { class: "sections" }, h("header", {}, title, h("p", { class: "second" }, about)), sections[0], contents(sections.slice(1)), ...sections.slice(1));
}
