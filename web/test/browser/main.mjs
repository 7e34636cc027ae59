// SPDX-License-Identifier: Apache-2.0
// main.mjs [NAME...]: the tests of NAME.test.mjs, all that need no pages of the command by default, in one process and so
// in one browser.
const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : ["explanation", "audit", "evaluation", "training", "summary", "everyone", "screenshots"]) await import(`./${name}.test.mjs`);
