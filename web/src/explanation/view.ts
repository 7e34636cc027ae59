// SPDX-License-Identifier: Apache-2.0
import { facts } from "../base/facts.ts";
import { h, takesArrows, takesSpace } from "../base/dom.ts";
import type { Explanation } from "../data/types.ts";
import { captionOf, identityOf, methodNotes, predictionSentence } from "./caption.ts";
import { choiceControls, drawingControls } from "./controls.ts";
import { frameCurve, keysHint } from "./curve.ts";
import { layerAccounts } from "./layers.ts";
import { player } from "./player.ts";
import { positionChart } from "./position.ts";
import { prediction } from "./prediction.ts";
import { Session } from "./state.ts";
import { timeline } from "./timeline.ts";

export interface ExplanationView {
  element: HTMLElement;
  /** Stops playing and listening. */
  close(): void;
}

/** An explanation in full: on a page of its own, or inside an audit's. Keys are heard on `keys`. */
export function explanationView(explanation: Explanation, title: string, keys: EventTarget): ExplanationView {
  const life = new AbortController();
  const close = () => life.abort();
  if (!explanation.explanations.some((shown) => shown.clips.length > 0)) {
    return { element: h("article", {}, h("h1", {}, title), h("p", { class: "lead" }, "This explanation holds no clip.")), close };
  }
  const session = new Session(explanation);
  listenToKeys(session, keys, life.signal);
  const element = h(
    "article",
    { class: "explanation" },
    header(session, title),
    choiceControls(session),
    timeline(session),
    h(
      "div",
      { class: "stage" },
      player(session, life.signal),
      h("div", { class: "side" }, prediction(session), drawingControls(session)),
    ),
    frameCurve(session),
    keysHint(),
    positionChart(session),
    layerAccounts(session),
    settings(session),
  );
  return { element, close };
}

function header(session: Session, title: string): HTMLElement {
  const { explanation, store } = session;
  const lead = h("p", { class: "lead" });
  const second = h("p", { class: "second" });
  const identity = h("p", { class: "note identity" });
  const notes = h("p", { class: "note" });
  const warnings = h("div");
  store.watch(["shown", "clip"], (state) => {
    const shown = session.shownAt(state.shown);
    lead.textContent = captionOf(shown, explanation.border_frames, shown.has_null_profile ? explanation.null_profile : null);
    second.textContent = predictionSentence(explanation, shown);
    identity.textContent = identityOf(explanation, shown);
    notes.textContent = methodNotes(shown, session.clipOf(state.shown));
    notes.hidden = notes.textContent === "";
    warnings.replaceChildren(...(shown.warnings ?? []).map((text) => h("p", { class: "warning" }, text)));
  });
  const repeated = explanation.repeated_frames ? h("p", { class: "note" }, explanation.repeated_frames.sentence) : null;
  return h("header", {}, h("h1", {}, title), lead, second, warnings, identity, notes, repeated);
}

function settings(session: Session): HTMLElement {
  const { explanation, store } = session;
  const place = h("div");
  store.watch(["shown"], (state) => {
    const shown = session.shownAt(state.shown);
    const open = place.querySelector("details")?.open ?? false;
    const fold = facts(
      [
        { title: "Model", value: explanation.model },
        { title: "Input", value: { path: explanation.input, ...explanation.video } },
        { title: "Method", value: { target: shown.target, against: shown.against, ...(shown.settings ?? {}) } },
        { title: "Seconds", value: shown.seconds },
        { title: "Settings", value: explanation.settings },
      ],
      "Every setting, and the model's hash",
    ) as HTMLDetailsElement;
    fold.open = open;
    place.replaceChildren(fold);
  });
  return place;
}

function listenToKeys(session: Session, keys: EventTarget, signal: AbortSignal): void {
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const { store } = session;
    const last = session.clipOf(store.get().shown).frames.length - 1;
    const arrows: Record<string, () => void> = {
      ArrowLeft: () => session.step(-1),
      ArrowRight: () => session.step(1),
      Home: () => store.set({ frame: 0, playing: false }),
      End: () => store.set({ frame: last, playing: false }),
    };
    const move = arrows[event.key];
    if (move && !takesArrows(event.target)) move();
    else if (event.key === " " && !takesSpace(event.target)) store.set({ playing: !store.get().playing });
    else return;
    event.preventDefault();
  };
  keys.addEventListener("keydown", press as EventListener, { signal });
}
