// SPDX-License-Identifier: Apache-2.0
import type { Cell, Column } from "../base/csv.ts";
import { fixed, percent } from "../base/numbers.ts";
import type { Estimate } from "../data/types.ts";

type Write = NonNullable<Column["write"]>;

export const asPercent: Write = percent;
export const asNumber: Write = (value) => fixed(value);

/** Value, low and high of an estimate. */
export function estimateColumns(name: string, write: Write = asNumber): Column[] {
  return [{ name, write }, { name: `${name}, from`, write }, { name: `${name}, to`, write }];
}

export function estimateCells(e: Estimate | null | undefined): Cell[] {
  return [e?.value ?? null, e?.low ?? null, e?.high ?? null];
}
