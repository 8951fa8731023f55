// Captures by rules: of some processes all events come, whatever the rules want. Types of events that no rule wants are captured for that
// long; the kernel filter drops those of other processes.

import { journalSelection } from '../capture/journal-selection.ts';
import type { Capture } from '../capture/native.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import type { JournalTaps } from './journal-taps.ts';
import type { ModuleSet } from './module-set.ts';
import type { CaptureScopes } from './protocol.ts';

const EVERYTHING = journalSelection(new Map(EVENT_TYPES.map(({ name }) => [name, 'all'])), () => true);

export class WideCapture {
  readonly #capture: Capture;
  readonly #taps: JournalTaps;
  #wanted: readonly string[] = [];
  #applied: readonly string[] = [];
  #isChanging = false;

  constructor(capture: Capture, taps: JournalTaps) {
    this.#capture = capture;
    this.#taps = taps;
  }

  /** Event types that are captured beside those of the rules. */
  get eventTypes(): readonly string[] {
    return this.#wanted;
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
    this.#wanted = isOn ? eventTypes : [];
  }

  /** The next rules capture these types, too: they need no change. */
  applied(): void {
    this.#applied = this.#wanted;
  }

  /** Takes a step, between two batches, while the rules are not being replaced. @returns the error of a change that failed */
  step({ eventTypes, isFiltered, bank }: ModuleSet): unknown {
    try {
      if (this.#isChanging) this.#isChanging = !this.#capture.isChanged();
      if (this.#isChanging || this.#applied === this.#wanted) return undefined;
      this.#applied = this.#wanted;
      this.#isChanging = true;
      this.#capture.beginChange([...new Set([...eventTypes, ...this.#wanted])], isFiltered ? bank : undefined);
    } catch (error) {
      this.#isChanging = false;
      return error;
    }
    return undefined;
  }
}
