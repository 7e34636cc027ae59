// SPDX-License-Identifier: Apache-2.0
// Which parts of a report the views need.
import { plural } from "../base/numbers.ts";
import type { Accuracy, Border, Condition, ConditionStatistics, Num, Profile, Report, Run } from "../data/types.ts";

export function intervalConditions(report: Report): ConditionStatistics[] {
  return report.statistics.conditions
    .filter((c) => c.condition.kind === "interval")
    .sort((a, b) => a.condition.frame_interval - b.condition.frame_interval);
}

/** Everything that was taken away on purpose; the null profile is none of these. */
export function controlConditions(report: Report): ConditionStatistics[] {
  return report.statistics.conditions.filter((c) => !["interval", "null_profile"].includes(c.condition.kind));
}

export function baseCondition(report: Report): ConditionStatistics | null {
  const base = report.options.base_interval;
  return intervalConditions(report).find((c) => c.condition.frame_interval === base) ?? null;
}

/** Shares of the architecture alone: given, or measured as a condition. */
export function nullProfile(report: Report): Num[] | null {
  if (report.options.null_profile) return report.options.null_profile;
  const condition = report.statistics.conditions.find((c) => c.condition.kind === "null_profile");
  const shares = condition?.all.shares.map((share) => share.value) ?? [];
  return shares.length > 0 ? shares : null;
}

export function borderOf(profile: Profile, k: number): Border | null {
  return profile.borders.find((border) => border.k === k) ?? null;
}

/** Of the null profile, as a border ratio; 1 is even. */
export function nullRatio(report: Report): number | null {
  const shares = nullProfile(report);
  const { k, frames } = report.statistics.verdict;
  if (!shares || shares.length !== frames || 2 * k > frames) return null;
  const border = [...shares.slice(0, k), ...shares.slice(frames - k)].reduce<number>((sum, s) => sum + (s ?? 0), 0);
  return border / ((2 * k) / frames);
}

/** Over the videos that fit every compared interval; null where the interval is not compared. */
export function commonAccuracy(report: Report, interval: number): Accuracy | null {
  const { sweep } = report.statistics;
  const at = sweep.compared.indexOf(interval);
  return at >= 0 ? (sweep.common_accuracy[at] ?? null) : null;
}

export function conditionName(condition: Condition): string {
  switch (condition.kind) {
    case "interval":
      return `interval ${condition.frame_interval}`;
    case "random_weights":
      return "random weights";
    case "second_method":
      return "a second method";
    case "frozen":
      return "one frame repeated";
    case "shuffled":
      return "frames shuffled";
    case "reversed":
      return "frames reversed";
    case "shifted":
      return `shifted by ${condition.shift_frames} frames`;
    default:
      return condition.kind.replaceAll("_", " ");
  }
}

/** "Use interval 2: the gain …" → its beginning, and the rest as a sentence. */
export function splitSentence(sentence: string): { head: string; rest: string } {
  const at = sentence.indexOf(": ");
  if (at < 0) return { head: sentence, rest: "" };
  const rest = sentence.slice(at + 2);
  return { head: sentence.slice(0, at), rest: rest.charAt(0).toUpperCase() + rest.slice(1) };
}

export function borderWords(k: number): string {
  return k === 1 ? "the first and the last frame" : `the first ${k} and the last ${k} frames`;
}

/** "6 videos ~": the tilde stands by numbers from too few of them. */
export function videosOf(profile: Profile): string {
  return plural(profile.videos, "video") + (profile.shares.every((share) => share.reliable) ? "" : " ~");
}

/** What the tilde means, where one of the profiles has it. */
export function doubtOf(profiles: readonly Profile[]): string {
  return profiles.some((profile) => profile.shares.some((share) => !share.reliable)) ? " ~: from fewer than ten videos, not to be trusted." : "";
}

export function seriesName(run: Run, runs: readonly Run[], text: string): string {
  return runs.length > 1 ? run.label : text;
}
