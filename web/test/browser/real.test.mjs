// SPDX-License-Identifier: Apache-2.0
// Pages of real runs, made by the command (tests/page/make_pages.sh): the numbers on them are those that the command writes
// elsewhere.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { dataOf, kSchemes, kScreenshots, kWidths } from "./context.mjs";
import { axeFindings, figureOf, overflow, settled, test, visitor } from "./harness.mjs";

const kFolder = process.env.RELEVID_PAGES ?? "";
const kLargest = { explanation: 3e6, audit: 15e6, evaluation: 1e6, summary: 1e6 };
const kHostileVideo = "<img src=x onerror=alert(1)>.mp4";
const kHostileClass = "</script><script>alert(2)</script>";

const pageOf = (name) => join(kFolder, `${name}.html`);
const recordOf = (name) => JSON.parse(readFileSync(join(kFolder, `${name}.json`), "utf8"));
const names = readdirSync(kFolder).filter((name) => name.endsWith(".html")).map((name) => basename(name, ".html"));

/** What NAME.json says, in the page's order. */
function recordsOf(name, data) {
  const files = readdirSync(kFolder).filter((file) => file.startsWith(`${name}.`) && file.endsWith(".json"));
  const records = files.map((file) => recordOf(basename(file, ".json")));
  assert.equal(records.length, data.explanations.length);
  return data.explanations.map((shown) => records.find((r) => r.method === shown.method && r.target.index === shown.target.index));
}

/** "12.3 %" and "−0.5" as numbers. */
function numberOf(text) {
  return Number(text.replace(/\u00a0%| %/, "").replace("−", "-"));
}

/** A share on the page has one decimal of per cent, two below one. */
function assertPercent(text, share, what) {
  const rounded = 100 * share < 1 ? 0.0051 : 0.051;
  if (text.startsWith("<")) assert.ok(share < 1e-4, `${what}: ${text} is not ${share}`);
  else assert.ok(Math.abs(numberOf(text) - 100 * share) < rounded, `${what}: ${text} is not ${share}`);
}

async function rowsOf(figure) {
  const fold = figure.locator("details.numbers");
  if ((await fold.getAttribute("open")) === null) await fold.locator("summary").click();
  await figure.locator("tbody tr").first().waitFor();
  return figure.locator("tbody").evaluate((body) => [...body.rows].map((row) => [...row.cells].map((cell) => cell.textContent)));
}

test("every kind of page was made", () => {
  assert.deepEqual(names.sort(), ["000002", "<img src=x onerror=alert(1)>", "a-long-video", "audit", "comparison", "evaluation", "summary"].sort());
});

for (const name of names) {
  test(`${name}: small, soon there, right at every width, and nothing for axe-core to find`, async () => {
    const data = dataOf(pageOf(name));
    const size = statSync(pageOf(name)).size;
    assert.ok(size < kLargest[data.kind], `${size} bytes`);
    const page = await visitor.open(pageOf(name));
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
    assert.ok(paint < 1000, `the first paint took ${paint} ms`);
    assert.equal(await page.title(), data.title);
    for (const scheme of kSchemes) {
      await page.setViewportSize({ width: 1280, height: 900 });
      assert.deepEqual(await axeFindings(page, scheme), [], scheme);
      for (const width of kWidths) {
        await page.setViewportSize({ width, height: 900 });
        await settled(page);
        assert.equal(await overflow(page), 0, `at ${width} pixels`);
        const file = `real-${name.replace(/[^\w-]+/g, "_")}-${width}-${scheme}.png`;
        await page.screenshot({ path: join(kScreenshots, file), fullPage: true });
      }
    }
  });
}

async function checkClip(page, record, clip) {
  const slider = page.getByRole("slider", { name: "Frame" });
  const frames = record.clips[clip].frame_share.length;
  assert.equal(Number(await slider.getAttribute("max")), frames - 1);
  for (const t of [0, frames - 1]) {
    await slider.fill(String(t));
    const readout = await page.locator(".readout").innerText();
    assert.match(readout, new RegExp(`^frame ${t + 1} of ${frames} · source frame ${record.clips[clip].frame_indices[t]} · `));
    assert.equal(Number(/ ([\d.]+) s · /.exec(readout)[1]), Number(record.clips[clip].times[t].toFixed(2)));
    assertPercent(/ · ([^·]*) of the /.exec(readout)[1], record.clips[clip].frame_share[t], "the readout");
  }
  const shares = await rowsOf(page.locator(".curve"));
  assert.equal(shares.length, frames);
  for (const [t, row] of shares.entries()) {
    assert.equal(Number(row[1]), record.clips[clip].frame_indices[t]);
    assertPercent(row[3], record.clips[clip].frame_share[t], `frame ${t + 1}`);
    if (record.null_profile) assertPercent(row.at(-1), record.null_profile[t], `the architecture's frame ${t + 1}`);
  }
  const lit = await page.locator(".panel canvas").first().evaluate((canvas) => {
    const { data: pixels } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(pixels).size;
  });
  assert.ok(lit > 8, "the picture shows something");
}

