// Captures by rules: of some processes all events come, whatever the rules want. Types of events that no rule wants are captured for that
// long; the kernel filter drops those of other processes.

import { journalSelection } from '../capture/journal-selection.ts';
import type { Capture } from '../capture/native.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import type { JournalTaps } from './journal-taps.ts';
import type { ModuleSet } from './module-set.ts';
import type { CaptureScopes } from './protocol.ts';

const EVERYTHING = journalSelection(new Map(EVENT_TYPES.map(({ name }) => [name, 'all'])), () => true);

const NO_TYPES: readonly string[] = [];
/** After a change that failed. */
const RETRY_MS = 10_000;

export class WideCapture {
  readonly #capture: Capture;
  readonly #taps: JournalTaps;
  #wanted: readonly string[] = NO_TYPES;
  /** Undefined: unknown, after a change that failed. */
  #applied: readonly string[] | undefined = NO_TYPES;
  #isChanging = false;
  /** By performance.now(). */
  #retryAt = Number.NEGATIVE_INFINITY;
  #hasReportedLack = false;

  constructor(capture: Capture, taps: JournalTaps) {
    this.#capture = capture;
    this.#taps = taps;
  }

  /** The rules may not be replaced meanwhile. */
  get isChanging(): boolean {
    return this.#isChanging;
  }

  /** From the next batch on. What the journal has had so far was sent before. */
  set(scopes: CaptureScopes): void {
    const { all, containers, trees, eventTypes } = scopes;
    const { journal, captures } = this.#taps;
    const isOn = all || containers.length > 0 || trees.length > 0;
    journal.flush();
    captures.flush();
    this.#capture.captureScopes(all, containers, Uint32Array.from(trees));
    if (!isOn) captures.select(undefined);
    else if (captures.isOn) captures.beginSegment();
    else captures.select(EVERYTHING);
    this.#wanted = isOn ? eventTypes : NO_TYPES;
  }

  /** Event types that the next rules capture beside their own: they need no change. */
  applied(): readonly string[] {
    this.#applied = this.#wanted;
    return this.#wanted;
  }

  /** What the rules or captures need could not be captured. */
  failed(): void {
    if (this.#wanted.length === 0) return;
    this.#applied = undefined;
    this.#retryAt = performance.now() + RETRY_MS;
  }

  /**
   * Takes a step, between two batches, while the rules are not being replaced.
   * @returns the error of a change that failed, or why there can't be one
   */
  step({ eventTypes, isFiltered, bank }: ModuleSet): unknown {
    try {
      if (this.#isChanging) this.#isChanging = !this.#capture.isChanged();
      if (this.#isChanging) return undefined;
      // Without a kernel filter they would come of all processes.
      const wanted = isFiltered ? this.#wanted : NO_TYPES;
      const lack = isFiltered || this.#wanted.length === 0 ? undefined : this.#reportLack();
      if (this.#applied && haveSame(this.#applied, wanted)) return lack;
      if (performance.now() < this.#retryAt) return lack;
      this.#applied = wanted;
      this.#isChanging = true;
      this.#capture.beginChange([...new Set([...eventTypes, ...wanted])], isFiltered ? bank : undefined);
      return lack;
    } catch (error) {
      this.#isChanging = false;
      this.#applied = undefined;
      this.#retryAt = performance.now() + RETRY_MS;
      return error;
    }
  }

  /** Once. */
  #reportLack(): Error | undefined {
    if (this.#hasReportedLack) return undefined;
    this.#hasReportedLack = true;
    return new Error('the rules have no kernel filter');
  }
}

function haveSame(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((type, index) => type === others[index]));
}
