// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { dataOf, fixture } from "./context.mjs";
import { settled, test, visitor } from "./harness.mjs";

const file = () => fixture("explanation");
const slider = (page) => page.getByRole("slider", { name: "Frame" });
const readout = (page) => page.locator(".readout").innerText();
const frameOf = (page) => slider(page).inputValue().then(Number);

/** The pixels of a canvas, as one number that changes with them. */
function fingerprint(page, selector) {
  return page.locator(selector).first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 17;
    for (const value of data) sum = (sum * 31 + value) >>> 0;
    return sum;
  });
}

test("the caption, prediction and position agree with the data", async () => {
  const data = dataOf(file());
  const page = await visitor.open(file());
  const clip = data.explanations[0].clips[0];
  const border = [0, 1, 14, 15].reduce((sum, t) => sum + clip.frame_share[t], 0);
  assert.match(await page.locator(".lead").innerText(), new RegExp(`^${Math.round(100 * border)}.% of the relevance lies in the first and last two frames; an even share would be 25.%`));
  const rows = await page.locator(".prediction li").allInnerTexts();
  assert.equal(rows.length, 5);
  for (const [i, score] of data.prediction.entries()) assert.ok(rows[i].includes(score.label));
  assert.match(await readout(page), new RegExp(`^frame 1 of 16 · source frame 14 · 0.56 s · ${(100 * clip.frame_share[0]).toFixed(1)}.% of the relevance`));
  assert.equal(await page.title(), data.title);
});

test("position stands beside content on one scale, and is hidden where the method has none", async () => {
  const page = await visitor.open(fixture("transformer"));
  const figure = page.locator(".figure.position");
  const { position } = dataOf(fixture("transformer")).explanations[0];
  const heights = (name) => figure.locator(`.plot > g:last-child > rect.${name}`).evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
  const [content, taken] = [await heights("series-0"), await heights("series-1")];
  assert.equal(taken.length, position.by_time.length);
  const unit = content[0] / position.content[0];
  for (const [s, share] of position.by_time.entries()) {
    assert.ok(Math.abs(taken[s] - Math.abs(share) * unit) < 0.01, `step ${s}`);
    assert.ok(Math.abs(content[s] - Math.abs(position.content[s]) * unit) < 0.01, `step ${s}`);
  }
  const bottom = (bars, s) => bars.nth(s).evaluate((bar) => Number(bar.getAttribute("y")));
  const bars = figure.locator(".plot > g:last-child > rect.series-1");
  assert.ok((await bottom(bars, 3)) > (await bottom(bars, 2)), "what is taken from the score hangs below zero");
  await page.getByLabel("Method and target").selectOption({ index: 1 });
  assert.ok(await figure.isHidden());
  assert.equal(await (await visitor.open(file())).locator(".figure.position").isVisible(), false);
});

test("what has to be known before the map is read is said, for the explanation that is shown", async () => {
  const data = dataOf(file());
  const page = await visitor.open(file());
  assert.deepEqual(await page.locator("header .warning").allInnerTexts(), data.explanations[0].warnings);
  await page.getByLabel("Method and target").selectOption({ index: 1 });
  assert.equal(await page.locator("header .warning").count(), 0);
});

test("the picture is the overlay of frame and map, to the pixel", async () => {
  const data = dataOf(file());
  const page = await visitor.open(file());
  await page.getByRole("radio", { name: "Heat map" }).check();
  await settled(page);
  const [height, width] = data.frames.size;
  const seen = await page.locator(".panel canvas").first().evaluate((canvas) => ({ width: canvas.width, height: canvas.height }));
  assert.deepEqual(seen, { width, height });
  const heat = await fingerprint(page, ".panel canvas");
  await page.getByRole("radio", { name: "Overlay" }).check();
  assert.notEqual(await fingerprint(page, ".panel canvas"), heat);
  await page.getByRole("radio", { name: "Side by side" }).check();
  assert.equal(await page.locator(".panel").count(), 2);
  const source = await page.locator(".panel canvas").first().evaluate(async (canvas, png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const other = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    other.drawImage(image, 0, 0);
    const a = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const b = other.getImageData(0, 0, canvas.width, canvas.height).data;
    return a.every((value, i) => value === b[i]);
  }, data.frames.list[0].png);
  assert.ok(source, "the frame is shown as it is in the page");
});

