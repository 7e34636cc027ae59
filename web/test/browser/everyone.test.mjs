// SPDX-License-Identifier: Apache-2.0
// What every page owes to everyone; also of pages that the real command made.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { kHostileNames } from "../fixtures/explanation.mjs";
import { dataOf, fixture, kSchemes, kScreenshots, kWidths, realPages } from "./context.mjs";
import { axeFindings, launch, overflow, settled, Visitor } from "./harness.mjs";

let browser, visitor;
before(async () => {
  browser = await launch();
  visitor = new Visitor(browser);
});
after(async () => {
  await browser.close();
  assert.deepEqual(visitor.faults, []);
});

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));

for (const name of ["explanation", "long", "audit", "comparison", "hostile", "empty"]) {
  test(`${name}: axe-core finds nothing, in either scheme`, async () => {
    const page = await visitor.open(fixture(name));
    // Tables of hundreds of rows are alike; axe-core looks at each cell.
    if (!["audit", "comparison"].includes(name)) await unfold(page);
    for (const scheme of kSchemes) {
      await page.emulateMedia({ colorScheme: scheme });
      assert.deepEqual(await axeFindings(page), [], scheme);
    }
    await page.close();
  });

  test(`${name}: fits every width`, async () => {
    const page = await visitor.open(fixture(name));
    await unfold(page);
    for (const width of [320, ...kWidths]) {
      await page.setViewportSize({ width, height: 800 });
      await settled(page);
      assert.equal(await overflow(page), 0, `at ${width} pixels`);
    }
    await page.close();
  });
}

for (const file of realPages()) {
  test(`${basename(file)}, made by the command`, async () => {
    const data = dataOf(file);
    for (const scheme of kSchemes) {
      const page = await visitor.open(file, { scheme });
      assert.equal(await page.title(), data.title);
      for (const width of kWidths) {
        await page.setViewportSize({ width, height: 900 });
        await settled(page);
        assert.equal(await overflow(page), 0, `at ${width} pixels`);
        await page.screenshot({ path: join(kScreenshots, `${basename(file, ".html")}-${width}-${scheme}.png`), fullPage: true });
      }
      assert.deepEqual(await axeFindings(page), []);
      if (data.kind === "explanation") await checkExplanation(page, data);
      else await checkAudit(page, data);
      await page.close();
    }
  });
}

async function checkExplanation(page, data) {
  const clip = data.explanations[0].clips[0];
  const slider = page.getByRole("slider", { name: "Frame" });
  assert.equal(Number(await slider.getAttribute("max")), clip.frames.length - 1);
  for (const t of [0, clip.frames.length - 1]) {
    await slider.fill(String(t));
    assert.ok((await page.locator(".readout").innerText()).includes(`source frame ${data.frames.list[clip.frames[t]].index}`));
  }
  const lit = await page.locator(".panel canvas").first().evaluate((canvas) => {
    const { data: pixels } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(pixels).size;
  });
  assert.ok(lit > 8, "the picture shows something");
  await page.locator(".curve .numbers summary").click();
  await page.locator(".curve tbody tr").first().waitFor();
  const shares = await page.locator(".curve tbody tr td:nth-child(4)").allInnerTexts();
  assert.equal(shares.length, clip.frame_share.length);
  for (const [t, share] of clip.frame_share.entries()) {
    assert.ok(Math.abs(parseFloat(shares[t].replace("−", "-").replace("<", "")) - 100 * share) < 0.051, `share of frame ${t + 1}`);
  }
}

async function checkAudit(page, data) {
  const words = (await page.locator("body").innerText()).replace(/\s+/g, " ").toLowerCase();
  for (const run of data.runs) {
    for (const part of run.report.statistics.verdict.sentence.split(": ")) assert.ok(words.includes(part.replace(/\s+/g, " ").toLowerCase()), part);
    for (const one of run.extremes.strongest) assert.ok(words.includes(one.name.split("/").at(-1).toLowerCase()), one.name);
  }
}

test("names that look like markup are shown as text", async () => {
  const page = await visitor.open(fixture("hostile"));
  assert.equal(await page.locator("h1").innerText(), kHostileNames[0]);
  assert.equal(await page.title(), kHostileNames[0]);
  assert.equal(await page.locator(".prediction .label").first().evaluate((e) => e.firstChild.textContent), kHostileNames[1]);
  assert.equal(await page.locator("img, b, main script").count(), 0);
  await page.getByText("Every setting").click();
  assert.ok((await page.locator(".facts").innerText()).includes(kHostileNames[1]));
  await page.close();
  const audit = await visitor.open(fixture("audit"));
  assert.ok(await audit.getByText(kHostileNames[0]).first().isVisible());
  await audit.close();
});

test("the policy holds: no script, style or picture from elsewhere", async () => {
  const guest = new Visitor(browser);
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
  await page.close();
});

test("a page without data, or of another version, says so", async () => {
  const empty = await visitor.open(fixture("empty"));
  assert.match(await empty.locator("h1").innerText(), /no data/);
  await empty.close();
  const future = await visitor.open(fixture("future"));
  assert.match(await future.locator("h1").innerText(), /version 2/);
  await future.close();
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
  await page.close();
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
  await page.close();
});

test("it prints dark on light, without what only a screen needs", async () => {
  const page = await visitor.open(fixture("audit"), { scheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator(".tools").first().isVisible(), false);
  const pdf = await page.pdf({ path: join(kScreenshots, "audit.pdf"), preferCSSPageSize: true, printBackground: true });
  assert.ok(pdf.length > 20_000);
  await page.close();
});

test("the first paint takes less than a second", async () => {
  const page = await visitor.open(fixture("audit"));
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
  assert.ok(paint < 1000, `${paint} ms`);
  await page.close();
});
