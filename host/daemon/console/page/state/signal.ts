// A value that parts of the page follow.

import { useEffect, useState } from 'preact/hooks';

export class Signal<Value> {
  readonly #followers = new Set<() => void>();
  #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set value(value: Value) {
    this.#value = value;
    for (const follower of this.#followers) follower();
  }

  follow(follower: () => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }
}

/** The value, and the component is drawn again when it changes. */
export function useSignal<Value>(signal: Signal<Value>): Value {
  const [, draw] = useState(0);
  const { value } = signal;
  useEffect(() => {
    const again = (): void => draw((count) => count + 1);
    // It may have changed after it was drawn, and before this ran.
    if (signal.value !== value) again();
    return signal.follow(again);
  }, [signal]);
  return value;
}