test("the slider, the buttons and the keys move the frame", async () => {
  const page = await visitor.open(file());
  const first = await fingerprint(page, ".panel canvas");
  await slider(page).fill("5");
  assert.match(await readout(page), /^frame 6 of 16/);
  assert.notEqual(await fingerprint(page, ".panel canvas"), first);
  await page.getByRole("button", { name: "Frame on" }).click();
  assert.equal(await frameOf(page), 6);
  await page.getByRole("button", { name: "Frame back" }).click();
  assert.equal(await frameOf(page), 5);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await frameOf(page), 7);
  await page.keyboard.press("Home");
  assert.equal(await frameOf(page), 0);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await frameOf(page), 15, "round the end");
});

test("the curve and the strip move the frame", async () => {
  const page = await visitor.open(file());
  const chart = await page.locator(".curve .plot").boundingBox();
  const place = (t) => 52 + ((t + 0.5) * (chart.width - 60)) / 16;
  await page.locator(".curve .plot").hover({ position: { x: place(9), y: 100 } });
  assert.equal(await frameOf(page), 9);
  await page.locator(".curve .plot").click({ position: { x: place(3), y: 100 } });
  assert.equal(await frameOf(page), 3);
  const marker = await page.locator(".curve .marker").boundingBox();
  assert.ok(Math.abs(marker.x + marker.width / 2 - chart.x - place(3)) < 2, "the mark stands on the frame's bar");
  const cells = page.locator(".strip .cell");
  assert.equal(await cells.count(), 16);
  const cell = await cells.nth(12).boundingBox();
  assert.ok(Math.abs(cell.x + cell.width / 2 - chart.x - place(12)) < 2, "the strip is aligned with the curve");
  await cells.nth(12).click();
  assert.equal(await frameOf(page), 12);
});

test("it plays at the speed of the frames' times, and pauses", async () => {
  const data = dataOf(file());
  const page = await visitor.open(file());
  const times = data.frames.list.map((frame) => frame.seconds);
  const step = (times.at(-1) - times[0]) / (times.length - 1);
  const changes = await page.evaluate(async () => {
    const input = document.querySelector(".transport input");
    const seen = [];
    document.querySelector('button[aria-label="Play"]').click();
    const begin = performance.now();
    let last = -1;
    while (performance.now() - begin < 1500) {
      await new Promise((done) => requestAnimationFrame(done));
      if (input.valueAsNumber !== last) seen.push([performance.now() - begin, (last = input.valueAsNumber)]);
    }
    return seen;
  });
  const [start, end] = [changes[1], changes.at(-1)];
  const perFrame = (end[0] - start[0]) / 1000 / (end[1] - start[1]);
  assert.ok(Math.abs(perFrame - step) < 0.25 * step, `a frame took ${perFrame} s, not ${step} s`);
  await page.getByRole("button", { name: "Pause" }).click();
  const stopped = await frameOf(page);
  await page.waitForTimeout(200);
  assert.equal(await frameOf(page), stopped);
  await page.locator("h1").click();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Pause" }).waitFor();
});

test("colours, contrast and opacity change the picture and its scale", async () => {
  const page = await visitor.open(file());
  const labels = () => page.locator(".color-bar-labels").first().innerText();
  const before = await labels();
  const overlay = await fingerprint(page, ".panel canvas");
  await page.getByLabel(/^Contrast/).fill("92");
  assert.notEqual(await labels(), before);
  assert.match(await page.locator(".color-bar .note").innerText(), /percentile 92/);
  await page.getByLabel(/^Contrast/).fill("100");
  assert.match(await page.locator(".color-bar .note").innerText(), /the largest \|R\|/);
  await page.getByLabel("Colours").selectOption("viridis");
  assert.notEqual(await fingerprint(page, ".panel canvas"), overlay);
  await page.getByLabel("Opacity").fill("0");
  const grey = await page.locator(".panel canvas").first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.every((value, i) => i % 4 === 3 || value === data[i - (i % 4)]);
  });
  assert.ok(grey, "without opacity the frame is grey");
});

test("one scale for all frames", async () => {
  const page = await visitor.open(file());
  const labels = await page.locator(".color-bar-labels").innerText();
  for (const frame of ["4", "11", "15"]) {
    await slider(page).fill(frame);
    assert.equal(await page.locator(".color-bar-labels").innerText(), labels);
  }
});

