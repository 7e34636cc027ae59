// SPDX-License-Identifier: Apache-2.0
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const kAxe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function launch() {
  const executablePath = process.env.RELEVID_CHROMIUM ?? "/usr/bin/chromium";
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--font-render-hinting=none", "--force-color-profile=srgb"] });
}

/** Opens pages and remembers whatever they should not have done. */
export class Visitor {
  constructor(browser) {
    this.browser = browser;
    this.faults = [];
  }

  async open(file, { width = 1280, height = 900, scheme = "light" } = {}) {
    const page = await this.browser.newPage({ viewport: { width, height }, colorScheme: scheme, acceptDownloads: true });
    page.setDefaultTimeout(5000);
    const url = pathToFileURL(file).href;
    const fault = (text) => this.faults.push(`${file.split("/").at(-1)}: ${text}`);
    page.on("console", (message) => message.type() === "error" && fault(`console: ${message.text()}`));
    page.on("pageerror", (error) => fault(`exception: ${error.message}`));
    page.on("dialog", (dialog) => {
      fault(`a dialog opened: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const known = request.url() === url || /^(data|blob):/.test(request.url());
      if (!known) fault(`it asked for ${request.url()}`);
    });
    await page.goto(url);
    await page.locator("h1").first().waitFor();
    await settled(page);
    return page;
  }
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

/** What axe-core finds wrong, one line each. */
export async function axeFindings(page) {
  await page.evaluate(kAxe);
  const result = await page.evaluate(async () => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  if (result.passes.length < 10) throw new Error(`axe-core checked only ${result.passes.length} rules`);
  return result.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join("; ")})`);
}

export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
