// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { splitSentence } from "../../src/audit/pick.ts";
import { toCsv } from "../../src/base/csv.ts";
import { differences } from "../../src/base/differences.ts";
import { fileName } from "../../src/base/download.ts";
import { leaves } from "../../src/base/facts.ts";
import { compact, estimate, fixed, inWords, percent, plural, pValue, roundPercent, scaleFormat } from "../../src/base/numbers.ts";
import { sorted } from "../../src/chart/table.ts";
import { readPage, Unreadable } from "../../src/data/read.ts";
import type { Clip, Explanation, Shown } from "../../src/data/types.ts";
import { borderShare, captionOf, identityOf, methodNotes, shownNames } from "../../src/explanation/caption.ts";
import { accountSentence } from "../../src/explanation/layers.ts";
import { stepNames } from "../../src/explanation/position_data.ts";

/** With plain spaces, to be read. */
function plain(text: string): string {
  return text.replaceAll("\u00a0", " ");
}

test("numbers", () => {
  assert.equal(fixed(-0.5), "−0.50");
  assert.equal(fixed(-0.0001), "0.00");
  assert.equal(fixed(null), "n/a");
  assert.equal(plain(percent(0.931)), "93.1 %");
  assert.equal(plain(percent(0.0002)), "0.02 %");
  assert.equal(plain(percent(0.00002)), "<0.01 %");
  assert.equal(plain(percent(0)), "0.0 %");
  assert.equal(percent(null), "n/a");
  assert.equal(plain(roundPercent(0.618)), "62 %");
  assert.equal(compact(1234.5), "1230");
  assert.equal(compact(1.234e-7), "1.23×10⁻⁷");
  assert.equal(compact(0), "0");
  assert.equal(pValue(0.0004), "< 0.001");
  assert.equal(plural(1, "video"), "1 video");
  assert.equal(plural(1200, "video"), "1,200 videos");
  assert.equal(inWords(2), "two");
  assert.equal(inWords(40), "40");
});

test("estimates say when they are not to be trusted", () => {
  const e = { value: 1.42, low: 1.31, high: 1.55, standard_error: 0.05, videos: 200, reliable: true };
  assert.equal(estimate(e), "1.42 [1.31, 1.55]");
  assert.equal(estimate({ ...e, reliable: false }), "1.42 [1.31, 1.55] ~");
  assert.equal(estimate({ ...e, low: null }), "1.42");
  assert.equal(estimate({ ...e, value: null }), "n/a");
  assert.equal(estimate(null), "n/a");
});

test("a scale's numbers share one power of ten", () => {
  const small = scaleFormat(1.34e-4);
  assert.equal(small.factor, "×10⁻⁴");
  assert.equal(small.write(0.67e-4), "0.67");
  assert.equal(small.write(0), "0");
  assert.equal(scaleFormat(12.5).factor, "");
  assert.equal(scaleFormat(12.5).write(-12.5), "−12.5");
});

test("CSV is quoted, whole, and no formula", () => {
  const table = { columns: [{ name: "name" }, { name: "share, a" }], rows: [['say "hi"', 0.1], ["=1+1", null], ["a\nb", 1e-7]] };
  assert.equal(toCsv(table), 'name,"share, a"\n"say ""hi""",0.1\n\'=1+1,\n"a\nb",1e-7\n');
});

test("file names are safe everywhere", () => {
  assert.equal(fileName("a/b <c>:d", "png"), "a-b-c-d.png");
  assert.equal(fileName("../..", "csv"), "relevid.csv");
});

test("settings become lines", () => {
  assert.deepEqual(leaves({ a: { b: [1, 2] }, c: "x", d: null }), [["a.b", "[1,2]"], ["c", "x"], ["d", "not known"]]);
});

test("only the leaves that differ are named", () => {
  assert.deepEqual(differences([{ a: 1, b: { c: 2, d: 3 } }, { a: 1, b: { c: 5, d: 3 }, e: "x" }]), [
    { name: "b.c", texts: ["2", "5"] },
    { name: "e", texts: [null, "x"] },
  ]);
  assert.deepEqual(differences([{ a: [1, 2] }, { a: [1, 2] }]), []);
});

function asked(method: string, label: string, settings: object): Shown {
  const clip = { frame_share: [1, 0], frames: [0, 1], layers: [] } as unknown as Clip;
  return { method, target: { index: 0, label, probability: 1 }, against: null, settings, clips: [clip] } as unknown as Shown;
}

test("explanations that differ in settings alone are told apart", () => {
  const steps = (count: number) => asked("integrated_gradients", "up", { start: "one", integration_steps: count });
  assert.deepEqual(shownNames([steps(20), steps(50), asked("gradient", "up", {})]), [
    "integrated gradients · up · integration steps 20",
    "integrated gradients · up · integration steps 50",
    "gradient · up",
  ]);
  assert.deepEqual(shownNames([steps(20), steps(20)]).map((name) => name.slice(-8)), ["number 1", "number 2"]);
  const page = (input: string) =>
    ({ input, model: { path: "m.onnx", sha256: "ab" }, settings: { model_settings: { frame_interval: 2 } } }) as unknown as Explanation;
  assert.equal(identityOf(page("a/v.mp4"), steps(20)), "a/v.mp4 · m.onnx · 1 clip of 2 frames at interval 2 · start one, integration steps 20");
  assert.notEqual(identityOf(page("b/v.mp4"), steps(20)), identityOf(page("a/v.mp4"), steps(20)));
  assert.notEqual(identityOf(page("a/v.mp4"), steps(50)), identityOf(page("a/v.mp4"), steps(20)));
});

