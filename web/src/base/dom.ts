// SPDX-License-Identifier: Apache-2.0
// Elements are made here and nowhere else. Text is only ever set as text, so that names in the data stay data.

type Attribute = string | number | boolean | null | undefined | ((event: never) => void);
export type Child = Node | string | null | undefined | false;

const kSvg = "http://www.w3.org/2000/svg";

function fill<E extends Element>(element: E, attributes: Record<string, Attribute>, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** An element; an attribute "onclick" with a function listens, false and null leave an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(kSvg, tag), attributes, children);
}

let lastId = 0;
export function freshId(stem: string): string {
  return `${stem}-${++lastId}`;
}

/** A labelled control; the label is above it. */
export function labelled(label: string, control: HTMLElement, extra?: Child): HTMLElement {
  control.id ||= freshId("control");
  return h("div", { class: "control" }, h("label", { for: control.id }, label), control, extra);
}

export interface Choice<V extends string | number> {
  value: V;
  text: string;
}

export function select<V extends string | number>(
  choices: Choice<V>[],
  current: V,
  change: (value: V) => void,
): HTMLSelectElement {
  const element = h(
    "select",
    {},
    ...choices.map((choice) =>
      h("option", { value: choice.value, selected: choice.value === current }, choice.text),
    ),
  );
  element.addEventListener("change", () => change(choices[element.selectedIndex]!.value));
  return element;
}

/** Radio buttons in a row, as one group with a legend. */
export function segmented<V extends string>(
  legend: string,
  choices: Choice<V>[],
  current: V,
  change: (value: V) => void,
): HTMLElement {
  const name = freshId("group");
  return h(
    "fieldset",
    { class: "segmented" },
    h("legend", {}, legend),
    h(
      "div",
      { class: "segments" },
      ...choices.map((choice) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name,
            value: choice.value,
            checked: choice.value === current,
            onchange: () => change(choice.value),
          }),
          h("span", {}, choice.text),
        ),
      ),
    ),
  );
}

/** Whether arrow keys mean something to this element. */
export function takesArrows(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, select, textarea, [tabindex]") !== null;
}

/** Whether the space bar means something to this element. */
export function takesSpace(target: EventTarget | null): boolean {
  return takesArrows(target) || (target instanceof Element && target.closest("button, summary, a") !== null);
}