test("an explanation's numbers are its record's, for every method and target", async () => {
  const data = dataOf(pageOf("000002"));
  const records = recordsOf("000002", data);
  assert.equal(records.length, 4);
  const page = await visitor.open(pageOf("000002"));
  for (const [i, record] of records.entries()) {
    await page.getByLabel("Method and target").selectOption(String(i));
    const clip = record.clips[0];
    const border = [0, 1, 14, 15].reduce((sum, t) => sum + clip.frame_share[t], 0);
    assert.match(await page.locator(".lead").innerText(), new RegExp(`^${Math.round(100 * border)}\u00a0% of the ${record.share_of} lies`));
    await checkClip(page, record, 0);
    const layers = await rowsOf(page.locator("figure", { hasText: "Conservation" }));
    assert.deepEqual(layers.map((row) => row.slice(1, 4)), record.layers[0].map((layer) => [layer.name, layer.operator, layer.rule]));
  }
  const scores = await page.locator(".prediction li").evaluateAll((rows) => rows.map((row) => [row.querySelector(".label").firstChild.textContent, row.querySelector(".value").textContent]));
  assert.deepEqual(scores.map(([label]) => label), records[0].prediction.map((score) => score.label));
  for (const [i, [, value]] of scores.entries()) assertPercent(value, records[0].prediction[i].probability, "a class's probability");
  await page.getByText("Every setting").click();
  assert.ok(await page.getByText(records[0].model.sha256).isVisible());
  assert.ok((await page.locator(".identity").innerText()).startsWith("set/videos/000002.mp4 · net.onnx"));
});

test("two methods stand side by side, each with its own numbers", async () => {
  const data = dataOf(pageOf("000002"));
  const records = recordsOf("000002", data);
  const other = data.explanations.findIndex((shown) => shown.method !== data.explanations[0].method);
  const page = await visitor.open(pageOf("000002"));
  await page.getByLabel("Beside it").selectOption(String(other));
  assert.equal(await page.locator(".panel").count(), 2);
  for (const [t, row] of (await rowsOf(page.locator(".curve"))).entries()) {
    assertPercent(row[3], records[0].clips[0].frame_share[t], "the first");
    assertPercent(row[5], records[other].clips[0].frame_share[t], "the second");
  }
});

test("a long video has a picture of every clip, and each opens", async () => {
  const data = dataOf(pageOf("a-long-video"));
  const [record] = recordsOf("a-long-video", data);
  const page = await visitor.open(pageOf("a-long-video"));
  const clips = page.locator(".film button");
  assert.equal(await clips.count(), record.clips.length);
  assert.ok(record.clips.length > 10);
  for (const clip of [record.clips.length - 1, 3]) {
    await clips.nth(clip).click();
    await checkClip(page, record, clip);
  }
  const line = await rowsOf(figureOf(page, "The whole video"));
  const frames = new Set(record.clips.flatMap((clip) => clip.frame_indices));
  assert.deepEqual(line.map((row) => Number(row[0])), [...frames].sort((a, b) => a - b));
});

