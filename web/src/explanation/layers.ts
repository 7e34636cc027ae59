// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Box } from "../chart/plot.ts";
import type { Column, Table } from "../base/csv.ts";
import { h, svg } from "../base/dom.ts";
import { compact, percent } from "../base/numbers.ts";
import type { Clip, Conservation, Layer, Num } from "../data/types.ts";
import type { Session } from "./state.ts";

const kLosses = [
  { key: "absorbed_by_bias", text: "absorbed by bias", mark: "loss-0" },
  { key: "absorbed_by_epsilon", text: "absorbed by ε", mark: "loss-1" },
  { key: "dropped", text: "dropped", mark: "loss-2" },
] as const;

/** Each layer's account: what came in, what went on, what was lost. null where the method has none. */
export function layerAccounts(session: Session): HTMLElement | null {
  if (!session.explanation.explanations.some((shown) => shown.clips.some((clip) => clip.layers.length > 0))) return null;
  const sentence = h("p", { class: "note" });
  const clip = () => session.clipOf(session.store.get().shown);
  const chart = figure({
    title: "Conservation, layer by layer",
    name: `${session.explanation.input}-layers`,
    above: sentence,
    draw: (width) => draw(clip(), width),
    table: () => table(clip()),
  });
  session.store.watch(["shown", "clip"], (state) => {
    const { method, seconds } = session.shownAt(state.shown);
    sentence.textContent = accountSentence(clip().conservation, method, seconds?.explain ?? null);
    chart.redraw();
  });
  return chart.element;
}

export function accountSentence(account: Conservation | null, method: string, seconds: Num): string {
  const took = seconds === null ? "" : ` It took ${compact(seconds)} s.`;
  if (!account || !account.start) return `${method} is no propagation of relevance, so there is no account.${took}`;
  const part = (value: Num) => percent(value === null ? null : value / account.start!);
  return (
    `Of the relevance at the start, ${compact(account.start)}, ${part(account.input)} arrives at the frames; ` +
    `${part(account.absorbed_by_bias)} is absorbed by biases, ${part(account.absorbed_by_epsilon)} by ε, ` +
    `and ${part(account.dropped)} is dropped.${took}`
  );
}

function draw(clip: Clip, width: number): SVGSVGElement {
  const { layers } = clip;
  const start = layers[0]?.incoming || 1;
  const part = (value: Num) => (value === null ? null : value / start);
  const legend = svg("g");
  const top = drawLegend(
    legend,
    [{ text: "handed on", mark: "curve-0 dotted", shape: "dot" }, ...kLosses.map(({ text, mark }) => ({ text, mark, shape: "box" as const }))],
    width,
    52,
  );
  const box: Box = { left: 52, top: top + 12, width: width - 60, height: 150 };
  const root = rootOf(width, box.top + box.height + 40, "Relevance that each layer hands on and absorbs. The numbers follow as a table.");
  root.append(legend);
  if (layers.length === 0) {
    root.append(svg("text", { x: box.left + box.width / 2, y: box.top + 70, class: "tick centre" }, "no layers for this method"));
    return root;
  }
  const losses = layers.flatMap((layer) => kLosses.map(({ key }) => part(layer[key])));
  const domain = niceDomain([...layers.map((layer) => part(layer.outgoing)), ...losses], [0, 1]);
  const plot = new Plot(
    root,
    box,
    {
      domain: [0.4, layers.length + 0.6],
      ticks: layers.map((_, i) => ({ at: i + 1, label: String(i + 1) })),
      title: "layer, from the output to the frames",
    },
    { domain, ticks: plainTicks(domain, 5, 100, " %") },
  );
  for (const [i, layer] of layers.entries()) drawLosses(plot, i + 1, layer, part);
  plot.curve(layers.map((layer, i) => [i + 1, part(layer.outgoing)]), "curve-0");
  for (const [i, layer] of layers.entries()) {
    const value = part(layer.outgoing);
    if (value !== null) plot.dot(i + 1, value, "dot-0", 3);
  }
  return root;
}

/** Stacked away from zero, to either side. */
function drawLosses(plot: Plot, at: number, layer: Layer, part: (value: Num) => Num): void {
  const ends = { up: 0, down: 0 };
  for (const { key, mark } of kLosses) {
    const value = part(layer[key]) ?? 0;
    if (value === 0) continue;
    const side = value > 0 ? "up" : "down";
    plot.bar(at - 0.3, at + 0.3, ends[side], ends[side] + value, mark);
    ends[side] += value;
  }
}

function table(clip: Clip): Table {
  const number = (name: string): Column => ({ name, write: compact });
  return {
    columns: [
      { name: "layer" },
      { name: "name" },
      { name: "operator" },
      { name: "rule" },
      number("incoming"),
      number("outgoing"),
      number("absorbed by bias"),
      number("absorbed by ε"),
      number("dropped"),
    ],
    rows: clip.layers.map((layer, i) => [
      i + 1,
      layer.name,
      layer.operator,
      layer.rule,
      layer.incoming,
      layer.outgoing,
      layer.absorbed_by_bias,
      layer.absorbed_by_epsilon,
      layer.dropped,
    ]),
  };
}
