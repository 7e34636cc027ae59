// SPDX-License-Identifier: Apache-2.0
// Where the tests find pages and leave pictures; web/test/run.sh sets it.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { extract } from "../fixtures/page.mjs";

export const kArtefacts = process.env.RELEVID_ARTEFACTS;
export const kBaselines = process.env.RELEVID_BASELINES;
export const kUpdate = process.env.RELEVID_UPDATE_BASELINES === "1";
export const kScreenshots = join(kArtefacts, "screenshots");
mkdirSync(kScreenshots, { recursive: true });

/** A page made of invented data. */
export function fixture(name) {
  return join(kArtefacts, "pages", `${name}.html`);
}

export function dataOf(file) {
  return extract(readFileSync(file, "utf8"));
}

export const kWidths = [390, 1280, 1920];
export const kSchemes = ["light", "dark"];
