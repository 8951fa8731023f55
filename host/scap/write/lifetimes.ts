// Which processes a reader still needs: one that has ended is its children's parent as long as they live, because Falco would give them another.

import type { ProcessImage } from './process-image.ts';

interface Lifetime {
  readonly image: ProcessImage;
  children: number;
  ended: { readonly time: bigint; readonly status: number } | undefined;
}

interface Ending {
  readonly process: string;
  readonly time: bigint;
  readonly status: number;
}

/** Events of a process may follow its end in a recording by less than this, ns: they waited in a ring. */
const END_WAITS = 2_000_000_000n;

export class Lifetimes {
  readonly #onEnd: (image: ProcessImage, status: number, now: bigint) => void;
  readonly #byProcess = new Map<string, Lifetime>();
  /** The process that has a pid. */
  readonly #byPid = new Map<number, string>();
  readonly #endings: Ending[] = [];

  /** @param onEnd called once nothing needs a process that has ended */
  constructor(onEnd: (image: ProcessImage, status: number, now: bigint) => void) {
    this.#onEnd = onEnd;
  }

  /** An image of a process. */
  see(image: ProcessImage): void {
    this.#byPid.set(image.pid, image.process);
    if (this.#byProcess.has(image.process)) return;
    this.#byProcess.set(image.process, { image, children: 0, ended: undefined });
    const parent = image.parent && this.#byProcess.get(image.parent.process);
    if (parent) parent.children++;
  }

  end(pid: number, time: bigint, status: number): void {
    const process = this.#byPid.get(pid);
    this.#byPid.delete(pid);
    if (process !== undefined) this.#endings.push({ process, time, status });
  }

  /** The time of the events that come next. */
  advance(now: bigint): void {
    for (let ending = this.#endings[0]; ending && now - ending.time > END_WAITS; ending = this.#endings[0]) {
      this.#endings.shift();
      const lifetime = this.#byProcess.get(ending.process);
      if (lifetime) lifetime.ended = ending;
      this.#release(ending.process, now);
    }
  }

  #release(process: string | undefined, now: bigint): void {
    let next = process;
    while (next !== undefined) {
      const lifetime = this.#byProcess.get(next);
      if (!lifetime?.ended || lifetime.children > 0) return;
      this.#byProcess.delete(next);
      this.#onEnd(lifetime.image, lifetime.ended.status, now);
      next = lifetime.image.parent?.process;
      const parent = next === undefined ? undefined : this.#byProcess.get(next);
      if (parent) parent.children--;
    }
  }
}
