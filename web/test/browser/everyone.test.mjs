// SPDX-License-Identifier: Apache-2.0
// What every page owes to everyone.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { kHostileNames } from "../fixtures/explanation.mjs";
import { dataOf, fixture, kSchemes, kScreenshots, kWidths } from "./context.mjs";
import { axeFindings, overflow, settled, test, visitor, Visitor } from "./harness.mjs";

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));

for (const name of ["explanation", "long", "transformer", "audit", "positions", "comparison", "evaluation", "training", "summary", "controls", "hostile", "empty"]) {
  test(`${name}: axe-core finds nothing in either scheme, and it fits every width`, async () => {
    const page = await visitor.open(fixture(name));
    // Tables of hundreds of rows are alike; axe-core looks at each cell.
    const large = ["audit", "positions", "comparison"].includes(name);
    if (!large) await unfold(page);
    for (const scheme of kSchemes) assert.deepEqual(await axeFindings(page, scheme), [], scheme);
    if (large) await unfold(page);
    for (const width of [320, ...kWidths]) {
      await page.setViewportSize({ width, height: 800 });
      await settled(page);
      assert.equal(await overflow(page), 0, `at ${width} pixels`);
    }
  });
}

test("names that look like markup are shown as text", async () => {
  const page = await visitor.open(fixture("hostile"));
  assert.equal(await page.locator("h1").innerText(), kHostileNames[0]);
  assert.equal(await page.title(), kHostileNames[0]);
  assert.equal(await page.locator(".prediction .label").first().evaluate((e) => e.firstChild.textContent), kHostileNames[1]);
  assert.equal(await page.locator("img, b, main script").count(), 0);
  await page.getByText("Every setting").click();
  assert.ok((await page.locator(".facts").innerText()).includes(kHostileNames[1]));
  const audit = await visitor.open(fixture("audit"));
  assert.ok(await audit.getByText(kHostileNames[0]).first().isVisible());
});

test("the policy holds: no script, style or picture from elsewhere", async () => {
  const guest = new Visitor();
  const page = await guest.open(fixture("explanation"));
  const blocked = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.setAttribute("src", "data:text/javascript,globalThis.intruder=1");
    await Promise.resolve().then(() => document.head.append(script)).catch(() => undefined);
    const image = document.createElement("img");
    image.src = "https://example.invalid/x.png";
    document.body.append(image);
    await new Promise((done) => setTimeout(done, 200));
    return { seen, intruder: globalThis.intruder };
  }).catch((error) => ({ seen: [String(error)], intruder: undefined }));
  assert.equal(blocked.intruder, undefined);
  assert.ok(blocked.seen.length > 0);
  const html = readFileSync(fixture("empty"), "utf8");
  assert.match(html, /default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; img-src data: blob:;/);
  assert.doesNotMatch(html, /\sstyle="/);
  assert.equal(html.split('<script type="application/json" id="relevid-data">null</script>').length, 2);
});

test("a page without data, or of another version, says so", async () => {
  const empty = await visitor.open(fixture("empty"));
  assert.match(await empty.locator("h1").innerText(), /no data/);
  const future = await visitor.open(fixture("future"));
  assert.match(await future.locator("h1").innerText(), /version 2/);
});

test("charts and their numbers can be saved", async () => {
  const page = await visitor.open(fixture("explanation"));
  const save = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    return { name: download.suggestedFilename(), path: await download.path() };
  };
  const png = await save("Relevance per frame: download PNG");
  assert.match(png.name, /frames\.png$/);
  assert.deepEqual([...readFileSync(png.path).subarray(1, 4)], [...Buffer.from("PNG")]);
  assert.ok(statSync(png.path).size > 5000);
  const csv = readFileSync((await save("Relevance per frame: download CSV")).path, "utf8").trim().split("\n");
  assert.equal(csv.length, 17);
  const { explanations } = dataOf(fixture("explanation"));
  assert.equal(Number(csv[1].split(",")[3]), explanations[0].clips[0].frame_share[0]);
});

test("the keyboard reaches every control, and shows where it is", async () => {
  const page = await visitor.open(fixture("explanation"));
  const reached = new Set();
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press("Tab");
    const [name, outlined] = await page.evaluate(() => {
      const element = document.activeElement;
      const ring = (e) => e && getComputedStyle(e).outlineStyle !== "none";
      return [element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText, ring(element) || ring(element.nextElementSibling)];
    });
    if (reached.has(name) && i > 25) break;
    reached.add(name);
    if (name && !name.includes("moving-square")) assert.ok(outlined, `focus on “${name}” can be seen`);
  }
  for (const name of ["Method and target", "Beside it", "Play", "Frame", "Overlay", "Colours", "Opacity", "Relevance per frame: download PNG"]) {
    assert.ok([...reached].some((seen) => seen?.includes(name)), `${name} is not reached`);
  }
});

test("it prints dark on light, without what only a screen needs", async () => {
  const page = await visitor.open(fixture("audit"), { scheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator(".tools").first().isVisible(), false);
});

for (const name of ["explanation", "long", "audit", "comparison", "summary"]) {
  test(`${name} is drawn for the paper that it is printed on, and for the screen again`, async () => {
    const page = await visitor.open(fixture(name));
    const widths = () => page.evaluate(() => [...document.querySelectorAll("svg.plot")].map((chart) => chart.viewBox.baseVal.width));
    const before = await widths();
    await page.emulateMedia({ media: "print" });
    const scales = await page.evaluate(() => {
      window.dispatchEvent(new Event("beforeprint"));
      return [...document.querySelectorAll("svg.plot")].map((chart) => chart.getBoundingClientRect().width / chart.viewBox.baseVal.width);
    });
    assert.equal(scales.length, before.length);
    for (const scale of scales) assert.ok(scale > 0.97, `a chart is shrunk to ${scale}`);
    assert.ok(Math.max(...(await widths())) <= 681, "18 cm");
    const cut = await page.evaluate(() => {
      const paper = document.querySelector("main").getBoundingClientRect().right;
      return [...document.querySelectorAll("main table, main svg.plot, main canvas")].filter((e) => e.getBoundingClientRect().right > paper + 1).length;
    });
    assert.equal(cut, 0, "tables, charts and pictures lie on the paper");
    await page.pdf({ path: join(kScreenshots, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
    await page.emulateMedia({ media: "screen" });
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await settled(page);
    assert.deepEqual(await widths(), before);
  });
}

for (const [name, least, most] of [["explanation", 0.3e6, 3e6], ["audit", 0.5e6, 15e6], ["heavy", 11e6, 15e6]]) {
  test(`${name}: it is no larger than it may be, and the first paint takes less than a second`, async () => {
    const { size } = statSync(fixture(name));
    assert.ok(size > least && size < most, `${size} bytes`);
    const page = await visitor.open(fixture(name));
    const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
    assert.ok(paint < 1000, `${paint} ms`);
    console.log(`${name}: ${(size / 1e6).toFixed(2)} MB, first paint after ${paint.toFixed(0)} ms`);
  });
}
