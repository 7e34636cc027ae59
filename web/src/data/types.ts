// SPDX-License-Identifier: Apache-2.0
// The page's data, as docs/dev/page-data.md has it. Names are those of the JSON. A number that is not known is null.

import type { ColorMapName } from "../base/colormap.ts";

export type Num = number | null;

export interface ClassScore {
  index: number;
  label: string;
  probability: Num;
}

export interface Frame {
  /** Of the file. */
  index: number;
  seconds: Num;
  /** Base64 of a PNG. */
  png: string | null;
}

export interface Frames {
  /** Height, width. */
  size: [number, number];
  /** Width over height at which they are shown. */
  aspect: number;
  list: Frame[];
}

export interface Maps {
  /** The largest |R| over all maps of the explanation. */
  limit: number;
  encoding: string;
  /** One per clip, base64 of zlib of T·H·W signed bytes. */
  clips: (string | null)[];
}

/** What is drawn at the end of the colour map, for each percentile of |R|, which ascend. */
export interface Scale {
  /** The command's. */
  percentile: number;
  limit: number;
  percentiles: number[];
  limits: number[];
}

export interface Layer {
  name: string;
  operator: string;
  rule: string;
  incoming: Num;
  outgoing: Num;
  absorbed_by_bias: Num;
  absorbed_by_epsilon: Num;
  dropped: Num;
}

export interface Conservation {
  start: Num;
  input: Num;
  absorbed_by_bias: Num;
  absorbed_by_epsilon: Num;
  dropped: Num;
}

export interface Clip {
  offset: number;
  /** [T] indices into Frames.list. */
  frames: number[];
  frame_share: Num[];
  negative_share: Num[];
  relevance_sum: Num;
  target_logit: Num;
  top1: ClassScore;
  conservation: Conservation | null;
  /** Output first; empty for gradients. */
  layers: Layer[];
  /** What else the method found, in words. */
  notes?: string[];
}

/** What position embeddings took, in shares of the score: over all, along time [T'], by place [H'][W']; and what reached the frames of each step. */
export interface Position {
  share: Num;
  by_time: Num[];
  content: Num[];
  by_place: Num[][];
}

/** One method and target. */
export interface Shown {
  method: string;
  /** Of the command's pictures; with zero in its middle where the method's relevance can be negative. */
  colors: ColorMapName;
  /** null without maps. */
  scale: Scale | null;
  /** Whether the architecture's null profile is something to compare this relevance with. */
  has_null_profile: boolean;
  share_of: string;
  target: ClassScore;
  against: string | null;
  /** Of the first clip with the map of the best class but the target. */
  class_comparison?: { runner_up: ClassScore; correlation: number } | null;
  /** null where the network or the method has none. */
  position?: Position | null;
  /** What has to be known before the map is read, a sentence each. */
  warnings?: string[];
  clips: Clip[];
  maps?: Maps | null;
  settings?: unknown;
  seconds?: { forward: Num; explain: Num } | null;
  /** Through the network, of a clip. */
  passes?: { forward: number; backward: number };
  /** How many values of its own the method has along each. */
  resolution?: { frames: number; rows: number; columns: number; in_time: string };
}

export interface Model {
  /** null where only its hash is known. */
  path: string | null;
  sha256: string;
  opset?: Num;
  producer?: string | null;
}

export interface Explanation {
  input: string;
  video: Record<string, unknown> | null;
  model: Model;
  /** The five best, mean over clips. */
  prediction: ClassScore[];
  frames: Frames;
  /** [T] */
  null_profile: Num[] | null;
  border_frames: number;
  /** Where clips show a frame more than once. */
  repeated_frames?: { clips: number; copies: number; of: number; sentence: string } | null;
  explanations: Shown[];
  settings?: unknown;
}

export interface Estimate {
  value: Num;
  low: Num;
  high: Num;
  standard_error: Num;
  videos: number;
  reliable: boolean;
}

export interface Condition {
  kind: string;
  frame_interval: number;
  shift_frames: number;
}

export interface Accuracy {
  video1: Estimate;
  video5: Estimate;
  clip1: Estimate;
  clip5: Estimate;
}

export interface McNemar {
  gained: number;
  lost: number;
  p: Num;
}

export interface Border {
  k: number;
  share: Estimate;
  ratio: Estimate;
  excess: Estimate | null;
}

export interface Profile {
  videos: number;
  shares: Estimate[];
  borders: Border[];
  centre: Estimate;
  centre_relative: Estimate;
  asymmetry: Estimate;
  entropy: Estimate;
  negative_share: Estimate;
}

