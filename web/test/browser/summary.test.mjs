// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { dataOf, fixture } from "./context.mjs";
import { figureOf, test, visitor } from "./harness.mjs";

const flat = (text) => text.replace(/\s+/g, " ");

async function rowsOf(page, title) {
  const figure = figureOf(page, title);
  await figure.locator("summary").click();
  await figure.locator("tbody tr").first().waitFor();
  return figure.locator("tbody").evaluate((body) => [...body.rows].map((row) => [...row.cells].map((cell) => cell.textContent)));
}

test("a summary says first who is left out, then effect, excess and gain, on the first screen", async () => {
  const { sentences } = dataOf(fixture("summary")).summary;
  const page = await visitor.open(fixture("summary"), { height: 720 });
  const findings = page.locator(".verdict");
  const words = flat(await findings.innerText());
  const places = [sentences.left_out, "4 of 6 trainings", "1.17", "+9.3 points"].map((part) => words.indexOf(part));
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
  assert.ok(places[0] >= 0);
  assert.match(words, /95 % interval 1\.12 to 1\.22/);
  for (const number of await page.locator(".key-numbers .big").all()) {
    const box = await number.boundingBox();
    assert.ok(box.y + box.height < 720, "it is seen without scrolling");
  }
  for (const sentence of [sentences.effect, sentences.gain, sentences.fading, sentences.advice, sentences.videos])
    for (const part of sentence.split(": ")) assert.ok(words.toLowerCase().includes(part.toLowerCase()), part);
});

test("its charts have a thin line for each training, the mean and its band", async () => {
  const { intervals } = dataOf(fixture("summary")).summary;
  const page = await visitor.open(fixture("summary"));
  for (const [title, lines] of [["Excess at the border", 6], ["Videos right", 5]]) {
    const plot = figureOf(page, title).locator(".plot");
    assert.equal(await plot.locator("path.one-training").count(), 5);
    assert.equal(await plot.locator("path.left-out").count(), 1);
    assert.equal(await plot.locator("path.mean-band").count(), 1);
    const path = await plot.locator("path.mean-line").getAttribute("d");
    assert.equal(path.split(/[ML]/).length - 1, lines, title);
  }
  const rows = await rowsOf(page, "Excess at the border");
  assert.equal(rows.length, intervals.length);
  const { value, low, high } = intervals[1].excess;
  assert.deepEqual(rows[1].slice(1, 4), [value, low, high].map((v) => v.toFixed(2)));
  assert.equal(rows[1].length, 7 + 6);
  const right = await rowsOf(page, "Videos right");
  assert.equal(right[1][1].replace("\u00a0", " "), `${(100 * intervals[1].accuracy.value).toFixed(1)} %`);
  assert.equal(right[5][1], "n/a");
});

test("every training has its row, names as text", async () => {
  const { trainings } = dataOf(fixture("summary")).summary;
  const page = await visitor.open(fixture("summary"));
  const table = page.locator(".figure", { has: page.getByRole("heading", { name: "What its own audit says" }) }).locator("tbody tr");
  assert.equal(await table.count(), 6);
  assert.deepEqual((await table.locator("th").allInnerTexts()).sort(), trainings.map(({ label }) => label).sort());
  assert.match(await table.filter({ hasText: "seed4/run.db" }).innerText(), /at chance/);
  assert.equal(await figureOf(page, "Excess at interval 1").locator("g.error-0").count(), 5 + 1, "and one in the legend");
  assert.equal(await figureOf(page, "Excess at interval 1").locator("g.error-null").count(), 1 + 1);
});

test("where every training is at chance no excess is claimed", async () => {
  const page = await visitor.open(fixture("controls"));
  const numbers = await page.locator(".key-numbers .big").allInnerTexts();
  assert.deepEqual(numbers, ["0 of 6 trainings", "n/a", "none"]);
  assert.match(await page.locator(".warning").innerText(), /^6 of 6 trainings/);
  const plot = figureOf(page, "Excess at the border").locator(".plot");
  assert.equal(await plot.locator(".mean-line, .mean-band").count(), 0);
  assert.equal(await figureOf(page, "Videos right").locator("path.mean-line").count(), 1);
});

test("its downloads are named and reached by keyboard", async () => {
  const page = await visitor.open(fixture("summary"));
  const reached = new Set();
  for (let i = 0; i < 30; ++i) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText));
  }
  for (const name of ["Excess at the border: download PNG", "Videos right: download CSV", "What its own audit says: download CSV"]) assert.ok(reached.has(name), name);
});
