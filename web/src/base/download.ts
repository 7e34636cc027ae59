// SPDX-License-Identifier: Apache-2.0
import { h } from "./dom.ts";
import { toCsv, type Table } from "./csv.ts";

/** A name that every file system takes. */
export function fileName(stem: string, extension: string): string {
  const safe = stem.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "").slice(0, 80);
  return `${safe || "relevid"}.${extension}`;
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveCsv(table: Table, stem: string): void {
  save(new Blob([toCsv(table)], { type: "text/csv;charset=utf-8" }), fileName(stem, "csv"));
}

export function saveCanvas(canvas: HTMLCanvasElement, stem: string): void {
  canvas.toBlob((blob) => blob && save(blob, fileName(stem, "png")), "image/png");
}

const kProperties = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-family",
  "font-size", "font-weight", "text-anchor", "dominant-baseline",
];

/** A copy that looks the same without the page's style sheet. */
function standalone(source: SVGSVGElement): SVGSVGElement {
  const copy = source.cloneNode(true) as SVGSVGElement;
  const originals = [source, ...source.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  for (const [i, original] of originals.entries()) {
    const style = getComputedStyle(original);
    for (const property of kProperties) copies[i]!.setAttribute(property, style.getPropertyValue(property));
  }
  return copy;
}

/** The chart as PNG at three times its size, on the page's background. */
export async function savePng(chart: SVGSVGElement, stem: string): Promise<void> {
  const kEnlargement = 3;
  const margin = 12 * kEnlargement;
  const { width, height } = chart.viewBox.baseVal;
  const copy = standalone(chart);
  copy.setAttribute("width", String(width * kEnlargement));
  copy.setAttribute("height", String(height * kEnlargement));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = h("canvas", { width: width * kEnlargement + 2 * margin, height: height * kEnlargement + 2 * margin });
  const context = canvas.getContext("2d")!;
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, margin, margin);
  saveCanvas(canvas, stem);
}
