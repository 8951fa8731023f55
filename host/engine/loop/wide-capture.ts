// Captures by rules: of some processes all events come, whatever the rules want. Types of events that no rule wants are captured for that
// long; the kernel filter drops those of other processes. The programs of all these types are loaded ahead, since that takes long.

import { journalSelection } from '../../capture/journal-selection.ts';
import type { Capture } from '../../capture/native.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import type { JournalTaps } from '../journal/journal-taps.ts';
import type { CaptureScopes } from '../messages/protocol.ts';
import type { ModuleSet } from '../modules/module-set.ts';

const EVERYTHING = journalSelection(new Map(EVENT_TYPES.map(({ name }) => [name, 'all'])), () => true);

const NO_TYPES: readonly string[] = [];
/** After a change that failed. */
const RETRY_MS = 10_000;
/** The rest of the agent's start comes first. */
const AHEAD_AFTER_MS = 1_000;

export class WideCapture {
  readonly #capture: Capture;
  readonly #taps: JournalTaps;
  #wanted: readonly string[] = NO_TYPES;
  /** Undefined: unknown, after a change that failed. */
  #applied: readonly string[] | undefined = NO_TYPES;
  #underWay: 'change' | 'loading' | undefined;
  /** Event types whose programs are still to be loaded. */
  #ahead: readonly string[];
  readonly #begun = performance.now();
  /** Time of the next attempt, by performance.now(). */
  #retryAt = Number.NEGATIVE_INFINITY;
  #hasReportedLack = false;

  /** @param ahead event types that set() may be given */
  constructor(capture: Capture, taps: JournalTaps, ahead: readonly string[] = NO_TYPES) {
    this.#capture = capture;
    this.#taps = taps;
    this.#ahead = ahead;
  }

  /** A change, or loading ahead. The rules may not be replaced meanwhile. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
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
   * @returns the error of a change, or of loading ahead, that failed, or why there can't be a change
   */
  step(rules: ModuleSet): unknown {
    const { isFiltered } = rules;
    try {
      if (this.#underWay && !this.#capture.isChanged()) return undefined;
      this.#underWay = undefined;
      // Without a kernel filter they would come of all processes.
      const wanted = isFiltered ? this.#wanted : NO_TYPES;
      const lack = isFiltered || this.#wanted.length === 0 ? undefined : this.#reportLack();
      if (this.#applied && haveSame(this.#applied, wanted)) this.#loadAhead(rules);
      else if (performance.now() >= this.#retryAt) this.#change(wanted, rules);
      return lack;
    } catch (error) {
      // What was not loaded ahead, the next change loads.
      if (this.#underWay === 'change') {
        this.#applied = undefined;
        this.#retryAt = performance.now() + RETRY_MS;
      }
      this.#underWay = undefined;
      return error;
    }
  }

  #change(wanted: readonly string[], { eventTypes, isFiltered, bank }: ModuleSet): void {
    this.#applied = wanted;
    this.#underWay = 'change';
    this.#capture.beginChange([...new Set([...eventTypes, ...wanted])], isFiltered ? bank : undefined);
  }

  /** Once, for rules with a kernel filter: others let captures have no events beside their own. */
  #loadAhead({ isFiltered }: ModuleSet): void {
    if (!isFiltered || this.#ahead.length === 0 || performance.now() - this.#begun < AHEAD_AFTER_MS) return;
    const ahead = this.#ahead;
    this.#ahead = NO_TYPES;
    this.#underWay = 'loading';
    this.#capture.beginLoading(ahead);
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
