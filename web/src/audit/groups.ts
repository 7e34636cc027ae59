// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Domain } from "../chart/plot.ts";
import { sortableTable } from "../chart/table.ts";
import type { Table } from "../base/csv.ts";
import { h, svg } from "../base/dom.ts";
import { saveCsv } from "../base/download.ts";
import { estimate, fixed, kSpace, percent, plural } from "../base/numbers.ts";
import type { Profile, Run } from "../data/types.ts";
import { perRun } from "./layout.ts";
import { baseCondition, borderOf, doubtOf, nullProfile, videosOf } from "./pick.ts";
import { drawBorders, drawProfile, profileTable } from "./profiles.ts";
import { asPercent, estimateCells, estimateColumns } from "../chart/columns.ts";

/** Videos that the model gets right against those that it gets wrong. */
export function rightAndWrong(runs: readonly Run[]): HTMLElement | null {
  const domain = niceDomain(
    runs.flatMap((run) => {
      const base = baseCondition(run.report);
      return base ? [base.right, base.wrong].flatMap((profile) => profile.shares.flatMap((s) => [s.value, s.high])) : [];
    }),
  );
  return perRun("Right against wrong", runs, (run, heading) => {
    const base = baseCondition(run.report);
    if (!base || base.right.videos + base.wrong.videos === 0) return null;
    const { k } = run.report.statistics.verdict;
    const ratio = (profile: Profile) => estimate(borderOf(profile, k)?.ratio);
    const panels = [
      { title: "right", profile: base.right },
      { title: "wrong", profile: base.wrong },
    ].filter((panel) => panel.profile.videos > 0);
    return figure({
      ...heading,
      note: `At interval ${base.condition.frame_interval}. Border ratio where the prediction is right: ${ratio(base.right)}, ${plural(base.right.videos, "video")}; where it is wrong: ${ratio(base.wrong)}, ${plural(base.wrong.videos, "video")}.${doubtOf(panels.map((panel) => panel.profile))}`,
      name: `${run.label}-right-and-wrong`,
      draw: (width) => draw(run, panels, domain, width),
      table: () => profileTable(panels, nullProfile(run.report)),
    }).element;
  });
}

function draw(run: Run, panels: { title: string; profile: Profile }[], domain: Domain, width: number): SVGSVGElement {
  const frames = run.report.statistics.frames;
  const legend = svg("g");
  const series = (title: string) => (title === "right" ? 0 : 1);
  const top = drawLegend(
    legend,
    [
      ...panels.map(({ title, profile }) => ({ text: `${title}, ${videosOf(profile)}`, mark: `curve-${series(title)}`, shape: "line" as const })),
      { text: "even share", mark: "even-line", shape: "line" },
      { text: "border", mark: "shade", shape: "box" },
    ],
    width,
    0,
  );
  const box = { left: 46, top: top + 12, width: width - 54, height: 180 };
  const root = rootOf(width, box.top + box.height + 42, "Share of relevance per frame, of videos with right and with wrong predictions. The numbers follow as a table.");
  root.append(legend);
  const plot = new Plot(
    root,
    box,
    { domain: [-0.5, frames - 0.5], ticks: Array.from({ length: frames }, (_, t) => ({ at: t, label: String(t + 1) })), title: "frame of the clip" },
    { domain, ticks: plainTicks(domain, 5, 100, " %") },
  );
  drawBorders(plot, frames, run.report.statistics.verdict.k);
  for (const { title, profile } of panels) drawProfile(plot, profile, series(title));
  plot.level(1 / frames, "even-line");
  return root;
}

/** Every class, sortable. */
export function classes(runs: readonly Run[]): HTMLElement | null {
  return perRun("Classes", runs, (run, heading) => {
    const base = baseCondition(run.report);
    if (!base || base.classes.length === 0) return null;
    const title = `Classes at interval ${base.condition.frame_interval}, ${run.label}`;
    return h(
      "div",
      { class: "figure" },
      h(
        "div",
        { class: "figure-head" },
        h(heading.heading, {}, heading.title),
        h(
          "div",
          { class: "tools" },
          h("button", { type: "button", class: "small", "aria-label": `${title}: download CSV`, onclick: () => saveCsv(classTable(run, "numbers"), `${run.label}-classes`) }, "CSV"),
        ),
      ),
      h("p", { class: "note" }, "With 95 % intervals; ~ from fewer than ten videos, which are not to be trusted. Of many classes some look odd by chance."),
      sortableTable(classTable(run, "page"), title, { column: 1, ascending: false }),
    );
  });
}

export function classTable(run: Run, style: "page" | "numbers"): Table {
  const { k } = run.report.statistics.verdict;
  const rows = baseCondition(run.report)?.classes ?? [];
  const within = (e: { low: number | null; high: number | null; reliable: boolean } | undefined, write: (v: number | null) => string) =>
    !e || e.low === null || e.high === null ? "" : [write(e.low), "to", write(e.high), e.reliable ? "" : "~"].filter(Boolean).join(kSpace);
  if (style === "numbers") {
    return {
      columns: [{ name: "class" }, { name: "label" }, { name: "videos" }, ...estimateColumns("top 1", asPercent), ...estimateColumns("border ratio"), ...estimateColumns("excess")],
      rows: rows.map((c) => {
        const border = borderOf(c.profile, k);
        return [c.name, c.label, c.accuracy.video1.videos, ...estimateCells(c.accuracy.video1), ...estimateCells(border?.ratio), ...estimateCells(border?.excess)];
      }),
    };
  }
  return {
    columns: [
      { name: "class" },
      { name: "videos" },
      { name: "top 1", write: percent },
      { name: "95 %" },
      { name: "border ratio", write: (value) => fixed(value) },
      { name: "95 % " },
      { name: "excess", write: (value) => fixed(value) },
    ],
    rows: rows.map((c) => {
      const border = borderOf(c.profile, k);
      return [
        c.name ?? `class ${c.label}`,
        c.accuracy.video1.videos,
        c.accuracy.video1.value,
        within(c.accuracy.video1, (value) => fixed(100 * (value ?? Number.NaN), 0)),
        border?.ratio.value ?? null,
        within(border?.ratio, fixed),
        border?.excess?.value ?? null,
      ];
    }),
  };
}
