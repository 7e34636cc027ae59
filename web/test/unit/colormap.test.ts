// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { colorAt, colorMapNames, heatmapColor, overlayColor, type ColorMapName } from "../../src/base/colormap.ts";
import { renderHeatmap, renderOverlay } from "../../src/base/render.ts";
import golden from "./overlay_golden.json";

type Case = [luma: number, relevance: number, overlay: number[], heatmap: number[]];

test("overlays and heat maps are the command's, to the byte", () => {
  for (const [name, cases] of Object.entries(golden.maps) as unknown as [ColorMapName, Case[]][]) {
    for (const [luma, relevance, overlay, heatmap] of cases) {
      assert.deepEqual(overlayColor(luma, relevance, golden.limit, name), overlay, `${name}, luma ${luma}, R ${relevance}`);
      assert.deepEqual(heatmapColor(relevance, golden.limit, name), heatmap, `${name}, R ${relevance}`);
    }
  }
});

test("signed maps have zero at their middle colour", () => {
  assert.deepEqual(colorMapNames(true), ["coldnhot", "bwr", "seismic"]);
  assert.deepEqual(colorMapNames(false), ["viridis", "inferno"]);
  assert.deepEqual(colorAt("coldnhot", 0.5), [0, 0, 0]);
  assert.deepEqual(colorAt("bwr", 0.5), [255, 255, 255]);
  assert.deepEqual(heatmapColor(0, 1, "seismic"), [255, 255, 255]);
});

test("a scale of limit zero draws zero everywhere", () => {
  assert.deepEqual(heatmapColor(5, 0, "inferno"), colorAt("inferno", 0));
  assert.deepEqual(overlayColor(255, 5, 0, "bwr"), [225, 225, 225]);
});

test("pictures are made of the same colours as single pixels", () => {
  const map = Int8Array.of(-127, -40, 0, 40, 127, -128);
  const frame = new Uint8ClampedArray(4 * map.length).fill(100);
  const drawing = { colors: "coldnhot" as const, limit: 0.5, opacity: 1 };
  const overlay = renderOverlay(frame, map, 2, drawing);
  const heatmap = renderHeatmap(map, 2, drawing);
  const relevance = [-2, -2 * (40 / 127) ** 2, 0, 2 * (40 / 127) ** 2, 2, -2];
  for (const [i, r] of relevance.entries()) {
    const expected = overlayColor(100, r, 0.5, "coldnhot");
    for (let c = 0; c < 3; ++c) assert.ok(Math.abs(overlay[4 * i + c]! - expected[c]!) <= 1);
    assert.deepEqual([...heatmap.slice(4 * i, 4 * i + 3)], [...heatmapColor(r, 0.5, "coldnhot")]);
  }
});

test("opacity 0 leaves the frame in grey", () => {
  assert.deepEqual(overlayColor(128, 1, 1, "inferno", 0), overlayColor(128, 0, 1, "inferno", 1));
});
