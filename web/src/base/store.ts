// SPDX-License-Identifier: Apache-2.0

/** What a view shows, and who wants to know when it changes. */
export class Store<S extends object> {
  private readonly listeners = new Set<(state: Readonly<S>, changed: ReadonlySet<keyof S>) => void>();

  constructor(private state: S) {}

  get(): Readonly<S> {
    return this.state;
  }

  /** Listeners hear once, and only where a value is another one. */
  set(change: Partial<S>): void {
    const keys = (Object.keys(change) as (keyof S)[]).filter((key) => this.state[key] !== change[key]);
    if (keys.length === 0) return;
    this.state = { ...this.state, ...change };
    const changed = new Set(keys);
    for (const listener of this.listeners) listener(this.state, changed);
  }

  /** Calls `listener` now and whenever one of `keys` changes. */
  watch(keys: readonly (keyof S)[], listener: (state: Readonly<S>) => void): void {
    this.listeners.add((state, changed) => {
      if (keys.some((key) => changed.has(key))) listener(state);
    });
    listener(this.state);
  }
}