export interface ClassStatistics {
  label: number;
  name: string | null;
  accuracy: Accuracy;
  profile: Profile;
}

/** What positions take of the score over the videos, along the network's steps in time, beside what reaches the frames. */
export interface PositionStatistics {
  sentence: string;
  videos: number;
  share: Estimate;
  content: Estimate;
  by_time: Estimate[];
  content_by_time: Estimate[];
}

export interface ConditionStatistics {
  condition: Condition;
  videos: number;
  without_relevance: number;
  rate: [number, number] | null;
  accuracy: Accuracy | null;
  all: Profile;
  right: Profile;
  wrong: Profile;
  classes: ClassStatistics[];
  /** Left out where the network or the method has none. */
  position?: PositionStatistics;
}

export interface Comparison {
  interval: number;
  videos: number;
  gain: Accuracy;
  mcnemar: McNemar;
  p_holm: Num;
}

export interface Sweep {
  base_interval: number;
  with_base: Comparison[];
  compared: number[];
  left_out: number[];
  common_videos: number;
  common_accuracy: Accuracy[];
  common: Comparison[];
}

/** Accuracy against chance, at the base interval. */
export interface Chance {
  skill: "above_chance" | "at_chance" | "cant_tell" | "unknown";
  sentence: string;
  labelled: number;
  right: number;
  accuracy: Num;
  low: number;
  high: number;
  constant_share: Num;
  never_predicted: string[];
}

export interface Verdict {
  /** "none": the model is not distinguishable from chance, or most videos have no relevance. */
  effect: "present" | "absent" | "cant_tell" | "none";
  sentence: string;
  interval: number;
  frames: number;
  k: number;
  smallest_excess: number;
  ratio: Estimate;
  excess: Estimate | null;
  videos_needed: Num;
}

export interface Recommendation {
  advice: "change" | "keep" | "too_few_videos" | "none";
  sentence: string;
  base: number;
  chosen: number;
  advised: number;
  choice_videos: number;
  report_videos: number;
  gain: Estimate | null;
  mcnemar: McNemar | null;
  base_rate: [number, number] | null;
  advised_rate: [number, number] | null;
}

export interface BorderControl {
  condition: Condition;
  k: number;
  relative: Estimate;
  change: string;
  sentence: string;
}

export interface FollowControl {
  condition: Condition;
  from_position: Estimate;
  from_content: Estimate;
  difference: Estimate;
  follows: string;
  sentence: string;
}

export interface Statistics {
  frames: number;
  videos: number;
  labelled: number;
  copies: number;
  chance: Chance;
  verdict: Verdict;
  /** Which method the verdict rests on, and whether a second one agrees; may be empty. */
  method_sentence?: string;
  /** null where no second method was asked, or there is no verdict. */
  second_method?: { method: string; agreement: "same" | "other" | "open"; verdict: Verdict } | null;
  recommendation: Recommendation;
  sweep: Sweep;
  controls: { border: BorderControl[]; follow: FollowControl[] };
  conditions: ConditionStatistics[];
}

export interface Failure {
  video: number;
  name: string;
  state: string;
  error_kind: string;
  error: string;
}

export interface Counts {
  expected: number;
  done: number;
  complete: boolean;
  ok: number;
  too_short: number;
  unreadable: number;
  empty: number;
  failed: number;
  clips: number;
}

export interface Report {
  run: {
    relevid_version: string;
    model_sha256: string;
    dataset_sha256: string;
    dataset_rows: number;
    class_count: number;
    clip_len: number;
    settings: unknown;
    shard: { index: number; count: number };
  };
  counts: Counts;
  options: {
    base_interval: number;
    smallest_excess: number;
    smallest_gain: number;
    replicates: number;
    seed: number;
    null_profile: number[] | null;
  };
  statistics: Statistics;
  failures: Failure[];
}

export interface Extreme {
  video: number;
  name: string;
  label: string | null;
  predicted: string;
  right: boolean | null;
  border_ratio: Num;
  explanation: Explanation | null;
  why_not: string | null;
}

export interface Run {
  label: string;
  report: Report;
  extremes: { strongest: Extreme[]; weakest: Extreme[] };
}

/** A method, or a baseline, under one kind of flipping. */
export interface Ranked {
  method: string;
  baseline: boolean;
  abpc: Estimate;
  aopc: Estimate;
  insertion: Estimate;
  deletion: Estimate;
  above_random: Estimate;
  below_best: Estimate;
  /** Mean curves, from nothing to everything flipped; empty where clips differ in their points. */
  most_first: number[];
  least_first: number[];
}

