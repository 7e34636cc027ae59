// SPDX-License-Identifier: Apache-2.0
// Screenshots against baselines. Both are shrunk to a hundred pixels in width at most, where the shapes of letters no longer
// matter and a chart that moved, vanished or changed its colours still does.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pngjs from "pngjs";
import { fixture, kBaselines, kSchemes, kScreenshots, kUpdate, kWidths } from "./context.mjs";
import { settled, test, visitor } from "./harness.mjs";

const { PNG } = pngjs;
const kWidth = 100;
const kSmallestBlock = 8;
const kDifferent = 28; // of 255, in any channel
const kTolerated = 0.03; // of all pixels
const kHeightTolerated = 0.04;

/** Means over square blocks. */
function shrink(image) {
  const block = Math.max(kSmallestBlock, Math.round(image.width / kWidth));
  const small = new PNG({ width: Math.floor(image.width / block), height: Math.floor(image.height / block) });
  for (let y = 0; y < small.height; ++y) {
    for (let x = 0; x < small.width; ++x) {
      const sums = [0, 0, 0];
      for (let dy = 0; dy < block; ++dy) {
        const row = ((y * block + dy) * image.width + x * block) * 4;
        for (let dx = 0; dx < block; ++dx) for (let c = 0; c < 3; ++c) sums[c] += image.data[row + 4 * dx + c];
      }
      // Sixteen levels: the baselines stay small, and the tolerance is wider than that.
      for (let c = 0; c < 3; ++c) small.data[4 * (y * small.width + x) + c] = Math.min(255, Math.round(sums[c] / block / block / 17) * 17);
      small.data[4 * (y * small.width + x) + 3] = 255;
    }
  }
  return small;
}

function differing(a, b) {
  const height = Math.min(a.height, b.height);
  let count = 0;
  for (let i = 0; i < a.width * height; ++i) {
    const apart = [0, 1, 2].some((c) => Math.abs(a.data[4 * i + c] - b.data[4 * i + c]) > kDifferent);
    count += Number(apart);
  }
  return count / (a.width * height);
}

function compare(shot, file) {
  const small = shrink(PNG.sync.read(shot));
  const baseline = join(kBaselines, file);
  if (kUpdate) {
    writeFileSync(baseline, PNG.sync.write(small, { colorType: 2 }));
    return;
  }
  assert.ok(existsSync(baseline), `${baseline} is missing; web/test/run.sh update makes it`);
  const expected = PNG.sync.read(readFileSync(baseline));
  assert.equal(small.width, expected.width);
  const taller = Math.abs(small.height - expected.height) / expected.height;
  assert.ok(taller < kHeightTolerated, `${file} is ${small.height} high, its baseline ${expected.height}`);
  const share = differing(small, expected);
  assert.ok(share < kTolerated, `${(100 * share).toFixed(1)} % of ${file} differ from its baseline; see ${kScreenshots}`);
}

for (const name of ["explanation", "audit", "evaluation", "summary"]) {
  for (const width of kWidths) {
    test(`${name}, ${width} pixels wide`, async () => {
      const page = await visitor.open(fixture(name), { width });
      for (const scheme of kSchemes) {
        await page.emulateMedia({ colorScheme: scheme });
        await settled(page);
        const file = `${name}-${width}-${scheme}.png`;
        compare(await page.screenshot({ path: join(kScreenshots, file), fullPage: true }), file);
      }
    });
  }
}

for (const name of ["long", "transformer", "positions", "comparison", "training", "controls", "hostile"]) {
  test(`${name}, kept to be looked at`, async () => {
    const page = await visitor.open(fixture(name));
    for (const width of kWidths) {
      await page.emulateMedia({ colorScheme: width === 1280 ? "light" : "dark" });
      await page.setViewportSize({ width, height: 900 });
      await settled(page);
      await page.screenshot({ path: join(kScreenshots, `${name}-${width}.png`), fullPage: true });
    }
  });
}
