// SPDX-License-Identifier: Apache-2.0
// One browser for all tests of a process, and what every page is watched for.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { after, test as nodeTest } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const kAxe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function launch() {
  const executablePath = process.env.RELEVID_CHROMIUM ?? "/usr/bin/chromium";
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--font-render-hinting=none", "--force-color-profile=srgb"] });
}

/** Opens pages one after the other in one tab, and remembers whatever they should not have done. */
export class Visitor {
  faults = [];
  url = "";

  async open(file, { width = 1280, height = 900, scheme = "light" } = {}) {
    this.page ??= await this.tab();
    const { page } = this;
    this.url = pathToFileURL(file).href;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ media: "screen", colorScheme: scheme });
    await page.goto(this.url);
    await page.locator("h1").first().waitFor();
    await settled(page);
    return page;
  }

  async tab() {
    const page = await (await browser()).newPage({ acceptDownloads: true });
    page.setDefaultTimeout(20_000); // a busy machine takes its time
    const fault = (text) => this.faults.push(`${this.url.split("/").at(-1)}: ${text}`);
    page.on("console", (message) => message.type() === "error" && fault(`console: ${message.text()}`));
    page.on("pageerror", (error) => fault(`exception: ${error.message}`));
    page.on("dialog", (dialog) => {
      fault(`a dialog opened: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const known = request.url() === this.url || /^(data|blob):/.test(request.url());
      if (!known) fault(`it asked for ${request.url()}`);
    });
    return page;
  }
}

let launched;
function browser() {
  launched ??= launch();
  return launched;
}
after(async () => (await launched)?.close());

/** Whose faults fail the test in which they were found. */
export const visitor = new Visitor();

/** A test behind which no page may have asked for anything, thrown or complained. */
export function test(name, body) {
  nodeTest(name, async () => {
    await body();
    assert.deepEqual(visitor.faults.splice(0), []);
  });
}

/** Until fonts, pictures and charts have been drawn. */
export async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let i = 0; i < 4; ++i) await frame();
  });
}

/** What axe-core finds wrong in a colour scheme, one line each: everything in the light one, in the dark one colours. */
export async function axeFindings(page, scheme) {
  await page.emulateMedia({ colorScheme: scheme });
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(kAxe);
  const rules = scheme === "light" ? {} : { runOnly: ["cat.color"] };
  const result = await page.evaluate(async (only) => globalThis.axe.run(document, { resultTypes: ["violations"], ...only }), rules);
  const least = scheme === "light" ? 10 : 1;
  if (result.passes.length < least) throw new Error(`axe-core checked only ${result.passes.length} rules`);
  return result.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join("; ")})`);
}

export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** The figure with this heading. */
export const figureOf = (page, title) => page.locator("figure", { has: page.getByRole("heading", { name: title, exact: true }) });