test("names that would be markup stand on the page as text", async () => {
  const page = await visitor.open(pageOf("<img src=x onerror=alert(1)>"));
  assert.equal(await page.locator("h1").innerText(), kHostileVideo);
  assert.ok((await page.locator(".prediction .label").allInnerTexts()).some((text) => text.includes(kHostileClass)));
  assert.equal(await page.locator("img, b, main script").count(), 0);
  const html = readFileSync(pageOf("<img src=x onerror=alert(1)>"), "utf8");
  assert.ok(!html.includes("<img src=x") && !html.includes("alert(2)</script>"));
  await visitor.open(pageOf("audit"));
  const [gone] = recordOf("audit.run-1").failures;
  assert.equal(gone.name, "videos/<b>gone</b>.mp4");
  const left = page.locator("section", { has: page.getByRole("heading", { name: "Videos that were left out" }) });
  const cells = await left.locator("tbody tr").first().locator("th, td").allInnerTexts();
  assert.deepEqual(cells, [String(gone.video), gone.name, gone.state.replaceAll("_", " "), gone.error_kind, gone.error]);
  assert.equal(await page.locator("main b, main script").count(), 0);
  for (const image of await page.locator("main img").all()) assert.match(await image.getAttribute("src"), /^data:image\/png;base64,/);
});

async function checkRun(page, part, report) {
  const { statistics } = report;
  const intervals = statistics.conditions.filter((c) => c.condition.kind === "interval");
  const shares = (await rowsOf(part(figureOf(page, "Relevance per frame, at each interval")))).filter((row) => row.length > 4);
  assert.equal(shares.length, intervals.length * statistics.frames);
  for (const [i, row] of shares.entries()) {
    const estimate = intervals[Math.floor(i / statistics.frames)].all.shares[i % statistics.frames];
    for (const [j, key] of ["value", "low", "high"].entries()) assertPercent(row[2 + j], estimate[key], `share ${i}, ${key}`);
    assertPercent(row[5], report.options.null_profile[i % statistics.frames], `the architecture's share ${i}`);
  }
}

