// What a guest's results come to: a row of the table that the suite prints at its end.

import type { Result } from './results.ts';

export interface Row {
  readonly kernel: string;
  readonly release: string;
  /** Programs that the verifier took, of all. */
  readonly programs: string;
  readonly startMs: number | undefined;
  readonly verified: string;
  readonly live: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export class Summary {
  readonly name: string;
  release = '';
  cpuSeconds = 0;
  readonly #began = performance.now();
  readonly #passed = new Map<string, number>();
  readonly #all = new Map<string, number>();
  #leftOut = 0;
  #startMs: number | undefined;
  #verified = '';

  constructor(name: string) {
    this.name = name;
  }

  add(step: string, result: Result): void {
    const kind = step.startsWith('live ') ? 'live' : step;
    if (result.kind === 'note') {
      this.#startMs = Number(/^start-up (\d+) ms$/.exec(result.note)?.[1] ?? this.#startMs) || undefined;
      this.#verified = /^(\d+ verified.*)$/.exec(result.note)?.[1] ?? this.#verified;
    }
    if (result.kind !== 'test') return;
    if (result.skipped !== undefined) {
      this.#leftOut++;
      return;
    }
    count(this.#all, kind);
    if (result.error === undefined) count(this.#passed, kind);
  }

  #share(kind: string): string {
    return `${this.#passed.get(kind) ?? 0} of ${this.#all.get(kind) ?? 0}`;
  }

  row(): Row {
    return {
      kernel: this.name,
      release: this.release,
      programs: this.#share('programs'),
      startMs: this.#startMs,
      verified: this.#verified,
      live: `${this.#share('live')}, ${this.#leftOut} left out`,
      seconds: Math.round((performance.now() - this.#began) / 1000),
      cpuSeconds: Math.round(this.cpuSeconds),
    };
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