test("methods and targets switch, and two stand side by side", async () => {
  const data = dataOf(file());
  const page = await visitor.open(file());
  await page.getByLabel("Method and target").selectOption("1");
  assert.match(await page.locator(".lead").innerText(), /absolute relevance/);
  assert.deepEqual(await page.getByLabel("Colours").locator("option").allInnerTexts(), ["coldnhot", "bwr", "seismic"]);
  assert.match(await page.locator(".color-bar-labels").innerText(), /^−[\d.]+\s+−[\d.]+\s+0\s+\+[\d.]+\s+\+[\d.]+$/);
  await page.getByLabel("Beside it").selectOption("2");
  assert.equal(await page.locator(".panel").count(), 2);
  assert.equal(await page.locator(".color-bar").count(), 2, "each has its scale");
  assert.match(await page.locator(".panel figcaption").nth(1).innerText(), /walk right/);
  assert.equal(await page.locator(".prediction .explained").count(), 2);
  await page.locator(".curve .numbers summary").click();
  await page.locator(".curve tbody tr").first().waitFor();
  const cells = await page.locator(".curve tbody tr").first().locator("th, td").allInnerTexts();
  const shares = [1, 2].map((i) => `${(100 * data.explanations[i].clips[0].frame_share[0]).toFixed(1)}\u00a0%`);
  assert.equal(cells[3], shares[0]);
  assert.equal(cells[5], shares[1]);
});

test("every chart has its numbers, and settings unfold", async () => {
  const data = dataOf(file());
  const page = await visitor.open(file());
  await page.locator(".curve .numbers summary").click();
  await page.locator(".curve tbody tr").first().waitFor();
  assert.equal(await page.locator(".curve tbody tr").count(), 16);
  const layers = page.locator("figure", { hasText: "Conservation" });
  await layers.locator("summary").click();
  await layers.locator("tbody tr").first().waitFor();
  assert.equal(await layers.locator("tbody tr").count(), data.explanations[0].clips[0].layers.length);
  await page.getByText("Every setting").click();
  assert.ok(await page.getByText(data.model.sha256).isVisible());
});

test("a long video: strip, time line, and clips that open", async () => {
  const data = dataOf(fixture("long"));
  const page = await visitor.open(fixture("long"));
  const clips = page.locator(".film button");
  assert.equal(await clips.count(), data.explanations[0].clips.length);
  await clips.nth(4).click();
  const clip = data.explanations[0].clips[4];
  assert.match(await readout(page), new RegExp(`source frame ${data.frames.list[clip.frames[0]].index} `));
  assert.equal(await clips.nth(4).getAttribute("aria-pressed"), "true");
  const line = page.locator("figure", { hasText: "The whole video" }).locator(".plot");
  const box = await line.boundingBox();
  await line.click({ position: { x: box.width - 12, y: 80 } });
  assert.equal(await clips.last().getAttribute("aria-pressed"), "true");
  await clips.first().focus();
  await page.keyboard.press("Enter");
  assert.equal(await clips.first().getAttribute("aria-pressed"), "true");
});

test("frames that a short video repeats are said and marked", async () => {
  const data = dataOf(fixture("short"));
  const page = await visitor.open(fixture("short"));
  assert.ok(await page.getByText(data.repeated_frames.sentence).isVisible());
  assert.equal(await page.locator(".curve .plot .copy").count(), 6 + 1, "six bars, and the legend's mark");
  await slider(page).fill("9");
  assert.match(await readout(page), /^frame 10 of 16 · source frame 9 · /);
  await slider(page).fill("10");
  assert.match(await readout(page), /^frame 11 of 16 · source frame 9 again · /);
});

test("the architecture's line is drawn for relevance that goes back to the input, and no empty chart", async () => {
  const page = await visitor.open(fixture("short"));
  assert.equal(await page.locator(".curve .plot path.null-line").count(), 1);
  assert.match(await page.locator(".lead").innerText(), /architecture alone/);
  await page.getByLabel("Method and target").selectOption("1");
  assert.equal(await page.locator(".curve .plot .null-line").count(), 0);
  assert.doesNotMatch(await page.locator(".lead").innerText(), /architecture/);
  const layers = page.locator("figure", { hasText: "Conservation" });
  assert.equal(await layers.locator("svg").count(), 0, "a map of a layer has no account");
  assert.equal(await layers.locator(".numbers").isVisible(), false);
  await page.getByLabel("Method and target").selectOption("2");
  assert.match(await page.locator(".lead").innerText(), /^No relevance reaches the frames/);
  assert.equal(await page.locator(".curve .plot").count(), 0);
  assert.equal(await page.locator(".curve .tools").isVisible(), false);
  await page.getByLabel("Method and target").selectOption("0");
  assert.equal(await page.locator(".curve .plot").count(), 1);
});
