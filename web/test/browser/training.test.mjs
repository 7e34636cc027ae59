// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { dataOf, fixture } from "./context.mjs";
import { figureOf, test, visitor } from "./harness.mjs";

test("a training says first which state is kept and how often it collapsed", async () => {
  const page = await visitor.open(fixture("training"));
  const lead = await page.locator(".lead").innerText();
  assert.match(lead, /All 12 epochs are done\. Kept: the state after epoch 12/);
  assert.match(await page.locator(".warning").innerText(), /collapsed once/);
});

test("its charts draw every epoch that was run, chance, the kept state and the restart", async () => {
  const { epochs } = dataOf(fixture("training"));
  const page = await visitor.open(fixture("training"));
  const loss = figureOf(page, "Loss");
  // One of each stands in the legend.
  for (const mark of [".even-line", ".kept-line", ".restart-line"]) assert.equal(await loss.locator(`.plot ${mark}`).count(), 2, mark);
  const path = await loss.locator(".plot path.curve-0").getAttribute("d");
  assert.equal(path.split(/[ML]/).length - 1, epochs.length);
  assert.equal(await figureOf(page, "Accuracy").locator(".plot path.thin-1").count(), 1);
  await loss.locator("summary").click();
  await loss.locator("tbody tr").first().waitFor();
  assert.equal(await loss.locator("tbody tr").count(), epochs.length);
});
