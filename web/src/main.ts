// SPDX-License-Identifier: Apache-2.0
import { auditView } from "./audit/view.ts";
import { h } from "./base/dom.ts";
import { redrawCharts } from "./chart/figure.ts";
import { readPage, Unreadable } from "./data/read.ts";
import type { Page } from "./data/types.ts";
import { evaluationView } from "./evaluation/view.ts";
import { explanationView } from "./explanation/view.ts";
import "./style/main.css";
import { summaryView } from "./summary/view.ts";
import { trainingView } from "./training/view.ts";

function viewOf(page: Page): HTMLElement {
  switch (page.kind) {
    case "audit":
      return auditView(page);
    case "evaluation":
      return evaluationView(page);
    case "explanation":
      return explanationView(page, page.title, document).element;
    case "summary":
      return summaryView(page);
    case "training":
      return trainingView(page);
  }
}

function foot(version: string): HTMLElement {
  return h("footer", {}, `Made by relevid ${version}. This page holds all that it shows, and asks nothing of any network.`);
}

function show(): void {
  const place = document.getElementById("page")!;
  const text = document.getElementById("relevid-data")?.textContent ?? "null";
  try {
    const page = readPage(text);
    document.title = page.title;
    place.replaceChildren(viewOf(page), foot(page.relevid));
  } catch (error) {
    const known = error instanceof Unreadable;
    const message = known ? error.message : "This page's data can't be shown.";
    const remedy = known ? error.remedy : `It does not hold what a page of its version must: ${String(error)}`;
    place.replaceChildren(h("article", { class: "unreadable" }, h("h1", {}, message), h("p", {}, remedy)));
    if (!known) console.error(error);
  }
}

/** Charts are drawn again for the paper's width: scaled down from a wide screen their text would be too small to read. */
function printing(on: boolean): void {
  document.documentElement.classList.toggle("printing", on);
  redrawCharts(document);
}
window.addEventListener("beforeprint", () => printing(true));
window.addEventListener("afterprint", () => printing(false));

show();
