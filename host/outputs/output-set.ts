// All outputs of an agent. Some can be replaced while alerts come: alerts for the new ones wait until the old ones are closed, because both may
// write to the same place.

import type { Alert } from './alert.ts';
import { QUEUE_LINES } from './line-queue.ts';
import type { Output, OutputCounters } from './output.ts';

/** How long a replaced output has to flush its queue. */
const REPLACED_CLOSE_MS = 2_000;

export interface NamedCounters {
  readonly name: string;
  readonly counters: OutputCounters;
}

export class OutputSet {
  #outputs: readonly Output[];
  /** Counters of replaced outputs, by name. */
  readonly #closed = new Map<string, OutputCounters>();
  /** Outputs that are being replaced: they still flush their queues. */
  #closing: readonly Output[] = [];
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(outputs: readonly Output[]) {
    this.#outputs = outputs;
  }

  write(alert: Alert): void {
    for (const output of this.#outputs) output.write(alert);
  }

  reopen(): void {
    for (const output of this.#outputs) output.reopen?.();
  }

  async drained(): Promise<void> {
    for (const output of this.#outputs) await output.drained?.();
  }

  /** Each has so long, after those that are being replaced are closed. */
  async close(timeoutMs: number): Promise<void> {
    await this.#underWay;
    await Promise.all(this.#outputs.map((output) => output.close(timeoutMs)));
  }

  /** In their order, including the counters of earlier outputs of the same name. Outputs that were removed come last. */
  get counters(): NamedCounters[] {
    const rest = new Map(this.#closed);
    // Counters never decrease, not even while an output is closed.
    for (const { name, counters } of this.#closing) rest.set(name, sum(rest.get(name) ?? NOTHING, lasting(counters)));
    const present = this.#outputs.map(({ name, counters }) => {
      const before = rest.get(name);
      rest.delete(name);
      return { name, counters: before ? sum(before, counters) : counters };
    });
    return [...present, ...[...rest].map(([name, counters]) => ({ name, counters }))];
  }

  /**
   * Closes the outputs of these names, and continues with the others and the new ones.
   * @returns the resulting number of outputs
   */
  replace(names: ReadonlySet<string>, outputs: readonly Output[]): Promise<number> {
    const done = this.#underWay.then(() => this.#replace(names, outputs));
    this.#underWay = done;
    return done;
  }

  async #replace(names: ReadonlySet<string>, outputs: readonly Output[]): Promise<number> {
    const gone = this.#outputs.filter(({ name }) => names.has(name));
    const kept = this.#outputs.filter(({ name }) => !names.has(name));
    const waiting = outputs.map((output) => new WaitingOutput(output));
    this.#outputs = [...kept, ...waiting];
    this.#closing = gone;
    await Promise.all(gone.map((output) => output.close(REPLACED_CLOSE_MS)));
    this.#closing = [];
    for (const { name, counters } of gone) this.#count(name, counters);
    for (const output of waiting) this.#count(output.name, { ...NOTHING, dropped: output.release() });
    this.#outputs = [...kept, ...outputs];
    return this.#outputs.length;
  }

  #count(name: string, counters: OutputCounters): void {
    this.#closed.set(name, sum(this.#closed.get(name) ?? NOTHING, lasting(counters)));
  }
}

const NOTHING: OutputCounters = { written: 0, dropped: 0, errors: 0 };

/** The counters without current states such as queue lengths. */
function lasting({ queued, spoolBytes, ...counters }: OutputCounters): OutputCounters {
  return counters;
}

function sum(before: OutputCounters, now: OutputCounters): OutputCounters {
  const heldBack = (before.heldBack ?? 0) + (now.heldBack ?? 0);
  return {
    ...now,
    written: before.written + now.written,
    dropped: before.dropped + now.dropped,
    errors: before.errors + now.errors,
    ...(heldBack > 0 && { heldBack }),
  };
}

/** Keeps alerts for its output until that may write. */
class WaitingOutput implements Output {
  readonly #output: Output;
  #alerts: Alert[] = [];
  #dropped = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  get name(): string {
    return this.#output.name;
  }

  get counters(): OutputCounters {
    return { ...this.#output.counters, dropped: this.#dropped, queued: this.#alerts.length };
  }

  write(alert: Alert): void {
    if (this.#alerts.length < QUEUE_LINES) this.#alerts.push(alert);
    else this.#dropped++;
  }

  reopen(): void {
    this.#output.reopen?.();
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#output.close(timeoutMs);
  }

  /** Passes on the waiting alerts. Returns the number that did not fit. */
  release(): number {
    for (const alert of this.#alerts.splice(0)) this.#output.write(alert);
    return this.#dropped;
  }
}
