// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend, type LegendItem } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Box } from "../chart/plot.ts";
import type { Table } from "../base/csv.ts";
import { svg } from "../base/dom.ts";
import { percent, plural } from "../base/numbers.ts";
import type { Shown } from "../data/types.ts";
import { kMargin } from "./curve.ts";
import { positionSentence, stepNames } from "./position_data.ts";
import type { Session } from "./state.ts";

const kHeight = 150;
const kItems: LegendItem[] = [
  { text: "content", mark: "series-0", shape: "box" },
  { text: "position", mark: "series-1", shape: "box" },
];

/** What positions take at every step of the network in time, beside what reaches the frames of that step; hidden where there are none. */
export function positionChart(session: Session): HTMLElement {
  const { store } = session;
  const shown = () => session.shownAt(store.get().shown);
  const chart = figure({
    title: "Position beside content",
    note: "Position: what counts because of where and when a patch is, whatever it shows. Content: what reaches the frames. A pair of bars is one step of the network in time, and nothing here is finer.",
    name: `${session.explanation.input}-position`,
    draw: (width) => draw(shown(), width),
    table: () => table(shown()),
  });
  chart.element.classList.add("position");
  store.watch(["shown"], () => {
    chart.element.hidden = !shown().position;
    chart.redraw();
  });
  return chart.element;
}

function framesOf(shown: Shown): number {
  return shown.clips[0]?.frames.length ?? 0;
}

function draw(shown: Shown, width: number): SVGSVGElement | null {
  const { position } = shown;
  if (!position) return null;
  const names = stepNames(position.by_time.length, framesOf(shown));
  const scratch = svg("g");
  const legend = drawLegend(scratch, kItems, width - kMargin.right, kMargin.left) + 8;
  const box: Box = { left: kMargin.left, top: legend + 22, width: width - kMargin.left - kMargin.right, height: kHeight };
  const root = rootOf(width, box.top + kHeight + 42, `${positionSentence(position)} The numbers follow as a table.`);
  root.append(scratch);
  const domain = niceDomain([...position.by_time, ...position.content], [0]);
  const plot = new Plot(
    root,
    box,
    { domain: [-0.5, names.length - 0.5], ticks: names.map((label, at) => ({ at, label })), title: `frames of the clip, in ${plural(names.length, "step")} of the network` },
    { domain, ticks: plainTicks(domain, 5, 100, " %"), title: "share of the score" },
  );
  for (const [i, shares] of [position.content, position.by_time].entries()) {
    for (const [s, share] of shares.entries()) plot.bar(s - 0.36 + 0.36 * i, s + 0.36 * i, 0, share ?? 0, `series-${i}`);
  }
  plot.level(0, "axis");
  return root;
}

function table(shown: Shown): Table {
  const { position } = shown;
  const names = stepNames(position?.by_time.length ?? 0, framesOf(shown));
  return {
    columns: [{ name: "frames" }, { name: "position", write: percent }, { name: "content", write: percent }],
    rows: names.map((name, s) => [name, position?.by_time[s] ?? null, position?.content[s] ?? null]),
  };
}
