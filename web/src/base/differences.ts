// SPDX-License-Identifier: Apache-2.0
import { leaves } from "./facts.ts";

export interface Difference {
  name: string;
  /** One of each object; null where it has no such leaf. */
  texts: (string | null)[];
}

/** The leaves that are not the same in all of the objects, in the order in which they first come. */
export function differences(objects: readonly unknown[]): Difference[] {
  const all = objects.map((object) => new Map(leaves(object)));
  const names = new Set(all.flatMap((one) => [...one.keys()]));
  return [...names]
    .map((name) => ({ name, texts: all.map((one) => one.get(name) ?? null) }))
    .filter(({ texts }) => texts.some((text) => text !== texts[0]));
}
