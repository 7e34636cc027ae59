// SPDX-License-Identifier: Apache-2.0
import { isSigned, type ColorMapName } from "../base/colormap.ts";
import { Store } from "../base/store.ts";
import type { Clip, Explanation, Shown } from "../data/types.ts";
import { shownNames } from "./caption.ts";
import { MapSource } from "./maps.ts";
import { FrameSource } from "./frames.ts";

export type View = "overlay" | "side" | "heatmap";

export interface State {
  /** Index into explanations; `beside` a second one, or −1. */
  shown: number;
  beside: number;
  clip: number;
  /** Of the clip. */
  frame: number;
  playing: boolean;
  speed: number;
  view: View;
  opacity: number;
  percentile: number;
  signedColors: ColorMapName;
  unsignedColors: ColorMapName;
}

/** Those of the first explanation with colours of this kind: one command gives all of a kind the same. */
function firstColors(explanation: Explanation, signed: boolean): ColorMapName | undefined {
  return explanation.explanations.map((shown) => shown.colors).find((colors) => isSigned(colors) === signed);
}

/** An explanation being looked at. */
export class Session {
  readonly store: Store<State>;
  readonly frames: FrameSource;
  private readonly maps: MapSource[];
  private readonly names: string[];

  constructor(readonly explanation: Explanation) {
    this.frames = new FrameSource(explanation.frames);
    this.maps = explanation.explanations.map((shown) => new MapSource(shown, explanation.frames.size));
    this.names = shownNames(explanation.explanations);
    this.store = new Store<State>({
      shown: 0,
      beside: -1,
      clip: 0,
      frame: 0,
      playing: false,
      speed: 1,
      view: "overlay",
      opacity: 1,
      percentile: explanation.explanations[0]?.scale?.percentile ?? 99.5,
      signedColors: firstColors(explanation, true) ?? "coldnhot",
      unsignedColors: firstColors(explanation, false) ?? "inferno",
    });
  }

  shownAt(index: number): Shown {
    return this.explanation.explanations[index]!;
  }

  /** What tells it from the others. */
  nameOf(index: number): string {
    return this.names[index]!;
  }

  mapsOf(index: number): MapSource {
    return this.maps[index]!;
  }

  /** The explanations on show: one, or two side by side. */
  visible(state: Readonly<State> = this.store.get()): number[] {
    return state.beside >= 0 && state.beside !== state.shown ? [state.shown, state.beside] : [state.shown];
  }

  clipOf(index: number, state: Readonly<State> = this.store.get()): Clip {
    const { clips } = this.shownAt(index);
    return clips[Math.min(state.clip, clips.length - 1)]!;
  }

  /** Whether its colours have zero in their middle. */
  isSigned(index: number): boolean {
    return isSigned(this.shownAt(index).colors);
  }

  colorsOf(index: number, state: Readonly<State> = this.store.get()): ColorMapName {
    return this.isSigned(index) ? state.signedColors : state.unsignedColors;
  }

  /** Steps within the clip, round its ends. */
  step(by: number): void {
    const { frame, shown } = this.store.get();
    const count = this.clipOf(shown).frames.length;
    this.store.set({ frame: (frame + by + count) % count, playing: false });
  }
}
