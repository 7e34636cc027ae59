// SPDX-License-Identifier: Apache-2.0
import { h } from "../base/dom.ts";
import type { Frames } from "../data/types.ts";

/** The frames' pixels, decoded when they are first asked for. */
export class FrameSource {
  private readonly decoded = new Map<number, Uint8ClampedArray | null>();
  private readonly waiting = new Map<number, Promise<void>>();

  constructor(readonly frames: Frames) {}

  get height(): number {
    return this.frames.size[0];
  }

  get width(): number {
    return this.frames.size[1];
  }

  /** RGBA; null where the page holds no picture of the frame; undefined until `load` is done. */
  pixels(index: number): Uint8ClampedArray | null | undefined {
    return this.decoded.get(index);
  }

  load(index: number): Promise<void> {
    let promise = this.waiting.get(index);
    if (!promise) {
      promise = this.decode(index).then((pixels) => void this.decoded.set(index, pixels));
      this.waiting.set(index, promise);
    }
    return promise;
  }

  loadAll(indices: readonly number[]): Promise<void> {
    return Promise.all(indices.map((index) => this.load(index))).then(() => undefined);
  }

  private async decode(index: number): Promise<Uint8ClampedArray | null> {
    const png = this.frames.list[index]?.png;
    if (!png) return null;
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    try {
      await image.decode();
    } catch {
      return null;
    }
    const canvas = h("canvas", { width: this.width, height: this.height });
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(image, 0, 0, this.width, this.height);
    return context.getImageData(0, 0, this.width, this.height).data;
  }
}