test("what a method was asked for is in the page's own line, what it left to itself is not", () => {
  const page = { input: "v.mp4", model: { path: "m.onnx", sha256: "ab" } } as unknown as Explanation;
  const rise = asked("rise", "up", { start: "one", score: "logit", fill: "blur", masks: 500, cells: [0, 0, 0], keep_share: 0.5, seed: 1 });
  assert.match(identityOf(page, rise), /start one, score logit, fill blur, masks 500, keep share 0.5, seed 1$/);
  const cam = asked("grad_cam", "up", { start: "one", layer: "" });
  assert.match(identityOf(page, cam), /start one$/);
});

test("passes, resolution and what was found are said", () => {
  const clip = { notes: ["The smallest area is 5 %."] } as unknown as Clip;
  const fine = { frames: 2, rows: 7, columns: 7, in_time: "2 for 16 frames" };
  assert.equal(
    methodNotes({ passes: { forward: 1, backward: 1 }, resolution: fine } as unknown as Shown, clip),
    "1 pass forward and 1 back through the network for a clip. Its own values: 2 in time (2 for 16 frames), 7 by 7 in a picture. The smallest area is 5 %.",
  );
  assert.equal(methodNotes({} as unknown as Shown, {} as unknown as Clip), "");
  const position = { share: 0.073, by_time: [0.041, 0.032], content: [0.4, 0.212], by_place: [[0.073]] };
  assert.equal(
    methodNotes({ position } as unknown as Shown, {} as unknown as Clip),
    "Position embeddings take 7.3\u00a0% of the score, which is not in the map; 61.2\u00a0% reaches the frames. At a step in time positions take 3.2\u00a0% to 4.1\u00a0%.",
  );
  const compared = { class_comparison: { runner_up: { index: 1, label: "up", probability: 0.1 }, correlation: 0.617 } };
  assert.equal(methodNotes(compared as unknown as Shown, {} as unknown as Clip), "With the map of “up”, the runner-up, this one has a correlation of 0.62.");
});

test("a step in time has its own frames, however they divide", () => {
  assert.deepEqual(stepNames(4, 8), ["1–2", "3–4", "5–6", "7–8"]);
  assert.deepEqual(stepNames(3, 3), ["1", "2", "3"]);
  assert.deepEqual(stepNames(3, 8), ["1–3", "4–6", "7–8"]);
});

test("tables sort by number and by word, and the unknown comes last", () => {
  const rows = [["b", 2], ["a", null], ["c", 10]];
  assert.deepEqual(sorted(rows, { column: 1, ascending: true }).map((r) => r[0]), ["b", "c", "a"]);
  assert.deepEqual(sorted(rows, { column: 1, ascending: false }).map((r) => r[0]), ["c", "b", "a"]);
  assert.deepEqual(sorted(rows, { column: 0, ascending: false }).map((r) => r[0]), ["c", "b", "a"]);
});

test("the verdict's sentence is taken apart at its colon", () => {
  assert.deepEqual(splitSentence("Keep interval 1: no other was compared."), { head: "Keep interval 1", rest: "No other was compared." });
  assert.deepEqual(splitSentence("Can't tell from 8 videos."), { head: "Can't tell from 8 videos.", rest: "" });
});

function shown(shares: number[][], shareOf = "relevance"): Shown {
  const clips = shares.map((frame_share) => ({ frame_share }) as unknown as Clip);
  return { clips, share_of: shareOf } as unknown as Shown;
}

test("the caption", () => {
  const border = [0.2, 0.15, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.1, 0.17];
  assert.equal(Number(borderShare(border, 2).toFixed(6)), 0.62);
  const even = Array<number>(16).fill(1 / 16);
  assert.equal(plain(captionOf(shown([border]), 2, null)), "62 % of the relevance lies in the first and last two frames; an even share would be 25 %.");
  assert.equal(
    plain(captionOf(shown([border, even], "absolute relevance"), 2, even)),
    "Over 2 clips, 44 % of the absolute relevance lies in the first and last two frames of a clip; an even share would be 25 %, and the architecture alone gives 25 %.",
  );
  assert.equal(plain(captionOf(shown([[0.4, 0.1, 0.1, 0.4]]), 1, null)), "80 % of the relevance lies in the first and the last frame; an even share would be 50 %.");
  assert.match(captionOf(shown([[0.5, 0.5]]), 1, null), /all border/);
  assert.match(captionOf(shown([[1]]), 1, null), /single frame/);
  assert.match(captionOf(shown([[0, 0, 0, 0]]), 1, null), /No relevance/);
  assert.match(captionOf(shown([]), 1, null), /no clip/);
});

test("pages without data, of another version or kind, are refused in words", () => {
  assert.throws(() => readPage("null"), Unreadable);
  assert.throws(() => readPage("{"), /damaged/);
  assert.throws(() => readPage('{"relevid_page":2,"kind":"audit"}'), /version 2/);
  assert.throws(() => readPage('{"relevid_page":1,"kind":"else"}'), /else/);
  assert.equal(readPage('{"relevid_page":1,"kind":"audit","more":1}').kind, "audit");
});

test("an account says what biases took, or gave", () => {
  const account = { start: 2, input: 1.8, absorbed_by_bias: 0.2, absorbed_by_epsilon: 0, dropped: 0 };
  assert.match(plain(accountSentence(account, "epsilon_plus", null)), /2, 90.0 % arrives at the frames; 10.0 % is absorbed by biases, 0.0 % by ε, and 0.0 % is dropped/);
  assert.match(plain(accountSentence({ ...account, input: 3, absorbed_by_bias: -1 }, "alpha_beta", null)), /150.0 % arrives at the frames; biases add 50.0 %, ε takes 0.0 %/);
  assert.match(accountSentence(null, "gradient", null), /no account/);
});
