// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import type { LegendItem } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, type Box, type Domain, type Tick } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { percent, rate } from "../base/numbers.ts";
import type { ConditionStatistics, Num, Profile, Report, Run } from "../data/types.ts";
import { perRun } from "./layout.ts";
import { asPercent, estimateCells, estimateColumns } from "../chart/columns.ts";
import { drawPanels, type Panel } from "./panels.ts";
import { baseCondition, conditionName, controlConditions, doubtOf, intervalConditions, nullProfile, videosOf } from "./pick.ts";

/** One small chart. */
export interface ProfilePanel extends Panel {
  profile: Profile;
}

export const kSteps = 4;

/** Frame shares of every interval, in panels of one scale. */
export function intervalProfiles(runs: readonly Run[]): HTMLElement | null {
  const domain = shareDomain(runs, intervalConditions);
  return perRun("Relevance per frame, at each interval", runs, (run, heading) => {
    const panels = intervalConditions(run.report).filter(hasProfile).map(panelOf);
    if (panels.length === 0) return null;
    return figure({
      ...heading,
      note: `Mean share of each frame of the clip over videos, with its 95 % interval. All panels have one scale; the border that the verdict is about is shaded.${doubtOf(panels.map((panel) => panel.profile))}`,
      name: `${run.label}-profiles`,
      draw: (width) => draw(panels, run.report, nullLine(run.report), domain, width),
      table: () => profileTable(panels, nullProfile(run.report)),
    }).element;
  });
}

/** The same under the controls, with the real clips as the thin line. */
export function controlProfiles(runs: readonly Run[]): HTMLElement | null {
  const domain = shareDomain(runs, (report) => [...controlConditions(report), ...intervalConditions(report)]);
  return perRun("Relevance per frame, under the controls", runs, (run, heading) => {
    const panels = controlConditions(run.report).filter(hasProfile).map(panelOf);
    const base = baseCondition(run.report);
    if (panels.length === 0) return null;
    const real = base ? base.all.shares.map((share) => share.value) : null;
    return figure({
      ...heading,
      name: `${run.label}-control-profiles`,
      draw: (width) => draw(panels, run.report, real && { text: "the real clips", values: real }, domain, width),
      table: () => profileTable(panels, nullProfile(run.report)),
    }).element;
  });
}

interface ThinLine {
  text: string;
  values: Num[];
}

function nullLine(report: Report): ThinLine | null {
  const values = nullProfile(report);
  return values && { text: "the architecture alone", values };
}

function hasProfile(condition: ConditionStatistics): boolean {
  return condition.all.shares.some((share) => share.value !== null);
}

function panelOf(c: ConditionStatistics): ProfilePanel {
  const seen = c.condition.kind === "interval" ? rate(c.rate) : "";
  return { title: conditionName(c.condition), second: [seen, videosOf(c.all)].filter(Boolean).join(" · "), profile: c.all };
}

/** One scale over runs and panels. */
function shareDomain(runs: readonly Run[], of: (report: Report) => ConditionStatistics[]): Domain {
  const values = runs.flatMap((run) => [
    ...of(run.report).flatMap((c) => c.all.shares.flatMap((share) => [share.value, share.high])),
    ...(nullProfile(run.report) ?? []),
  ]);
  return niceDomain(values, [0], kSteps);
}

function draw(panels: readonly ProfilePanel[], report: Report, thin: ThinLine | null, domain: Domain, width: number): SVGSVGElement {
  const items: LegendItem[] = [
    { text: "mean", mark: "curve-0", shape: "line" },
    { text: "95 % interval", mark: "band-0", shape: "box" },
    ...(thin ? [{ text: thin.text, mark: "null-line", shape: "line" } as const] : []),
    { text: "even share", mark: "even-line", shape: "line" },
  ];
  return drawPanels(panels, { items, width, label: "Share of relevance per frame" }, (root, box, panel, first) =>
    drawPanel(root, box, panel, report, thin, domain, first),
  );
}

function drawPanel(root: SVGSVGElement, box: Box, panel: ProfilePanel, report: Report, thin: ThinLine | null, domain: Domain, first: boolean): void {
  const frames = panel.profile.shares.length;
  const plot = new Plot(
    root,
    box,
    { domain: [-0.5, frames - 0.5], ticks: panel.profile.shares.map((_, t) => ({ at: t, label: String(t + 1) })) },
    { domain, ticks: shareTicks(domain, first) },
  );
  drawBorders(plot, frames, report.statistics.verdict.k);
  if (thin?.values.length === frames) plot.reference(thin.values.map((share, t) => [t, share]));
  drawProfile(plot, panel.profile, 0);
  plot.level(1 / frames, "even-line");
}

/** In per cent; written where the panel is its row's first. */
export function shareTicks(domain: Domain, written: boolean): Tick[] {
  return plainTicks(domain, kSteps, 100, " %").map((tick) => (written ? tick : { ...tick, label: "" }));
}

export function drawBorders(plot: Plot, frames: number, k: number): void {
  if (2 * k >= frames) return;
  plot.shade(-0.5, k - 0.5);
  plot.shade(frames - k - 0.5, frames - 0.5);
}

export function drawProfile(plot: Plot, profile: Profile, series: number): void {
  plot.band(profile.shares.map((share, t) => [t, share.low, share.high]), `band-${series}`);
  plot.curve(profile.shares.map((share, t) => [t, share.value]), `curve-${series}`);
}

export function profileTable(panels: readonly Pick<ProfilePanel, "title" | "profile">[], architecture: Num[] | null): Table {
  return {
    columns: [{ name: "condition" }, { name: "frame" }, ...estimateColumns("share", asPercent), { name: "the architecture alone", write: percent }],
    rows: panels.flatMap((panel) =>
      panel.profile.shares.map((share, t) => [panel.title, t + 1, ...estimateCells(share), architecture?.[t] ?? null]),
    ),
  };
}
