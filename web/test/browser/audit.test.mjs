// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { dataOf, fixture, kSchemes } from "./context.mjs";
import { axeFindings, figureOf, test, visitor } from "./harness.mjs";

async function rowsOf(page, title) {
  const figure = figureOf(page, title);
  await figure.locator("summary").click();
  await figure.locator("tbody tr").first().waitFor();
  return figure.locator("tbody").evaluate((body) => [...body.rows].map((row) => [...row.cells].map((cell) => cell.textContent)));
}

test("the verdict comes first, in the command's own words", async () => {
  const { statistics } = dataOf(fixture("audit")).runs[0].report;
  const page = await visitor.open(fixture("audit"));
  const words = (await page.locator(".verdict").innerText()).replace(/\s+/g, " ").toLowerCase();
  for (const sentence of [statistics.verdict.sentence, statistics.recommendation.sentence]) {
    for (const part of sentence.split(": ")) assert.ok(words.includes(part.toLowerCase()), part);
  }
  const order = await page.locator("article").evaluate((article) => [...article.querySelectorAll("section")].map((s) => s.className));
  assert.match(order[0], /verdicts/);
  const [row] = await rowsOf(page, "What the verdict rests on");
  assert.deepEqual(row.slice(5), [statistics.verdict.excess.value, statistics.verdict.excess.low, statistics.verdict.excess.high].map((v) => v.toFixed(2)));
});

test("shares, border and accuracy agree with the report", async () => {
  const { report } = dataOf(fixture("audit")).runs[0];
  const { statistics } = report;
  const page = await visitor.open(fixture("audit"));
  const shares = await rowsOf(page, "Relevance per frame, at each interval");
  const intervals = statistics.conditions.filter((c) => c.condition.kind === "interval");
  assert.equal(shares.length, intervals.length * statistics.frames);
  assert.equal(shares[16 + 3][2], `${(100 * intervals[1].all.shares[3].value).toFixed(1)}\u00a0%`);
  const sweep = await rowsOf(page, "Accuracy, top 1");
  assert.equal(sweep.length, 6);
  for (const [i, interval] of statistics.sweep.compared.entries()) {
    assert.equal(sweep[i][1], String(interval));
    assert.equal(sweep[i][5], `${(100 * statistics.sweep.common_accuracy[i].video1.value).toFixed(1)}\u00a0%`);
  }
  assert.equal(sweep[5][5], "n/a", "an interval that is not compared");
  assert.equal(sweep.filter((row) => row.at(-1) === "yes")[0][1], String(statistics.recommendation.advised));
  assert.equal(await page.locator("svg .advised").count(), 2);
});

test("position and content along the clip agree with the report, and a network without positions has none", async () => {
  const { statistics } = dataOf(fixture("positions")).runs[0].report;
  const page = await visitor.open(fixture("positions"));
  const title = "Position and content along the clip";
  const base = statistics.conditions[0].position;
  assert.ok(await figureOf(page, title).getByText(base.sentence).isVisible());
  const rows = await rowsOf(page, title);
  const intervals = statistics.conditions.filter((c) => c.condition.kind === "interval");
  assert.equal(rows.length, intervals.length * base.by_time.length);
  assert.deepEqual(rows[7].slice(0, 3), ["interval 1", "15–16", `${(100 * base.by_time[7].value).toFixed(1)}\u00a0%`]);
  assert.equal(rows[7][5], `${(100 * base.content_by_time[7].value).toFixed(1)}\u00a0%`);
  const without = await visitor.open(fixture("audit"));
  assert.equal(await without.getByText(title).count(), 0);
});

test("the border's measure can be switched", async () => {
  const page = await visitor.open(fixture("audit"));
  const figure = figureOf(page, "Relevance at the border");
  const before = await figure.locator(".plot").innerHTML();
  await page.getByRole("radio", { name: "Excess over the architecture" }).check();
  assert.notEqual(await figure.locator(".plot").innerHTML(), before);
});

test("controls say their sentences", async () => {
  const { controls } = dataOf(fixture("audit")).runs[0].report.statistics;
  const page = await visitor.open(fixture("audit"));
  assert.deepEqual(
    await page.locator(".sentences li").allInnerTexts(),
    [...controls.border, ...controls.follow].map((c) => c.sentence),
  );
});

test("classes sort by every column, by mouse and by key", async () => {
  const data = dataOf(fixture("audit")).runs[0].report.statistics.conditions[0].classes;
  const page = await visitor.open(fixture("audit"));
  const table = page.locator(".sortable");
  const column = async (i) => (await table.locator(`tbody tr > :nth-child(${i + 1})`).allInnerTexts()).map((text) => text.replace(/\u00a0%/, ""));
  assert.equal((await column(0)).length, data.length);
  await table.getByRole("button", { name: "top 1" }).click();
  const accuracy = (await column(2)).map(Number);
  assert.deepEqual(accuracy, [...accuracy].sort((a, b) => b - a));
  assert.equal(await table.locator("th", { hasText: "top 1" }).getAttribute("aria-sort"), "descending");
  await page.keyboard.press("Enter");
  const turned = (await column(2)).map(Number);
  assert.deepEqual(turned, [...turned].sort((a, b) => a - b));
  await table.getByRole("button", { name: "class" }).click();
  const names = await column(0);
  assert.deepEqual(names, data.map((c) => c.name).sort((a, b) => a.localeCompare(b, "en", { numeric: true })));
});

test("a thumbnail opens its explanation, and Escape closes it", async () => {
  const run = dataOf(fixture("audit")).runs[0];
  const page = await visitor.open(fixture("audit"));
  const thumbs = page.locator("button.thumb");
  const explained = [...run.extremes.strongest, ...run.extremes.weakest].filter((one) => one.explanation);
  assert.equal(await thumbs.count(), explained.length);
  await thumbs.nth(2).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.locator("h1").innerText(), explained[2].name);
  await page.keyboard.press("ArrowRight");
  assert.match(await dialog.locator(".readout").innerText(), /^frame 2 of 16/);
  for (const scheme of kSchemes) assert.deepEqual(await axeFindings(page, scheme), [], scheme);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.ok(await thumbs.nth(2).evaluate((element) => element === document.activeElement), "focus is back where it was");
  assert.ok(await page.getByText("the video is no longer where it was").first().isVisible());
});

test("failures are listed", async () => {
  const { failures } = dataOf(fixture("audit")).runs[0].report;
  const page = await visitor.open(fixture("audit"));
  const rows = page.locator("section", { has: page.getByRole("heading", { name: "Videos that were left out" }) }).locator("tbody tr");
  assert.equal(await rows.count(), failures.length);
  for (const [i, failure] of failures.entries()) assert.ok((await rows.nth(i).innerText()).includes(failure.name));
});

test("two runs stand side by side, and an unfinished one says so", async () => {
  const page = await visitor.open(fixture("comparison"), { width: 1920 });
  const cards = page.locator(".verdict");
  assert.equal(await cards.count(), 2);
  const [left, right] = [await cards.nth(0).boundingBox(), await cards.nth(1).boundingBox()];
  assert.ok(Math.abs(left.y - right.y) < 1 && right.x > left.x + left.width);
  assert.match(await cards.nth(1).innerText(), /This run is not finished: 400 of 520 videos/);
  assert.equal(await page.locator("figure", { hasText: "Relevance at the border" }).locator("g.error-1").count() > 6, true);
  assert.equal(await page.getByRole("heading", { name: "after/run.db" }).count() > 5, true);
});