test("an audit's numbers are its report's", async () => {
  const report = recordOf("audit.run-1");
  const { statistics } = report;
  const page = await visitor.open(pageOf("audit"));
  const verdict = (await page.locator(".verdict").innerText()).replace(/\s+/g, " ").toLowerCase();
  for (const sentence of [statistics.verdict.sentence, statistics.recommendation.sentence]) {
    for (const part of sentence.split(": ")) assert.ok(verdict.includes(part.toLowerCase()), part);
  }
  await checkRun(page, (figure) => figure, report);
  const figureOfVerdict = figureOf(page, "What the verdict rests on");
  // A network trained for a moment may be at chance: then there is no verdict, and no number that one rests on.
  assert.equal(await figureOfVerdict.count(), statistics.verdict.effect === "none" ? 0 : 1);
  if (statistics.verdict.effect !== "none") {
    const [rests] = await rowsOf(figureOfVerdict);
    assert.deepEqual(rests.slice(5), ["value", "low", "high"].map((key) => statistics.verdict.excess[key].toFixed(2)));
  }
  assert.ok(verdict.includes(statistics.chance.sentence.toLowerCase()), statistics.chance.sentence);
  const sweep = await rowsOf(figureOf(page, "Accuracy, top 1"));
  for (const [i, interval] of statistics.sweep.compared.entries()) {
    assert.equal(Number(sweep[i][1]), interval);
    assertPercent(sweep[i][5], statistics.sweep.common_accuracy[i].video1.value, `accuracy at ${interval}`);
  }
  const controls = [...statistics.controls.border, ...statistics.controls.follow].map((control) => control.sentence);
  assert.deepEqual(await page.locator(".sentences li").allInnerTexts(), controls);
  const base = statistics.conditions.find((c) => c.condition.kind === "interval" && c.condition.frame_interval === report.options.base_interval);
  const classes = await page.locator(".sortable tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.equal(classes.length, base.classes.length);
  for (const one of base.classes) {
    const row = classes.find(([label]) => label === one.name);
    assert.equal(Number(row[1]), one.accuracy.video1.videos);
    assertPercent(row[2], one.accuracy.video1.value, one.name);
    assert.equal(numberOf(row[4]), Number(one.profile.borders.find((b) => b.k === statistics.verdict.k).ratio.value.toFixed(2)));
  }
});

test("a thumbnail of an audit opens what the run's model sees there", async () => {
  const page = await visitor.open(pageOf("audit"));
  const { extremes } = dataOf(pageOf("audit")).runs[0];
  const all = [...extremes.strongest, ...extremes.weakest];
  assert.deepEqual(all.map((one) => one.why_not), all.map(() => null));
  assert.equal(await page.locator("button.thumb").count(), all.length);
  await page.locator("button.thumb").first().click();
  const dialog = page.getByRole("dialog");
  const clip = all[0].explanation.explanations[0].clips[0];
  const rows = await rowsOf(dialog.locator(".curve"));
  for (const [t, row] of rows.entries()) assertPercent(row[3], clip.frame_share[t], `frame ${t + 1}`);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("two runs of one file name are told apart, and in what they differ", async () => {
  const reports = [recordOf("comparison.run-1"), recordOf("comparison.run-2")];
  const page = await visitor.open(pageOf("comparison"));
  assert.deepEqual(await page.locator(".verdict h3").allInnerTexts(), ["before/run.db", "after/run.db"]);
  assert.equal(await page.title(), "before/run.db, after/run.db");
  const rows = await page
    .locator("section", { has: page.getByRole("heading", { name: "How the runs differ" }) })
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const found = new Map(rows.map(([name, ...texts]) => [name, texts]));
  assert.deepEqual(found.get("settings.method.name"), reports.map((report) => report.run.settings.method.name));
  assert.ok(!found.has("model sha256"), "it is the same model");
  for (const [i, name] of ["before/run.db", "after/run.db"].entries()) {
    const figure = page.locator("section", { has: page.getByRole("heading", { name: "Relevance per frame, at each interval", exact: true }) });
    await checkRun(page, () => figure.locator("figure", { has: page.getByRole("heading", { name, exact: true }) }), reports[i]);
  }
});

test("an audit's charts are a picture, too", () => {
  assert.ok(existsSync(join(kFolder, "audit.png")));
  assert.deepEqual([...readFileSync(join(kFolder, "audit.png")).subarray(1, 4)], [...Buffer.from("PNG")]);
});

test("an evaluation's numbers are its report's", async () => {
  const report = recordOf("evaluation.report");
  const page = await visitor.open(pageOf("evaluation"));
  assert.equal(report.failures.length, 1);
  assert.ok(await page.getByText("<b>gone</b>").first().isVisible());
  for (const flipping of report.flippings) {
    const rows = await rowsOf(figureOf(page, `Ranking, ${flipping.regions}:${flipping.fill}`));
    assert.deepEqual(rows.map((row) => row[0]), flipping.ranking.map((ranked) => ranked.method));
    for (const [i, row] of rows.entries()) {
      const { abpc, insertion, deletion } = flipping.ranking[i];
      for (const [j, number] of [abpc.value, abpc.low, abpc.high].entries()) assert.ok(Math.abs(numberOf(row[1 + j]) - number) < 0.00051, `${row[0]}, ${row[1 + j]}`);
      for (const [j, number] of [insertion.value, deletion.value].entries()) assert.ok(Math.abs(numberOf(row.at(j - 2)) - number) < 0.00051);
    }
  }
  const value = (measure, method, versus = "") => report.measures.find((m) => m.measure === measure && m.method === method && m.versus === versus).value.value;
  for (const row of await rowsOf(figureOf(page, "Share of relevance over share of area"))) assert.ok(Math.abs(numberOf(row[4]) - value("share_over_area", row[0])) < 0.0051, row[0]);
  for (const row of await rowsOf(figureOf(page, "Where nothing of note changed"))) assert.ok(Math.abs(numberOf(row[1]) - value("shift", row[0])) < 0.0051, row[0]);
});

test("a summary's numbers are its report's", async () => {
  const { counts, intervals, sentences, trainings } = recordOf("summary.report");
  const page = await visitor.open(pageOf("summary"));
  assert.equal(await page.locator(".key-numbers .big").first().innerText(), `${counts.verdicts.present} of 3 trainings`);
  assert.ok((await page.locator(".verdict").innerText()).includes(sentences.advice));
  const rows = await rowsOf(figureOf(page, "Videos right"));
  assert.equal(rows.length, 2);
  for (const [i, row] of rows.entries()) {
    const { accuracy, accuracy_of } = intervals[i];
    for (const [j, number] of [accuracy.value, accuracy.low, accuracy.high, accuracy.deviation].entries()) assertPercent(row[1 + j], number, `interval ${row[0]}`);
    for (const [j, number] of accuracy_of.entries()) assertPercent(row[7 + j], number, trainings[j].label);
  }
  const own = await rowsOf(figureOf(page, "Excess at interval 1"));
  for (const [i, { label, excess }] of trainings.entries()) {
    assert.equal(own[i][0], label);
    assert.ok(Math.abs(numberOf(own[i][1]) - excess.value) < 0.0051);
  }
});
