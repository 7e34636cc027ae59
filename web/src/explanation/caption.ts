// SPDX-License-Identifier: Apache-2.0
import { differences } from "../base/differences.ts";
import { leaves } from "../base/facts.ts";
import { inWords, percent, plural, roundPercent, sum } from "../base/numbers.ts";
import type { Clip, Explanation, Num, Shown } from "../data/types.ts";
import { positionSentence } from "./position_data.ts";

/** The share of the first k and the last k frames. */
export function borderShare(shares: readonly Num[], k: number): number {
  return sum(shares.slice(0, k)) + sum(shares.slice(Math.max(k, shares.length - k)));
}

function borderName(k: number): string {
  return k === 1 ? "the first and the last frame" : `the first and last ${inWords(k)} frames`;
}

/** "62 % of the relevance lies in the first and last two frames; an even share would be 25 %." */
export function captionOf(shown: Shown, k: number, nullProfile: readonly Num[] | null): string {
  const { clips } = shown;
  const frames = clips[0]?.frame_share.length ?? 0;
  if (frames === 0) return "There is no clip to explain.";
  if (clips.every((clip) => sum(clip.frame_share) === 0)) return "No relevance reaches the frames.";
  const where = clips.length > 1 ? `Over ${plural(clips.length, "clip")}, ` : "";
  const mean = clips.reduce((total, clip) => total + borderShare(clip.frame_share, k), 0) / clips.length;
  if (2 * k >= frames) {
    return frames === 1 ? "The clip has a single frame, which has all the relevance." : `A clip of ${inWords(frames)} frames is all border.`;
  }
  const even = `an even share would be ${roundPercent((2 * k) / frames)}`;
  const known = nullProfile !== null && nullProfile.length === frames;
  const alone = known ? `, and the architecture alone gives ${roundPercent(borderShare(nullProfile, k))}` : "";
  return `${where}${roundPercent(mean)} of the ${shown.share_of} lies in ${borderName(k)}${clips.length > 1 ? " of a clip" : ""}; ${even}${alone}.`;
}

/** What is predicted, and what is explained. */
export function predictionSentence(explanation: Explanation, shown: Shown): string {
  const best = explanation.prediction[0];
  const says = best ? `Predicted: “${best.label}” (${percent(best.probability)}). ` : "";
  const same = best?.index === shown.target.index;
  const target = same ? "Explained: this class" : `Explained: “${shown.target.label}” (${percent(shown.target.probability)})`;
  const against = shown.against === null ? "" : ` against “${shown.against}”`;
  return `${says}${target}${against}, with ${methodName(shown.method)}.`;
}

export function methodName(method: string): string {
  return method.replaceAll("_", " ");
}

/** "deep taylor · walk left" */
function shownName(shown: Shown): string {
  const against = shown.against === null ? "" : ` against ${shown.against}`;
  return `${methodName(shown.method)} · ${shown.target.label}${against}`;
}

/** One name each; those of the same method and target say in which settings they differ. */
export function shownNames(all: readonly Shown[]): string[] {
  return all.map((shown) => {
    const name = shownName(shown);
    const same = all.filter((other) => shownName(other) === name);
    if (same.length < 2) return name;
    const place = same.indexOf(shown);
    const own = differences(same.map((other) => other.settings)).map((d) => `${d.name.replaceAll("_", " ")} ${d.texts[place] || "not set"}`);
    return `${name} · ${own.length > 0 ? own.join(", ") : `number ${place + 1}`}`;
  });
}

/** Nothing was asked for: the method's own, or all. */
function isDefault(text: string): boolean {
  return text === "" || text === "[0,0,0]" || text === "default" || text === "not known";
}

/** "videos/a.mp4 · c3d.onnx · clips of 16 frames at interval 2 · start logit": what tells this page from another one. */
export function identityOf(explanation: Explanation, shown: Shown): string {
  const made = new Map(leaves(explanation.settings));
  const of = new Map(leaves(shown.settings));
  const [frames, interval] = [shown.clips[0]?.frames.length ?? 0, made.get("model_settings.frame_interval")];
  const own = [...of].filter(([key, text]) => key !== "name" && !isDefault(text)).map(([key, text]) => `${key.replaceAll("_", " ")} ${text}`);
  const clips = `${plural(shown.clips.length, "clip")} of ${plural(frames, "frame")}${interval ? ` at interval ${interval}` : ""}`;
  return [explanation.input, explanation.model.path ?? explanation.model.sha256.slice(0, 12), clips, own.join(", ")].filter(Boolean).join(" · ");
}

/** "With the map of “walk left”, the runner-up, this one has a correlation of 0.62." */
function comparisonSentence(shown: Shown): string {
  const compared = shown.class_comparison;
  return compared ? `With the map of “${compared.runner_up.label}”, the runner-up, this one has a correlation of ${compared.correlation.toFixed(2)}.` : "";
}

/** "1 pass forward and 1 back through the network for a clip. Its own values: 16 in time (...), 7 by 7 in a picture.", and what else was found in a clip. */
export function methodNotes(shown: Shown, clip: Clip): string {
  const passes = shown.passes
    ? `${plural(shown.passes.forward, "pass", "passes")} forward${shown.passes.backward > 0 ? ` and ${shown.passes.backward} back` : ""} through the network for a clip.`
    : "";
  const { frames, rows, columns, in_time } = shown.resolution ?? {};
  const fine = frames === undefined ? "" : `Its own values: ${frames} in time (${in_time}), ${rows} by ${columns} in a picture.`;
  return [passes, fine, shown.position ? positionSentence(shown.position) : "", comparisonSentence(shown), ...(clip.notes ?? [])].filter(Boolean).join(" ");
}

export function strongestFrame(clip: Clip): number {
  let best = 0;
  for (const [t, share] of clip.frame_share.entries()) if ((share ?? 0) > (clip.frame_share[best] ?? 0)) best = t;
  return best;
}
