// SPDX-License-Identifier: Apache-2.0
import type { Estimate, Num } from "../data/types.ts";

export const kNone = "n/a";
/** Does not break: a number and its unit stay on one line. */
export const kSpace = "\u00a0";

function isNumber(value: Num | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function withRealMinus(text: string): string {
  return text.replaceAll("-", "−");
}

/** "12.35"; "n/a" where it is not known. */
export function fixed(value: Num | undefined, decimals = 2): string {
  if (!isNumber(value)) return kNone;
  const text = value.toFixed(decimals);
  return withRealMinus(Number(text) === 0 ? text.replace("-", "") : text);
}

/** "93.1 %", "0.02 %", "<0.01 %" */
export function percent(fraction: Num | undefined): string {
  if (!isNumber(fraction)) return kNone;
  const value = 100 * fraction;
  if (value > 0 && value < 0.01) return `<0.01${kSpace}%`;
  return `${fixed(value, value > 0 && value < 1 ? 2 : 1)}${kSpace}%`;
}

/** "62 %": for sentences. */
export function roundPercent(fraction: number): string {
  const value = 100 * fraction;
  return value > 0 && value < 1 ? percent(fraction) : `${fixed(value, 0)}${kSpace}%`;
}

/** Three significant digits; powers of ten are set apart outside 0.001 to 100000. */
export function compact(value: Num | undefined): string {
  if (!isNumber(value)) return kNone;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa, exponent] = value.toExponential(2).split("e") as [string, string];
    return `${withRealMinus(mantissa)}×10${superscript(Number(exponent))}`;
  }
  return withRealMinus(String(Number(value.toPrecision(3))));
}

function superscript(exponent: number): string {
  return [...String(exponent)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]!)).join("");
}

/** How the numbers of one scale are written: each divided by 10^exponent, with `decimals`. */
export interface ScaleFormat {
  write(value: number): string;
  /** "×10⁻⁵", or "" */
  factor: string;
}

export function scaleFormat(largest: number): ScaleFormat {
  const exponent = largest > 0 ? Math.floor(Math.log10(largest)) : 0;
  const apart = exponent < -1 || exponent > 2;
  const unit = apart ? 10 ** exponent : 1;
  const decimals = apart ? 2 : 2 - exponent;
  return {
    write: (value) => (value === 0 ? "0" : fixed(value / unit, Math.min(Math.max(decimals, 0), 3))),
    factor: apart ? `×10${superscript(exponent)}` : "",
  };
}

/** "1.42 [1.31, 1.55]", and "~" by intervals that are not to be trusted. */
export function estimate(e: Estimate | null | undefined, write: (value: Num) => string = fixed): string {
  if (!e || !isNumber(e.value)) return kNone;
  if (!isNumber(e.low) || !isNumber(e.high)) return write(e.value);
  return `${write(e.value)} [${write(e.low)}, ${write(e.high)}]${e.reliable ? "" : " ~"}`;
}

export function pValue(p: Num | undefined): string {
  if (!isNumber(p)) return kNone;
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

const kWords = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

export function inWords(count: number): string {
  return kWords[count] ?? String(count);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** "12.5 frames a second"; "10 to 12.5 …" for a range. */
export function rate(range: [number, number] | null): string {
  if (!range) return "";
  const [low, high] = range.map((r) => String(Number(r.toPrecision(3)))) as [string, string];
  return low === high ? `${low} fps` : `${low} to ${high} fps`;
}

export function sum(values: readonly Num[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
