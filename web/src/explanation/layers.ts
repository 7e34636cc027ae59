// SPDX-License-Identifier: Apache-2.0
import { figure } from "../chart/figure.ts";
import { drawLegend } from "../chart/legend.ts";
import { niceDomain, plainTicks, Plot, rootOf, type Box } from "../chart/plot.ts";
import type { Column, Table } from "../base/csv.ts";
import { h, svg } from "../base/dom.ts";
import { compact, kSpace, percent } from "../base/numbers.ts";
import type { Clip, Conservation, Layer, Num } from "../data/types.ts";
import type { Session } from "./state.ts";

/** Room for "−100 %". */
const kLeft = 58;
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
  const took = seconds === null ? "" : ` It took ${compact(seconds)}${kSpace}s.`;
  if (!account || !account.start) return `${method} is no propagation of relevance, so there is no account.${took}`;
  const part = (value: Num) => percent(value === null ? null : value / account.start!);
  // Against the sign of the start: biases may as well add to what flows.
  const adds = (account.absorbed_by_bias ?? 0) / account.start < -5e-4;
  const biases = adds ? `biases add ${part(-account.absorbed_by_bias!)}, ε takes ` : `${part(account.absorbed_by_bias)} is absorbed by biases, `;
  return (
    `Of the relevance at the start, ${compact(account.start)}, ${part(account.input)} arrives at the frames; ` +
    `${biases}${part(account.absorbed_by_epsilon)}${adds ? "" : " by ε"}, and ${part(account.dropped)} is dropped.${took}`
  );
}

/** What has become of the relevance at the start, once each layer is passed: what goes on, and what was lost so far. */
function draw(clip: Clip, width: number): SVGSVGElement | null {
  const { layers } = clip;
  if (layers.length === 0 || !layers[0]!.incoming) return null;
  const legend = svg("g");
  const top = drawLegend(legend, [{ text: "goes on", mark: "goes-on", shape: "box" }, ...kLosses.map(({ text, mark }) => ({ text, mark, shape: "box" as const }))], width, kLeft);
  const box: Box = { left: kLeft, top: top + 12, width: width - kLeft - 8, height: 150 };
  const root = rootOf(width, box.top + box.height + 40, "Relevance that goes on after each layer, and what was lost up to it. The numbers follow as a table.");
  root.append(legend);
  const stacks = stacksOf(layers);
  const domain = niceDomain(stacks.flatMap((stack) => [above(stack), below(stack)]), [0, 1]);
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
  for (const [i, stack] of stacks.entries()) drawStack(plot, i + 1, stack);
  return root;
}

/** What goes on, on any branch, then the losses so far in the order of kLosses; parts of the start. */
export function stacksOf(layers: readonly Layer[]): number[][] {
  const start = layers[0]?.incoming || 1;
  const lost = kLosses.map(() => 0);
  let onItsWay = 1;
  return layers.map((layer) => {
    onItsWay += ((layer.outgoing ?? 0) - (layer.incoming ?? 0)) / start;
    for (const [i, { key }] of kLosses.entries()) lost[i] = lost[i]! + (layer[key] ?? 0) / start;
    return [onItsWay, ...lost];
  });
}

function above(stack: readonly number[]): number {
  return stack.reduce((total, part) => total + Math.max(part, 0), 0);
}

function below(stack: readonly number[]): number {
  return stack.reduce((total, part) => total + Math.min(part, 0), 0);
}

/** Away from zero, to either side. */
function drawStack(plot: Plot, at: number, stack: readonly number[]): void {
  const marks = ["goes-on", ...kLosses.map((loss) => loss.mark)];
  const ends = { up: 0, down: 0 };
  for (const [i, part] of stack.entries()) {
    const side = part > 0 ? "up" : "down";
    if (part !== 0) plot.bar(at - 0.4, at + 0.4, ends[side], ends[side] + part, marks[i]!);
    ends[side] += part;
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
