// SPDX-License-Identifier: Apache-2.0
import type { Page } from "./types.ts";

/** What keeps a page from being shown, in words for the person who opened it. */
export class Unreadable extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

const kVersion = 1;
const kKinds: readonly Page["kind"][] = ["explanation", "audit", "evaluation", "training", "summary"];

/** The page's object from its JSON text. Throws Unreadable where there is none that this page can show. */
export function readPage(text: string): Page {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Unreadable("The data in this page is damaged.", "It was cut off or changed after it was written; make it again.");
  }
  if (data === null) {
    throw new Unreadable(
      "This page holds no data yet.",
      "It is the empty template. `relevid explain` and `relevid report` write pages that hold something.",
    );
  }
  const head = data as { relevid_page?: unknown; kind?: unknown; relevid?: unknown };
  if (head.relevid_page !== kVersion) {
    throw new Unreadable(
      `This page's data is of version ${String(head.relevid_page)}, but the page reads version ${kVersion}.`,
      "Page and data come from different versions of relevid; make the page again with one of them.",
    );
  }
  if (!kKinds.includes(head.kind as Page["kind"])) {
    throw new Unreadable(
      `This page's data is of the kind “${String(head.kind)}”, which it does not know.`,
      "It knows explanations, audits, evaluations, trainings and summaries of trainings.",
    );
  }
  return data as Page;
}
