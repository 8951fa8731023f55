// The descriptors of a process. A fork has those of its parent: both share a map until one of them changes it.

import type { Descriptor } from './descriptor.ts';

/** Entries of all maps of a savefile: more than the processes of a machine have open. */
const MOST = 1 << 22;

/** How many entries there are. */
export class DescriptorCount {
  entries = 0;

  /** Whether there is room for so many more. */
  hasRoom(more: number): boolean {
    return this.entries + more <= MOST;
  }
}

interface SharedMap {
  readonly map: Map<number, Descriptor>;
  holders: number;
}

export class Descriptors {
  readonly #count: DescriptorCount;
  #shared: SharedMap = { map: new Map(), holders: 1 };

  constructor(count: DescriptorCount) {
    this.#count = count;
  }

  get size(): number {
    return this.#shared.map.size;
  }

  /** The descriptors of a child. */
  fork(): Descriptors {
    const child = new Descriptors(this.#count);
    child.#shared = this.#shared;
    this.#shared.holders++;
    return child;
  }

  get(number: number): Descriptor | undefined {
    return this.#shared.map.get(number);
  }

  /** A new one is not kept if there are too many in all. */
  set(number: number, descriptor: Descriptor): void {
    const map = this.#own();
    if (!map.has(number)) {
      if (!this.#count.hasRoom(1)) return;
      this.#count.entries++;
    }
    map.set(number, descriptor);
  }

  delete(number: number): void {
    if (this.#shared.map.has(number) && this.#own().delete(number)) this.#count.entries--;
  }

  /** The process has ended. */
  release(): void {
    this.#leave();
    this.#shared = { map: new Map(), holders: 1 };
  }

  values(): Iterable<Descriptor> {
    return this.#shared.map.values();
  }

  /** The current ones, which may be changed during the iteration. */
  [Symbol.iterator](): Iterator<[number, Descriptor]> {
    return this.#shared.map[Symbol.iterator]();
  }

  /** The map, which is this process's alone. */
  #own(): Map<number, Descriptor> {
    const { map, holders } = this.#shared;
    if (holders === 1) return map;
    // A copy that would be too large is left out: the child then has what it opens itself.
    const copy = this.#count.hasRoom(map.size) ? new Map(map) : new Map<number, Descriptor>();
    this.#count.entries += copy.size;
    this.#leave();
    this.#shared = { map: copy, holders: 1 };
    return copy;
  }

  #leave(): void {
    if (--this.#shared.holders === 0) this.#count.entries -= this.#shared.map.size;
  }
}
