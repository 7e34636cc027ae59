// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { dataOf, fixture } from "./context.mjs";
import { figureOf, test, visitor } from "./harness.mjs";

test("an evaluation says first which method leads, and warns where a measure warns", async () => {
  const { report } = dataOf(fixture("evaluation"));
  const page = await visitor.open(fixture("evaluation"));
  const best = report.flippings.map(({ ranking }) => ranking.find((ranked) => !ranked.baseline).method);
  const lead = await page.locator(".lead").innerText();
  for (const method of best) assert.ok(lead.includes(method), lead);
  const warned = (await page.locator(".warning").allInnerTexts()).join(" ").toLowerCase();
  for (const flipping of report.flippings) for (const warning of flipping.warnings) assert.ok(warned.includes(warning.toLowerCase()), warning);
});

test("a ranking marks what is not told from the best, and shades a random order's interval", async () => {
  const { report } = dataOf(fixture("evaluation"));
  const page = await visitor.open(fixture("evaluation"));
  for (const { regions, fill, ranking } of report.flippings) {
    const chart = figureOf(page, `Ranking, ${regions}:${fill}`).locator(".plot");
    const like = ranking.filter((ranked) => !ranked.baseline && !(ranked.below_best.low > 0)).length;
    // One of each kind stands in the legend.
    assert.equal(await chart.locator(".error-1").count(), like + 1);
    assert.equal(await chart.locator(".error-null").count(), ranking.filter((ranked) => ranked.baseline).length + 1);
    assert.equal(await chart.locator(".shade").count(), 2);
  }
});

test("curves are those of the chosen method", async () => {
  const page = await visitor.open(fixture("evaluation"));
  const figure = figureOf(page, "Curves, cells:blur");
  const before = await figure.locator(".plot .curve-1").last().getAttribute("d");
  await figure.getByLabel("Method").selectOption("gradient");
  assert.notEqual(await figure.locator(".plot .curve-1").last().getAttribute("d"), before);
});

test("random layers are shown by rank and by structure", async () => {
  const page = await visitor.open(fixture("evaluation"));
  const figure = figureOf(page, "Where layers were drawn again, from the top");
  const before = await figure.locator(".plot").innerHTML();
  await figure.getByRole("radio", { name: "SSIM" }).check();
  assert.notEqual(await figure.locator(".plot").innerHTML(), before);
});