export interface Flipping {
  regions: string;
  fill: string;
  videos: number;
  /** Mean score of the clip as it is, and with all of it flipped. */
  whole: Num;
  flipped: Num;
  method_pairs: number;
  told_apart: number;
  warnings: string[];
  /** By falling ABPC. */
  ranking: Ranked[];
}

export interface Measure {
  measure: string;
  /** The other method, or how many layers are random; otherwise "". */
  versus: string;
  method: string;
  value: Estimate;
}

export interface EvaluationReport {
  run: string;
  relevid_version: string;
  model_sha256: string;
  settings: unknown;
  score: "probability" | "logit";
  replicates: number;
  seed: number;
  /** In the order they were given. */
  methods: string[];
  videos: Omit<Counts, "complete" | "clips">;
  clips: number;
  chance: Chance;
  warnings: string[];
  flippings: Flipping[];
  measures: Measure[];
  failures: Omit<Failure, "error_kind">[];
}

/** One epoch of a training run, in the order they were run. */
export interface TrainingEpoch {
  epoch: number;
  /** 1 + the restarts before it. */
  attempt: number;
  loss: number;
  clips: number;
  clips_right: number;
  learning_rate: number;
  gradient_norm: number;
  clips_per_second: number;
  validation?: { clips: number; clips_right: number; videos: number; videos_right: number };
  /** After this epoch training went back. */
  restart?: { reason: string; to_epoch: number; rate_factor: number };
}

export interface Training {
  epochs_planned: number;
  /** Loss of knowing only the class frequencies. */
  chance_loss: number;
  parameters: number;
  training_videos: number;
  validation_videos: number;
  /** Place in `epochs` of the one whose state is kept. */
  kept: number;
  settings: { clip_norm: number } & Record<string, unknown>;
  epochs: TrainingEpoch[];
}

/** A mean over trainings, with its interval over trainings and videos. */
export interface TrainingsEstimate extends Estimate {
  /** Standard deviation of the trainings' values. */
  deviation: Num;
  trainings: number;
}

export interface IntervalSummary {
  interval: number;
  excess: TrainingsEstimate | null;
  /** Of the excess, against the base interval's. */
  change: TrainingsEstimate | null;
  accuracy: TrainingsEstimate | null;
  gain: TrainingsEstimate | null;
  /** One for each training, also of those that are in no mean. */
  excess_of: Num[];
  accuracy_of: Num[];
}

/** One training, as its own audit has it: intervals are over its videos alone. */
export interface TrainingSummary {
  label: string;
  model_sha256: string;
  dataset_sha256: string;
  videos: number;
  /** Why it is in no mean. */
  withheld: "at_chance" | "no_relevance" | null;
  accuracy: { sentence: string; value: Num; low: Num; high: Num; constant_share: Num };
  effect: Verdict["effect"];
  excess: Estimate | null;
  advice: Recommendation["advice"];
  chosen: number;
  advised: number;
  gain: Estimate | null;
  p: Num;
  gain_is_significant: boolean;
}

export interface Summary {
  effect: Verdict["effect"];
  /** "" where there is nothing to say. */
  sentences: { left_out: string; effect: string; fading: string; gain: string; advice: string; videos: string };
  counts: {
    trainings: number;
    used: number;
    at_chance: number;
    without_relevance: number;
    verdicts: { present: number; absent: number; cant_tell: number; none: number };
    advice: { change: number; keep: number; none: number };
    significant_gains: number;
  };
  videos: { different: number; shared: "same" | "own" | "some" };
  base_interval: number;
  frames: number;
  k: number;
  intervals: IntervalSummary[];
  choice: { base: number; chosen: number; choice_videos: number; report_videos: number; gain: TrainingsEstimate | null };
  trainings: TrainingSummary[];
  options: { smallest_excess: number; smallest_gain: number; replicates: number; seed: number };
  settings: unknown;
}

interface Head {
  relevid_page: 1;
  relevid: string;
  title: string;
}

export type ExplanationPage = Head & Explanation & { kind: "explanation" };
export type AuditPage = Head & { kind: "audit"; runs: Run[] };
export type EvaluationPage = Head & { kind: "evaluation"; report: EvaluationReport };
export type TrainingPage = Head & Training & { kind: "training" };
export type SummaryPage = Head & { kind: "summary"; summary: Summary };
export type Page = ExplanationPage | AuditPage | EvaluationPage | TrainingPage | SummaryPage;
